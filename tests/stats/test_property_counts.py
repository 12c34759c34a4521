"""Counts, rates and ordered categories: one by one, what must not matter, tests and limits that belong together."""

import numpy as np
import pytest

from pivotal import stats
from pivotal.stats import Reason

from .tolerances import SAME

REPLICATES = 25
FIT = ("coefficients", "covariance", "loglik", "converged", "reason", "coefficient_reason")
ESTIMATE = ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p", "reason")
RATES = {
    "rate": lambda x1, t1, x0, t0: stats.incidence_rate(x1, t1),
    "difference": stats.incidence_difference,
    "wald difference": lambda *arms: stats.incidence_difference(*arms, method="wald"),
    "ratio": stats.incidence_ratio,
    "central": lambda *arms: stats.incidence_ratio(*arms, rule="central"),
    "greater": lambda *arms: stats.incidence_ratio(*arms, alternative="greater"),
    "less": lambda *arms: stats.incidence_ratio(*arms, alternative="less"),
    "wald ratio": lambda *arms: stats.incidence_ratio(*arms, method="wald"),
}


def count_data(seed=1, n=24, rate=0.4):
    """Small trials with separated, empty and underdispersed replicates among them."""
    rng = np.random.default_rng(seed)
    arm = rng.random((REPLICATES, n)) < 0.5
    x = rng.normal(size=(REPLICATES, n))
    design = np.stack([np.ones_like(x), arm, x], axis=-1)
    exposure = rng.uniform(0.2, 2, (REPLICATES, n))
    y = rng.poisson(rate * exposure * np.exp(-0.7 * arm) * rng.gamma(1, 1, arm.shape)).astype(float)
    y[0] = 0
    y[1] = np.where(arm[1], 0, y[1])
    y[2] = np.nan
    y[3:] = np.where(rng.random(y[3:].shape) < 0.05, np.nan, y[3:])
    return y, exposure, design


def ordinal_data(seed=2, n=24):
    rng = np.random.default_rng(seed)
    arm = rng.random((REPLICATES, n)) < 0.5
    x = rng.normal(size=(REPLICATES, n))
    y = np.digitize(0.8 * arm + 0.3 * x + rng.logistic(size=x.shape), [-2, 0, 2]).astype(float)
    y[0] = 1
    y[1] = np.where(arm[1], 3, y[1])
    y[2] = np.nan
    return y, np.stack([arm, x], axis=-1).astype(float)


def rates(seed=3):
    rng = np.random.default_rng(seed)
    return rng.poisson(3, 60), rng.uniform(0, 9, 60).round(), rng.poisson(2, 60), rng.uniform(0, 9, 60).round()


def usable(x1, t1, x0, t0):
    return np.where(t1 > 0, x1, 0), t1, np.where(t0 > 0, x0, 0), t0


def assert_same(one, other, names, rows=slice(None), tolerance=SAME):
    for name in names:
        left, right = getattr(one, name), getattr(other, name)
        assert (left is None) == (right is None), name
        if left is not None:
            np.testing.assert_allclose(left[rows], right, rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize(
    ("fit", "more"),
    [(stats.fit_poisson, ("robust",)), (stats.fit_negative_binomial, ("observed", "theta", "se_theta", "deviance"))],
)
def test_count_fits_one_by_one(fit, more):
    y, exposure, design = count_data()
    whole = fit(y, exposure, design)
    assert {Reason.NO_EVENTS, Reason.SEPARATION, Reason.TOO_FEW} <= set(whole.reason.tolist())
    for row in range(REPLICATES):
        assert_same(whole, fit(y[[row]], exposure[[row]], design[[row]]), FIT + more, [row])


def test_ordinal_fit_one_by_one():
    y, design = ordinal_data()
    counts = stats.category_counts(y, 4)
    whole = stats.fit_proportional_odds(counts, design)
    assert {Reason.CONSTANT, Reason.SEPARATION, Reason.TOO_FEW} <= set(whole.reason.tolist())
    for row in range(REPLICATES):
        single = stats.fit_proportional_odds(counts[[row]], design[[row]])
        assert_same(whole, single, (*FIT, "thresholds", "se_thresholds", "expected"), [row])


@pytest.mark.parametrize(
    "name", ["poisson_lr", "negative_binomial_lr", "proportional_odds_lr", "proportional_odds_test"]
)
def test_tests_one_by_one(name):
    y, exposure, design = count_data(4)
    codes, model = ordinal_data(5)
    counts = stats.category_counts(codes, 4)
    runs = {
        "poisson_lr": lambda rows: stats.poisson_lr(y[rows], exposure[rows], design[rows], 1),
        "negative_binomial_lr": lambda rows: stats.negative_binomial_lr(y[rows], exposure[rows], design[rows], 1),
        "proportional_odds_lr": lambda rows: stats.proportional_odds_lr(counts[rows], model[rows], 0),
        "proportional_odds_test": lambda rows: stats.proportional_odds_test(counts[rows], model[rows]),
    }
    whole = runs[name](slice(None))
    for field in ESTIMATE[:-1]:
        value = getattr(whole, field)
        if value is not None:
            assert (whole.reason[np.isnan(value)] != Reason.NONE).all(), field
    for row in range(REPLICATES):
        assert_same(whole, runs[name]([row]), ESTIMATE, [row])


@pytest.mark.parametrize("name", RATES)
def test_rates_one_by_one(name):
    data = usable(*rates())
    whole = RATES[name](*data)
    for row in range(60):
        assert_same(whole, RATES[name](*(part[[row]] for part in data)), ESTIMATE, [row])
    for field in ESTIMATE[:-1]:
        value = getattr(whole, field)
        if value is not None:
            assert (whole.reason[~np.isfinite(value)] != Reason.NONE).all() or name in ("greater", "less"), field


def test_order_of_patients_and_units_of_time():
    y, exposure, design = count_data(6, n=60, rate=2)
    order = np.random.default_rng(7).permutation(60)
    for fit in (stats.fit_poisson, stats.fit_negative_binomial):
        plain = fit(y, exposure, design)
        assert_same(plain, fit(y[:, order], exposure[:, order], design[:, order]), FIT, tolerance=1e-8)
        months = fit(y, exposure * 12, design)
        np.testing.assert_allclose(months.coefficients[:, 1:], plain.coefficients[:, 1:], rtol=1e-8)
        np.testing.assert_allclose(months.coefficients[:, 0], plain.coefficients[:, 0] - np.log(12), atol=1e-8)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_scale_of_a_covariate(scale):
    """Convergence is judged in standard errors: a covariate's unit does not matter."""
    y, exposure, design = count_data(8, n=60, rate=2)
    codes, model = ordinal_data(9, n=60)
    counts = stats.category_counts(codes, 4)
    for fit in (stats.fit_poisson, stats.fit_negative_binomial):
        plain, other = fit(y, exposure, design), fit(y, exposure, design * [1, 1, scale])
        np.testing.assert_allclose(other.coefficients[:, 2] * scale, plain.coefficients[:, 2], rtol=1e-8)
        np.testing.assert_allclose(other.coefficients[:, 1], plain.coefficients[:, 1], rtol=1e-8)
    plain, other = (stats.fit_proportional_odds(counts, model * [1, s]) for s in (1, scale))
    some = plain.reason == Reason.NONE
    np.testing.assert_allclose(other.coefficients[some, 1] * scale, plain.coefficients[some, 1], rtol=1e-7)


def test_reference_arm():
    y, exposure, design = count_data(10, n=60, rate=2)
    swapped = design.copy()
    swapped[..., 1] = 1 - design[..., 1]
    for fit in (stats.fit_poisson, stats.fit_negative_binomial):
        one, other = stats.wald(fit(y, exposure, design), 1), stats.wald(fit(y, exposure, swapped), 1)
        np.testing.assert_allclose(other.estimate, -one.estimate, rtol=1e-8)
        np.testing.assert_allclose(other.p, one.p, rtol=1e-8)


def test_cells_are_their_patients():
    y, exposure, design = count_data(11, n=60, rate=2)
    y = np.nan_to_num(y)
    arm = design[..., 1]
    patients = stats.fit_poisson(y, exposure, design[..., :2])
    events, time = (
        np.stack([np.where(arm == a, part, 0).sum(axis=1) for a in (0, 1)], axis=1) for part in (y, exposure)
    )
    cells = stats.fit_poisson(events, time, [[1, 0], [1, 1]])
    rows = patients.reason == Reason.NONE
    np.testing.assert_allclose(cells.coefficients[rows], patients.coefficients[rows], rtol=1e-8)
    np.testing.assert_allclose(cells.covariance[rows], patients.covariance[rows], rtol=1e-8)
    ratio = stats.incidence_ratio(events[:, 1], time[:, 1], events[:, 0], time[:, 0], method="wald")
    np.testing.assert_allclose(stats.wald(cells, 1).p[rows], ratio.p[rows], rtol=1e-6)


def test_ordinal_cells_are_their_patients():
    y, design = ordinal_data(12, n=60)
    arm = design[..., 0]
    patients = stats.fit_proportional_odds(stats.category_counts(y, 4), arm[..., None])
    cells = stats.fit_proportional_odds(stats.category_counts(y, 4, arm.astype(int), 2), [[0], [1]])
    assert_same(cells, patients, (*FIT, "thresholds", "expected"), tolerance=1e-7)


def test_orientation():
    y, design = ordinal_data(13, n=60)
    counts = stats.category_counts(y, 4)
    higher, lower = (stats.fit_proportional_odds(counts, design, favours=side) for side in ("higher", "lower"))
    np.testing.assert_allclose(lower.coefficients, -higher.coefficients, rtol=SAME)
    np.testing.assert_allclose(lower.thresholds, higher.thresholds, rtol=SAME)
    reversed_ = stats.fit_proportional_odds(counts[..., ::-1], design)
    np.testing.assert_allclose(reversed_.coefficients, -higher.coefficients, rtol=1e-7)
    rows = higher.reason == Reason.NONE
    np.testing.assert_allclose(reversed_.thresholds[rows], -higher.thresholds[rows, ::-1], rtol=1e-7)


def test_two_categories_are_logistic_regression():
    y, design = ordinal_data(14, n=60)
    y = np.where(np.isnan(y), np.nan, y > 1)
    arm = design[..., 0].astype(int)
    counts = stats.category_counts(y, 2, arm, 2)
    ordinal = stats.wald(stats.fit_proportional_odds(counts, [[0], [1]]), 0)
    binary = stats.logistic_wald(counts[..., 1], counts.sum(axis=-1), [[1, 0], [1, 1]], 1)
    rows = binary.reason == Reason.NONE
    assert_same(binary, ordinal, ("estimate", "se", "p"), tolerance=1e-8) if rows.all() else None
    np.testing.assert_allclose(ordinal.estimate[rows], binary.estimate[rows], rtol=1e-8)
    np.testing.assert_allclose(ordinal.se[rows], binary.se[rows], rtol=1e-8)


def test_empty_categories_are_left_out():
    """The fit is that of the categories with patients; thresholds stand where all categories have theirs."""
    full = np.array([[[9, 5, 3], [4, 6, 8]]], dtype=float)
    plain = stats.fit_proportional_odds(full, [[0], [1]])
    holes = np.zeros((1, 2, 6))
    holes[..., [1, 3, 4]] = full
    other = stats.fit_proportional_odds(holes, [[0], [1]])
    assert other.reason.tolist() == [Reason.EMPTY_CATEGORY]
    np.testing.assert_allclose(other.coefficients, plain.coefficients, rtol=1e-10)
    low, high = plain.thresholds[0]
    np.testing.assert_allclose(other.thresholds[0], [-np.inf, low, low, high, np.inf], rtol=1e-10)


def test_without_overdispersion_it_is_poisson():
    y = np.array([[1.0, 2, 1, 2, 1, 1, 1, 2]])
    design = np.column_stack([np.ones(8), np.arange(8) < 4])
    fit, poisson = (method(y, np.ones(8), design) for method in (stats.fit_negative_binomial, stats.fit_poisson))
    assert fit.reason.tolist() == [Reason.NO_OVERDISPERSION]
    assert (fit.dispersion[0], fit.theta[0]) == (0.0, np.inf)
    for name in ("coefficients", "covariance", "loglik", "deviance"):
        np.testing.assert_allclose(getattr(fit, name), getattr(poisson, name), rtol=1e-10, atol=1e-12)


def test_null_model_may_be_overdispersed_where_the_fit_is_not():
    y = np.array([[2.0, 3, 2, 3, 2, 3, 12, 13, 12, 13, 12, 13]])
    design = np.column_stack([np.ones(12), np.arange(12) >= 6])
    full, null = (stats.fit_negative_binomial(y, np.ones(12), x) for x in (design, design[:, :1]))
    assert full.reason.tolist() == [Reason.NO_OVERDISPERSION]
    assert null.dispersion[0] > 0.1
    test = stats.negative_binomial_lr(y, np.ones(12), design, 1)
    np.testing.assert_allclose(test.statistic, 2 * (full.loglik - null.loglik), rtol=1e-8)


def test_a_little_overdispersion():
    """Near the Poisson limit the likelihood is that of the limit, and k its score over its information."""
    y = np.array([[0.0, 1, 2, 3, 1, 2, 4, 1, 0, 3, 2, 1, 5, 2, 1, 2]])
    fit, poisson = (
        method(y, np.ones(16), np.ones((16, 1))) for method in (stats.fit_negative_binomial, stats.fit_poisson)
    )
    mean, variance = y.mean(), y.var()
    assert variance < mean
    y[0, 0] = 6
    assert (y.var() - y.mean()) > 0
    fit = stats.fit_negative_binomial(y, np.ones(16), np.ones((16, 1)))
    assert 0 < fit.dispersion[0] < 0.2
    poisson = stats.fit_poisson(y, np.ones(16), np.ones((16, 1)))
    assert 0 < fit.loglik[0] - poisson.loglik[0] < 0.5


@pytest.mark.parametrize("name", ["poisson_lr", "negative_binomial_lr", "proportional_odds_lr"])
def test_profile_limits_invert_the_test(name):
    y, exposure, design = count_data(15, n=60, rate=2)
    counts, model = stats.category_counts(ordinal_data(16, n=60)[0], 4), ordinal_data(16, n=60)[1]
    runs = {
        "poisson_lr": lambda level: stats.poisson_lr(y[[5]], exposure[[5]], design[[5]], 1, level=level),
        "negative_binomial_lr": lambda level: stats.negative_binomial_lr(
            y[[5]], exposure[[5]], design[[5]], 1, level=level
        ),
        "proportional_odds_lr": lambda level: stats.proportional_odds_lr(counts[[5]], model[[5]], 0, level=level),
    }
    effect = runs[name](0.95)
    at = runs[name](1 - float(effect.p[0]))
    side = at.ci_low if effect.estimate[0] > 0 else at.ci_high
    assert float(side[0]) == pytest.approx(0, abs=1e-6)


def test_score_limits_invert_the_test():
    x1, t1, x0, t0 = ([9], [20.0], [4], [22.0])
    p = float(stats.incidence_difference(x1, t1, x0, t0).p[0])
    assert float(stats.incidence_difference(x1, t1, x0, t0, level=1 - p).ci_low[0]) == pytest.approx(0, abs=1e-10)


def test_swapped_arms():
    x1, t1, x0, t0 = usable(*rates(17))
    for method in ("wald", "miettinen-nurminen"):
        one = stats.incidence_difference(x1, t1, x0, t0, method=method)
        other = stats.incidence_difference(x0, t0, x1, t1, method=method)
        np.testing.assert_allclose(other.ci_low, -one.ci_high, rtol=1e-9, atol=1e-12)
    one, other = stats.incidence_ratio(x1, t1, x0, t0), stats.incidence_ratio(x0, t0, x1, t1)
    np.testing.assert_allclose(other.p, one.p, rtol=1e-10)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(other.ci_low, 1 / one.ci_high, rtol=1e-10)


def test_exact_p_by_enumeration():
    for x1, x0, t1, t0 in ((3, 9, 2.0, 3.0), (0, 5, 1.0, 1.0), (7, 7, 1.0, 4.0)):
        n, share = x1 + x0, t1 / (t1 + t0)
        law = np.array(
            [
                float(np.prod([(n - i) / (i + 1) for i in range(k)])) * share**k * (1 - share) ** (n - k)
                for k in range(n + 1)
            ]
        )
        expected = law[law <= law[x1] * (1 + 1e-7)].sum()
        assert float(stats.incidence_ratio([x1], [t1], [x0], [t0]).p[0]) == pytest.approx(expected, rel=1e-10)
        greater = stats.incidence_ratio([x1], [t1], [x0], [t0], alternative="greater")
        assert float(greater.p[0]) == pytest.approx(law[x1:].sum(), rel=1e-10)


def test_separation():
    """An arm without events: an infinite rate ratio, one limit of the likelihood-ratio interval, an ordinary p."""
    y, design = np.array([[0.0, 0, 0, 0, 2, 1, 0, 3]]), np.column_stack([np.ones(8), np.arange(8) >= 4])
    wald = stats.wald(stats.fit_poisson(y, np.ones(8), design), 1)
    assert (wald.estimate[0], wald.ci_low[0], wald.ci_high[0]) == (np.inf, -np.inf, np.inf)
    for test in (stats.poisson_lr, stats.negative_binomial_lr):
        effect = test(y, np.ones(8), design, 1)
        assert (effect.estimate[0], effect.ci_high[0]) == (np.inf, np.inf)
        assert np.isfinite(effect.ci_low[0])
        assert 0 < effect.p[0] < 0.05
    assert float(stats.poisson_lr(y, np.ones(8), design, 1).statistic[0]) == pytest.approx(2 * 6 * np.log(2), rel=1e-6)


def test_a_third_arm_without_events_is_lost_with_the_first():
    """Against a reference without events nothing is known of another arm without events."""
    design = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1]], dtype=float)
    fit = stats.fit_poisson([[0, 0, 6]], [10.0, 10.0, 10.0], design)
    assert np.isneginf(fit.coefficients[0, 0])
    assert np.isnan(fit.coefficients[0, 1])
    assert np.isposinf(fit.coefficients[0, 2])
    assert fit.coefficient_reason[0].tolist() == [Reason.SEPARATION] * 3


def test_ordinal_separation_keeps_what_is_finite():
    """All of one arm in the last category: the other arm's thresholds are its own."""
    fit = stats.fit_proportional_odds([[[5, 3, 2], [0, 0, 9]]], [[0], [1]])
    assert np.isposinf(fit.coefficients[0, 0])
    np.testing.assert_allclose(fit.thresholds[0], [0, np.log(4)], atol=1e-8)
    alone = stats.fit_proportional_odds([[[5, 3, 2]]], [[0]])
    np.testing.assert_allclose(fit.loglik, alone.loglik, atol=1e-7)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: stats.fit_poisson([[-1.0]], [1.0], [[1.0]]), "negative count"),
        (lambda: stats.fit_poisson([[1.0]], [0.0], [[1.0]]), "exposure is 0"),
        (lambda: stats.fit_negative_binomial([[0.5]], [1.0], [[1.0]]), "whole number"),
        (lambda: stats.fit_proportional_odds([[[1, 2]]], [[1.0]], favours="active"), "'higher' or 'lower'"),
        (lambda: stats.fit_proportional_odds([[1, 2]], [[1.0]]), "replicate, cell, category"),
        (lambda: stats.incidence_difference([1], [1], [1], [1], method="mn"), "miettinen-nurminen"),
        (lambda: stats.incidence_ratio([1], [1], [1], [1], rule="twice"), "minlike"),
        (lambda: stats.incidence_rate([1], [1], level=95), "confidence level"),
    ],
)
def test_what_is_not_allowed(run, message):
    with pytest.raises(ValueError, match=message):
        run()
