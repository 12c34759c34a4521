"""A batch is its replicates one by one; the order of strata and the names of the arms do not matter."""

import dataclasses

import numpy as np
import pytest

from pivotal import stats
from pivotal.stats import Reason

from .tolerances import SAME, SAME_ROOT

FIELDS = ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p", "reason")
TABLES = ("wald_difference", "newcombe", "miettinen_nurminen", "mee", "fisher_exact")
STRATA = ("mantel_haenszel", "cochran_mantel_haenszel", "mantel_haenszel_odds_ratio")
REPLICATES = 60


def tables(strata=None, seed=1):
    """Random tables with small arms, so that empty ones and those without events are among them."""
    rng = np.random.default_rng(seed)
    shape = (REPLICATES,) if strata is None else (REPLICATES, strata)
    n1, n0 = rng.integers(0, 15, shape), rng.integers(0, 12, shape)
    return rng.binomial(n1, 0.4), n1, rng.binomial(n0, 0.15), n0


def logistic_data(seed=2, each=9):
    rng = np.random.default_rng(seed)
    design = np.array([[1.0, a == 1, a == 2, s] for a in range(3) for s in range(2)])
    totals = rng.integers(0, each, (REPLICATES, len(design)))
    rate = 1 / (1 + np.exp(-design @ np.array([-1.0, 0.8, 1.2, 0.4])))
    return rng.binomial(totals, rate), totals, design


def assert_same(one, other, tolerance):
    for name in FIELDS:
        left, right = getattr(one, name), getattr(other, name)
        assert (left is None) == (right is None), name
        if left is not None:
            np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance, err_msg=name)


def one_by_one(function, *arrays):
    results = [function(*(array[[row]] for array in arrays)) for row in range(REPLICATES)]
    fields = {
        name: None if getattr(results[0], name) is None else np.concatenate([getattr(r, name) for r in results])
        for name in FIELDS
    }
    return stats.Estimate(**fields)


@pytest.mark.parametrize("name", [*TABLES, *STRATA])
def test_tables_one_by_one(name):
    function, data = getattr(stats, name), tables(3 if name in STRATA else None)
    assert_same(function(*data), one_by_one(function, *data), SAME)


@pytest.mark.parametrize("name", ["clopper_pearson", "wilson"])
def test_rates_one_by_one(name):
    x1, n1, _, _ = tables()
    function = getattr(stats, name)
    assert_same(function(x1, n1), one_by_one(function, x1, n1), SAME)


@pytest.mark.parametrize("name", ["clopper_pearson", "wilson"])
def test_rates_of_any_shape(name):
    x, n, _, _ = tables(3)
    flat = getattr(stats, name)(x.ravel(), n.ravel())
    assert (getattr(stats, name)(x, n).ci_high.ravel()[n.ravel() > 0] == flat.ci_high[n.ravel() > 0]).all()


@pytest.mark.parametrize("name", ["newcombe", "miettinen_nurminen", "fisher_exact"])
def test_tables_with_more_axes(name):
    data = tables(3)
    flat = getattr(stats, name)(*(count.ravel() for count in data))
    shaped = getattr(stats, name)(*data)
    assert shaped.ci_low.shape == (REPLICATES, 3)
    np.testing.assert_allclose(shaped.ci_low.ravel(), flat.ci_low, rtol=SAME)


@pytest.mark.parametrize("function", [stats.logistic_wald, stats.logistic_lr])
def test_logistic_one_by_one(function):
    events, totals, design = logistic_data()
    batch = function(events, totals, design, 1)
    single = one_by_one(lambda x, n: function(x, n, design, 1), events, totals)
    assert_same(batch, single, SAME)
    assert (batch.reason == Reason.SEPARATION).any()
    assert (batch.reason == Reason.NONE).sum() > REPLICATES / 2


@pytest.mark.parametrize("function", [stats.logistic_wald, stats.logistic_lr])
def test_logistic_design_of_every_replicate(function):
    events, totals, design = logistic_data()
    shared = function(events, totals, design, 2)
    assert_same(shared, function(events, totals, np.tile(design, (REPLICATES, 1, 1)), 2), SAME)


@pytest.mark.parametrize("name", STRATA)
def test_order_of_strata(name):
    data, function = tables(4), getattr(stats, name)
    assert_same(function(*data), function(*(count[:, [2, 0, 3, 1]] for count in data)), SAME)


def test_order_of_cells():
    events, totals, design = logistic_data()
    order = [5, 0, 3, 1, 4, 2]
    shuffled = stats.logistic_wald(events[:, order], totals[:, order], design[order], 1)
    assert_same(stats.logistic_wald(events, totals, design, 1), shuffled, SAME)


@pytest.mark.parametrize("name", [*TABLES[:-1], "mantel_haenszel"])
def test_swapped_arms_mirror_the_difference(name):
    x1, n1, x0, n0 = tables(3 if name in STRATA else None)
    result, mirror = getattr(stats, name)(x1, n1, x0, n0), getattr(stats, name)(x0, n0, x1, n1)
    np.testing.assert_allclose(mirror.estimate, -result.estimate, rtol=SAME, atol=SAME)
    np.testing.assert_allclose(mirror.ci_low, -result.ci_high, rtol=SAME, atol=SAME)
    np.testing.assert_allclose(mirror.ci_high, -result.ci_low, rtol=SAME, atol=SAME)


@pytest.mark.parametrize("name", ["fisher_exact", "mantel_haenszel_odds_ratio"])
def test_swapped_arms_invert_the_odds_ratio(name):
    x1, n1, x0, n0 = tables(3 if name in STRATA else None)
    result, mirror = getattr(stats, name)(x1, n1, x0, n0), getattr(stats, name)(x0, n0, x1, n1)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(mirror.estimate, 1 / result.estimate, rtol=SAME_ROOT)
        np.testing.assert_allclose(mirror.ci_low, 1 / result.ci_high, rtol=SAME_ROOT)
    np.testing.assert_allclose(mirror.p, result.p, rtol=SAME)


def test_score_limits_invert_the_test():
    """A limit is the difference at which the score test has the p-value 1 - level: at level 1 - p it is 0."""
    table = ([9], [20], [4], [22])
    p = float(stats.miettinen_nurminen(*table).p[0])
    assert float(stats.miettinen_nurminen(*table, 1 - p).ci_low[0]) == pytest.approx(0, abs=SAME_ROOT)


def test_profile_limits_invert_the_test():
    events, totals = [[9, 4, 3, 7]], [[20, 22, 15, 14]]
    design = [[1, 1, 0], [1, 0, 0], [1, 1, 1], [1, 0, 1]]
    effect = stats.logistic_lr(events, totals, design, 1)
    side = "ci_low" if effect.estimate[0] > 0 else "ci_high"
    at = stats.logistic_lr(events, totals, design, 1, 1 - float(effect.p[0]))
    assert float(getattr(at, side)[0]) == pytest.approx(0, abs=1e-8)


def test_central_fisher_limits_agree_with_the_test():
    result = stats.fisher_exact(*tables(), rule="central")
    known = (result.reason == Reason.NONE) | (result.reason == Reason.SEPARATION)
    excludes = (result.ci_low > 1) | (result.ci_high < 1)
    assert (excludes[known] == (result.p[known] < 0.05)).all()
    assert excludes[known].any()


def ancova_data(seed=3):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(REPLICATES, 12))
    x = np.stack([np.ones_like(y), rng.integers(0, 2, y.shape), rng.normal(50, 8, y.shape)], axis=-1)
    seen = rng.random(y.shape) < 0.7
    return np.where(seen, y, np.nan), x, seen


def adjusted(y, x, seen):
    sums = stats.cross_products(y, x, seen)
    return stats.ancova(stats.fit_ols(sums.xtx, sums.xty, sums.yty, sums.n), [0, 1, 0])


def test_ancova_one_by_one():
    data = ancova_data()
    assert_same(adjusted(*data), one_by_one(adjusted, *data), SAME)


def test_ancova_is_least_squares():
    y, x, seen = ancova_data()
    result = adjusted(y, x, seen)
    for row in np.flatnonzero(result.reason == Reason.NONE)[:20]:
        solution = np.linalg.lstsq(x[row][seen[row]], y[row][seen[row]], rcond=None)[0]
        assert float(result.estimate[row]) == pytest.approx(solution[1], rel=1e-9)


def test_rescaled_covariate_changes_nothing():
    y, x, seen = ancova_data()
    scaled = x * np.array([1, 1, 0.01])
    assert_same(adjusted(y, x, seen), adjusted(y, scaled, seen), 1e-9)


def test_results_are_frozen():
    result = stats.wilson([1], [2])
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.estimate = None
