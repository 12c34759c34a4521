"""The mixed model for repeated measures: it sees a continuous endpoint at every visit at which it is summarised."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Literal

import numpy as np

from pivotal import stats
from pivotal.plan.batch import Batch, visits
from pivotal.plan.methods.design import Rows, patient_rows
from pivotal.plan.methods.outcome import Floats, Outcome, Pair
from pivotal.stats.estimate import Estimate
from pivotal.study.methods import Covariance
from pivotal.study.model import Analysis, Endpoint

STRUCTURE: dict[Covariance, str] = {
    "unstructured": "us",
    "toeplitz": "toep",
    "heterogeneous toeplitz": "toeph",
    "ar(1)": "ar1",
    "heterogeneous ar(1)": "ar1h",
    "compound symmetry": "cs",
    "heterogeneous compound symmetry": "csh",
    "ante-dependence": "ad",
    "heterogeneous ante-dependence": "adh",
    "spatial exponential": "sp_exp",
}
SANDWICH: dict[str, Literal["CR0", "CR2", "CR3"]] = {"robust": "CR0", "bias-reduced": "CR2", "jackknife": "CR3"}


def mmrm(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Differences between arms at a visit, by REML.

    Every arm has a mean of its own at each visit; a covariate has one coefficient, or one at each visit where the
    analysis's `by_visit` names it.
    """
    names = [name for name in visits(endpoint, batch.study) if name != batch.study.baseline_visit.name]
    y = np.stack([_outcome(batch, endpoint, name) for name in names], axis=2)
    covariance = analysis.covariance or "unstructured"
    days = {v.name: float(v.day) for v in batch.study.visits}
    times = np.array([days[name] for name in names]) if covariance == "spatial exponential" else None
    outcomes = []
    for comparator in dict.fromkeys(pair[1] for pair in pairs):
        rows = patient_rows(batch, analysis.covariates, comparator)
        common = [c for name, own in rows.covariates.items() if name not in analysis.by_visit for c in own]
        design = stats.visit_design(np.where(rows.known[..., None], rows.x, 0.0), len(names), common)
        fit = stats.fit_mmrm(
            np.where(rows.known[..., None], y, np.nan), design, structure=STRUCTURE[covariance], times=times
        )
        wanted = [pair for pair in pairs if pair[1] == comparator]
        contrasts = np.stack([_contrast(rows, common, pair[0], names.index(visit), len(names)) for pair in wanted])
        found, method = _inference(fit, contrasts, analysis)
        outcomes += [
            Outcome(pair, _one(found, c), "mean difference", f"mmrm {covariance} {method}")
            for c, pair in enumerate(wanted)
        ]
    return outcomes


def _outcome(batch: Batch, endpoint: Endpoint, visit: str) -> Floats:
    derived = batch.derived(endpoint, visit)
    value = derived.value.astype(np.float64)
    return value if derived.included is None else np.where(derived.included, value, np.nan)


def _contrast(rows: Rows, common: list[int], arm: int, visit: int, visits_: int) -> Floats:
    """An arm's column at a visit: a covariate of `visit_design` has a column a visit, or one if it is common."""
    widths = [1 if c in common else visits_ for c in range(rows.x.shape[2])]
    contrast = np.zeros(sum(widths))
    contrast[sum(widths[: rows.column[arm]]) + visit] = 1.0
    return contrast


def _inference(fit: stats.MmrmFit, contrasts: Floats, analysis: Analysis) -> tuple[Estimate, str]:
    """The contrasts' estimates, and what they rest on in words. SAS's Kenward-Roger is the linear variant."""
    df = analysis.df or ("kenward-roger-linear" if analysis.preset == "sas" else "satterthwaite")
    level = analysis.level
    kind = SANDWICH.get(analysis.variance or "model")
    if kind is not None:
        freedom: Literal["residual", "satterthwaite"] = "residual" if df == "residual" else "satterthwaite"
        found = stats.mmrm_contrasts(fit, contrasts, df=freedom, covariance=kind, level=level)
        return found, f"{freedom}, sandwich variance {kind}"
    if df == "kenward-roger-linear":
        found = stats.mmrm_contrasts(fit, contrasts, df="kenward-roger", covariance="kenward-roger-linear", level=level)
        return found, df
    return stats.mmrm_contrasts(fit, contrasts, df=df, level=level), df


def _one(found: Estimate, contrast: int) -> Estimate:
    """One contrast of several."""
    given = {each.name: getattr(found, each.name) for each in fields(found)}
    column: dict[str, Any] = {name: None if value is None else value[:, contrast] for name, value in given.items()}
    return Estimate(**column)
