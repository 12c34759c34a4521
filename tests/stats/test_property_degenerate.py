"""Where the data give no ordinary number there is a reason, and no warning (warnings are errors here)."""

import numpy as np
import pytest

from pivotal import stats
from pivotal.stats import Reason

# x1, n1, x0, n0: no events, only events, empty arms, single patients, complete difference
TABLES = np.array(
    [[0, 9, 0, 8], [9, 9, 8, 8], [0, 0, 3, 8], [3, 9, 0, 0], [0, 0, 0, 0], [1, 1, 0, 1], [0, 1, 0, 1], [9, 9, 0, 8]]
).T
REASONS = ["NO_EVENTS", "ALL_EVENTS", "ARM_EMPTY", "ARM_EMPTY", "ARM_EMPTY"]
UNSTRATIFIED = ("wald_difference", "newcombe", "miettinen_nurminen", "mee", "fisher_exact")
STRATIFIED = ("mantel_haenszel", "cochran_mantel_haenszel", "mantel_haenszel_odds_ratio")


def names(result):
    return [Reason(code).name for code in result.reason]


def assert_nan_has_reason(result):
    for field in ("estimate", "se", "ci_low", "ci_high", "statistic", "p"):
        value = getattr(result, field)
        if value is not None:
            assert (result.reason[np.isnan(value)] != Reason.NONE).all(), field


@pytest.mark.parametrize("name", UNSTRATIFIED)
def test_tables(name):
    result = getattr(stats, name)(*TABLES)
    assert names(result)[:5] == REASONS
    assert_nan_has_reason(result)
    assert np.isnan(result.estimate[2:5]).all()
    assert np.isnan(result.ci_low[2:5]).all()


@pytest.mark.parametrize("name", STRATIFIED)
@pytest.mark.parametrize("copies", [1, 3])
def test_strata(name, copies):
    result = getattr(stats, name)(*(np.repeat(count[:, None], copies, axis=1) for count in TABLES))
    assert names(result)[:5] == REASONS
    assert_nan_has_reason(result)


def test_score_interval_without_events():
    result = stats.miettinen_nurminen(*TABLES[:, :2])
    assert result.p.tolist() == [1.0, 1.0]
    assert (result.ci_low < -0.1).all()
    assert (result.ci_high > 0.1).all()


def test_complete_difference():
    wald = stats.wald_difference([9], [9], [0], [8])
    assert (names(wald), wald.se.tolist(), np.isnan(wald.p).all()) == (["ZERO_VARIANCE"], [0.0], True)
    score = stats.miettinen_nurminen([9], [9], [0], [8])
    assert score.ci_high.tolist() == [1.0]
    assert 0.3 < score.ci_low[0] < 0.9
    assert names(score) == ["NONE"]


def test_fisher_ends():
    result = stats.fisher_exact([9, 0, 0], [9, 9, 9], [0, 8, 0], [8, 8, 8])
    assert result.estimate[:2].tolist() == [np.inf, 0.0]
    assert names(result) == ["SEPARATION", "SEPARATION", "NO_EVENTS"]
    assert (result.p[2], result.ci_low[2], result.ci_high[2]) == (1.0, 0.0, np.inf)
    assert (result.ci_high[0], result.ci_low[1]) == (np.inf, 0.0)


@pytest.mark.parametrize("name", STRATIFIED)
def test_empty_stratum_adds_nothing(name):
    full = [np.array([[5, 6]]), np.array([[12, 14]]), np.array([[2, 3]]), np.array([[11, 13]])]
    more = [np.append(count, [[0, extra]], axis=1) for count, extra in zip(full, (0, 0, 4, 7), strict=True)]
    one, other = getattr(stats, name)(*full), getattr(stats, name)(*more)
    np.testing.assert_array_equal(one.statistic, other.statistic)
    np.testing.assert_array_equal(one.p, other.p)


@pytest.mark.parametrize("name", STRATIFIED)
def test_no_stratum_with_both_arms(name):
    result = getattr(stats, name)([[2, 0]], [[5, 0]], [[0, 1]], [[0, 6]])
    assert names(result) == ["NO_INFORMATION"]
    assert np.isnan(result.p).all()


def test_common_odds_ratio_without_control_events():
    result = stats.mantel_haenszel_odds_ratio([[2, 1]], [[5, 4]], [[0, 0]], [[6, 6]])
    assert (result.estimate[0], result.ci_low[0], result.ci_high[0]) == (np.inf, 0.0, np.inf)
    assert names(result) == ["SEPARATION"]


def test_rates_of_nobody():
    for method in (stats.clopper_pearson, stats.wilson):
        result = method([0, 0, 1], [0, 1, 1])
        assert names(result) == ["ARM_EMPTY", "NONE", "NONE"]
        assert np.isnan([result.estimate[0], result.ci_low[0], result.ci_high[0]]).all()
        assert (result.ci_low[1], result.ci_high[2]) == (0.0, 1.0)


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, np.nan])
def test_level_is_between_0_and_1(level):
    with pytest.raises(ValueError, match="a confidence level lies between 0 and 1"):
        stats.wilson([1], [2], level)


def test_unknown_options():
    with pytest.raises(ValueError, match="greenland-robins"):
        stats.mantel_haenszel([[1]], [[2]], [[1]], [[2]], variance="gr")
    with pytest.raises(ValueError, match="minlike"):
        stats.fisher_exact([1], [2], [1], [2], rule="doubled")
    with pytest.raises(ValueError, match="two-sided"):
        stats.fisher_exact([1], [2], [1], [2], alternative="both")


def ols(y, x, seen=None):
    y = np.asarray(y, dtype=float)
    sums = stats.cross_products(y, x, np.ones(y.shape, dtype=bool) if seen is None else seen)
    return stats.fit_ols(sums.xtx, sums.xty, sums.yty, sums.n)


def test_ancova_reasons():
    x = np.array([[1, 0], [1, 0], [1, 1], [1, 1]])
    y = [[1, 2, 4, 6], [5, 5, 5, 5], [1, 2, 3, 4], [1, 2, 3, 4]]
    seen = np.array([[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 1, 0]], dtype=bool)
    result = stats.ancova(ols(y, x, seen), [0, 1])
    assert names(result) == ["NONE", "CONSTANT", "ALIASED", "TOO_FEW"]
    assert result.estimate[[0, 1, 3]].tolist() == [3.5, 0.0, 2.0]
    assert np.isnan(result.estimate[2])
    assert_nan_has_reason(result)


def test_ancova_drops_what_is_aliased():
    rng = np.random.default_rng(5)
    x = np.column_stack([np.ones(20), np.arange(20) % 2, rng.normal(size=20)])
    y = rng.normal(size=(3, 20))
    plain = stats.ancova(ols(y, x), [0, 1, 0])
    doubled = stats.ancova(ols(y, np.column_stack([x, 2 * x[:, 2], np.zeros(20)])), [0, 1, 0, 0, 0])
    np.testing.assert_allclose(doubled.p, plain.p, rtol=1e-10)
    np.testing.assert_array_equal(doubled.df, plain.df)
    lost = stats.ancova(ols(y, np.column_stack([x, 2 * x[:, 2]])), [0, 0, 1, 0])
    assert names(lost) == ["ALIASED"] * 3


def test_ls_means_without_an_arm():
    x = np.array([[1, 0, 3.0], [1, 0, 2.0], [1, 0, 4.0], [1, 0, 5.0]])
    fit = ols([[1, 2, 4, 6]], x)
    result = stats.ls_means(fit, stats.ls_means_rows(x.mean(axis=0), [1]))
    assert [Reason(code).name for code in result.reason[0]] == ["NONE", "ALIASED"]
    assert float(result.estimate[0, 0]) == pytest.approx(3.25)
