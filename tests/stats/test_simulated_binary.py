"""Coverage and size of the intervals and tests of binary outcomes.

Seed 20261125. Rates are enumerated exactly; two-by-two tables, strata and regressions have 4,000 replicates, so that
the Monte-Carlo error of 0.95 is 0.0034 and of 0.05 as much: limits are four of it and what theory allows on top.
"""

from functools import partial

import numpy as np
import pytest
from scipy.stats import binom

from pivotal import stats

SEED = 20261125
REPLICATES = 4_000
ERROR = 4 * np.sqrt(0.05 * 0.95 / REPLICATES)


def coverage(result, truth):
    """Share of the replicates whose limits hold the truth."""
    return float(np.mean((result.ci_low <= truth) & (result.ci_high >= truth)))


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [
        (stats.clopper_pearson, 0.95, 1.0),
        (partial(stats.wilson, correction=0.5), 0.945, 1.0),
        (stats.wilson, 0.94, 0.96),
        (stats.jeffreys, 0.94, 0.96),
    ],
)
def test_coverage_of_a_rate_by_enumeration(method, low, high):
    """The mean over rates from 0.1 to 0.9; for the exact interval the least."""
    n, rates = 40, np.linspace(0.1, 0.9, 81)
    interval = method(np.arange(n + 1), n)
    chance = binom.pmf(np.arange(n + 1), n, rates[:, None])
    held = (interval.ci_low <= rates[:, None]) & (interval.ci_high >= rates[:, None])
    covered = (chance * held).sum(axis=1)
    value = covered.min() if low == 0.95 else covered.mean()
    assert low - 1e-12 <= value <= high


def test_size_of_the_exact_tests_by_enumeration():
    """No exact rule exceeds its level; mid-p comes near it from either side."""
    n1, n0, rate, level = 18, 15, 0.3, 0.05
    x1, x0 = (each.ravel() for each in np.indices((n1 + 1, n0 + 1)))
    chance = binom.pmf(x1, n1, rate) * binom.pmf(x0, n0, rate)
    size = {
        rule: float(chance[stats.fisher_exact(x1, n1, x0, n0, rule=rule).p <= level].sum())
        for rule in ("minlike", "central", "blaker", "mid-p")
    }
    assert max(size["minlike"], size["central"], size["blaker"]) <= level
    assert size["minlike"] >= size["central"]
    assert size["mid-p"] > size["central"]
    assert abs(size["mid-p"] - level) < 0.015


def one_table():
    rng = np.random.default_rng(SEED)
    return rng.binomial(60, 0.4, REPLICATES), 60, rng.binomial(45, 0.2, REPLICATES), 45


@pytest.mark.parametrize(
    ("method", "truth"),
    [
        (partial(stats.score_interval, contrast="difference", skewness=True), 0.2),
        (partial(stats.score_interval, contrast="ratio"), 2.0),
        (partial(stats.score_interval, contrast="ratio", skewness=True), 2.0),
        (partial(stats.score_interval, contrast="odds ratio"), 8 / 3),
        (partial(stats.score_interval, contrast="odds ratio", skewness=True, unbiased=True), 8 / 3),
        (stats.wald_risk_ratio, 2.0),
        (stats.wald_odds_ratio, 8 / 3),
        (partial(stats.fisher_exact, rule="mid-p", limits="rule"), 8 / 3),
    ],
)
def test_coverage_of_one_table(method, truth):
    assert coverage(method(*one_table()), truth) == pytest.approx(0.95, abs=ERROR + 0.006)


def test_skewness_correction_balances_the_tails():
    """Above and below the ratio's interval the truth lies equally often, unlike without the correction."""
    rng = np.random.default_rng(SEED)
    data = rng.binomial(45, 0.3, 4 * REPLICATES), 45, rng.binomial(45, 0.12, 4 * REPLICATES), 45
    apart = {}
    for skewness in (True, False):
        result = stats.score_interval(*data, contrast="ratio", skewness=skewness)
        apart[skewness] = abs(np.mean(result.ci_low > 2.5) - np.mean(result.ci_high < 2.5))
    assert apart[True] < 0.008 + ERROR / 2
    assert apart[True] < apart[False]


def strata():
    """Four strata with a common risk difference of 0.2."""
    rng = np.random.default_rng(SEED)
    n1, n0 = np.array([30, 25, 40, 20]), np.array([16, 14, 18, 12])
    base = np.array([0.1, 0.2, 0.3, 0.4])
    shape = (REPLICATES, 4)
    return rng.binomial(n1, base + 0.2, shape), n1, rng.binomial(n0, base, shape), n0


@pytest.mark.parametrize(
    "method",
    [
        stats.klingenberg,
        stats.stratified_newcombe,
        partial(stats.stratified_newcombe, weights="minimum-risk"),
        stats.minimum_risk,
        stats.stratified_score_interval,
        partial(stats.stratified_score_interval, weights="miettinen-nurminen"),
        partial(stats.stratified_score_interval, skewness=True),
    ],
)
def test_coverage_over_strata(method):
    assert coverage(method(*strata()), 0.2) == pytest.approx(0.95, abs=ERROR + 0.006)


def null_strata():
    rng = np.random.default_rng(SEED)
    n1, n0 = np.array([30, 25, 40, 20]), np.array([16, 14, 18, 12])
    base = np.array([0.15, 0.25, 0.3, 0.4])
    shape = (REPLICATES, 4)
    return rng.binomial(n1, base, shape), n1, rng.binomial(n0, base, shape), n0


@pytest.mark.parametrize(
    ("method", "low"),
    [
        (stats.minimum_risk, 0.02),
        (partial(stats.minimum_risk, correction=False), 0.04),
        (stats.klingenberg, 0.04),
        (stats.stratified_score_interval, 0.04),
        (stats.exact_common_odds_ratio, 0.02),
        (partial(stats.exact_common_odds_ratio, rule="mid-p"), 0.035),
    ],
)
def test_size_over_strata(method, low):
    size = float(np.mean(method(*null_strata()).p <= 0.05))
    assert low <= size <= 0.05 + ERROR + 0.004


def test_size_of_homogeneity():
    rng = np.random.default_rng(SEED)
    n, odds = 40, 2.5
    base = np.array([0.2, 0.35, 0.5])
    active = odds * base / (1 - base + odds * base)
    data = rng.binomial(n, active, (REPLICATES, 3)), n, rng.binomial(n, base, (REPLICATES, 3)), n
    found = stats.breslow_day(*data)
    for test in (found.breslow_day, found.tarone):
        assert float(np.mean(test.p <= 0.05)) == pytest.approx(0.05, abs=ERROR + 0.006)


def regression_cells():
    """Patients sampled with their stratum; a logistic model with an interaction that the analysis leaves out."""
    rng = np.random.default_rng(SEED)
    design = np.array([[1.0, a, s == 1, s == 2] for a in (1, 0) for s in range(3)])
    share = np.array([0.5, 0.3, 0.2])
    totals = np.concatenate([rng.multinomial(size, share, REPLICATES) for size in (120, 80)], axis=1)
    rate = np.array([0.35, 0.55, 0.8, 0.2, 0.45, 0.5])
    truth = share @ rate[:3], share @ rate[3:]
    return (rng.binomial(totals, rate), totals, design), truth


def test_coverage_of_standardised_risks():
    data, (risk1, risk0) = regression_cells()
    active, control = data[2].copy(), data[2].copy()
    active[:, 1], control[:, 1] = 1, 0
    risks = stats.marginal_risks(*data, active, control, variance="superpopulation")
    assert coverage(risks.difference, risk1 - risk0) == pytest.approx(0.95, abs=ERROR + 0.006)
    assert coverage(risks.ratio, risk1 / risk0) == pytest.approx(0.95, abs=ERROR + 0.006)
    assert float(np.std(risks.difference.estimate)) == pytest.approx(float(np.mean(risks.difference.se)), rel=0.04)


def test_coverage_of_modified_poisson():
    rng = np.random.default_rng(SEED)
    design = np.array([[1.0, a, s] for a in (1, 0) for s in (0, 1)])
    totals = np.array([60, 50, 45, 40])
    rate = np.exp(design @ np.array([-1.6, 0.5, 0.4]))
    events = rng.binomial(totals, rate, (REPLICATES, 4))
    effect = stats.modified_poisson(
        stats.fit_modified_poisson(events, np.broadcast_to(totals, events.shape), design), 1, small_sample=True
    )
    assert coverage(effect, 0.5) == pytest.approx(0.95, abs=ERROR + 0.006)


def small_regression():
    rng = np.random.default_rng(SEED)
    design = np.array([[1.0, a, s] for a in (1, 0) for s in (0, 1)])
    totals = np.broadcast_to(np.array([14, 12, 9, 8]), (REPLICATES, 4))
    rate = 1 / (1 + np.exp(-design @ np.array([-1.2, 1.0, 0.4])))
    return rng.binomial(totals, rate), totals, design


def test_coverage_of_firth():
    """In 43 patients; maximum likelihood would be infinite now and then."""
    events, totals, design = small_regression()
    effect = stats.firth(events, totals, design, 1)
    assert effect.converged.all()
    assert coverage(effect, 1.0) == pytest.approx(0.95, abs=ERROR + 0.008)
    assert abs(float(np.mean(effect.estimate)) - 1.0) < 0.1


def test_size_of_the_score_test():
    events, totals, design = small_regression()
    rng = np.random.default_rng(SEED + 1)
    events = rng.binomial(totals, np.array([0.3, 0.4, 0.3, 0.4]))
    size = float(np.mean(stats.logistic_score_test(events, totals, design, 1).p <= 0.05))
    assert size == pytest.approx(0.05, abs=ERROR + 0.01)


def test_size_of_mcnemar():
    rng = np.random.default_rng(SEED)
    cells = rng.multinomial(70, [0.3, 0.15, 0.15, 0.4], REPLICATES).T
    size = {m: float(np.mean(stats.mcnemar(*cells, method=m).p <= 0.05)) for m in ("asymptotic", "exact", "mid-p")}
    assert size["exact"] <= 0.05 + ERROR
    assert size["exact"] < size["mid-p"] <= 0.05 + ERROR
    assert size["asymptotic"] == pytest.approx(0.05, abs=ERROR + 0.006)
