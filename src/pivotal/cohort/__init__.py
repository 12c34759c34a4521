"""Virtual patients: who is screened and enrolled, how they fare, and who leaves.

`resolve` makes a scenario whole; `build` calibrates a model to it; the cohort's `draw` makes `Trials`. Two models:

* `latent course`: every endpoint at every visit, hanging together within a patient (`LatentCohort`);
* `marginal`: one binary endpoint at its visit, or several that one value decides; fast (`MarginalCohort`).

`calibration_report` sets what a scenario asks for beside what the cohort gives.
"""

from __future__ import annotations

from typing import Literal

from pivotal.cohort.latent import LatentCohort, latent
from pivotal.cohort.marginal import MarginalCohort, marginal
from pivotal.cohort.report import calibration_report
from pivotal.cohort.scenario import resolve
from pivotal.errors import UsageError, nearest
from pivotal.study.model import Endpoint, Scenario, Study

Cohort = LatentCohort | MarginalCohort
Mode = Literal["auto", "marginal", "latent course"]

__all__ = ["Cohort", "LatentCohort", "MarginalCohort", "build", "calibration_report", "resolve"]


def build(
    study: Study,
    scenario: str | Scenario,
    *,
    endpoints: tuple[str, ...] | None = None,
    mode: Mode = "auto",
) -> Cohort:
    """Calibrate virtual patients to a scenario.

    Parameters
    ----------
    study
        The study; its `cohort` says how patients are made.
    scenario
        A scenario, or the name of one.
    endpoints
        Endpoints that are wanted; all by default. What they do not need is not drawn.
    mode
        `marginal` or `latent course`; `auto` takes `marginal` where the study's cohort says so or one binary endpoint
        with a rate at its visit is wanted alone.

    Returns
    -------
    LatentCohort or MarginalCohort
        Frozen and picklable, with `draw`, `measured`, `study` and `scenario`.

    Raises
    ------
    UsageError
        If the study has no cohort, a name is unknown, or the scenario cannot be met.
    """
    if study.cohort is None:
        raise UsageError(f"{study.id} has no cohort, so no patients can be made. Add [cohort].")
    named = _scenario(study, scenario)
    wanted = None if endpoints is None else tuple(_endpoint(study, name) for name in endpoints)
    if mode == "marginal" or (mode == "auto" and _is_marginal(study, named, wanted)):
        return marginal(study, named, _one_value(study, wanted))
    return latent(study, named, wanted)


def _scenario(study: Study, scenario: str | Scenario) -> Scenario:
    if isinstance(scenario, Scenario):
        return scenario
    known = [s.name for s in study.scenarios]
    if scenario not in known:
        raise UsageError(f"{study.id} has no scenario {scenario!r}. {nearest(scenario, known)}")
    return study.scenario(scenario)


def _endpoint(study: Study, name: str) -> Endpoint:
    known = [e.name for e in study.endpoints]
    if name not in known:
        raise UsageError(f"{study.id} has no endpoint {name!r}. {nearest(name, known)}")
    return study.endpoint(name)


def _is_marginal(study: Study, scenario: Scenario, wanted: tuple[Endpoint, ...] | None) -> bool:
    assert study.cohort is not None
    if study.cohort.model == "marginal":
        return True
    if wanted is None or len(wanted) != 1 or wanted[0].kind != "binary":
        return False
    rates = resolve(study, scenario).rates
    return any((r.endpoint, r.visit) == (wanted[0].name, wanted[0].visit) for r in rates)


def _one_value(study: Study, wanted: tuple[Endpoint, ...] | None) -> tuple[Endpoint, ...] | None:
    """The endpoints, if the marginal model can draw them together: all binary, of one parameter at one visit."""
    if wanted is None:
        return None
    alike = {(e.derive.parameter, e.visit, e.population) for e in wanted}
    if len(alike) != 1 or any(e.kind != "binary" for e in wanted):
        raise UsageError(
            f"{study.id}: the marginal model draws binary endpoints of one parameter at one visit. Name one endpoint, "
            "or use the latent course."
        )
    return wanted
