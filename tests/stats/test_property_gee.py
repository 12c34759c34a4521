"""Generalised estimating equations: batches, invariance, closed forms, what has no solution; coverage by simulation."""

from __future__ import annotations

import doctest
import importlib

import numpy as np
import pytest

from pivotal import stats
from pivotal.stats.estimate import Reason

# Scoring stops at a step of 1e-8 standard errors; two paths to the same solution end that near.
SOLVED = 1e-6
CORRELATIONS = ("independence", "exchangeable", "ar(1)", "unstructured")


def trial(seed, replicates=1, patients=60, visits=3, missing=0.15, effect=0.5):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(patients), np.arange(patients) % 2, rng.normal(size=patients)])
    frailty = rng.normal(0, 1, (replicates, patients, 1))
    eta = -0.2 + effect * x[:, 1, None] + 0.3 * x[:, 2, None] + frailty
    y = (rng.random((replicates, patients, visits)) < 1 / (1 + np.exp(-eta))).astype(float)
    return np.where(rng.random(y.shape) < missing, np.nan, y), x


def fit(y, x, correlation="exchangeable", common=(1, 2), **how):
    return stats.fit_gee(y, stats.visit_design(x, y.shape[2], common), correlation=correlation, **how)


@pytest.mark.parametrize("module", ["gee"])
def test_examples(module):
    result = doctest.testmod(importlib.import_module(f"pivotal.stats.{module}"))
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("correlation", CORRELATIONS)
def test_a_batch_is_its_replicates_one_by_one(correlation):
    y, x = trial(1, replicates=4)
    together = fit(y, x, correlation)
    for r in range(4):
        alone = fit(y[r : r + 1], x, correlation)
        for name in ("coefficients", "covariance", "model", "bias_reduced", "correlation"):
            np.testing.assert_allclose(getattr(together, name)[r], getattr(alone, name)[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("correlation", CORRELATIONS)
def test_order_of_patients(correlation):
    y, x = trial(2)
    order = np.random.default_rng(0).permutation(len(x))
    one, other = fit(y, x, correlation), fit(y[:, order], x[order], correlation)
    np.testing.assert_allclose(one.coefficients, other.coefficients, atol=SOLVED)
    np.testing.assert_allclose(one.covariance, other.covariance, atol=SOLVED)


@pytest.mark.parametrize("correlation", CORRELATIONS)
def test_exchanged_arms_and_outcomes(correlation):
    """The effect changes its sign where the arms are exchanged, and where success and failure are."""
    y, x = trial(3)
    swapped = x * [1, -1, 1] + [0, 1, 0]
    effect = fit(y, x, correlation).coefficients[0, 3]
    assert fit(y, swapped, correlation).coefficients[0, 3] == pytest.approx(-effect, abs=SOLVED)
    assert fit(1 - y, x, correlation).coefficients[0, 3] == pytest.approx(-effect, abs=SOLVED)


def test_independence_is_logistic_regression():
    y, x = trial(4)
    found, rows = fit(y, x, "independence"), stats.visit_design(x, 3, [1, 2]).rows().reshape(-1, 5)
    flat = y.reshape(1, -1)
    other = stats.fit_logistic(np.nan_to_num(flat), (~np.isnan(flat)).astype(float), rows)
    np.testing.assert_allclose(found.coefficients, other.coefficients, atol=SOLVED)


def test_saturated_means_are_the_proportions():
    """Complete data, an effect at each visit and nothing else: the log odds are those of the proportions."""
    y, x = trial(5, missing=0)
    found = fit(y, x[:, :2], common=())
    arms = [x[:, 1] == a for a in (0, 1)]
    odds = [np.log(y[0, arm].mean(axis=0) / (1 - y[0, arm].mean(axis=0))) for arm in arms]
    np.testing.assert_allclose(found.coefficients[0, :3], odds[0], atol=SOLVED)
    np.testing.assert_allclose(found.coefficients[0, 3:], odds[1] - odds[0], atol=SOLVED)


def test_one_visit_is_logistic_regression_with_its_sandwich():
    y, x = trial(6, visits=1, missing=0)
    found = fit(y, x, common=())
    other = stats.fit_logistic(y[:, :, 0], np.ones_like(y[:, :, 0]), x)
    p = 1 / (1 + np.exp(-(x @ other.coefficients[0])))
    scores = x * (y[0, :, 0] - p)[:, None]
    sandwich = other.covariance[0] @ scores.T @ scores @ other.covariance[0]
    np.testing.assert_allclose(found.coefficients, other.coefficients, atol=SOLVED)
    np.testing.assert_allclose(found.covariance[0], sandwich, rtol=1e-5)


def test_counts_doubled_exposure_is_a_shift():
    rng = np.random.default_rng(7)
    y, x = rng.poisson(2.0, (1, 50, 3)).astype(float), np.column_stack([np.ones(50), np.arange(50) % 2])
    one, other = (fit(k * y, x, common=(1,), family="poisson") for k in (1, 2))
    np.testing.assert_allclose(other.coefficients[0, :3] - one.coefficients[0, :3], np.log(2), atol=SOLVED)
    assert other.coefficients[0, 3] == pytest.approx(one.coefficients[0, 3], abs=SOLVED)


# ---------------------------------------------------------------- what has no solution


def reason(found, column):
    return Reason(int(stats.wald(found, column).reason[0]))


def test_an_arm_without_events_at_a_visit():
    y, x = trial(8, missing=0)
    y[0, x[:, 1] == 1, 2] = 0
    found = fit(y, x[:, :2], common=())
    assert found.coefficients[0, 5] == -np.inf
    assert reason(found, 5) == Reason.SEPARATION
    assert reason(found, 3) == Reason.NOT_CONVERGED
    assert not found.converged[0]


def test_a_covariate_that_is_the_arm():
    y, x = trial(9)
    found = fit(y, np.column_stack([x, x[:, 1]]), common=(1, 2, 3))
    assert reason(found, 3) == Reason.ALIASED
    assert reason(found, 4) == Reason.NONE
    assert np.isfinite(found.coefficients[0, 4])


def test_an_empty_arm():
    y, x = trial(10)
    y[0, x[:, 1] == 1] = np.nan
    assert reason(fit(y, x), 3) == Reason.ALIASED


@pytest.mark.parametrize("value", [0.0, 1.0, np.nan])
@pytest.mark.parametrize("correlation", CORRELATIONS)
def test_outcomes_that_do_not_vary(value, correlation):
    y, x = trial(11)
    found = fit(np.full_like(y, value), x, correlation)
    for column in range(5):
        assert reason(found, column) != Reason.NONE
        assert np.isnan(stats.wald(found, column).se[0])
    assert not found.converged[0]


@pytest.mark.parametrize("correlation", ["exchangeable", "unstructured"])
def test_a_working_correlation_that_is_none(correlation):
    """Two visits that always differ: less p, the correlation is below -1."""
    y = np.array([[[0, 1], [1, 0]] * 12], dtype=float)
    found = fit(y, np.column_stack([np.ones(24), np.arange(24) // 12]), correlation, common=(1,))
    assert {reason(found, column) for column in range(3)} == {Reason.SINGULAR_COVARIANCE}
    assert not found.converged[0]


def test_others_are_not_touched_by_a_replicate_without_solution():
    y, x = trial(12, replicates=3, missing=0)
    alone = fit(y[2:], x[:, :2], common=())
    y[1, x[:, 1] == 1, 2] = 0
    y[0] = np.nan
    found = fit(y, x[:, :2], common=())
    np.testing.assert_allclose(found.coefficients[2], alone.coefficients[0], rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"family": "binomial", "y": 2.0}, "0 and 1"), ({"family": "poisson", "y": -1.0}, "negative"),
     ({"correlation": "toeplitz"}, "correlation")],
)  # fmt: skip
def test_wrong_calls(change, words):
    y, x = trial(13)
    if "y" in change:
        y[0, 0, 0] = change.pop("y")
    with pytest.raises(ValueError, match=words):
        fit(y, x, **change)


# ---------------------------------------------------------------- by simulation

COVER = 0.95


@pytest.mark.parametrize("correlation", ["independence", "exchangeable"])
def test_size_and_coverage(correlation):
    """1,000 trials of 100 patients without effect, seed 21: rejections at 5 % and coverage, Monte-Carlo error 0.7 %.

    Robust limits are a little short with few patients; the bias-reduced ones are not.
    """
    y, x = trial(21, replicates=1000, patients=100, effect=0.0)
    found = fit(y, x, correlation)
    for covariance, low, high in ((found.covariance, 0.93, 0.97), (found.bias_reduced, 0.935, 0.975)):
        limits = stats.wald(found, 3, COVER, covariance=covariance)
        covered = ((limits.ci_low <= 0) & (limits.ci_high >= 0))[found.converged].mean()
        assert low < covered < high
        assert 1 - covered == pytest.approx((limits.p < 1 - COVER)[found.converged].mean(), abs=1e-12)
