"""Rank tests, t tests, robust variances, count and ordinal models against SciPy and statsmodels on made-up data."""

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm
from statsmodels.miscmodels.ordinal_model import OrderedModel

from pivotal import stats

from .tolerances import EXACT, SAME_ROOT

# statsmodels maximises the negative binomial and ordinal likelihoods by BFGS and Newton to about this.
OPTIMISER = 1e-5


def two_groups(seed, ties=False):
    rng = np.random.default_rng(seed)
    one, other = rng.normal(0.7, 1.5, 14), rng.normal(0, 1, 11)
    if ties:
        one, other = np.round(one), np.round(other)
    return one, other, np.concatenate([one, other])[None], np.arange(25) < 14


def test_t_tests():
    one, other, y, arm = two_groups(1)
    for equal in (True, False):
        test = stats.t_test(y, arm, equal_variances=equal)
        expected = scipy.stats.ttest_ind(one, other, equal_var=equal)
        limits = expected.confidence_interval()
        found = [float(part[0]) for part in (test.statistic, test.df, test.p, test.ci_low, test.ci_high)]
        wanted = [expected.statistic, expected.df, expected.pvalue, limits.low, limits.high]
        np.testing.assert_allclose(found, wanted, rtol=EXACT)


def test_one_way():
    rng = np.random.default_rng(2)
    y, groups = rng.normal(size=30) + np.repeat([0, 0.5, 1], 10), np.repeat([0, 1, 2], 10)
    parts = [y[groups == group] for group in range(3)]
    equal, welch = stats.one_way(y[None], groups, 3), stats.one_way(y[None], groups, 3, equal_variances=False)
    assert float(equal.p[0]) == pytest.approx(scipy.stats.f_oneway(*parts).pvalue, rel=EXACT)
    # Welch's test by its own formula, group by group
    n, mean = np.array([10.0] * 3), np.array([part.mean() for part in parts])
    weight = n / np.array([part.var(ddof=1) for part in parts])
    centre = (weight * mean).sum() / weight.sum()
    lack = ((1 - weight / weight.sum()) ** 2 / (n - 1)).sum()
    f = (weight * (mean - centre) ** 2).sum() / 2 / (1 + 2 * lack / 8)
    assert float(welch.statistic[0]) == pytest.approx(f, rel=EXACT)
    assert float(welch.p[0]) == pytest.approx(scipy.stats.f.sf(f, 2, 8 / (3 * lack)), rel=EXACT)


def test_standardised_mean_difference():
    one, other, y, arm = two_groups(3)
    effect = stats.standardised_mean_difference(y, arm, hedges=False)
    sd = np.sqrt((13 * one.var(ddof=1) + 10 * other.var(ddof=1)) / 23)
    assert float(effect.estimate[0]) == pytest.approx((one.mean() - other.mean()) / sd, rel=EXACT)
    corrected = stats.standardised_mean_difference(y, arm)
    shrunk = float(corrected.estimate[0] / effect.estimate[0])
    assert shrunk == pytest.approx(1 - 3 / (4 * 23 - 1), rel=1e-4)


@pytest.mark.parametrize("ties", [False, True])
def test_rank_sum(ties):
    one, other, y, arm = two_groups(4, ties)
    for correction in (True, False):
        expected = scipy.stats.mannwhitneyu(one, other, method="asymptotic", use_continuity=correction)
        assert float(stats.rank_sum(y, arm, correction=correction).p[0]) == pytest.approx(expected.pvalue, rel=EXACT)
    if not ties:
        expected = scipy.stats.mannwhitneyu(one, other, method="exact")
        exact = stats.rank_sum(y, arm, method="exact")
        assert (float(exact.statistic[0]), float(exact.p[0])) == pytest.approx(expected, rel=EXACT)


def test_signed_rank():
    differences = np.random.default_rng(5).normal(0.4, 1, 17)
    expected = scipy.stats.wilcoxon(differences, method="exact")
    assert float(stats.signed_rank(differences[None], method="exact").p[0]) == pytest.approx(expected.pvalue, rel=EXACT)
    for correction in (True, False):
        expected = scipy.stats.wilcoxon(differences, method="asymptotic", correction=correction)
        test = stats.signed_rank(differences[None], correction=correction)
        assert float(test.p[0]) == pytest.approx(expected.pvalue, rel=EXACT)


def test_kruskal_wallis():
    rng = np.random.default_rng(6)
    y, groups = np.round(rng.normal(size=30) + np.repeat([0, 0.5, 1], 10), 1), np.repeat([0, 1, 2], 10)
    expected = scipy.stats.kruskal(*(y[groups == group] for group in range(3)))
    test = stats.kruskal_wallis(y[None], groups, 3)
    assert (float(test.statistic[0]), float(test.p[0])) == pytest.approx(expected, rel=EXACT)


def test_win_probability():
    one, other, y, arm = two_groups(7, ties=True)
    expected = scipy.stats.brunnermunzel(other, one)
    test = stats.win_probability(y, arm)
    assert (float(test.statistic[0]), float(test.p[0])) == pytest.approx(expected, rel=EXACT)


def count_data(seed, n=160):
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(n), np.arange(n) % 2, rng.normal(size=n)])
    exposure = rng.uniform(0.3, 2.0, n)
    mean = exposure * np.exp(design @ [0.4, -0.5, 0.3])
    return rng.poisson(mean * rng.gamma(1 / 0.8, 0.8, n)), exposure, design


def test_negative_binomial():
    y, exposure, design = count_data(8)
    model = sm.NegativeBinomial(y, design, exposure=exposure)
    expected = model.fit(disp=0, method="newton", maxiter=200, start_params=[0.4, -0.5, 0.3, 0.8])
    fit = stats.fit_negative_binomial(y[None], exposure, design)
    np.testing.assert_allclose(fit.coefficients[0], expected.params[:3], rtol=OPTIMISER)
    assert float(fit.dispersion[0]) == pytest.approx(expected.params[3], rel=OPTIMISER)
    assert float(fit.loglik[0]) == pytest.approx(expected.llf, rel=1e-9)
    errors = [*np.sqrt(np.diagonal(fit.observed[0])), float(fit.se_dispersion[0])]
    np.testing.assert_allclose(errors, expected.bse, rtol=OPTIMISER)


def test_poisson_and_its_robust_variance():
    y, exposure, design = count_data(9)
    model = sm.GLM(y, design, family=sm.families.Poisson(), exposure=exposure)
    plain, robust = model.fit(tol=1e-13), model.fit(tol=1e-13, cov_type="HC0")
    fit = stats.fit_poisson(y[None], exposure, design)
    np.testing.assert_allclose(fit.coefficients[0], plain.params, rtol=1e-8)
    np.testing.assert_allclose(np.sqrt(np.diagonal(fit.covariance[0])), plain.bse, rtol=1e-8)
    np.testing.assert_allclose(np.sqrt(np.diagonal(fit.robust[0])), robust.bse, rtol=1e-8)
    assert float(fit.deviance[0]) == pytest.approx(plain.deviance, rel=1e-8)
    smaller = sm.GLM(y, design[:, [0, 2]], family=sm.families.Poisson(), exposure=exposure).fit(tol=1e-13)
    test = stats.poisson_lr(y[None], exposure, design, 1)
    assert float(test.statistic[0]) == pytest.approx(2 * (plain.llf - smaller.llf), rel=1e-7)


def test_negative_binomial_likelihood_ratio():
    y, exposure, design = count_data(10)
    full, less = (stats.fit_negative_binomial(y[None], exposure, x).loglik for x in (design, design[:, [0, 2]]))
    test = stats.negative_binomial_lr(y[None], exposure, design, 1)
    np.testing.assert_allclose(test.statistic, 2 * (full - less), rtol=1e-8)


def test_proportional_odds():
    rng = np.random.default_rng(11)
    design = np.column_stack([np.arange(200) % 2, rng.normal(size=200)])
    y = np.digitize(design @ [0.7, -0.4] + rng.logistic(size=200), [-1, 0.2, 1.4])
    expected = OrderedModel(y, design, distr="logit").fit(method="bfgs", disp=0, gtol=1e-8, maxiter=500)
    fit = stats.fit_proportional_odds(stats.category_counts(y[None], 4), design)
    np.testing.assert_allclose(fit.coefficients[0], expected.params[:2], rtol=OPTIMISER)
    np.testing.assert_allclose(np.sqrt(np.diagonal(fit.covariance[0])), expected.bse[:2], rtol=1e-4)
    assert float(fit.loglik[0]) == pytest.approx(expected.llf, rel=1e-9)


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_robust_variances(kind):
    rng = np.random.default_rng(12)
    x = np.column_stack([np.ones(40), np.arange(40) % 2, rng.normal(size=40)])
    y = x @ [1, 2, 3] + rng.normal(size=40) * (1 + x[:, 1])
    expected = sm.OLS(y, x).fit(cov_type=kind)
    seen = np.ones((1, 40), dtype=bool)
    sums = stats.cross_products(y[None], x, seen)
    fit = stats.fit_ols(sums.xtx, sums.xty, sums.yty, sums.n)
    covariance = stats.hc_covariance(y[None], x, seen, fit, kind)
    np.testing.assert_allclose(np.sqrt(np.diagonal(covariance[0])), expected.bse, rtol=EXACT)


def test_joint_test():
    rng = np.random.default_rng(13)
    x = np.column_stack([np.ones(40), rng.normal(size=(40, 3))])
    y = x @ [1, 0.2, 0.3, 0] + rng.normal(size=40)
    rows = [[0, 1, 0, 0], [0, 0, 1, 0], [0, 1, 1, 0]]
    expected = sm.OLS(y, x).fit().f_test(rows[:2])
    sums = stats.cross_products(y[None], x, np.ones((1, 40), dtype=bool))
    test = stats.joint_test(stats.fit_ols(sums.xtx, sums.xty, sums.yty, sums.n), rows)
    assert float(test.statistic[0]) == pytest.approx(float(expected.fvalue), rel=SAME_ROOT)
    assert (float(test.df[0]), float(test.p[0])) == pytest.approx((2, float(expected.pvalue)), rel=SAME_ROOT)
