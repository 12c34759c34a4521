"""Methods for continuous endpoints: they see patients' rows as cross-products."""

from __future__ import annotations

from typing import Literal

import numpy as np

from pivotal import stats
from pivotal.plan.batch import Batch
from pivotal.plan.methods.design import patient_rows
from pivotal.plan.methods.outcome import Outcome, Pair
from pivotal.study.model import Analysis, Endpoint

ROBUST: dict[str, Literal["HC0", "HC1", "HC2", "HC3"]] = {"hc0": "HC0", "hc1": "HC1", "hc2": "HC2", "hc3": "HC3"}


def ancova(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Analysis of covariance: the arms' difference in the outcome, adjusted for covariates."""
    derived = batch.derived(endpoint, visit)
    kind = ROBUST.get(analysis.variance or "model")
    method = "ancova" if kind is None else f"ancova, {kind} variance"
    outcomes = []
    for comparator in dict.fromkeys(pair[1] for pair in pairs):
        rows = patient_rows(batch, analysis.covariates, comparator)
        observed = ~np.isnan(derived.value) & rows.known
        if derived.included is not None:
            observed &= derived.included
        products = stats.cross_products(derived.value, rows.x, observed)
        fit = stats.fit_ols(products.xtx, products.xty, products.yty, products.n)
        covariance = None if kind is None else stats.hc_covariance(derived.value, rows.x, observed, fit, kind)
        for pair in (p for p in pairs if p[1] == comparator):
            contrast = np.zeros(rows.x.shape[2])
            contrast[rows.column[pair[0]]] = 1.0
            found = stats.ancova(fit, contrast, level=analysis.level, covariance=covariance)
            outcomes.append(Outcome(pair, found, "mean difference", method))
    return outcomes
