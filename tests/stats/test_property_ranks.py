"""Rank tests: enumeration of small samples, one by one, and what must not matter."""

from itertools import combinations, product

import numpy as np
import pytest

from pivotal import stats
from pivotal.stats import Reason

from .tolerances import SAME

REPLICATES = 40
FIELDS = ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p", "reason")
LIMITS = ("exact", "exact-ties", "moses", "inverted", "inverted-corrected")


def data(seed=1, n=14, ties=True):
    """Samples of all sizes, some patients missing, some arms empty."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 6, (REPLICATES, n)).astype(float) if ties else rng.normal(size=(REPLICATES, n))
    y[rng.random(y.shape) < 0.1] = np.nan
    arm = rng.random(y.shape) < rng.choice([0.05, 0.3, 0.5], REPLICATES)[:, None]
    return y, arm, rng.integers(0, 3, y.shape)


METHODS = {
    "rank_sum": lambda y, a, s: stats.rank_sum(y, a),
    "exact": lambda y, a, s: stats.rank_sum(y, a, method="exact"),
    "distance": lambda y, a, s: stats.rank_sum(y, a, method="exact", rule="distance"),
    "signed_rank": lambda y, a, s: stats.signed_rank(y - 2),
    "signed_rank exact": lambda y, a, s: stats.signed_rank(y - 2, method="exact"),
    "van_elteren": stats.van_elteren,
    "kruskal_wallis": lambda y, a, s: stats.kruskal_wallis(y, s, 3),
    "win_probability": lambda y, a, s: stats.win_probability(y, a),
    "t_test": lambda y, a, s: stats.t_test(y, a),
    "welch": lambda y, a, s: stats.t_test(y, a, equal_variances=False),
    "smd": lambda y, a, s: stats.standardised_mean_difference(y, a),
    "one_way": lambda y, a, s: stats.one_way(y, s, 3),
    "one_way welch": lambda y, a, s: stats.one_way(y, s, 3, equal_variances=False),
    **{f"shift {limits}": lambda y, a, s, m=limits: stats.hodges_lehmann(y, a, limits=m) for limits in LIMITS},
}


def assert_same(one, other, rows=slice(None), tolerance=SAME):
    for name in FIELDS:
        left, right = getattr(one, name), getattr(other, name)
        assert (left is None) == (right is None), name
        if left is not None:
            np.testing.assert_allclose(left[rows], right, rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("ties", [True, False])
def test_one_by_one(name, ties):
    y, arm, strata = data(ties=ties)
    whole = METHODS[name](y, arm, strata)
    for row in range(REPLICATES):
        single = METHODS[name](y[[row]], arm[[row]], strata[[row]])
        assert_same(whole, single, [row])


@pytest.mark.parametrize("name", METHODS)
def test_order_of_patients(name):
    y, arm, strata = data(seed=2)
    order = np.random.default_rng(3).permutation(y.shape[1])
    shuffled = METHODS[name](y[:, order], arm[:, order], strata[:, order])
    assert_same(METHODS[name](y, arm, strata), shuffled, tolerance=1e-10)


@pytest.mark.parametrize("name", METHODS)
def test_every_missing_number_has_a_reason(name):
    y, arm, strata = data(seed=4, n=7)
    y[:3], y[3:6] = np.nan, 2.0
    result = METHODS[name](y, arm, strata)
    for field in FIELDS[:-1]:
        value = getattr(result, field)
        if value is not None:
            assert (result.reason[~np.isfinite(value)] != Reason.NONE).all(), field


@pytest.mark.parametrize("name", ["rank_sum", "exact", "distance", "van_elteren", "win_probability"])
def test_ranks_do_not_see_the_scale(name):
    y, arm, strata = data(seed=5)
    assert_same(METHODS[name](y, arm, strata), METHODS[name](np.exp(y), arm, strata))


@pytest.mark.parametrize("limits", LIMITS)
def test_shift_moves_the_limits_and_swapped_arms_mirror_them(limits):
    y, arm, _ = data(seed=6)
    plain = stats.hodges_lehmann(y, arm, limits=limits)
    moved = stats.hodges_lehmann(y + 3.0 * arm, arm, limits=limits)
    mirrored = stats.hodges_lehmann(y, ~arm, limits=limits)
    for name in ("estimate", "ci_low", "ci_high"):
        if limits not in ("moses", "exact-ties"):  # these see the ties at no shift
            np.testing.assert_allclose(getattr(moved, name), getattr(plain, name) + 3, rtol=SAME, atol=1e-12)
    np.testing.assert_allclose(mirrored.ci_low, -plain.ci_high, rtol=SAME, atol=SAME)
    np.testing.assert_allclose(mirrored.estimate, -plain.estimate, rtol=SAME, atol=SAME)


@pytest.mark.parametrize("values", [[1, 2, 2, 3, 5, 5, 5], [0.3, 1.1, 1.7, 2.2, 4.0, 4.5, 9.1], [1, 1, 1, 1, 2, 2, 2]])
def test_exact_rank_sum_by_enumeration(values):
    y = np.array(values, dtype=float)
    n1 = 3
    groups = np.array([[i in chosen for i in range(7)] for chosen in combinations(range(7), n1)])
    u = ((y[None, :, None] > y[None, None]) + 0.5 * (y[None, :, None] == y[None, None])).astype(float)
    counts = np.array([u[0][np.ix_(group, ~group)].sum() for group in groups])
    found = stats.rank_sum(np.tile(y, (len(groups), 1)), groups, method="exact")
    central = [min(1, 2 * min((counts <= c).mean(), (counts >= c).mean())) for c in counts]
    np.testing.assert_allclose(found.statistic, counts, rtol=SAME)
    np.testing.assert_allclose(found.p, central, rtol=SAME)
    centre = n1 * 4 / 2
    far = [(np.abs(counts - centre) >= abs(c - centre)).mean() for c in counts]
    by_distance = stats.rank_sum(np.tile(y, (len(groups), 1)), groups, method="exact", rule="distance")
    np.testing.assert_allclose(by_distance.p, far, rtol=SAME)


@pytest.mark.parametrize("values", [[1, -2, 2, 3, -5, 5, 0], [0.3, -1.1, 1.7, 2.2, -4.0, 4.5]])
def test_exact_signed_rank_by_enumeration(values):
    y = np.array(values, dtype=float)
    size = np.abs(y[y != 0])
    ranks = (size[:, None] > size).sum(axis=1) + ((size[:, None] == size).sum(axis=1) + 1) / 2
    sums = np.array([(ranks * signs).sum() for signs in product([0, 1], repeat=len(size))])
    v = ranks[y[y != 0] > 0].sum()
    found = stats.signed_rank(y[None], method="exact")
    assert float(found.statistic[0]) == v
    assert float(found.p[0]) == pytest.approx(min(1, 2 * min((sums <= v).mean(), (sums >= v).mean())), rel=SAME)


def test_exact_limits_invert_the_exact_test():
    """Shifts inside the limits are not rejected, those just outside are, in untied samples of any size."""
    rng = np.random.default_rng(7)
    y, arm = rng.normal(size=(30, 17)), np.arange(17) < 8
    shift = stats.hodges_lehmann(y, arm)
    for limit, outward in ((shift.ci_low, -1e-9), (shift.ci_high, 1e-9)):
        inside = stats.rank_sum(y - (limit - outward)[:, None] * arm, arm, method="exact")
        outside = stats.rank_sum(y - (limit + outward)[:, None] * arm, arm, method="exact")
        assert (inside.p > 0.05).all()
        assert (outside.p <= 0.05).all()


@pytest.mark.parametrize("correction", [False, True])
def test_inverted_limits_invert_the_normal_test(correction):
    rng = np.random.default_rng(8)
    y, arm = np.round(rng.normal(size=(30, 19)), 1), np.arange(19) < 9
    shift = stats.hodges_lehmann(y, arm, limits="inverted-corrected" if correction else "inverted")
    for limit, outward in ((shift.ci_low, -1e-6), (shift.ci_high, 1e-6)):
        inside = stats.rank_sum(y - (limit - outward)[:, None] * arm, arm, correction=correction)
        outside = stats.rank_sum(y - (limit + outward)[:, None] * arm, arm, correction=correction)
        assert (inside.p > 0.05).all()
        assert (outside.p <= 0.05).all()


def test_large_samples_agree_with_their_limit():
    rng = np.random.default_rng(9)
    y, arm = rng.normal(size=(4, 120)), np.arange(120) < 50
    exact, normal = stats.rank_sum(y, arm, method="exact"), stats.rank_sum(y, arm)
    np.testing.assert_allclose(exact.p, normal.p, atol=2e-3)
    tied = np.round(y, 1)
    np.testing.assert_allclose(stats.rank_sum(tied, arm, method="exact").p, stats.rank_sum(tied, arm).p, atol=3e-3)


def test_no_interval_of_that_level():
    y, arm = [[1.0, 2.0, 3.0, 4.0]], [True, True, False, False]
    for limits in LIMITS:
        shift = stats.hodges_lehmann(y, arm, limits=limits, level=0.99)
        assert (shift.ci_low[0], shift.ci_high[0]) == (-np.inf, np.inf), limits
        assert shift.reason[0] == Reason.LEVEL_OUT_OF_REACH
        assert float(shift.estimate[0]) == -2.0


def test_one_stratum_is_the_rank_sum():
    y, arm, _ = data(seed=10)
    stratified = stats.van_elteren(y, arm, np.zeros(y.shape, dtype=int))
    np.testing.assert_allclose(stratified.statistic, stats.rank_sum(y, arm, correction=False).statistic, rtol=SAME)


def test_two_groups_are_the_rank_sum():
    y, arm, _ = data(seed=11)
    z = stats.rank_sum(y, arm, correction=False).statistic
    np.testing.assert_allclose(stats.kruskal_wallis(y, arm.astype(int), 2).statistic, z**2, rtol=1e-10)


def test_unknown_options():
    y, arm = [[1.0, 2.0]], [True, False]
    with pytest.raises(ValueError, match="'normal' or 'exact'"):
        stats.rank_sum(y, arm, method="approximate")
    with pytest.raises(ValueError, match="'central' or 'distance'"):
        stats.rank_sum(y, arm, method="exact", rule="minlike")
    with pytest.raises(ValueError, match="inverted-corrected"):
        stats.hodges_lehmann(y, arm, limits="asymptotic")
    with pytest.raises(ValueError, match="confidence level"):
        stats.hodges_lehmann(y, arm, level=95)
