"""Coverage and size of count, rate and ordinal methods by simulation (seeds fixed; four Monte-Carlo errors)."""

import numpy as np
import pytest

from pivotal import stats

REPLICATES = 2000
ERRORS = 4


def near(share, expected, slack=0.0):
    """Within four Monte-Carlo errors (0.019 at 95% of 2,000) and what the method itself is off in finite samples."""
    return abs(share - expected) < ERRORS * np.sqrt(expected * (1 - expected) / REPLICATES) + slack


def covered(effect, truth):
    return float(((effect.ci_low <= truth) & (truth <= effect.ci_high)).mean())


def overdispersed(rng, n, effect, k=0.7):
    arm = np.arange(n) % 2
    exposure = rng.uniform(0.4, 1, (REPLICATES, n))
    mean = 2 * exposure * np.exp(effect * arm)
    return rng.poisson(mean * rng.gamma(1 / k, k, exposure.shape)), exposure, np.column_stack([np.ones(n), arm])


def test_negative_binomial_coverage():
    """Wald limits are a little too near in 100 patients, as k is estimated too small; both informations."""
    y, exposure, design = overdispersed(np.random.default_rng(201), 100, -0.4)
    fit = stats.fit_negative_binomial(y, exposure, design)
    assert fit.converged.all()
    for covariance in (fit.covariance, fit.observed):
        assert near(covered(stats.wald(fit, 1, covariance=covariance), -0.4), 0.95, slack=0.01)


def test_negative_binomial_estimates():
    y, exposure, design = overdispersed(np.random.default_rng(202), 200, -0.4)
    fit = stats.fit_negative_binomial(y, exposure, design)
    error = fit.coefficients[:, 1].std() / np.sqrt(REPLICATES)
    assert abs(fit.coefficients[:, 1].mean() + 0.4) < ERRORS * error + 0.005
    # the standard error is the standard deviation of the estimates
    assert np.sqrt(fit.covariance[:, 1, 1]).mean() == pytest.approx(fit.coefficients[:, 1].std(), rel=0.06)


def test_poisson_is_too_sure_of_overdispersed_counts():
    """Robust and quasi variances repair what the model's own leaves out."""
    y, exposure, design = overdispersed(np.random.default_rng(203), 100, 0.0)
    fit = stats.fit_poisson(y, exposure, design)
    sizes = [float((stats.wald(fit, 1, covariance=c).p < 0.05).mean()) for c in (fit.covariance, fit.robust, fit.quasi)]
    assert sizes[0] > 0.12
    assert near(sizes[1], 0.05, slack=0.015)
    assert near(sizes[2], 0.05, slack=0.015)


@pytest.mark.slow
def test_likelihood_ratio_size():
    y, exposure, design = overdispersed(np.random.default_rng(204), 60, 0.0)
    test = stats.negative_binomial_lr(y[:500], exposure[:500], design, 1)
    assert abs(float((test.p < 0.05).mean()) - 0.05) < ERRORS * np.sqrt(0.05 * 0.95 / 500) + 0.01


@pytest.mark.parametrize(("mean1", "mean0"), [(4.0, 2.0), (12.0, 9.0)])
def test_rate_intervals(mean1, mean0):
    rng = np.random.default_rng(205)
    t1, t0 = 20.0, 10.0
    x1, x0 = rng.poisson(mean1, REPLICATES), rng.poisson(mean0, REPLICATES)
    arms = (x1, t1, x0, t0)
    exact = covered(stats.incidence_ratio(*arms), mean1 / t1 / (mean0 / t0))
    assert exact > 0.95 - ERRORS * np.sqrt(0.05 * 0.95 / REPLICATES)
    assert covered(stats.incidence_rate(x1, t1), mean1 / t1) > 0.95 - ERRORS * np.sqrt(0.05 * 0.95 / REPLICATES)
    score = covered(stats.incidence_difference(*arms), mean1 / t1 - mean0 / t0)
    assert near(score, 0.95, slack=0.012)  # the score interval covers 95% on average, not at every rate


def ordinal(rng, n, effect):
    arm = np.tile(np.arange(n) % 2, (REPLICATES, 1))
    y = np.digitize(effect * arm + rng.logistic(size=arm.shape), [-1, 0.3, 1.5])
    return stats.category_counts(y, 4, arm, 2)


def test_common_odds_ratio():
    counts = ordinal(np.random.default_rng(206), 120, 0.6)
    fit = stats.fit_proportional_odds(counts, [[0], [1]])
    assert near(covered(stats.wald(fit, 0), 0.6), 0.95)
    assert near(covered(stats.wald(fit, 0, covariance=fit.expected), 0.6), 0.95)
    assert near(covered(stats.proportional_odds_lr(counts[:REPLICATES], [[0], [1]], 0), 0.6), 0.95)


@pytest.mark.parametrize("information", ["observed", "expected"])
def test_proportional_odds_test_keeps_its_size(information):
    counts = ordinal(np.random.default_rng(207), 200, 0.6)
    test = stats.proportional_odds_test(counts, [[0], [1]], information=information)
    assert near(float((test.p < 0.05).mean()), 0.05, slack=0.005)
