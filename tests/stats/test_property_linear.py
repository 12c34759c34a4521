"""Linear models: products, LS means, robust variances, the slope-an-arm estimator; one by one and degenerate."""

import numpy as np
import pytest

from pivotal import stats
from pivotal.stats import Reason
from pivotal.stats.robust import KINDS

from .tolerances import SAME, SAME_ROOT

REPLICATES = 20
FIELDS = ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p", "reason")


def trial(seed=1, n=40):
    rng = np.random.default_rng(seed)
    arm, region = rng.integers(0, 3, (REPLICATES, n)), rng.integers(0, 2, (REPLICATES, n))
    base = rng.normal(50, 8, (REPLICATES, n))
    y = base / 4 + arm + region + arm * region + rng.normal(size=(REPLICATES, n))
    seen = rng.random((REPLICATES, n)) > 0.1
    return np.where(seen, y, np.nan), arm, region, base, seen


def fitted(y, design, seen):
    sums = stats.cross_products(y, design, seen)
    return sums, stats.fit_ols(sums.xtx, sums.xty, sums.yty, sums.n)


def model_of(arm, region, base):
    parts = (stats.Factor(arm, 3), stats.Factor(region, 2), stats.Covariate(base))
    return stats.LinearModel(parts, ((0,), (1,), (2,), (0, 1)))


def assert_same(one, other, rows=slice(None), tolerance=SAME_ROOT, names=FIELDS):
    for name in names:
        left, right = getattr(one, name), getattr(other, name)
        if left is not None:
            np.testing.assert_allclose(left[rows], right, rtol=tolerance, atol=tolerance, err_msg=name)


def analyses(y, arm, region, base, seen):
    """Everything at once, as one mapping of results."""
    model = model_of(arm, region, base)
    design = model.design()
    _, fit = fitted(y, design, seen)
    found = {
        weights: stats.ls_means(fit, model.ls_means_rows(0, seen, weights))
        for weights in ("equal", "observed", "cells")
    }
    rows = model.ls_means_rows(0, seen)
    for kind in KINDS:
        covariance = stats.hc_covariance(y, design, seen, fit, kind)
        found[kind] = stats.ancova(fit, rows[:, 1] - rows[:, 0], covariance=covariance)
    found["joint"] = stats.joint_test(fit, rows[:, 1:] - rows[:, :1])
    found["robust joint"] = stats.joint_test(
        fit, rows[:, 1:] - rows[:, :1], covariance=stats.hc_covariance(y, design, seen, fit)
    )
    covariates = np.stack([region, base], axis=-1)
    for centring in (True, False):
        found[f"interacted {centring}"] = stats.interacted_ancova(y, arm, covariates, seen, arms=3, centring=centring)
    return found


def test_one_by_one():
    data = trial()
    whole = analyses(*data)
    for row in range(REPLICATES):
        single = analyses(*(part[[row]] for part in data))
        for name, result in single.items():
            assert_same(whole[name], result, [row], SAME)


def test_order_of_patients():
    data = trial(2)
    order = np.random.default_rng(3).permutation(data[0].shape[1])
    shuffled = analyses(*(part[:, order] for part in data))
    for name, result in analyses(*data).items():
        assert_same(result, shuffled[name], tolerance=1e-8)


def test_names_of_the_levels_do_not_matter():
    """LS means and their contrasts stay when another region, or another arm, is the reference."""
    y, arm, region, base, seen = trial(4)
    plain, other = analyses(y, arm, region, base, seen), analyses(y, arm, 1 - region, base, seen)
    for name in plain:
        assert_same(plain[name], other[name], tolerance=1e-8)
    turned = analyses(y, 2 - arm, region, base, seen)
    for weights in ("equal", "observed", "cells"):
        np.testing.assert_allclose(turned[weights].estimate[:, ::-1], plain[weights].estimate, rtol=1e-9)
    np.testing.assert_allclose(turned["joint"].p, plain["joint"].p, rtol=1e-7)


def test_cell_means_model():
    """In a model of all products the equal LS mean is the plain average of cell means, that by cells the raw mean."""
    y, arm, region, _, seen = trial(5, n=80)
    model = stats.LinearModel((stats.Factor(arm, 3), stats.Factor(region, 2)), ((0,), (1,), (0, 1)))
    _, fit = fitted(y, model.design(), seen)
    equal, cells = (stats.ls_means(fit, model.ls_means_rows(0, seen, w)).estimate for w in ("equal", "cells"))
    for row in range(3):
        for level in range(3):
            here = seen[row] & (arm[row] == level)
            means = [y[row][here & (region[row] == r)].mean() for r in range(2)]
            assert equal[row, level] == pytest.approx(np.mean(means), rel=1e-10)
            assert cells[row, level] == pytest.approx(y[row][here].mean(), rel=1e-10)


def test_three_factors_weigh_jointly():
    """Observed weights are the joint frequencies of the other factors, not the product of their margins."""
    rng = np.random.default_rng(6)
    arm, one = rng.integers(0, 2, (1, 60)), rng.integers(0, 2, (1, 60))
    two = np.where(rng.random((1, 60)) < 0.8, one, 1 - one)
    model = stats.LinearModel(tuple(stats.Factor(f, 2) for f in (arm, one, two)), ((0,), (1,), (2,), (1, 2)))
    rows = model.ls_means_rows(0, np.ones((1, 60), dtype=bool), "observed")[0]
    np.testing.assert_allclose(rows[0], [1, 0, one.mean(), two.mean(), (one * two).mean()], rtol=SAME)


def test_sequential_table_adds_up():
    y, arm, region, base, seen = trial(7)
    model = model_of(arm, region, base)
    sums, fit = fitted(y, model.design(), seen)
    table = stats.anova(sums, model.spans())
    about_mean = np.array(
        [(y[r][seen[r]] - y[r][seen[r]].mean()) @ (y[r][seen[r]] - y[r][seen[r]].mean()) for r in range(REPLICATES)]
    )
    np.testing.assert_allclose(table.ss.sum(axis=1), about_mean, rtol=1e-9)
    np.testing.assert_allclose(table.df.sum(axis=1), sums.n - 1)
    np.testing.assert_allclose(table.r_squared, 1 - table.ss[:, -1] / about_mean, rtol=1e-9)
    # the last term is tested as its contrasts are jointly
    last = np.eye(model.design().shape[-1])[model.spans()[-1]]
    np.testing.assert_allclose(table.p[:, -2], stats.joint_test(fit, last).p, rtol=1e-7)


def test_one_contrast_is_its_t_test():
    y, arm, region, base, seen = trial(8)
    _, fit = fitted(y, model_of(arm, region, base).design(), seen)
    contrast = np.array([0, 1, -1, 0, 0, 0, 0])
    t, f = stats.ancova(fit, contrast), stats.joint_test(fit, contrast[None])
    np.testing.assert_allclose(f.statistic, t.statistic**2, rtol=1e-9)
    np.testing.assert_allclose(f.p, t.p, rtol=1e-8)


def test_unadjusted_hc2_is_welch():
    """Without covariates HC2 is the variance of Welch's test (its degrees of freedom are not)."""
    y, arm, _, _, _ = trial(9)
    arm = arm == 1
    y = np.nan_to_num(y)
    design, seen = np.stack([np.ones_like(y), arm], axis=-1), np.ones(y.shape, dtype=bool)
    _, fit = fitted(y, design, seen)
    robust = stats.ancova(fit, [0, 1], covariance=stats.hc_covariance(y, design, seen, fit, "HC2"))
    np.testing.assert_allclose(robust.se, stats.t_test(y, arm, equal_variances=False).se, rtol=1e-9)


def test_interacted_estimate_is_the_difference_of_predicted_means():
    y, arm, _, base, seen = trial(10)
    effect = stats.interacted_ancova(y, arm, base[..., None], seen, arms=3)
    for row in range(3):
        overall = base[row][seen[row]].mean()
        means = []
        for level in range(3):
            here = seen[row] & (arm[row] == level)
            means.append(np.polyval(np.polyfit(base[row][here] - overall, y[row][here], 1), 0))
        np.testing.assert_allclose(effect.estimate[row], np.subtract(means[1:], means[0]), rtol=1e-8)


def test_centring_adds_the_spread_of_the_mean():
    y, arm, _, base, seen = trial(11)
    arm = np.minimum(arm, 1)
    with_, without = (stats.interacted_ancova(y, arm, base[..., None], seen, centring=c) for c in (True, False))
    for row in range(3):
        slopes = [np.polyfit(base[row][k], y[row][k], 1)[0] for k in (seen[row] & (arm[row] == a) for a in (0, 1))]
        extra = (slopes[1] - slopes[0]) ** 2 * base[row][seen[row]].var(ddof=1) / seen[row].sum()
        assert with_.se[row, 0] ** 2 - without.se[row, 0] ** 2 == pytest.approx(extra, rel=1e-6)


def test_leverage_of_one():
    """A patient alone in a level: HC2 and HC3 do not exist, HC0 and HC1 do."""
    y, design = (
        np.array([[1.0, 2, 4, 8, 3]]),
        np.array([[1, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 0], [1, 0, 1]], dtype=float),
    )
    seen = np.ones((1, 5), dtype=bool)
    _, fit = fitted(y, design, seen)
    for kind in KINDS:
        effect = stats.ancova(fit, [0, 1, 0], covariance=stats.hc_covariance(y, design, seen, fit, kind))
        lost = kind in ("HC2", "HC3")
        assert effect.reason.tolist() == [Reason.LEVERAGE if lost else Reason.NONE]
        assert np.isnan(effect.se[0]) == lost


def test_degenerate_trials():
    """Nobody, one arm, too few, a constant outcome: a reason for every number that does not exist."""
    y, arm, region, base, seen = trial(12)
    seen[0], seen[1] = False, seen[1] & (arm[1] == 0)
    seen[2] = np.arange(seen.shape[1]) < 3
    y[3] = 5.0
    seen[3] = True
    for name, result in analyses(np.where(seen, y, np.nan), arm, region, base, seen).items():
        for field in FIELDS[:-1]:
            value = getattr(result, field)
            if value is not None and field != "df":
                assert (result.reason[np.isnan(value)] != Reason.NONE).all(), (name, field)


def test_degenerate_groups():
    y = np.array([[np.nan] * 4, [1, 2, np.nan, np.nan], [1, np.nan, 2, np.nan], [3, 3, 3, 3], [1, 1, 2, 2]])
    arm = np.array([True, True, False, False])
    reasons = {
        "t": (["ARM_EMPTY", "ARM_EMPTY", "TOO_FEW", "CONSTANT", "CONSTANT"], stats.t_test(y, arm)),
        "smd": (
            ["ARM_EMPTY", "ARM_EMPTY", "TOO_FEW", "CONSTANT", "CONSTANT"],
            stats.standardised_mean_difference(y, arm),
        ),
        "one way": (["ARM_EMPTY", "ARM_EMPTY", "TOO_FEW", "CONSTANT", "CONSTANT"], stats.one_way(y, arm * 1, 2)),
    }
    for name, (expected, result) in reasons.items():
        assert [Reason(code).name for code in result.reason] == expected, name
    assert stats.t_test(y, arm).se[3:].tolist() == [0.0, 0.0]


def test_what_is_not_allowed():
    model = stats.LinearModel((stats.Factor([0, 1], 2), stats.Covariate([1.0, 2.0])), ((0,), (1,)))
    with pytest.raises(ValueError, match="a covariate"):
        model.ls_means_rows(1, [[True, True]])
    with pytest.raises(ValueError, match="'equal', 'observed' or 'cells'"):
        model.ls_means_rows(0, [[True, True]], "proportional")
    with pytest.raises(ValueError, match="'HC3'"):
        stats.interacted_ancova([[1.0, 2.0]], [0, 1], [[1.0], [2.0]], [[True, True]], variance="HC4")
