"""Methods for continuous endpoints: they see patients' rows as cross-products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.plan.batch import Batch
from pivotal.plan.methods.design import Rows, dose_rows, patient_rows
from pivotal.plan.methods.outcome import Floats, Outcome, Pair, one_of
from pivotal.plan.methods.pairs import numbers, two_arms
from pivotal.stats.estimate import Estimate
from pivotal.study.model import Analysis, Endpoint

ROBUST: dict[str, Literal["HC0", "HC1", "HC2", "HC3"]] = {"hc0": "HC0", "hc1": "HC1", "hc2": "HC2", "hc3": "HC3"}


def t_test(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Two arms' means by the t test, pooled or Welch's."""
    by_program = stats.preset("t_test", analysis.preset or "sas")["equal_variances"]
    equal = by_program if analysis.variances is None else analysis.variances == "equal"
    method = "t test, pooled variance" if equal else "t test, welch"
    outcomes = []
    for pair in pairs:
        value, compared, active = two_arms(batch, endpoint, visit, pair)
        found = stats.t_test(value, active, compared, equal_variances=equal, level=analysis.level)
        outcomes.append(Outcome(pair, found, "mean difference", method, numbers(compared)))
    return outcomes


def ancova(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Analysis of covariance: the arms' difference in the outcome, or its slope over their doses.

    With slopes of their own the arms are compared at the mean of the covariates over all of them (`interacted_ancova`).
    """
    if analysis.slopes == "each arm":
        return _interacted(batch, endpoint, analysis, visit, pairs)
    if analysis.treatment == "dose":
        fitted = fit_rows(batch, endpoint, analysis, visit, dose_rows(batch, analysis.covariates))
        return [Outcome(None, fitted.coefficient(1), "slope", f"{_words(analysis)}, dose as a number")]
    outcomes = []
    for comparator in dict.fromkeys(pair[1] for pair in pairs):
        rows = patient_rows(batch, analysis.covariates, comparator)
        fitted = fit_rows(batch, endpoint, analysis, visit, rows)
        for pair in (p for p in pairs if p[1] == comparator):
            found = fitted.coefficient(rows.column[pair[0]])
            outcomes.append(Outcome(pair, found, "mean difference", _words(analysis)))
    return outcomes


def _interacted(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    outcomes = []
    kind = ROBUST[analysis.variance or "hc3"]
    arms = len(batch.study.arms)
    for comparator in dict.fromkeys(pair[1] for pair in pairs):
        rows = patient_rows(batch, analysis.covariates, comparator)
        value, observed = _observed(batch, endpoint, visit, rows)
        others = list(rows.column)
        order = np.full(arms + 1, 0)  # the comparator first, then the others; -1, nobody's arm, is not observed
        order[others] = np.arange(1, arms)
        found = stats.interacted_ancova(
            value, order[batch.trials.arm], rows.x[..., arms:], observed, arms=arms, variance=kind, level=analysis.level
        )
        for pair in (p for p in pairs if p[1] == comparator):
            own = one_of(found, others.index(pair[0]))
            outcomes.append(Outcome(pair, own, "mean difference", f"ancova, slopes of each arm, {kind} variance"))
    return outcomes


def _observed(batch: Batch, endpoint: Endpoint, visit: str, rows: Rows) -> tuple[Floats, NDArray[np.bool_]]:
    """Outcomes at a visit, and whose outcome and covariates are known."""
    derived = batch.derived(endpoint, visit)
    observed = ~np.isnan(derived.value) & rows.known
    if derived.included is not None:
        observed &= derived.included
    return derived.value.astype(np.float64), observed


@dataclass(frozen=True, slots=True)
class Fitted:
    """A linear model of an endpoint, and what inference on it needs.

    Attributes
    ----------
    rows
        Its design.
    sums
        Its cross-products.
    fit
        The fit.
    covariance
        Of the coefficients, where it is not the model's.
    level
        Of intervals.
    """

    rows: Rows
    sums: stats.CrossProducts
    fit: stats.OlsFit
    covariance: Floats | None
    level: float

    def contrast(self, weights: Floats) -> Estimate:
        """A weighted sum of coefficients, estimated and tested."""
        return stats.ancova(self.fit, weights, level=self.level, covariance=self.covariance)

    def coefficient(self, column: int) -> Estimate:
        """One coefficient, estimated and tested."""
        return self.contrast(np.eye(self.rows.x.shape[2])[column])


def fit_rows(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, rows: Rows) -> Fitted:
    """Fit an endpoint at a visit to a design by least squares."""
    kind = ROBUST.get(analysis.variance or "model")
    value, observed = _observed(batch, endpoint, visit, rows)
    sums = stats.cross_products(value, rows.x, observed)
    fit = stats.fit_ols(sums.xtx, sums.xty, sums.yty, sums.n)
    covariance = None if kind is None else stats.hc_covariance(value, rows.x, observed, fit, kind)
    return Fitted(rows, sums, fit, covariance, analysis.level)


def _words(analysis: Analysis) -> str:
    kind = ROBUST.get(analysis.variance or "model")
    return "ancova" if kind is None else f"ancova, {kind} variance"
