"""Dunnett's test against an independent quadrature, its special cases, and degenerate input."""

import numpy as np
import pytest
from scipy import integrate, special
from scipy import stats as scipy_stats

from pivotal import stats
from pivotal.stats import Reason, any_beyond
from pivotal.stats.general_tail import common_factor, tail

from .tolerances import SAME

# The independent quadrature (scipy's adaptive one, nested) stops at this.
QUADRATURE = 1e-9


def within(bounds, loadings, two_sided):
    """P(all statistics within their bounds), normal, by scipy's adaptive quadrature."""
    spread = np.sqrt(1 - loadings**2)

    def density(u):
        inside = special.ndtr((bounds - loadings * u) / spread)
        if two_sided:
            inside = inside - special.ndtr((-bounds - loadings * u) / spread)
        return np.exp(-u * u / 2) / np.sqrt(2 * np.pi) * np.prod(inside)

    return integrate.quad(density, -9, 9, epsabs=1e-13, epsrel=1e-11, limit=300)[0]


@pytest.mark.parametrize("two_sided", [False, True])
@pytest.mark.parametrize("loadings", [[0.7, 0.7], [0.2, 0.5, 0.95], [0.6, -0.4, 0.0, 0.5], [0.99, 0.98]])
def test_normal_tail(loadings, two_sided):
    loadings = np.array(loadings)
    for level in (0.3, 1.5, 2.5, 4.0):
        bounds = level * np.linspace(1, 1.3, loadings.size)
        expected = 1 - within(bounds, loadings, two_sided)
        assert any_beyond([bounds], loadings, two_sided=two_sided)[0] == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("df", [1, 2, 7, 40, 500])
def test_student_tail(df):
    loadings, bounds = np.array([0.5, 0.8]), np.array([2.0, 2.5])

    def density(s):
        return 2 * df * s * scipy_stats.chi2.pdf(df * s * s, df) * (1 - within(s * bounds, loadings, True))

    expected = integrate.quad(density, 0, 8, epsabs=1e-10, epsrel=1e-9, limit=200, points=[0.5, 1, 1.5])[0]
    assert any_beyond([bounds], loadings, df, two_sided=True)[0] == pytest.approx(expected, abs=QUADRATURE)


def test_one_statistic_is_the_t_test():
    for df in (1, 3, 30, np.inf):
        found = any_beyond([[2.2]], [0.6], df)[0]
        assert found == pytest.approx(scipy_stats.t.sf(2.2, df), rel=1e-9)
        assert any_beyond([[9.0]], [0.6], df)[0] == pytest.approx(scipy_stats.t.sf(9, df), rel=1e-6)


def test_infinite_bounds():
    assert any_beyond([[np.inf, 1.0]], [0.7, 0.7])[0] == pytest.approx(scipy_stats.norm.sf(1), rel=1e-12)
    assert any_beyond([[-np.inf, 1.0]], [0.7, 0.7], 5)[0] == pytest.approx(1, rel=1e-12)
    assert any_beyond([[np.inf, np.inf]], [0.7, 0.7])[0] == 0


def test_common_factor_is_found_where_there_is_one():
    loadings = np.array([0.3, 0.9, 0.5, 0.7])
    made = np.outer(loadings, loadings)
    np.fill_diagonal(made, 1)
    found = common_factor(made)
    np.testing.assert_allclose(np.outer(found, found)[~np.eye(4, dtype=bool)], made[~np.eye(4, dtype=bool)], rtol=1e-12)
    assert common_factor(np.array([[1, -0.9, 0.1], [-0.9, 1, 0.1], [0.1, 0.1, 1]])) is None
    assert common_factor(np.eye(3)).tolist() == [0, 0, 0]
    pair = common_factor(np.array([[1, -0.4], [-0.4, 1]]))
    assert pair[0] * pair[1] == pytest.approx(-0.4)


def test_sampled_tail_against_the_exact_one():
    loadings = np.array([0.3, 0.9, 0.5, 0.7])
    made = np.outer(loadings, loadings)
    made[0, 1] = made[1, 0] = made[0, 1] + 1e-8  # no longer a common factor's, but hardly different
    np.fill_diagonal(made, 1)
    for df in (np.inf, 12):
        for two_sided in (False, True):
            sampled = tail([[2.0, 2.2, 1.9, 2.1]], made, df, two_sided=two_sided)
            exact = any_beyond([[2.0, 2.2, 1.9, 2.1]], loadings, df, two_sided=two_sided)
            assert 0 < sampled.error[0] < 2e-5
            assert abs(sampled.probability[0] - exact[0]) < 5 * sampled.error[0] + 1e-7


def made_arms(replicates=12, seed=51):
    rng = np.random.default_rng(seed)
    return rng.normal(0.2, 0.6, (replicates, 3)), rng.uniform(0.2, 0.4, (replicates, 3))


N, CONTROL, DF = np.array([12, 20, 9]), 15, 50


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_limits_and_p_values_say_the_same(alternative):
    estimate, se = made_arms(60)
    for level in (0.95, 0.8):
        found = stats.dunnett(estimate, se, N, CONTROL, DF, alternative=alternative, level=level)
        outside = (found.ci_low > 0) | (found.ci_high < 0)
        np.testing.assert_array_equal(outside, found.p_single_step < 1 - level)
        assert (found.p <= found.p_step_down + 1e-12).all()
        assert (found.p_step_down <= found.p_single_step + 1e-12).all()
        assert (found.p_single_step <= 3 * found.p + 1e-12).all()


def test_critical_value_has_its_level():
    for alternative, sides in (("two-sided", True), ("greater", False)):
        value = stats.dunnett_critical(N, CONTROL, DF, alternative=alternative, level=0.975)[0]
        loadings = stats.control_loadings(N, CONTROL)
        assert any_beyond([[value] * 3], loadings, DF, two_sided=sides)[0] == pytest.approx(0.025, abs=1e-12)


def test_batch_is_one_by_one_with_everything_different():
    estimate, se = made_arms()
    rng = np.random.default_rng(52)
    n, control, df = rng.integers(5, 40, (12, 3)), rng.integers(5, 40, 12), rng.integers(3, 6, 12)
    batch = stats.dunnett(estimate, se, n, control, df)
    for r in range(12):
        one = stats.dunnett(estimate[[r]], se[[r]], n[r], control[r], df[r])
        for name in ("p", "p_single_step", "p_step_down", "ci_low", "ci_high", "critical"):
            np.testing.assert_allclose(getattr(batch, name)[r], getattr(one, name)[0], rtol=1e-12, atol=1e-14)


def test_order_scale_and_side():
    estimate, se = made_arms()
    straight = stats.dunnett(estimate, se, N, CONTROL, DF, alternative="greater")
    order = [2, 0, 1]
    moved = stats.dunnett(estimate[:, order], se[:, order], N[order], CONTROL, DF, alternative="greater")
    np.testing.assert_allclose(moved.p_step_down, straight.p_step_down[:, order], rtol=1e-11)
    scaled = stats.dunnett(7 * estimate, 7 * se, 3 * N, 3 * CONTROL, DF, alternative="greater")
    np.testing.assert_allclose(scaled.p_single_step, straight.p_single_step, rtol=1e-11)
    np.testing.assert_allclose(scaled.ci_low, 7 * straight.ci_low, rtol=1e-11)
    turned = stats.dunnett(-estimate, se, N, CONTROL, DF, alternative="less")
    np.testing.assert_allclose(turned.p_single_step, straight.p_single_step, rtol=SAME)
    np.testing.assert_allclose(turned.ci_high, -straight.ci_low, rtol=SAME)


def test_degenerate_arms_have_a_reason_and_the_others_are_tested():
    estimate = [[1.0, np.nan, 0.5, 0.9]] * 3
    se = [[0.3, 0.3, 0.0, 0.3]] * 3
    n = np.array([[10, 10, 10, 10], [10, 0, 10, 10], [10, 10, 10, 10]])
    found = stats.dunnett(estimate, se, n, [10, 10, 0], [40, 40, 40])
    none, empty, zero, no = (Reason.NONE, Reason.ARM_EMPTY, Reason.ZERO_VARIANCE, Reason.NO_STATISTIC)
    assert found.reason.tolist() == [[none, no, zero, none], [none, empty, zero, none], [empty] * 4]
    for name in ("statistic", "p", "p_single_step", "p_step_down", "ci_low", "ci_high"):
        np.testing.assert_array_equal(np.isnan(getattr(found, name)), found.reason > 0)
    few = stats.dunnett([[1.0, 2.0]], [[1.0, 1.0]], [1, 1], 1, 0)
    assert (few.reason == Reason.TOO_FEW).all()
    assert np.isnan(few.p).all()
    assert np.isnan(few.critical).all()


def test_refuses():
    with pytest.raises(ValueError, match="one of two-sided"):
        stats.dunnett([[1.0]], [[1.0]], [10], 10, alternative="both")
    with pytest.raises(ValueError, match="level is 95"):
        stats.dunnett([[1.0]], [[1.0]], [10], 10, level=95)


def test_graph_limits_belong_to_the_decisions():
    estimate, se = made_arms(200, seed=53)
    for graph in (stats.holm_graph(3), stats.fixed_sequence_graph(3), stats.fallback_graph([0.5, 0.3, 0.2], back=True)):
        found = stats.graph_intervals(estimate, se, *graph, 0.1, df=20)
        assert 0 < found.rejected.mean() < 1
        np.testing.assert_array_equal(found.limit >= 0, found.rejected)
        np.testing.assert_array_equal(found.adjusted <= 0.1, found.rejected)
        some = ~found.rejected.all(axis=1)
        assert (found.limit[some][found.rejected[some]] == 0).all()
        turned = stats.graph_intervals(-estimate, se, *graph, 0.1, df=20, alternative="less")
        np.testing.assert_allclose(turned.limit, -found.limit, rtol=SAME)
        shifted = stats.graph_intervals(estimate + 3, se, *graph, 0.1, df=20, null=3.0)
        np.testing.assert_allclose(shifted.limit, found.limit + 3, atol=1e-9)


def test_graph_limits_of_all_rejected_hold_their_first_level():
    found = stats.graph_intervals([[4.0, 5.0]], [[1.0, 1.0]], *stats.holm_graph(2), 0.05)
    np.testing.assert_allclose(found.limit, [[4 - 1.959964, 5 - 1.959964]], atol=1e-6)


def test_graph_limits_of_no_statistic():
    found = stats.graph_intervals([[np.nan, 5.0, 1.0]], [[1.0, 1.0, 0.0]], *stats.holm_graph(3), 0.05)
    assert found.reason.tolist() == [[Reason.NO_STATISTIC, Reason.NONE, Reason.ZERO_VARIANCE]]
    assert np.isnan(found.limit[0, [0, 2]]).all()
    assert found.rejected.tolist() == [[False, True, False]]
    with pytest.raises(ValueError, match="'greater' or 'less'"):
        stats.graph_intervals([[1.0]], [[1.0]], [1], [[0]], 0.05, alternative="two-sided")
