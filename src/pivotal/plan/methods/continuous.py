"""Methods for continuous endpoints: they see patients' rows as cross-products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pivotal import stats
from pivotal.plan.batch import Batch
from pivotal.plan.methods.design import Rows, dose_rows, patient_rows
from pivotal.plan.methods.outcome import Floats, Outcome, Pair
from pivotal.stats.estimate import Estimate
from pivotal.study.model import Analysis, Endpoint

ROBUST: dict[str, Literal["HC0", "HC1", "HC2", "HC3"]] = {"hc0": "HC0", "hc1": "HC1", "hc2": "HC2", "hc3": "HC3"}


def ancova(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Analysis of covariance: the arms' difference in the outcome, or its slope over their doses."""
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
    derived = batch.derived(endpoint, visit)
    kind = ROBUST.get(analysis.variance or "model")
    observed = ~np.isnan(derived.value) & rows.known
    if derived.included is not None:
        observed &= derived.included
    sums = stats.cross_products(derived.value, rows.x, observed)
    fit = stats.fit_ols(sums.xtx, sums.xty, sums.yty, sums.n)
    covariance = None if kind is None else stats.hc_covariance(derived.value, rows.x, observed, fit, kind)
    return Fitted(rows, sums, fit, covariance, analysis.level)


def _words(analysis: Analysis) -> str:
    kind = ROBUST.get(analysis.variance or "model")
    return "ancova" if kind is None else f"ancova, {kind} variance"
