"""Methods for continuous endpoints: they see patients' rows as cross-products."""

from __future__ import annotations

import numpy as np

from pivotal import stats
from pivotal.plan.batch import Batch
from pivotal.plan.methods.design import patient_rows
from pivotal.plan.methods.outcome import Outcome, Pair
from pivotal.study.model import Analysis, Endpoint


def ancova(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Analysis of covariance: the arms' difference in the outcome, adjusted for covariates."""
    derived = batch.derived(endpoint, visit)
    outcomes = []
    for comparator in dict.fromkeys(pair[1] for pair in pairs):
        rows = patient_rows(batch, analysis.covariates, comparator)
        observed = ~np.isnan(derived.value) & rows.known
        if derived.included is not None:
            observed &= derived.included
        products = stats.cross_products(derived.value, rows.x, observed)
        fit = stats.fit_ols(products.xtx, products.xty, products.yty, products.n)
        for pair in (p for p in pairs if p[1] == comparator):
            contrast = np.zeros(rows.x.shape[2])
            contrast[rows.column[pair[0]]] = 1.0
            found = stats.ancova(fit, contrast, level=analysis.level)
            outcomes.append(Outcome(pair, found, "mean difference", "ancova"))
    return outcomes
