"""Methods for continuous endpoints: they see patients' rows as cross-products."""

from __future__ import annotations

import numpy as np

from pivotal import stats
from pivotal.plan.batch import Batch
from pivotal.plan.methods.outcome import Floats, Outcome, Pair
from pivotal.study.model import Analysis, Endpoint


def ancova(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Analysis of covariance: the arms' difference in the outcome, adjusted for covariates."""
    derived = batch.derived(endpoint, visit)
    outcomes = []
    for comparator in dict.fromkeys(pair[1] for pair in pairs):
        rows, column = _rows(batch, analysis, comparator)
        observed = ~np.isnan(derived.value) & ~np.isnan(rows).any(axis=2)
        if derived.included is not None:
            observed &= derived.included
        products = stats.cross_products(derived.value, rows, observed)
        fit = stats.fit_ols(products.xtx, products.xty, products.yty, products.n)
        for pair in (p for p in pairs if p[1] == comparator):
            contrast = np.zeros(rows.shape[2])
            contrast[column[pair[0]]] = 1.0
            found = stats.ancova(fit, contrast, level=analysis.level)
            outcomes.append(Outcome(pair, found, "mean difference", "ancova"))
    return outcomes


def _rows(batch: Batch, analysis: Analysis, comparator: int) -> tuple[Floats, dict[int, int]]:
    """Patient-level design: intercept, arms, then covariates (factors dummy-coded, the rest as numbers)."""
    arm = batch.trials.arm
    columns = [np.ones(arm.shape)]
    column: dict[int, int] = {}
    for a in range(len(batch.study.arms)):
        if a != comparator:
            column[a] = len(columns)
            columns.append((arm == a).astype(np.float64))
    factors = {s.name for s in batch.study.randomisation.strata} | set(batch.trials.categories)
    for name in analysis.covariates:
        if name in factors:
            each = batch.strata((name,)).factors[0]
            columns += [(each.codes == code).astype(np.float64) for code in range(1, len(each.labels))]
        else:
            columns.append(batch.number(name))
    return np.stack(columns, axis=2), column
