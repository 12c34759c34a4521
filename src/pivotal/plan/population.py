"""The plan's estimators in a large population: sums that add up over its parts, and the estimate from their total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal.plan.batch import Batch, Cells
from pivotal.plan.methods import from_cells, in_large_sample
from pivotal.study.model import Endpoint, Study
from pivotal.trials import Trials

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sums:
    """Cells of each binary endpoint at its visit, by its analysis's covariates, summed over replicates."""

    cells: Mapping[str, Cells]

    def __add__(self, other: Sums) -> Sums:
        return Sums({name: _added(cells, other.cells[name]) for name, cells in self.cells.items()})


def _added(a: Cells, b: Cells) -> Cells:
    return Cells(a.events + b.events, a.totals + b.totals, a.strata)


def sums(study: Study, trials: Trials, endpoints: tuple[str, ...]) -> Sums:
    """The sums of one part of the population; an endpoint that is not binary has none."""
    batch = Batch(study, trials)
    found = {}
    for name in endpoints:
        endpoint = study.endpoint(name)
        if endpoint.kind == "binary":
            cells = batch.cells(endpoint, endpoint.visit, endpoint.analysis.covariates)
            found[name] = Cells(
                cells.events.sum(axis=0, keepdims=True), cells.totals.sum(axis=0, keepdims=True), cells.strata.bare()
            )
    return Sums(found)


def large_sample(study: Study, pooled: Sums) -> Floats:
    """Value of each hypothesis's estimator, (hypothesis,): ratios on the log scale; NaN where there are no sums.

    In a population the exact conditional estimate is the logistic model's, so that one is computed.
    """
    return np.array([_value(study, pooled, study.endpoint(h.endpoint), h.arm, h.comparator)
                     for h in study.testing.hypotheses])  # fmt: skip


def _value(study: Study, pooled: Sums, endpoint: Endpoint, arm: str, comparator: str) -> float:
    cells = pooled.cells.get(endpoint.name)
    if cells is None:
        return float("nan")
    pair = (study.arm_index(arm), study.arm_index(comparator))
    (outcome,) = from_cells(in_large_sample(endpoint.analysis), cells, [pair])
    estimate = outcome.estimate.estimate
    if estimate is None:
        return float("nan")
    value = float(estimate[0])
    return float(np.log(value)) if outcome.scale is not None and outcome.scale.endswith("ratio") else value
