"""What a scenario asks for, beside what its cohort gives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort.completers import completers
from pivotal.study.criteria import eligible
from pivotal.study.model import Endpoint, Study
from pivotal.study.rules import responds
from pivotal.trials import Trials, observed

if TYPE_CHECKING:
    from pivotal.cohort import Cohort

JSON = dict[str, Any]
Mask = NDArray[np.bool_]
SEED = 20210719
REPLICATES = 1024


def calibration_report(cohort: Cohort, *, replicates: int = REPLICATES, seed: int = SEED) -> list[JSON]:
    """Target and what is reached, for everything that the cohort is calibrated to.

    Parameters
    ----------
    cohort
        A cohort.
    replicates
        Trials drawn to see what is reached.
    seed
        Their seed.

    Returns
    -------
    list of dict
        Keys `what` (rate, rate among completers, discontinuation, baseline mean, baseline sd, baseline share), `name`,
        `visit`, `arm`, `target`, `reached` and `mcse` (the Monte-Carlo standard error of what is reached). Rates are
        proportions.
    """
    trials = cohort.draw(replicates, np.random.Generator(np.random.Philox(seed)))
    rows = [*_rates(cohort, trials), *_completers(cohort, trials), *_leaving(cohort, trials)]
    return [*rows, *_baseline(cohort.study, trials)]


def _rates(cohort: Cohort, trials: Trials) -> Iterator[JSON]:
    study = cohort.study
    for rates in cohort.scenario.rates:
        endpoint = study.endpoint(rates.endpoint)
        if (endpoint.name, rates.visit) not in cohort.calibrated:
            continue
        response, included = _response(study, endpoint, trials, rates.visit), _population(study, endpoint, trials)
        for a, arm in enumerate(study.arms):
            here = included & (trials.arm == a)
            yield _row("rate", endpoint.name, rates.visit, arm.name, rates.proportion(arm.name), response[here])


def _completers(cohort: Cohort, trials: Trials) -> Iterator[JSON]:
    study = cohort.study
    if cohort.model == "marginal":
        return
    named = next((s for s in study.scenarios if s.name == cohort.scenario.name), cohort.scenario)
    for target in completers(study, named):
        endpoint = study.endpoint(target.endpoint)
        if (endpoint.derive.parameter, target.visit) not in trials.values:
            continue
        response = _response(study, endpoint, trials, target.visit)
        here = trials.attended(target.visit) & (trials.arm == study.arm_index(target.arm))
        yield _row("rate among completers", target.endpoint, target.visit, target.arm, target.rate, response[here])


def _leaving(cohort: Cohort, trials: Trials) -> Iterator[JSON]:
    for a, arm in enumerate(cohort.study.arms):
        target = next(d.proportion for d in cohort.scenario.dropout if d.arm == arm.name)
        left = trials.reason[trials.arm == a] > 0
        yield _row("discontinuation", "", cohort.study.visits[-1].name, arm.name, target, left)


def _baseline(study: Study, trials: Trials) -> Iterator[JSON]:
    assert study.cohort is not None
    for wanted in study.cohort.baseline:
        if wanted.variable not in trials.subject:
            continue
        column = trials.subject[wanted.variable]
        seen = column[observed(column)].astype(np.float64)
        if wanted.shares is not None:
            labels = trials.categories.get(wanted.variable)
            total = sum(wanted.shares.values())
            for label, share in wanted.shares.items():
                code = labels.index(label) if labels else float(label)
                yield _row("baseline share", f"{wanted.variable} {label}", None, None, share / total, seen == code)
        if wanted.mean is not None and wanted.sd is not None:
            error = wanted.sd / math.sqrt(seen.size)
            mean, sd = float(seen.mean()), float(seen.std())
            yield _line("baseline mean", wanted.variable, None, None, wanted.mean, mean, error)
            yield _line("baseline sd", wanted.variable, None, None, wanted.sd, sd, error / math.sqrt(2))


def _response(study: Study, endpoint: Endpoint, trials: Trials, visit: str) -> Mask:
    """Responders with a missing value as non-response, (replicate, subject); a missing baseline fails comparisons."""
    value = trials.value(endpoint.derive.parameter, visit)
    base = trials.value(endpoint.derive.parameter, study.baseline_visit.name)
    return responds(endpoint.derive, value, base) & observed(value)


def _population(study: Study, endpoint: Endpoint, trials: Trials) -> Mask:
    criteria = next(s.criteria for s in study.analysis_sets if s.name == endpoint.population)
    if not criteria:
        return np.ones(trials.shape, dtype=np.bool_)
    return np.asarray(eligible(criteria, trials.subject) == 1)


def _row(what: str, name: str, visit: str | None, arm: str | None, target: float, event: Mask) -> JSON:
    reached = float(event.mean())
    return _line(what, name, visit, arm, target, reached, math.sqrt(reached * (1 - reached) / event.size))


def _line(what: str, name: str, visit: str | None, arm: str | None, target: float, reached: float, mcse: float) -> JSON:
    return {
        "what": what, "name": name, "visit": visit, "arm": arm, "target": target, "reached": reached, "mcse": mcse,
    }  # fmt: skip
