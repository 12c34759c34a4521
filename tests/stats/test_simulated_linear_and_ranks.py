"""Size and coverage of t, robust, adjusted and rank methods by simulation (seeds fixed; four Monte-Carlo errors)."""

import numpy as np
import pytest

from pivotal import stats

REPLICATES = 4000
ERRORS = 4


def near(share, expected, replicates=REPLICATES):
    """Within four Monte-Carlo errors, 0.014 at 95% of 4,000."""
    return abs(share - expected) < ERRORS * np.sqrt(expected * (1 - expected) / replicates)


def arms(rng, n, one_in=2):
    return rng.permuted(np.tile(np.arange(n) % one_in == 0, (REPLICATES, 1)), axis=1)


def covered(effect, truth):
    return float(((effect.ci_low <= truth) & (truth <= effect.ci_high)).mean())


def test_t_tests():
    rng = np.random.default_rng(101)
    arm = arms(rng, 30, 3)
    equal = rng.normal(size=arm.shape) + 0.4 * arm
    assert near(covered(stats.t_test(equal, arm), 0.4), 0.95)
    unequal = rng.normal(size=arm.shape) * np.where(arm, 3, 1)
    assert near(float((stats.t_test(unequal, arm, equal_variances=False).p < 0.05).mean()), 0.05)
    # the pooled test is anticonservative where the smaller arm varies more: a test that can fail
    assert not near(float((stats.t_test(unequal, arm).p < 0.05).mean()), 0.05)


@pytest.mark.parametrize("kind", ["HC2", "HC3"])
def test_robust_coverage(kind):
    rng = np.random.default_rng(102)
    arm, x = arms(rng, 80), rng.normal(size=(REPLICATES, 80))
    y = 0.5 * arm + x + rng.normal(size=arm.shape) * np.where(arm, 2, 1)
    design, seen = np.stack([np.ones_like(x), arm, x], axis=-1), np.ones(arm.shape, dtype=bool)
    sums = stats.cross_products(y, design, seen)
    fit = stats.fit_ols(sums.xtx, sums.xty, sums.yty, sums.n)
    effect = stats.ancova(fit, [0, 1, 0], covariance=stats.hc_covariance(y, design, seen, fit, kind))
    assert abs(covered(effect, 0.5) - 0.95) < 0.014


def test_interacted_coverage_in_the_population():
    """With slopes that differ, the interval covers the population's effect only with the centring term."""
    rng = np.random.default_rng(103)
    n = 120
    arm, x = arms(rng, n), rng.normal(1, 1, (REPLICATES, n))
    y = arm * (0.5 + 2 * (x - 1)) + x + 0.7 * rng.normal(size=arm.shape)
    seen = np.ones(arm.shape, dtype=bool)
    with_, without = (
        stats.interacted_ancova(y, arm.astype(int), x[..., None], seen, centring=centring) for centring in (True, False)
    )
    assert near(covered(with_, np.array([[0.5]])), 0.95)
    assert covered(without, np.array([[0.5]])) < 0.9


@pytest.mark.parametrize("ties", [False, True])
def test_rank_tests_keep_their_size(ties):
    rng = np.random.default_rng(104)
    arm = arms(rng, 24, 3)[:2000]
    y = rng.exponential(size=arm.shape)
    y = np.floor(3 * y) if ties else y
    for test in (
        stats.rank_sum(y, arm, method="exact"),
        stats.rank_sum(y, arm),
        stats.van_elteren(y, arm, rng.integers(0, 2, arm.shape)),
        stats.signed_rank(np.round(rng.normal(size=arm.shape) * 4) / 4, method="exact"),
    ):
        size = float((test.p <= 0.05).mean())
        assert size < 0.05 + ERRORS * np.sqrt(0.05 * 0.95 / 2000)
        assert size > 0.02


@pytest.mark.parametrize("limits", ["exact", "exact-ties", "moses", "inverted", "inverted-corrected"])
def test_shift_coverage(limits):
    rng = np.random.default_rng(105)
    arm = arms(rng, 30, 3)[:1500]
    y = rng.exponential(size=arm.shape) + 0.7 * arm
    share = covered(stats.hodges_lehmann(y, arm, limits=limits), 0.7)
    assert share > 0.95 - ERRORS * np.sqrt(0.05 * 0.95 / 1500)
    assert share < 0.98


def test_win_probability_coverage():
    rng = np.random.default_rng(106)
    arm = arms(rng, 60)
    y = rng.normal(size=arm.shape) * np.where(arm, 2, 1)
    assert near(covered(stats.win_probability(y, arm), 0.5), 0.95)
