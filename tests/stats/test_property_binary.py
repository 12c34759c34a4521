"""Binary outcomes: batches, symmetries, degenerate tables, and methods that must agree with each other."""

import doctest
import importlib
from functools import partial

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats as scipy_stats
from scipy.optimize import minimize
from statsmodels.stats.contingency_tables import StratifiedTable

from pivotal import stats
from pivotal.stats import Reason
from pivotal.stats.stratified_difference import minimum_risk_weights
from pivotal.stats.tables import TwoArms

from .binary_made import REPLICATES, arms_of, assert_same, cells, estimates, fields, one_by_one, tables
from .tolerances import SAME

MODULES = (
    "chi_square",
    "cmh_exact",
    "cmh_general",
    "exact_joint",
    "exact_logistic",
    "firth",
    "fisher",
    "homogeneity",
    "logistic_tests",
    "mcnemar",
    "modified_poisson",
    "rates",
    "ratios",
    "score_interval",
    "standardisation",
    "stratified_difference",
)
RULES = ("minlike", "central", "blaker", "mid-p")
CONTRASTS = ("difference", "ratio", "odds ratio")
ONE_TABLE = {
    "chi-square": stats.pearson_chi_square,
    "yates": partial(stats.pearson_chi_square, correction=True),
    "risk ratio": stats.wald_risk_ratio,
    "odds ratio": stats.wald_odds_ratio,
    **{f"fisher {rule}": partial(stats.fisher_exact, rule=rule, limits="rule") for rule in RULES},
    **{f"score {c}": partial(stats.score_interval, contrast=c) for c in CONTRASTS},
    **{f"scas {c}": partial(stats.score_interval, contrast=c, skewness=True) for c in CONTRASTS},
    "odds ratio, unbiased": partial(stats.score_interval, contrast="odds ratio", unbiased=True),
}
STRATA = {
    "risk ratio": stats.mantel_haenszel_risk_ratio,
    "klingenberg": stats.klingenberg,
    "minimum risk": stats.minimum_risk,
    "newcombe": stats.stratified_newcombe,
    "newcombe, minimum risk": partial(stats.stratified_newcombe, weights="minimum-risk"),
    "breslow-day": stats.breslow_day,
    **{f"exact {rule}": partial(stats.exact_common_odds_ratio, rule=rule, limits="rule") for rule in RULES},
    **{f"score {c}": partial(stats.stratified_score_interval, contrast=c) for c in CONTRASTS},
    "scas": partial(stats.stratified_score_interval, skewness=True),
    "inverse variance": partial(stats.stratified_score_interval, weights="inverse-variance"),
    "miettinen-nurminen": partial(stats.stratified_score_interval, weights="miettinen-nurminen"),
}
DIFFERENCES = ("klingenberg", "minimum risk", "newcombe", "newcombe, minimum risk", "score difference", "scas")
RATIOS = ("risk ratio", "exact minlike", "exact blaker", "exact mid-p", "score ratio", "score odds ratio")


def regressions():
    """Functions of events and totals."""
    _, _, design = cells()
    active, control = arms_of(design)
    return {
        "score test": lambda x, n: stats.logistic_score_test(x, n, design, [1, 2]),
        "likelihood ratio": lambda x, n: stats.logistic_lr_test(x, n, design, [1, 2]),
        "firth": lambda x, n: stats.firth(x, n, design, 1),
        "firth test": lambda x, n: stats.firth_lr_test(x, n, design, [1, 2]),
        "poisson": lambda x, n: stats.modified_poisson(stats.fit_modified_poisson(x, n, design), 1),
        **{
            f"risks {v}": lambda x, n, v=v: stats.marginal_risks(x, n, design, active, control, variance=v)
            for v in ("model", "sandwich", "superpopulation")
        },
    }


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    result = doctest.testmod(importlib.import_module(f"pivotal.stats.{name}"))
    assert result.attempted > 0
    assert result.failed == 0


def assert_batched(function, data, tolerance):
    alone = one_by_one(function, *data)
    batch = fields(function(*data))
    for name, value in batch.items():
        np.testing.assert_allclose(value, alone[name], rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("name", ONE_TABLE)
def test_tables_one_by_one(name):
    assert_batched(ONE_TABLE[name], tables(), SAME)


@pytest.mark.parametrize("name", STRATA)
def test_strata_one_by_one(name):
    assert_batched(STRATA[name], tables(3), SAME)


@pytest.mark.parametrize("name", regressions())
def test_regressions_one_by_one(name):
    x, n, _ = cells()
    assert_batched(regressions()[name], (x, n), SAME)


@pytest.mark.parametrize("name", STRATA)
def test_order_of_strata(name):
    data, function = tables(4), STRATA[name]
    order = [2, 0, 3, 1]
    one, other = fields(function(*data)), fields(function(*(count[:, order] for count in data)))
    for field, value in one.items():
        same = value[:, order] if value.ndim == 2 else value
        np.testing.assert_allclose(same, other[field], rtol=1e-9, atol=1e-9, err_msg=field)


@pytest.mark.parametrize("name", DIFFERENCES)
def test_swapped_arms_mirror_the_difference(name):
    x1, n1, x0, n0 = tables(3)
    one, other = STRATA[name](x1, n1, x0, n0), STRATA[name](x0, n0, x1, n1)
    for left, right in (("estimate", "estimate"), ("ci_low", "ci_high"), ("ci_high", "ci_low")):
        np.testing.assert_allclose(getattr(one, left), -getattr(other, right), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", RATIOS)
def test_swapped_arms_invert_the_ratio(name):
    x1, n1, x0, n0 = tables(3)
    one, other = STRATA[name](x1, n1, x0, n0), STRATA[name](x0, n0, x1, n1)
    with np.errstate(divide="ignore"):
        for left, right in (("estimate", "estimate"), ("ci_low", "ci_high"), ("ci_high", "ci_low")):
            np.testing.assert_allclose(getattr(one, left), 1 / getattr(other, right), rtol=1e-9)


def test_turned_outcome_inverts_the_odds_ratio():
    x1, n1, x0, n0 = tables()
    one = stats.score_interval(x1, n1, x0, n0, contrast="odds ratio")
    other = stats.score_interval(n1 - x1, n1, n0 - x0, n0, contrast="odds ratio")
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(one.ci_low, 1 / other.ci_high, rtol=1e-9)


@pytest.mark.parametrize("name", [*(f"1 {n}" for n in ONE_TABLE), *(f"k {n}" for n in STRATA), *regressions()])
def test_what_is_no_number_has_a_reason(name):
    if name[:2] == "1 ":
        result = ONE_TABLE[name[2:]](*tables(most=7))
    elif name[:2] == "k ":
        result = STRATA[name[2:]](*tables(2, most=7))
    else:
        x, n, _ = cells(most=5)
        result = regressions()[name](x, n)
    for each in estimates(result):
        for field in ("estimate", "se", "ci_low", "ci_high", "statistic", "p"):
            value = getattr(each, field)
            if value is not None:
                assert (np.asarray(each.reason)[~np.isfinite(value)] != Reason.NONE).all(), field
    assert any((each.reason == Reason.NONE).any() for each in estimates(result))


def test_limits_hold_the_estimate():
    for function in [*ONE_TABLE.values(), *STRATA.values()]:
        result = function(*tables(3) if function in STRATA.values() else tables())
        if isinstance(result, stats.Estimate) and result.ci_low is not None:
            known = ~np.isnan(result.estimate)
            assert (result.ci_low[known] <= result.estimate[known] + 1e-9).all()
            assert (result.ci_high[known] >= result.estimate[known] - 1e-9).all()


# Methods that must agree


def test_score_test_over_strata_is_cochran_mantel_haenszel():
    data = tables(3)
    cmh = stats.cochran_mantel_haenszel(*data)
    for contrast in ("difference", "ratio"):
        score = stats.stratified_score_interval(*data, contrast=contrast)
        known = ~np.isnan(cmh.statistic)
        np.testing.assert_allclose(score.statistic[known] ** 2, cmh.statistic[known], rtol=1e-10)


def test_two_by_two_tables_have_one_cmh():
    x1, n1, x0, n0 = tables(3)
    counts = np.stack([np.stack([x1, n1 - x1], -1), np.stack([x0, n0 - x0], -1)], -2)
    cmh, tests = stats.cochran_mantel_haenszel(x1, n1, x0, n0), stats.cmh_tests(counts)
    for test in (tests.correlation, tests.row_means, tests.general):
        np.testing.assert_allclose(test.statistic, cmh.statistic, rtol=1e-9)
        np.testing.assert_array_equal(np.isnan(test.statistic), test.reason == Reason.NO_INFORMATION)


def test_cmh_of_one_stratum_is_known_statistics():
    rng = np.random.default_rng(3)
    counts = rng.integers(1, 9, (6, 1, 3, 4))
    tests = stats.cmh_tests(counts)
    for row, table in enumerate(counts[:, 0]):
        size = table.sum()
        pearson = scipy_stats.chi2_contingency(table, correction=False).statistic
        assert tests.general.statistic[row] == pytest.approx(pearson * (size - 1) / size)
        a, c = (np.repeat(i.ravel() + 1.0, table.ravel()) for i in np.indices(table.shape))
        assert tests.correlation.statistic[row] == pytest.approx((size - 1) * np.corrcoef(a, c)[0, 1] ** 2)
        between = sum((a == i).sum() * (c[a == i].mean() - c.mean()) ** 2 for i in (1, 2, 3))
        assert tests.row_means.statistic[row] == pytest.approx((size - 1) * between / ((c - c.mean()) ** 2).sum())
    assert tests.general.df.tolist() == [6.0] * 6
    assert tests.row_means.df.tolist() == [2.0] * 6


def test_cmh_leaves_out_an_empty_column():
    rng = np.random.default_rng(4)
    counts = rng.integers(1, 9, (5, 2, 3, 3))
    wider = np.insert(counts, 1, 0, axis=3)
    scores = [1.0, 9.0, 2.0, 3.0]
    assert_same(stats.cmh_tests(counts), stats.cmh_tests(wider, column_scores=scores), 1e-9)


def test_cmh_takes_scores_by_stratum():
    counts = np.random.default_rng(5).integers(1, 9, (5, 2, 3, 3))
    scores = np.broadcast_to(np.array([1.0, 2.0, 4.0]), (5, 2, 3))
    assert_same(stats.cmh_tests(counts, None, [1.0, 2.0, 4.0]), stats.cmh_tests(counts, None, scores), SAME)


@pytest.mark.parametrize("rule", RULES)
def test_exact_common_odds_ratio_of_one_stratum_is_fishers(rule):
    x1, n1, x0, n0 = tables()
    one = stats.fisher_exact(x1, n1, x0, n0, rule=rule, limits="rule")
    other = stats.exact_common_odds_ratio(*(count[:, None] for count in (x1, n1, x0, n0)), rule=rule, limits="rule")
    known = one.reason == Reason.NONE
    for field in ("estimate", "ci_low", "ci_high", "p"):
        np.testing.assert_allclose(getattr(one, field)[known], getattr(other, field)[known], rtol=1e-9)


def test_exact_common_odds_ratio_is_exact_logistic():
    x1, n1, x0, n0 = tables(3)
    one = stats.exact_common_odds_ratio(x1, n1, x0, n0, rule="central")
    other = stats.exact_logistic(np.stack([x0, x1], 1), np.stack([n0, n1], 1))
    known = one.reason == Reason.NONE
    assert known.sum() > REPLICATES / 2
    for field in ("estimate", "ci_low", "ci_high", "p"):
        np.testing.assert_allclose(getattr(one, field)[known], getattr(other.odds_ratio, field)[known, 0], rtol=1e-8)
    np.testing.assert_allclose(
        stats.exact_common_odds_ratio(x1, n1, x0, n0).p[known], other.p_probability[known, 0], rtol=1e-8
    )
    mid = stats.exact_common_odds_ratio(x1, n1, x0, n0, rule="mid-p").p
    np.testing.assert_allclose(mid[known], other.p_mid[known, 0], rtol=1e-8)
    less = stats.exact_common_odds_ratio(x1, n1, x0, n0, alternative="less").p
    np.testing.assert_allclose(less[known], other.p_less[known, 0], rtol=1e-8)


def enumerated_p(x1, n1, x0, n0, odds, rule):
    """Of an odds ratio, from scipy's noncentral hypergeometric distribution."""
    family = scipy_stats.nchypergeom_fisher(n1 + n0, x1 + x0, n1, odds)
    k = np.arange(max(0, x1 + x0 - n0), min(n1, x1 + x0) + 1)
    f = family.pmf(k)
    at = k == x1
    if rule == "minlike":
        return f[f <= f[at] * (1 + 1e-9)].sum()
    below, above = np.cumsum(f), np.cumsum(f[::-1])[::-1]
    if rule == "blaker":
        smaller = np.minimum(below, above)
        return f[smaller <= smaller[at] * (1 + 1e-9)].sum()
    return min(1.0, 2 * (min(below[at][0], above[at][0]) - f[at][0] / 2))


@pytest.mark.parametrize("rule", ["minlike", "blaker", "mid-p"])
@pytest.mark.parametrize("table", [(9, 12, 3, 11), (2, 10, 6, 9), (5, 8, 0, 7), (0, 6, 4, 9), (7, 30, 15, 32)])
def test_limits_enclose_the_odds_ratios_not_rejected(table, rule):
    """Beyond a limit p is at most 0.05 everywhere, and above it next to the limit inside."""
    found = stats.fisher_exact(*([count] for count in table), rule=rule, limits="rule")
    low, high = float(found.ci_low[0]), float(found.ci_high[0])
    assert enumerated_p(*table, 1.0, rule) == pytest.approx(float(found.p[0]), rel=1e-8)
    for limit, inwards in ((low, 1 + 1e-7), (high, 1 - 1e-7)):
        if 0 < limit < np.inf:
            assert enumerated_p(*table, limit * inwards, rule) > 0.05 - 1e-6
            away = np.geomspace(1 + 1e-7, 50, 60)
            outside = limit * away if inwards < 1 else limit / away
            assert max(enumerated_p(*table, odds, rule) for odds in outside) <= 0.05 + 1e-9


def test_binomial_test_is_scipys():
    for n in (1, 2, 7, 16):
        for rate in (0.1, 0.5, 0.77):
            p = stats.binomial_test(np.arange(n + 1), n, rate).p
            want = [scipy_stats.binomtest(x, n, rate).pvalue for x in range(n + 1)]
            np.testing.assert_allclose(p, want, rtol=1e-10)


def test_jeffreys_is_the_beta_quantile():
    x, n = np.arange(1, 12), 12
    found = stats.jeffreys(x, n, 0.9)
    np.testing.assert_allclose(found.ci_low, scipy_stats.beta.ppf(0.05, x + 0.5, n - x + 0.5), rtol=1e-10)
    np.testing.assert_allclose(found.ci_high, scipy_stats.beta.ppf(0.95, x + 0.5, n - x + 0.5), rtol=1e-10)


def test_corrected_wilson_solves_its_equation():
    x, n, z = np.arange(1, 12), 12, 1.959963984540054
    found = stats.wilson(x, n, correction=0.5)
    for limit, sign in ((found.ci_low, 1), (found.ci_high, -1)):
        gap = sign * (x / n - limit) - 0.5 / n
        np.testing.assert_allclose(gap**2, z**2 * limit * (1 - limit) / n, rtol=1e-9)
    assert (stats.wilson(x, n).ci_low > found.ci_low).all()


def test_mcnemar_is_the_binomial_test():
    b, c = np.array([3, 0, 7, 5]), np.array([9, 4, 7, 0])
    found = stats.mcnemar(5, b, c, 6, method="exact")
    want = [scipy_stats.binomtest(int(one), int(one + other)).pvalue for one, other in zip(b, c, strict=True)]
    np.testing.assert_allclose(found.p, want, rtol=1e-12)
    swapped = stats.mcnemar(5, c, b, 6)
    np.testing.assert_allclose(stats.mcnemar(5, b, c, 6).estimate, -swapped.estimate)
    assert (stats.mcnemar(5, b, c, 6, method="mid-p").p <= found.p).all()


def test_breslow_day_is_statsmodels():
    rng = np.random.default_rng(6)
    n1, n0 = rng.integers(10, 40, (8, 3)), rng.integers(10, 40, (8, 3))
    x1, x0 = rng.binomial(n1, 0.5), rng.binomial(n0, 0.3)
    found = stats.breslow_day(x1, n1, x0, n0)
    for row in range(8):
        table = StratifiedTable(np.array([[x1[row], n1[row] - x1[row]], [x0[row], n0[row] - x0[row]]]).astype(float))
        assert found.breslow_day.statistic[row] == pytest.approx(table.test_equal_odds().statistic)
        assert found.tarone.statistic[row] == pytest.approx(table.test_equal_odds(adjust=True).statistic)


def test_breslow_day_leaves_out_strata_that_say_nothing():
    x1, n1, x0, n0 = (np.array([each]) for each in ([14, 30, 22], [21, 52, 35], [13, 5, 5], [42, 18, 17]))
    more = [np.concatenate([each, extra], axis=1) for each, extra in
            zip((x1, n1, x0, n0), ([[0, 4]], [[5, 4]], [[0, 0]], [[6, 0]]), strict=True)]  # fmt: skip
    one, other = stats.breslow_day(x1, n1, x0, n0), stats.breslow_day(*more)
    assert other.breslow_day.statistic[0] == pytest.approx(one.breslow_day.statistic[0])
    assert other.breslow_day.df[0] == one.breslow_day.df[0] == 2


def test_minimum_risk_weights_minimise_the_risk():
    x1, n1, x0, n0 = ([[30, 22, 5]], [[60, 50, 20]], [[20, 9, 9]], [[58, 51, 21]])
    strata = TwoArms.of(x1, n1, x0, n0)
    p1, p0 = strata.x1[0] / strata.n1[0], strata.x0[0] / strata.n0[0]
    v, share = p1 * (1 - p1) / strata.n1[0] + p0 * (1 - p0) / strata.n0[0], strata.total[0] / strata.total.sum()

    def risk(free):
        w = np.append(free, 1 - free.sum())
        return 1e3 * ((w**2 * v).sum() + ((w - share) @ (p1 - p0)) ** 2)

    best = minimize(risk, [0.3, 0.3], tol=1e-13).x
    np.testing.assert_allclose(minimum_risk_weights(strata)[0, :2], best, atol=1e-6)


FEW_STRATA = (np.array([30, 22, 5]), np.array([60, 50, 20]), np.array([20, 9, 9]), np.array([58, 51, 21]))


def test_minimum_risk_by_hand():
    x1, n1, x0, n0 = FEW_STRATA
    w = minimum_risk_weights(TwoArms.of(*(count[None] for count in FEW_STRATA)))[0]
    found = stats.minimum_risk(*(count[None] for count in FEW_STRATA))
    d = x1 / n1 - x0 / n0
    pooled = (x1 + x0) / (n1 + n0)
    off = 3 / 16 / (n1 * n0 / (n1 + n0)).sum()
    null = np.sqrt((w**2 * pooled * (1 - pooled) * (1 / n1 + 1 / n0)).sum())
    se = np.sqrt((w**2 * (x1 / n1 * (1 - x1 / n1) / n1 + x0 / n0 * (1 - x0 / n0) / n0)).sum())
    assert float(found.statistic[0]) == pytest.approx((w @ d - off) / null)
    assert float(found.ci_high[0]) == pytest.approx(w @ d + 1.959963984540054 * se + off)


def test_stratified_newcombe_by_hand():
    x1, n1, x0, n0 = FEW_STRATA
    z, w = 1.959963984540054, n1 * n0 / (n1 + n0) / (n1 * n0 / (n1 + n0)).sum()

    def arm(x, n):
        p = x / n
        spread = p * (1 - p) / n
        q = z * np.sqrt((w**2 * spread).sum()) / (w * np.sqrt(spread)).sum()
        centre, half = (p + q**2 / 2 / n), q * np.sqrt(p * (1 - p) / n + q**2 / 4 / n**2)
        return w @ ((centre - half) / (1 + q**2 / n)), w @ ((centre + half) / (1 + q**2 / n)), (w**2 / n).sum()

    (l1, u1, lambda1), (l0, u0, lambda0) = arm(x1, n1), arm(x0, n0)
    d = w @ (x1 / n1 - x0 / n0)
    found = stats.stratified_newcombe(*(count[None] for count in FEW_STRATA))
    low = d - z * np.sqrt(lambda1 * l1 * (1 - l1) + lambda0 * u0 * (1 - u0))
    high = d + z * np.sqrt(lambda1 * u1 * (1 - u1) + lambda0 * l0 * (1 - l0))
    assert [float(found.ci_low[0]), float(found.ci_high[0])] == pytest.approx([low, high])


def test_superpopulation_variance_by_hand():
    """From patients, with numpy's variances and covariances."""
    rng = np.random.default_rng(9)
    arm, x = np.repeat([1.0, 0.0], [70, 50]), rng.normal(size=120)
    y = (rng.random(120) < 1 / (1 + np.exp(-(-0.5 + arm + x)))).astype(float)
    design = np.column_stack([np.ones(120), arm, x])
    active, control = design.copy(), design.copy()
    active[:, 1], control[:, 1] = 1, 0
    found = stats.marginal_risks(y[None], np.ones((1, 120)), design, active, control, variance="superpopulation")
    beta = stats.fit_logistic(y[None], np.ones((1, 120)), design).coefficients[0]
    m = [1 / (1 + np.exp(-each @ beta)) for each in (active, control)]
    v = np.empty((2, 2))
    for a, own in enumerate((arm == 1, arm == 0)):
        other = ~own
        v[a, a] = np.var(y[own] - m[a][own], ddof=1) / own.mean() + 2 * np.cov(y[own], m[a][own])[0, 1]
        v[a, a] -= np.var(m[a], ddof=1)
        v[a, 1 - a] = np.cov(y[own], m[1 - a][own])[0, 1] + np.cov(y[other], m[a][other])[0, 1] - np.cov(*m)[0, 1]
    np.testing.assert_allclose(found.covariance[0], v / 120, rtol=1e-8)
    assert float(found.difference.se[0] ** 2) == pytest.approx((v[0, 0] + v[1, 1] - 2 * v[0, 1]) / 120)


def test_one_stratum_is_no_strata():
    x1, n1, x0, n0 = (count[:, None] for count in tables())
    one, other = stats.stratified_newcombe(x1, n1, x0, n0), stats.newcombe(x1[:, 0], n1[:, 0], x0[:, 0], n0[:, 0])
    np.testing.assert_allclose(one.ci_low, other.ci_low, atol=1e-10)
    np.testing.assert_allclose(one.ci_high, other.ci_high, atol=1e-10)
    risk = stats.minimum_risk(x1, n1, x0, n0, correction=False)
    np.testing.assert_allclose(risk.ci_low, stats.wald_difference(*tables()).ci_low, atol=1e-10)
    ratio = stats.mantel_haenszel_risk_ratio(x1, n1, x0, n0)
    np.testing.assert_allclose(ratio.ci_high, stats.wald_risk_ratio(*tables()).ci_high, rtol=1e-10)


def two_arms(seed=8):
    """Tables with events and non-events in both arms, as cells."""
    rng = np.random.default_rng(seed)
    n1, n0 = rng.integers(15, 40, REPLICATES), rng.integers(15, 40, REPLICATES)
    x1, x0 = np.clip(rng.binomial(n1, 0.5), 1, n1 - 1), np.clip(rng.binomial(n0, 0.3), 1, n0 - 1)
    return (x1, n1, x0, n0), (np.stack([x1, x0], 1), np.stack([n1, n0], 1), np.array([[1.0, 1.0], [1.0, 0.0]]))


def test_regressions_on_the_arm_alone():
    table, data = two_arms()
    active, control = np.array([[1.0, 1.0]] * 2), np.array([[1.0, 0.0]] * 2)
    score = stats.logistic_score_test(*data, 1)
    np.testing.assert_allclose(score.statistic, stats.pearson_chi_square(*table).statistic, rtol=1e-7)
    odds, wald = stats.wald_odds_ratio(*table), stats.logistic_wald(*data, 1)
    np.testing.assert_allclose(np.log(odds.ci_low), wald.ci_low, rtol=1e-7, atol=1e-9)
    ratio, poisson = stats.wald_risk_ratio(*table), stats.modified_poisson(stats.fit_modified_poisson(*data), 1)
    np.testing.assert_allclose(np.log(ratio.ci_high), poisson.ci_high, rtol=1e-7, atol=1e-9)
    for variance in ("model", "sandwich"):
        risks = stats.marginal_risks(*data, active, control, variance=variance)
        np.testing.assert_allclose(risks.difference.se, stats.wald_difference(*table).se, rtol=1e-7)
        np.testing.assert_allclose(risks.ratio.se, ratio.se, rtol=1e-7)
        np.testing.assert_allclose(risks.odds_ratio.se, odds.se, rtol=1e-7)
    sampled = stats.marginal_risks(*data, active, control, variance="superpopulation")
    x1, n1, x0, n0 = table
    unbiased = x1 * (n1 - x1) / n1**2 / (n1 - 1) + x0 * (n0 - x0) / n0**2 / (n0 - 1)
    np.testing.assert_allclose(sampled.difference.se**2, unbiased, rtol=1e-7)


def test_firth_on_the_arm_alone_adds_a_half_to_every_cell():
    (x1, n1, x0, n0), data = two_arms()
    found = stats.firth(*data, 1)
    want = np.log((x1 + 0.5) * (n0 - x0 + 0.5) / ((x0 + 0.5) * (n1 - x1 + 0.5)))
    np.testing.assert_allclose(found.estimate, want, rtol=1e-8)


def test_firth_is_finite_where_likelihood_is_not():
    x, n, design = [[0, 0, 5, 6]], [[7, 5, 9, 6]], [[1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1]]
    assert stats.logistic_wald(x, n, design, 1).reason[0] == Reason.SEPARATION
    found = stats.firth(x, n, design, 1)
    assert np.isfinite([found.estimate, found.se, found.ci_low, found.ci_high]).all()
    assert found.reason[0] == Reason.NONE
    outside = stats.firth(x, n, design, 1, 1 - float(found.p[0]))
    assert float(outside.ci_low[0]) == pytest.approx(0, abs=1e-8)


def test_patients_are_cells():
    """One row a patient gives what the counts give, also where some outcomes are missing."""
    x, n, design = cells(most=8)
    rows = [np.repeat(np.arange(n.shape[1]), count) for count in n]
    width = max(map(len, rows))
    y, seen, patients = np.zeros((REPLICATES, width)), np.zeros((REPLICATES, width)), np.zeros((REPLICATES, width, 4))
    for row, of_cell in enumerate(rows):
        seen[row, : len(of_cell)] = 1
        patients[row, : len(of_cell)] = design[of_cell]
        y[row, : len(of_cell)] = np.concatenate([np.arange(k) < e for k, e in zip(n[row], x[row], strict=True)])
    by_cell = {
        "wald": (stats.logistic_wald(x, n, design, 1), stats.logistic_wald(y, seen, patients, 1)),
        "firth": (stats.firth(x, n, design, 1), stats.firth(y, seen, patients, 1)),
        "score": (stats.logistic_score_test(x, n, design, 1), stats.logistic_score_test(y, seen, patients, 1)),
    }
    fits = [stats.fit_modified_poisson(x, n, design), stats.fit_modified_poisson(y, seen, patients)]
    by_cell["poisson"] = tuple(stats.modified_poisson(fit, 1, small_sample=True) for fit in fits)
    for variance in ("model", "sandwich", "superpopulation"):
        by_cell[variance] = tuple(
            stats.marginal_risks(*data, *arms_of(data[2]), variance=variance)
            for data in ((x, n, design), (y, seen, patients))
        )
    for one, other in by_cell.values():
        for left, right in zip(estimates(one), estimates(other), strict=True):
            ordinary = left.reason == Reason.NONE
            assert ordinary.sum() > 5
            np.testing.assert_array_equal(left.reason, right.reason)
            assert_same(left, right, 1e-6, ordinary)


def test_tests_of_several_coefficients_are_statsmodels():
    x, n, design = cells(seed=21, most=25)
    n = n + 5
    x = np.clip(x, 1, n - 1)
    likelihood, score = stats.logistic_lr_test(x, n, design, [1, 2]), stats.logistic_score_test(x, n, design, [1, 2])
    for row in range(6):
        counts = np.column_stack([x[row], n[row] - x[row]])
        whole = sm.GLM(counts, design, family=sm.families.Binomial()).fit(tol=1e-12)
        rest = sm.GLM(counts, design[:, [0, 3]], family=sm.families.Binomial()).fit(tol=1e-12)
        assert likelihood.statistic[row] == pytest.approx(rest.deviance - whole.deviance, rel=1e-6)
        zeros = np.array([rest.params[0], 0, 0, rest.params[1]])
        p = 1 / (1 + np.exp(-design @ zeros))
        u, information = design.T @ (x[row] - n[row] * p), (design.T * (n[row] * p * (1 - p))) @ design
        assert score.statistic[row] == pytest.approx(u @ np.linalg.solve(information, u), rel=1e-6)
    assert (likelihood.df == 2).all()


def test_a_stratum_without_events_takes_no_part_in_the_score_test():
    design = np.array([[1, a, s == 1, s == 2] for s in range(3) for a in (1, 0)], dtype=float)
    x, n = np.array([[7, 3, 5, 6, 0, 0]]), np.array([[12, 14, 11, 13, 6, 5]])
    whole = stats.logistic_score_test(x, n, design, 1)
    rest = stats.logistic_score_test(x[:, :4], n[:, :4], design[:4, :3], 1)
    assert float(whole.statistic[0]) == pytest.approx(float(rest.statistic[0]), rel=1e-8)
    assert whole.df[0] == 1
    assert whole.reason[0] == Reason.NONE


def test_a_column_of_cells_that_are_fitted_exactly_cannot_be_tested():
    """The arm within a stratum without events."""
    design = np.array([[1.0, s, a * s] for s in (0, 1) for a in (0, 1)])
    test = stats.logistic_score_test([[3, 4, 0, 0]], [[9, 9, 7, 6]], design, 2)
    assert test.reason[0] == Reason.ALIASED
    assert test.df[0] == 0
    assert np.isnan(test.p[0])


def test_standardising_needs_only_what_it_uses():
    """A column of an arm without patients is undetermined, and is no matter for the other two."""
    x, n, design = np.array([[5, 4, 0, 3, 5, 0]]), np.array([[9, 8, 0, 9, 9, 0]]), None
    design = np.array([[1.0, a == 1, a == 2, s] for s in range(2) for a in range(3)])
    active, control = arms_of(design)
    three = stats.marginal_risks(x, n, design, active, control)
    kept = [0, 1, 3, 4]
    two = stats.marginal_risks(
        x[:, kept], n[:, kept], design[kept][:, [0, 1, 3]], active[kept][:, [0, 1, 3]], control[kept][:, [0, 1, 3]]
    )
    assert float(three.difference.estimate[0]) == pytest.approx(float(two.difference.estimate[0]), rel=1e-9)
    assert float(three.difference.se[0]) == pytest.approx(float(two.difference.se[0]), rel=1e-9)


def test_poisson_without_events_in_an_arm():
    fit = stats.fit_modified_poisson([[0, 5], [0, 0]], [[9, 9], [9, 9]], [[1, 1], [1, 0]])
    effect = stats.modified_poisson(fit, 1)
    assert [Reason(code) for code in effect.reason] == [Reason.SEPARATION, Reason.NO_EVENTS]
    assert np.isnan(effect.estimate).all()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: stats.fisher_exact([1], [2], [1], [2], limits="minlike"), "'central' or 'rule'"),
        (lambda: stats.score_interval([1], [2], [1], [2], contrast="RD"), "'odds ratio'"),
        (lambda: stats.stratified_score_interval([[1]], [[2]], [[1]], [[2]], weights="MH"), "'inverse-variance'"),
        (lambda: stats.stratified_score_interval([[1]], [[2]], [[1]], [[2]], contrast="ratio",
                                                 weights="miettinen-nurminen"), "are for a difference"),
        (lambda: stats.stratified_newcombe([[1]], [[2]], [[1]], [[2]], weights="cmh"), "'minimum-risk'"),
        (lambda: stats.mcnemar([1], [2], [1], [2], method="yates"), "'corrected'"),
        (lambda: stats.binomial_test([1], [2], 1.0), "rate is 1.0"),
        (lambda: stats.cmh_tests([[1, 2], [3, 4]]), "must be \\(replicate, stratum, row, column\\)"),
        (lambda: stats.marginal_risks([[1]], [[2]], [[1]], [[1]], [[1]], variance="ye"), "'superpopulation'"),
    ],
)  # fmt: skip
def test_errors_say_what_is_allowed(call, match):
    with pytest.raises(ValueError, match=match):
        call()
