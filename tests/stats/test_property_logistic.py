"""Logistic regression: an independent fitter, separation, aliased columns."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import linprog

from pivotal import stats
from pivotal.stats import Reason

from .tolerances import SAME_ROOT, STANDARD_ERROR

# intercept, low, high, stratum; three arms in two strata
DESIGN = np.array([[1.0, a == 1, a == 2, s] for a in range(3) for s in range(2)])


def name(reason):
    return Reason(reason).name


def test_against_statsmodels():
    """GLM of statsmodels, tolerance 1e-12, on twelve random replicates with a covariate."""
    rng = np.random.default_rng(11)
    design = np.column_stack([np.ones(8), np.arange(8) % 2, rng.normal(size=8)])
    totals = rng.integers(5, 40, (12, 8))
    events = rng.binomial(totals, 0.35)
    fit = stats.fit_logistic(events, totals, design)
    for row in range(12):
        counts = np.column_stack([events[row], totals[row] - events[row]])
        glm = sm.GLM(counts, design, family=sm.families.Binomial()).fit(tol=1e-12)
        np.testing.assert_allclose(fit.coefficients[row], glm.params, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(fit.covariance[row], glm.cov_params(), rtol=STANDARD_ERROR)


def test_score_is_zero_at_the_maximum():
    rng = np.random.default_rng(12)
    totals = rng.integers(10, 40, (200, 6))
    events = rng.binomial(totals, 0.3)
    fit = stats.fit_logistic(events, totals, DESIGN)
    fitted = totals / (1 + np.exp(-fit.coefficients @ DESIGN.T))
    assert fit.converged.all()
    assert np.abs((events - fitted) @ DESIGN).max() < 1e-9


def test_two_arms_have_a_closed_form():
    effect = stats.logistic_wald([[12, 5]], [[30, 25]], [[1, 1], [1, 0]], 1)
    assert float(effect.estimate[0]) == pytest.approx(np.log(12 * 20 / (18 * 5)), rel=SAME_ROOT)
    assert float(effect.se[0]) == pytest.approx(np.sqrt(1 / 12 + 1 / 18 + 1 / 5 + 1 / 20), rel=SAME_ROOT)


def test_likelihood_ratio_of_two_arms():
    def loglik(x, n):
        return x * np.log(x / n) + (n - x) * np.log(1 - x / n)

    effect = stats.logistic_lr([[12, 5]], [[30, 25]], [[1, 1], [1, 0]], 1)
    expected = 2 * (loglik(12, 30) + loglik(5, 25) - loglik(17, 55))
    assert float(effect.statistic[0]) == pytest.approx(expected, rel=SAME_ROOT)


def test_arm_without_events():
    events, totals = [[0, 0, 4, 6, 8, 9]], [[15, 14, 16, 15, 15, 14]]
    fit = stats.fit_logistic(events, totals, DESIGN)
    assert fit.coefficients[0, :3].tolist() == [-np.inf, np.inf, np.inf]
    assert np.isfinite(fit.coefficients[0, 3])
    wald = stats.wald(fit, 1)
    assert (name(wald.reason[0]), wald.ci_low[0], wald.ci_high[0]) == ("SEPARATION", -np.inf, np.inf)
    assert np.isnan(wald.p[0])
    ratio = stats.logistic_lr(events, totals, DESIGN, 1)
    assert ratio.ci_high[0] == np.inf
    assert 0 < ratio.ci_low[0] < 5
    assert 0 < ratio.p[0] < 0.05
    # at the finite limit the profile has fallen by the quantile: at that level's complement it would be 0
    at = stats.logistic_lr(events, totals, DESIGN, 1, 1 - float(ratio.p[0]))
    assert float(at.ci_low[0]) == pytest.approx(0, abs=1e-6)


def test_mirrored_separation():
    ratio = stats.logistic_lr([[4, 0]], [[9, 9]], [[1, 0], [1, 1]], 1)
    mirror = stats.logistic_lr([[0, 4]], [[9, 9]], [[1, 0], [1, 1]], 1)
    assert (ratio.estimate[0], ratio.ci_low[0]) == (-np.inf, -np.inf)
    assert float(ratio.ci_high[0]) == pytest.approx(-float(mirror.ci_low[0]), rel=1e-9)


def test_stratum_without_events_leaves_the_arms_alone():
    """The stratum's coefficient runs to -∞; the arms are then compared in the other stratum alone."""
    events, totals = [[3, 0, 6, 0, 9, 0]], [[15, 10, 16, 10, 15, 10]]
    fit = stats.fit_logistic(events, totals, DESIGN)
    other = stats.fit_logistic([[3, 6, 9]], [[15, 16, 15]], DESIGN[::2, :3])
    assert fit.coefficients[0, 3] == -np.inf
    np.testing.assert_allclose(fit.coefficients[0, :3], other.coefficients[0], rtol=1e-10)
    np.testing.assert_allclose(fit.covariance[0, :3, :3], other.covariance[0], rtol=1e-10)
    assert name(fit.reason[0]) == "SEPARATION"
    assert [name(code) for code in fit.coefficient_reason[0]] == ["NONE", "NONE", "NONE", "SEPARATION"]
    ratio = stats.logistic_lr(events, totals, DESIGN, 1)
    alone = stats.logistic_lr([[3, 6, 9]], [[15, 16, 15]], DESIGN[::2, :3], 1)
    assert float(ratio.p[0]) == pytest.approx(float(alone.p[0]), rel=1e-7)
    assert float(ratio.ci_low[0]) == pytest.approx(float(alone.ci_low[0]), rel=1e-7)


def test_empty_arm_does_not_spoil_the_rest():
    events = [[3, 2, 6, 5, 0, 0], [3, 2, 6, 5, 8, 7]]
    totals = [[15, 10, 16, 10, 0, 0], [15, 10, 16, 10, 15, 10]]
    fit = stats.fit_logistic(events, totals, DESIGN)
    alone = stats.fit_logistic([[3, 2, 6, 5]], [[15, 10, 16, 10]], DESIGN[:4][:, [0, 1, 3]])
    np.testing.assert_allclose(fit.coefficients[0, [0, 1, 3]], alone.coefficients[0], rtol=1e-10)
    assert name(stats.wald(fit, 2).reason[0]) == "ALIASED"
    assert np.isnan(stats.wald(fit, 2).estimate[0])
    assert name(stats.wald(fit, 2).reason[1]) == "NONE"
    ratio = stats.logistic_lr(events, totals, DESIGN, 1)
    assert np.isfinite(ratio.ci_low).all()
    assert np.isnan(stats.logistic_lr(events, totals, DESIGN, 2).p[0])


def test_empty_control_arm_is_not_replaced_by_another():
    """Without control patients the arm effects are not determined, whichever column would be dropped."""
    fit = stats.fit_logistic([[0, 0, 6, 5, 8, 7]], [[0, 0, 16, 10, 15, 10]], DESIGN)
    assert [name(code) for code in fit.coefficient_reason[0]] == ["ALIASED", "ALIASED", "ALIASED", "NONE"]


@pytest.mark.parametrize(("events", "reason"), [(np.zeros(6), "NO_EVENTS"), (np.full(6, 9), "ALL_EVENTS")])
def test_outcome_without_variation(events, reason):
    totals = np.full((1, 6), 9)
    wald = stats.logistic_wald(events[None], totals, DESIGN, 1)
    ratio = stats.logistic_lr(events[None], totals, DESIGN, 1)
    assert (name(wald.reason[0]), name(ratio.reason[0])) == (reason, reason)
    assert (ratio.p[0], ratio.ci_low[0], ratio.ci_high[0]) == (1.0, -np.inf, np.inf)
    assert np.isnan([wald.estimate[0], wald.p[0]]).all()


def test_nobody():
    fit = stats.fit_logistic(np.zeros((1, 6)), np.zeros((1, 6)), DESIGN)
    assert name(fit.reason[0]) == "TOO_FEW"
    assert np.isnan(fit.coefficients).all()


def test_complete_separation():
    fit = stats.fit_logistic([[0, 9, 0, 9]], [[9, 9, 9, 9]], [[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1]])
    assert name(fit.reason[0]) == "SEPARATION"
    assert fit.coefficients[0, 1] == np.inf
    assert fit.loglik[0] == pytest.approx(0, abs=1e-8)


def test_large_effects_are_not_separation():
    """One event in a million patients: far from one half, but there is a maximum."""
    effect = stats.logistic_wald([[1, 999_999]], [[1_000_000, 1_000_000]], [[1, 0], [1, 1]], 1)
    assert float(effect.estimate[0]) == pytest.approx(2 * np.log(999_999), rel=1e-9)
    assert name(effect.reason[0]) == "NONE"


def runs_away(events, totals, design):
    """Which coefficients are infinite, by linear programs over the directions of recession."""
    filled = totals > 0
    x, n, rows = events[filled], totals[filled], design[filled]
    mixed, every = (x > 0) & (x < n), x == n
    signed = np.where(every, -1.0, 1.0)[:, None] * rows
    pure, equal = signed[~mixed], rows[mixed]
    bounds = [(-1, 1)] * design.shape[1]
    sides = {"A_ub": pure, "b_ub": np.zeros(len(pure))} if len(pure) else {}
    if len(equal):
        sides |= {"A_eq": equal, "b_eq": np.zeros(len(equal))}
    ends = [[linprog(sign * unit, bounds=bounds, **sides).fun for sign in (1, -1)] for unit in np.eye(len(bounds))]
    return np.min(ends, axis=1) < -1e-6


def test_separation_is_what_linear_programming_says():
    """Replicates of two to five patients a cell; those whose cells leave a column undetermined aside."""
    rng = np.random.default_rng(13)
    totals = rng.integers(1, 6, (60, 6))
    events = rng.binomial(totals, 0.25)
    varies = (events.sum(axis=1) > 0) & (events.sum(axis=1) < totals.sum(axis=1))
    events, totals = events[varies], totals[varies]
    fit = stats.fit_logistic(events, totals, DESIGN)
    expected = [runs_away(x, n, DESIGN) for x, n in zip(events, totals, strict=True)]
    assert fit.converged.all()
    np.testing.assert_array_equal(fit.coefficient_reason == Reason.SEPARATION, expected)
    assert 0.2 < np.mean(expected) < 0.8


def test_two_arms_without_events_say_nothing_of_each_other():
    events, totals = [[0, 0, 0, 0, 8, 9]], [[15, 14, 11, 10, 15, 14]]
    wald = stats.logistic_wald(events, totals, DESIGN, 1)
    ratio = stats.logistic_lr(events, totals, DESIGN, 1)
    for result in (wald, ratio):
        assert name(result.reason[0]) == "SEPARATION"
        assert np.isnan(result.estimate[0])
        assert (result.ci_low[0], result.ci_high[0]) == (-np.inf, np.inf)
    assert float(ratio.p[0]) == pytest.approx(1, abs=1e-4)
