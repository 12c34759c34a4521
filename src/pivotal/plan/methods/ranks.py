"""Rank methods for measurements and ordered categories: they see the values of two arms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.plan.batch import Batch
from pivotal.plan.methods.outcome import Floats, Outcome, Pair
from pivotal.study.model import Analysis, Endpoint

Mask = NDArray[np.bool_]


def wilcoxon(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Wilcoxon's rank-sum test, with the Hodges-Lehmann shift and its limits.

    As SAS: normal with continuity correction, Moses's limits; as R (`wilcox.test(exact = FALSE)`): the same test,
    limits where it would reject.
    """
    options = stats.preset("hodges_lehmann", analysis.preset or "sas")
    outcomes = []
    for pair in pairs:
        value, compared, active = _two_arms(batch, endpoint, visit, pair)
        shift = stats.hodges_lehmann(value, active, compared, level=analysis.level, **options)
        test = stats.rank_sum(value, active, compared)
        reason = np.where(shift.reason == 0, test.reason, shift.reason).astype(np.uint8)
        both = replace(shift, statistic=test.statistic, p=test.p, reason=reason)
        method = f"wilcoxon rank sum, hodges-lehmann shift, {options['limits']} limits"
        outcomes.append(Outcome(pair, both, "shift", method, _numbers(compared)))
    return outcomes


def van_elteren(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Wilcoxon's test within the strata of the covariates, combined; a test without an estimate."""
    strata = batch.strata(analysis.covariates).codes
    outcomes = []
    for pair in pairs:
        value, compared, active = _two_arms(batch, endpoint, visit, pair)
        compared = compared & (strata >= 0)
        test = replace(stats.van_elteren(value, active, strata, compared), estimate=None, se=None)
        outcomes.append(Outcome(pair, test, "", "van elteren", _numbers(compared)))
    return outcomes


def _two_arms(batch: Batch, endpoint: Endpoint, visit: str, pair: Pair) -> tuple[Floats, Mask, Mask]:
    """Values, who of the two arms has one, and who is of the first."""
    derived = batch.derived(endpoint, visit)
    value = derived.value.astype(np.float64)
    compared = np.isin(batch.trials.arm, pair) & ~np.isnan(value)
    if derived.included is not None:
        compared &= derived.included
    return value, compared, np.asarray(batch.trials.arm == pair[0])


def _numbers(compared: Mask) -> dict[str, Floats]:
    return {"N": compared.sum(axis=1).astype(np.float64)}
