"""Rank methods for measurements and ordered categories: they see the values of two arms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.plan.batch import Batch
from pivotal.plan.methods.outcome import Floats, Outcome, Pair
from pivotal.plan.methods.pairs import Mask, numbers, two_arms
from pivotal.study.model import Analysis, Endpoint


def wilcoxon(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Wilcoxon's rank-sum test, with the Hodges-Lehmann shift and its limits.

    As SAS: normal with continuity correction, Moses's limits; as R (`wilcox.test(exact = FALSE)`): the same test,
    limits where it would reject.
    """
    options = stats.preset("hodges_lehmann", analysis.preset or "sas")
    outcomes = []
    for pair in pairs:
        value, compared, active = two_arms(batch, endpoint, visit, pair)
        shift = stats.hodges_lehmann(value, active, compared, level=analysis.level, **options)
        test = stats.rank_sum(value, active, compared)
        reason = np.where(shift.reason == 0, test.reason, shift.reason).astype(np.uint8)
        both = replace(shift, statistic=test.statistic, p=test.p, reason=reason)
        method = f"wilcoxon rank sum, hodges-lehmann shift, {options['limits']} limits"
        outcomes.append(Outcome(pair, both, "shift", method, numbers(compared)))
    return outcomes


def van_elteren(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
    """Wilcoxon's test within the strata of the covariates, combined; a test without an estimate."""
    strata = batch.strata(analysis.covariates).codes
    outcomes = []
    for pair in pairs:
        value, compared, active = two_arms(batch, endpoint, visit, pair)
        compared = compared & (strata >= 0)
        test = replace(stats.van_elteren(value, active, strata, compared), estimate=None, se=None)
        outcomes.append(Outcome(pair, test, "", "van elteren", numbers(compared)))
    return outcomes


def win_probability(
    batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]
) -> list[Outcome]:
    """The probability that a patient of the arm has the larger value, ties counting one half."""
    outcomes = []
    for pair in pairs:
        value, compared, active = two_arms(batch, endpoint, visit, pair)
        found = stats.win_probability(value, active, compared, level=analysis.level)
        method = "win probability, brunner-munzel variance"
        outcomes.append(Outcome(pair, found, "win probability", method, numbers(compared)))
    return outcomes


def row_mean_scores(
    batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]
) -> list[Outcome]:
    """Cochran-Mantel-Haenszel test of mean scores within the strata of the covariates; a test without an estimate."""
    strata = batch.strata(analysis.covariates)
    outcomes = []
    for pair in pairs:
        value, compared, active = two_arms(batch, endpoint, visit, pair)
        compared = compared & (strata.codes >= 0)
        test = stats.cmh_tests(_table(value, compared, active, strata.codes, strata.count)).row_means
        outcomes.append(Outcome(pair, test, "", "cochran-mantel-haenszel, row mean scores", numbers(compared)))
    return outcomes


def _table(value: Floats, compared: Mask, active: Mask, stratum: NDArray[np.int16], strata: int) -> Floats:
    """Patients by stratum, arm and value, (replicate, stratum, arm, category), the least value first."""
    low = np.nanmin(np.where(compared, value, np.nan), initial=0.0)
    size = int(np.nanmax(np.where(compared, value, np.nan), initial=low) - low) + 1
    cells = np.where(compared, 2 * stratum + active, 0)
    counts = stats.category_counts(np.where(compared, value - low, np.nan), size, cells, 2 * strata)
    return counts.reshape(len(value), strata, 2, size)
