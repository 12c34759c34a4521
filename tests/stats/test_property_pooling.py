"""Rubin's rules: identities, invariances, and what there is where they do not apply."""

from dataclasses import fields

import numpy as np
import pytest

from pivotal.stats import Pooled, Reason, monte_carlo_error, pool_jackknife, pool_wald, rubin, rubin_on

from .tolerances import SAME

NUMBERS = [field.name for field in fields(Pooled) if field.name not in ("reason", "imputations")]


def analyses(replicates=5, imputations=8, seed=1, more=()):
    rng = np.random.default_rng(seed)
    shape = (replicates, imputations, *more)
    return rng.normal(1.0, 0.4, shape), rng.uniform(0.2, 0.3, shape)


def test_imputations_that_agree_are_the_complete_analysis():
    pooled = rubin([[2.0] * 5], [[0.25] * 5], df_complete=40)
    assert pooled.se[0] == pytest.approx(0.5, rel=SAME)
    assert (pooled.between[0], pooled.riv[0], pooled.lambda_[0]) == (0, 0, 0)
    assert pooled.df[0] == pytest.approx(40 * 41 / 43, rel=SAME)
    assert np.isinf(rubin([[2.0] * 5], [[0.25] * 5]).df[0])
    assert pooled.reason[0] == 0


def test_values_that_agree_up_to_rounding_agree():
    same = 0.1 + np.array([[0.0, 1e-17, 0.0]])
    assert rubin(same, np.ones((1, 3))).between[0] == 0


@pytest.mark.parametrize("df", ["barnard-rubin", "rubin", "normal"])
@pytest.mark.parametrize("complete", [30.0, np.inf])
def test_monte_carlo_errors_are_the_jackknife_over_imputations(df, complete):
    estimates, variances = analyses(more=(2,))
    number = estimates.shape[1]
    error = monte_carlo_error(estimates, variances, df_complete=complete, df=df)
    without = [
        rubin(np.delete(estimates, m, axis=1), np.delete(variances, m, axis=1), df_complete=complete, df=df)
        for m in range(number)
    ]
    for name in NUMBERS:
        values = np.stack([getattr(one, name) for one in without])
        if np.isinf(values).any():
            continue
        expected = np.sqrt((number - 1) / number * ((values - values.mean(axis=0)) ** 2).sum(axis=0))
        np.testing.assert_allclose(getattr(error, name), expected, rtol=1e-9, atol=1e-13, err_msg=name)
    between = rubin(estimates, variances).between
    np.testing.assert_allclose(error.estimate, np.sqrt(between / number), rtol=1e-10)


def test_monte_carlo_error_of_equal_imputations_is_zero():
    error = monte_carlo_error([[2.0] * 5], [[0.25] * 5], df_complete=40)
    assert all(getattr(error, name)[0] == pytest.approx(0, abs=1e-12) for name in NUMBERS)


def test_batched_is_one_by_one():
    estimates, variances = analyses()
    complete = np.array([10.0, 20.0, np.inf, 40.0, 50.0])
    whole = rubin(estimates, variances, df_complete=complete)
    for row in range(len(estimates)):
        one = rubin(estimates[[row]], variances[[row]], df_complete=complete[[row]])
        for name in NUMBERS:
            np.testing.assert_allclose(getattr(whole, name)[row], getattr(one, name)[0], rtol=SAME)


def test_degrees_of_freedom_by_replicate():
    estimates, variances = analyses(2, more=(2, 2))
    pooled = rubin(estimates, variances, df_complete=[10.0, 100.0])
    np.testing.assert_array_equal(pooled.df[1], rubin(estimates[1:], variances[1:], df_complete=100.0).df[0])
    np.testing.assert_array_equal(pooled.df[0], rubin(estimates[:1], variances[:1], df_complete=10.0).df[0])


def test_the_order_of_imputations_does_not_matter():
    estimates, variances = analyses()
    order = np.random.default_rng(2).permutation(estimates.shape[1])
    one, other = rubin(estimates, variances), rubin(estimates[:, order], variances[:, order])
    for name in NUMBERS:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-11)


def test_shift_and_scale():
    estimates, variances = analyses()
    one = rubin(estimates, variances, df_complete=30.0)
    other = rubin(3 - 2 * estimates, 4 * variances, df_complete=30.0, null=3.0)
    np.testing.assert_allclose(other.estimate, 3 - 2 * one.estimate, rtol=SAME)
    np.testing.assert_allclose(other.ci_low, 3 - 2 * one.ci_high, rtol=1e-10)
    for name in ("df", "p", "riv", "lambda_", "fmi"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-10)


def test_more_missing_information_leaves_fewer_degrees_of_freedom():
    estimates, variances = analyses(1, 20)
    wider = estimates.mean() + 2 * (estimates - estimates.mean())
    assert rubin(wider, variances, df_complete=50).df[0] < rubin(estimates, variances, df_complete=50).df[0]
    both = [rubin(estimates, variances, df_complete=50, df=name).df[0] for name in ("barnard-rubin", "rubin")]
    assert both[0] < min(both[1], 50)


def test_one_imputation_has_no_standard_error():
    pooled = rubin([[1.5]], [[0.2]], df_complete=10)
    assert (pooled.estimate[0], pooled.within[0]) == (1.5, 0.2)
    assert np.isnan([pooled.se[0], pooled.p[0], pooled.df[0], pooled.ci_low[0]]).all()
    assert pooled.reason[0] == Reason.IMPUTATIONS_TOO_FEW
    assert monte_carlo_error([[1.5, 1.0]], [[0.2, 0.2]]).reason[0] == Reason.IMPUTATIONS_TOO_FEW


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_an_imputation_without_a_result_fails_the_pool(broken):
    pooled = rubin([[1.0, broken], [1.0, 2.0]], [[0.2, 0.2], [0.2, 0.2]])
    assert pooled.reason.tolist() == [Reason.IMPUTATION_FAILED, Reason.NONE]
    assert np.isnan([getattr(pooled, name)[0] for name in NUMBERS]).all()
    assert np.isfinite(pooled.estimate[1])
    error = monte_carlo_error([[1.0, broken, 1.0]], [[0.2] * 3])
    assert error.reason[0] == Reason.IMPUTATION_FAILED


def test_no_variance_at_all():
    pooled = rubin([[1.0, 1.0]], [[0.0, 0.0]])
    assert pooled.se[0] == 0
    assert np.isnan(pooled.p[0])
    assert pooled.reason[0] == Reason.ZERO_VARIANCE


def test_no_variance_within():
    pooled = rubin([[1.0, 2.0]], [[0.0, 0.0]])
    assert (pooled.df[0], pooled.lambda_[0], pooled.fmi[0]) == (1, 1, 1)
    exact = rubin([[1.0, 2.0]], [[0.0, 0.0]], df_complete=20)
    assert exact.df[0] == 0
    assert (exact.ci_low[0], exact.ci_high[0]) == (-np.inf, np.inf)
    assert exact.reason[0] == Reason.ZERO_VARIANCE


@pytest.mark.parametrize(
    "wrong", [{"level": 1.0}, {"df": "kenward"}, {"variances": np.ones((2, 2))}, {"estimates": np.ones(3)}]
)
def test_wrong_arguments(wrong):
    estimates, variances = analyses()
    with pytest.raises(ValueError, match=r"level|df|variances"):
        rubin(**{"estimates": estimates, "variances": variances, **wrong})


# -- several quantities ------------------------------------------------------------------------------------------------


def several(k=3, imputations=6, seed=3):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(2, imputations, k, k))
    return rng.normal(1, 0.3, (2, imputations, k)), root @ np.swapaxes(root, 2, 3) / k + np.eye(k) * 0.2


def test_one_quantity_is_the_square_of_rubins_t():
    estimates, variances = analyses(3)
    joint = pool_wald(estimates[..., None], variances[..., None, None])
    pooled = rubin(estimates, variances)
    np.testing.assert_allclose(joint.statistic, pooled.statistic**2, rtol=1e-11)
    np.testing.assert_allclose(joint.riv, pooled.riv, rtol=1e-11)


def test_the_joint_test_does_not_depend_on_the_parametrisation():
    estimates, covariances = several()
    turn = np.random.default_rng(4).normal(size=(3, 3))
    one = pool_wald(estimates, covariances)
    other = pool_wald(estimates @ turn.T, turn @ covariances @ turn.T)
    np.testing.assert_allclose(other.statistic, one.statistic, rtol=1e-8)
    np.testing.assert_allclose(other.p, one.p, rtol=1e-7)


def test_reiters_degrees_of_freedom_tend_to_those_of_large_samples():
    estimates, covariances = several()
    large = pool_wald(estimates, covariances).df2
    np.testing.assert_allclose(pool_wald(estimates, covariances, df_complete=1e12).df2, large, rtol=1e-6)
    assert (pool_wald(estimates, covariances, df_complete=40).df2 < np.minimum(large, 40)).all()


def test_equal_imputations_give_the_chi_square_test():
    from scipy import stats as scipy_stats

    joint = pool_wald(np.ones((1, 4, 2)), np.broadcast_to(np.eye(2) * 0.5, (1, 4, 2, 2)))
    assert joint.statistic[0] == pytest.approx(2.0, rel=SAME)
    assert joint.p[0] == pytest.approx(scipy_stats.chi2.sf(4.0, 2), rel=1e-10)


def test_degenerate_joint_tests():
    ones, identity = np.ones((1, 3, 2)), np.broadcast_to(np.eye(2), (1, 3, 2, 2))
    assert pool_wald(ones[:, :1], identity[:, :1]).reason[0] == Reason.IMPUTATIONS_TOO_FEW
    assert pool_wald(ones * np.nan, identity).reason[0] == Reason.IMPUTATION_FAILED
    flat = pool_wald(ones, np.ones((1, 3, 2, 2)))
    assert flat.reason[0] == Reason.ALIASED
    assert np.isnan(flat.p[0])
    with pytest.raises(ValueError, match="covariances"):
        pool_wald(ones, identity[..., 0])


# -- other scales, the jackknife ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale", "values", "forward"),
    [
        ("log", [0.5, 0.7, 0.6], np.log),
        ("logit", [0.2, 0.3, 0.25], lambda p: np.log(p / (1 - p))),
        ("complementary log-log", [0.2, 0.3, 0.25], lambda s: np.log(-np.log(s))),
        ("fisher z", [0.2, 0.3, 0.25], np.arctanh),
        ("identity", [0.2, 0.3, 0.25], lambda x: x),
    ],
)
def test_pooling_on_a_scale_is_pooling_what_was_transformed(scale, values, forward):
    values, step = np.array([values]), 1e-6
    slope = (forward(values + step) - forward(values - step)) / (2 * step)
    plain = rubin(forward(values), slope**2 * 0.01)
    there = rubin_on(scale, values, np.full((1, 3), 0.01))
    np.testing.assert_allclose(forward(there.estimate), plain.estimate, rtol=1e-9)
    np.testing.assert_allclose(there.se, plain.se, rtol=1e-6)
    ends = np.sort([forward(there.ci_low), forward(there.ci_high)], axis=0)
    np.testing.assert_allclose(ends, [plain.ci_low, plain.ci_high], rtol=1e-6)


def test_a_rate_at_its_edge_has_no_logit():
    assert rubin_on("logit", [[0.0, 0.1]], [[0.0, 0.01]]).reason[0] == Reason.IMPUTATION_FAILED
    with pytest.raises(ValueError, match="scale"):
        rubin_on("probit", [[0.5, 0.1]], [[0.1, 0.01]])


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(5).normal(size=(3, 12))
    without = (values.sum(axis=1, keepdims=True) - values) / 11
    found = pool_jackknife(values.mean(axis=1), without)
    np.testing.assert_allclose(found.se, values.std(axis=1, ddof=1) / np.sqrt(12), rtol=1e-11)
    assert pool_jackknife([1.0], [[np.nan, 1.0]]).reason[0] == Reason.IMPUTATION_FAILED
    assert pool_jackknife([1.0], [[1.0]]).reason[0] == Reason.TOO_FEW
    assert pool_jackknife([1.0], [[1.0, 1.0]]).reason[0] == Reason.ZERO_VARIANCE
