"""From a method's name in the study file to the estimator in `stats`: the one place that decides which is used on what.

A module a kind of endpoint; `pivotal.study.methods` says which methods there are, for which kinds, with which options.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pivotal.plan.batch import Batch
from pivotal.plan.methods.binary import from_cells, in_large_sample
from pivotal.plan.methods.continuous import ancova, t_test
from pivotal.plan.methods.longitudinal import gee, mmrm
from pivotal.plan.methods.outcome import Outcome, Pair
from pivotal.plan.methods.ranks import row_mean_scores, van_elteren, wilcoxon, win_probability
from pivotal.plan.methods.regression import (
    incidence_rate,
    incidence_ratio,
    negative_binomial,
    poisson,
    proportional_odds,
)
from pivotal.plan.methods.survival import cox, log_rank, max_combo, restricted_mean
from pivotal.study.methods import Method
from pivotal.study.model import Analysis, Endpoint

__all__ = ["Outcome", "Pair", "from_cells", "in_large_sample", "run"]


ByPatient = Callable[[Batch, Endpoint, Analysis, str, list[Pair]], list[Outcome]]
"""A method that sees patients: batch, endpoint, analysis, visit, pairs of arms -> an outcome a pair."""

BY_PATIENT: dict[Method, ByPatient] = {
    "t test": t_test,
    "ancova": ancova,
    "mmrm": mmrm,
    "wilcoxon": wilcoxon,
    "van elteren": van_elteren,
    "win probability": win_probability,
    "row mean scores": row_mean_scores,
    "proportional odds": proportional_odds,
    "poisson": poisson,
    "negative binomial": negative_binomial,
    "exposure-adjusted incidence rate": incidence_rate,
    "exposure-adjusted incidence rate ratio": incidence_ratio,
    "gee": gee,
    "log-rank": log_rank,
    "max-combo": max_combo,
    "cox": cox,
    "restricted mean survival time": restricted_mean,
}


def run(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: Iterable[Pair]) -> list[Outcome]:
    """Run one analysis of an endpoint at a visit for the given pairs of arms."""
    method = BY_PATIENT.get(analysis.method)
    if method is not None:
        return method(batch, endpoint, analysis, visit, list(pairs))
    return from_cells(analysis, batch.cells(endpoint, visit, analysis.covariates), pairs)
