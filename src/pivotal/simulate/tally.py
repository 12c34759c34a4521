"""Sums over replicates that operating characteristics are made from; they add up block by block."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from pivotal.study.model import Study
from pivotal.trials import Results, Row

Floats = NDArray[np.float64]
RATIOS = ("odds ratio", "risk ratio", "hazard ratio")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Sums over replicates; hypothesis-wise arrays are (hypothesis,).

    Attributes
    ----------
    replicates
        How many.
    rejected, estimable, error, error2, covered, covering, not_converged
        Rejections; replicates with a finite estimate; sum and sum of squares of estimate minus truth (ratios on the
        log scale); intervals that hold the truth, of those that exist; iterations that did not converge.
    any_rejected, all_rejected, false_rejected
        Replicates in which any hypothesis, every one that was analysed, any true one is rejected.
    responders, patients
        Sums by (endpoint, visit, arm), in the order of the results' rows.
    """

    replicates: int
    rejected: Floats
    estimable: Floats
    error: Floats
    error2: Floats
    covered: Floats
    covering: Floats
    not_converged: Floats
    any_rejected: float
    all_rejected: float
    false_rejected: float
    responders: Floats
    patients: Floats

    def __add__(self, other: Tally) -> Tally:
        return Tally(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(Tally)})


def total(tallies: Iterable[Tally]) -> Tally:
    """Add tallies up, in their order (so that the sum has the same bits whoever computed the parts)."""
    return reduce(add, tallies)


def tally(study: Study, results: Results, truth: Floats, true_null: NDArray[np.bool_]) -> Tally:
    """Reduce one block's results.

    Parameters
    ----------
    study
        The study.
    results
        What its plan gave for the block, scope `hypotheses`.
    truth
        The estimator's value in the population, (hypothesis,), ratios on the log scale; NaN where unknown.
    true_null
        Which hypotheses are true, (hypothesis,).
    """
    found = [_Hypothesis.of(study, results, h) for h in range(len(study.testing.hypotheses))]
    rejected = np.array([each.rejected for each in found])  # (hypothesis, replicate)
    errors = [each.estimate - truth[h] for h, each in enumerate(found)]
    finite = [np.isfinite(error) for error in errors]
    inside = [each.covers(truth[h]) for h, each in enumerate(found)]
    counts = [row for row in results if row.key.analysis == "response"]
    return Tally(
        replicates=rejected.shape[1],
        rejected=rejected.sum(axis=1, dtype=np.float64),
        estimable=np.array([f.sum() for f in finite], dtype=np.float64),
        error=np.array([e[f].sum() for e, f in zip(errors, finite, strict=True)]),
        error2=np.array([(e[f] ** 2).sum() for e, f in zip(errors, finite, strict=True)]),
        covered=np.array([i.sum() for i in inside], dtype=np.float64),
        covering=np.array([each.has_interval.sum() for each in found], dtype=np.float64),
        not_converged=np.array([each.not_converged for each in found], dtype=np.float64),
        any_rejected=float(rejected.any(axis=0).sum()),
        all_rejected=float(rejected[[each.analysed for each in found]].all(axis=0).sum()),
        false_rejected=float(rejected[true_null].any(axis=0).sum()),
        responders=np.array([row.value.sum() for row in counts if row.key.statistic == "n"]),
        patients=np.array([row.value.sum() for row in counts if row.key.statistic == "N"]),
    )


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    """One hypothesis over a block; estimate and limits of ratios on the log scale."""

    rejected: NDArray[np.bool_]
    estimate: Floats
    low: Floats
    high: Floats
    not_converged: float
    analysed: bool

    @classmethod
    def of(cls, study: Study, results: Results, h: int) -> _Hypothesis:
        hypothesis = study.testing.hypotheses[h]
        keys = {"arm": hypothesis.arm, "comparator": hypothesis.comparator, "endpoint": hypothesis.endpoint}
        groups = (("hypothesis", hypothesis.name),)
        rejected = results.one(analysis="testing", statistic="rejected", groups=groups).value.astype(np.bool_)
        rows = {row.key.statistic: row for row in results.find(**keys, groups=(("role", "main"),))}
        none = np.full(rejected.shape, np.nan)
        estimate, low, high = (_natural(rows.get(name), none) for name in ("estimate", "ci_low", "ci_high"))
        converged = rows.get("converged")
        failed = 0.0 if converged is None else float((converged.value == 0).sum())
        return cls(rejected, estimate, low, high, failed, analysed=bool(rows))

    @property
    def has_interval(self) -> NDArray[np.bool_]:
        return np.asarray(~(np.isnan(self.low) | np.isnan(self.high)))

    def covers(self, truth: float) -> NDArray[np.bool_]:
        return np.asarray(self.has_interval & (self.low <= truth) & (truth <= self.high))


def _natural(row: Row | None, none: Floats) -> Floats:
    if row is None:
        return none
    if row.key.scale not in RATIOS:
        return row.value
    with np.errstate(divide="ignore"):
        return np.log(row.value)
