"""From a method's name in the study file to the estimator in `stats`: the one place that decides which is used on what.

A module a kind of endpoint; `pivotal.study.methods` says which methods there are, for which kinds, with which options.
"""

from __future__ import annotations

from collections.abc import Iterable

from pivotal.plan.batch import Batch
from pivotal.plan.methods.binary import from_cells, large_sample_method
from pivotal.plan.methods.continuous import ancova
from pivotal.plan.methods.outcome import Outcome, Pair
from pivotal.study.model import Analysis, Endpoint

__all__ = ["Outcome", "Pair", "from_cells", "large_sample_method", "run"]


def run(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: Iterable[Pair]) -> list[Outcome]:
    """Run one analysis of an endpoint at a visit for the given pairs of arms."""
    if analysis.method == "ancova":
        return ancova(batch, endpoint, analysis, visit, list(pairs))
    return from_cells(analysis.method, batch.cells(endpoint, visit, analysis.covariates), analysis.level, pairs)
