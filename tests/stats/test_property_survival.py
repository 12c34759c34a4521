"""Time to event: a batch is its trials one by one; what theory says of order, names, units and special cases holds."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from pivotal.stats import (
    Reason,
    cox_wald,
    cumulative_incidence,
    fit_cox,
    gray_test,
    incidence_at,
    kaplan_meier,
    log_rank,
    max_combo,
    rmst,
    rmst_difference,
    rmst_ratio,
    survival_at,
    survival_quantile,
)
from pivotal.stats.survival import blocks
from pivotal.stats.survival.cox_design import Standardised
from pivotal.stats.survival.ordering import Ordered, checked

from .survival_data import assert_same, one_by_one, trials
from .tolerances import SAME

# Iterated to 1e-10 standard deviations from rounding that the order of patients changes.
SAME_FIT = 1e-9
WEIGHTS = ("log-rank", "gehan", "tarone-ware", "peto", "modified peto", (1.0, 0.0), (0.5, 1.0))
TIES = ("efron", "breslow", "discrete")


def curves(time, event, arm):
    return [kaplan_meier(time, event, arm == j) for j in range(2)]


def functions():
    """Every method as a function of (time, event, arm, x, stratum)."""
    yield "km", lambda t, e, a, x, s: kaplan_meier(t, e, a == 1)
    for name in ("log-log", "log", "plain", "logit", "arcsine"):
        yield f"at {name}", lambda t, e, a, x, s, c=name: survival_at(kaplan_meier(t, e), [0, 3, 9, 30], c)
    yield "quantile", lambda t, e, a, x, s: survival_quantile(kaplan_meier(t, e), [0.25, 0.5, 0.75])
    yield "rmst", lambda t, e, a, x, s: rmst_difference(*curves(t, e, a), 8.0)
    yield "ratio", lambda t, e, a, x, s: rmst_ratio(*curves(t, e, a), 8.0)
    for weight in WEIGHTS:
        yield f"log-rank {weight}", lambda t, e, a, x, s, w=weight: log_rank(t, e, a, weight=w, strata=s)
    for ties in TIES:
        yield (
            f"cox {ties}",
            lambda t, e, a, x, s, k=ties: fit_cox(
                t, e, np.stack([a, x], 2), ties=k, strata=s, cluster=s if k != "discrete" else None
            ),
        )
    yield "incidence", lambda t, e, a, x, s: cumulative_incidence(t, np.where(e, s, 0))
    yield "max-combo", lambda t, e, a, x, s: max_combo(t, e, a, strata=s)
    yield "gray", lambda t, e, a, x, s: gray_test(t, np.where(e, s, 0), a, strata=x > 0.5)
    yield "incidence at", lambda t, e, a, x, s: incidence_at(cumulative_incidence(t, np.where(e, s, 0)), [3, 9])


FUNCTIONS = dict(functions())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_batch_is_its_trials_one_by_one(name):
    data = trials()
    whole = FUNCTIONS[name](*data)
    for row, one in enumerate(one_by_one(FUNCTIONS[name], *data)):
        taken = type(whole)(**{k: _row(getattr(whole, k), row) for k in whole.__dataclass_fields__})
        assert_same(taken, one, SAME)


def _row(value, row):
    if hasattr(value, "__dataclass_fields__"):
        return type(value)(**{k: _row(getattr(value, k), row) for k in value.__dataclass_fields__})
    return None if value is None else value[[row]]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_blocks_do_not_matter(name, monkeypatch):
    data = trials()
    whole = FUNCTIONS[name](*data)
    monkeypatch.setattr(blocks, "BLOCK", 130)
    assert_same(whole, FUNCTIONS[name](*data), SAME)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_order_of_patients_does_not_matter(name):
    data = trials()
    order = np.random.default_rng(5).permutation(data[0].shape[1])
    shuffled = [array[:, order] for array in data]
    assert_same(FUNCTIONS[name](*data), FUNCTIONS[name](*shuffled), SAME_FIT)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_exchanging_the_arms_turns_z(weight):
    time, event, arm, _, stratum = trials()
    one, other = (log_rank(time, event, a, weight=weight, strata=stratum) for a in (arm, 1 - arm))
    np.testing.assert_allclose(one.z, -other.z, rtol=SAME, atol=SAME)
    np.testing.assert_allclose(one.p_fewer, other.p_more, rtol=1e-9)
    np.testing.assert_allclose(one.statistic, one.z**2, rtol=1e-9)


@pytest.mark.parametrize("ties", TIES)
def test_exchanging_the_arms_turns_the_log_hazard_ratio(ties):
    time, event, arm, _, _ = trials()
    one, other = (cox_wald(fit_cox(time, event, a[..., None], ties=ties)) for a in (arm, 1 - arm))
    np.testing.assert_allclose(one.estimate, -other.estimate, rtol=SAME_FIT)
    np.testing.assert_allclose(one.ci_low, -other.ci_high, rtol=SAME_FIT)


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if n.startswith(("log-rank", "cox", "gray", "max"))])
def test_ranks_are_all_that_counts(name):
    time, *rest = trials()
    one, other = FUNCTIONS[name](time, *rest), FUNCTIONS[name](np.sqrt(7.3 * time), *rest)
    assert_same(one, other, SAME)


def test_a_unit_of_time_or_of_a_covariate():
    time, event, arm, x, _ = trials()
    difference, scaled = (rmst_difference(*curves(c * time, event, arm), c * 8.0) for c in (1.0, 30.4375))
    np.testing.assert_allclose(30.4375 * difference.estimate, scaled.estimate, rtol=1e-10)
    np.testing.assert_allclose(difference.p, scaled.p, rtol=1e-9)
    fits = [fit_cox(time, event, np.stack([arm, c * x + 1000], 2)) for c in (1.0, 1e-4)]
    np.testing.assert_allclose(fits[0].coefficients[:, 1], 1e-4 * fits[1].coefficients[:, 1], rtol=1e-6)
    np.testing.assert_allclose(fits[0].loglik, fits[1].loglik, rtol=1e-9)


def test_log_rank_is_the_score_test_of_cox():
    time, event, arm, _, stratum = trials()
    test = log_rank(time, event, arm, strata=stratum)
    tied = fit_cox(time, event, arm[..., None], ties="discrete", strata=stratum)
    np.testing.assert_allclose(test.statistic, tied.score.statistic, rtol=1e-9)
    time, event, arm, _, stratum = trials(tied=False)
    test = log_rank(time, event, arm, strata=stratum)
    for ties in TIES:
        fit = fit_cox(time, event, arm[..., None], ties=ties, strata=stratum)
        np.testing.assert_allclose(test.statistic, fit.score.statistic, rtol=1e-9)


def test_log_rank_of_three_arms_is_the_score_test_of_cox():
    time, event, _, _, arm = trials(patients=60)
    indicators = np.stack([arm == 1, arm == 2], 2).astype(float)
    test, fit = log_rank(time, event, arm), fit_cox(time, event, indicators, ties="discrete")
    np.testing.assert_allclose(test.statistic, fit.score.statistic, rtol=1e-9)
    assert (test.df == 2).all()


def test_without_censoring_the_curve_is_the_empirical_one():
    rng = np.random.default_rng(3)
    time = np.ceil(rng.exponential(10, (5, 30)))
    curve = kaplan_meier(time, np.ones(30))
    share = (time[:, None, :] > np.array([2, 5, 9])[:, None]).mean(axis=2)
    found = survival_at(curve, [2, 5, 9], "plain")
    np.testing.assert_allclose(found.estimate, share, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(found.se, np.sqrt(share * (1 - share) / 30), rtol=1e-12)
    mean = rmst(curve, 7.0)
    cut = np.minimum(time, 7.0)
    np.testing.assert_allclose(mean.estimate, cut.mean(axis=1), rtol=1e-13)
    np.testing.assert_allclose(mean.se, cut.std(axis=1) / np.sqrt(30), rtol=1e-12)


def test_without_censoring_incidence_is_a_share():
    rng = np.random.default_rng(4)
    time, cause = np.ceil(rng.exponential(10, (5, 30))), rng.integers(1, 4, (5, 30))
    found = incidence_at(cumulative_incidence(time, cause, of=2), [4, 8])
    share = ((time[:, None] <= np.array([4, 8])[:, None]) & (cause == 2)[:, None]).mean(axis=2)
    np.testing.assert_allclose(found.estimate, share, rtol=1e-13)
    np.testing.assert_allclose(found.se, np.sqrt(share * (1 - share) / 30), rtol=1e-10)


def test_one_cause_is_kaplan_meier_and_causes_add_up():
    time, event, _, _, stratum = trials()
    curve, one = kaplan_meier(time, event), cumulative_incidence(time, event)
    np.testing.assert_allclose(one.incidence, 1 - curve.survival, rtol=1e-12, atol=1e-14)
    some = curve.survival > 0
    np.testing.assert_allclose(one.se[some], curve.se[some], rtol=1e-9)
    cause = np.where(event, stratum + 1, 0)
    parts = sum(cumulative_incidence(time, cause, of=k).incidence for k in (1, 2, 3))
    np.testing.assert_allclose(parts, 1 - curve.survival, rtol=1e-12, atol=1e-14)


def test_grays_score_is_log_ranks_without_other_causes():
    time, event, _, _, arm = trials()
    gray, test = gray_test(time, event, arm), log_rank(time, event, arm)
    np.testing.assert_allclose(gray.score, test.observed - test.expected, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(gray.score.sum(axis=1), 0, atol=1e-11)
    np.testing.assert_allclose(gray.covariance.sum(axis=2), 0, atol=1e-11)


def test_aalens_variance_is_near_the_delta_methods():
    time, event, _, _, stratum = trials(replicates=3, patients=2000, tied=False)
    cause = np.where(event, stratum + 1, 0)
    delta, aalen = (incidence_at(cumulative_incidence(time, cause, variance=v), [5, 12]) for v in ("delta", "aalen"))
    np.testing.assert_allclose(delta.se, aalen.se, rtol=2e-3)
    assert (delta.se != aalen.se).all()


def test_one_weight_is_its_log_rank_test():
    time, event, arm, _, stratum = trials()
    combined = max_combo(time, event, arm, weights=["gehan"], strata=stratum)
    test = log_rank(time, event, arm, weight="gehan", strata=stratum)
    np.testing.assert_allclose(combined.z[:, 0], test.z, rtol=1e-12)
    np.testing.assert_allclose(combined.p, test.p, rtol=1e-9)
    twice = max_combo(time, event, arm, weights=["gehan", "gehan"], side="fewer", strata=stratum)
    np.testing.assert_allclose(twice.p, test.p_fewer, rtol=1e-9)


@pytest.mark.parametrize("side", ["two", "more"])
def test_max_combo_integrates_the_normal_density(side):
    time, event, arm, _, _ = trials(replicates=6)
    weights = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]
    test = max_combo(time, event, arm, weights=weights, side=side)
    for row in range(6):
        bound = test.statistic[row]
        low = np.full(3, -bound if side == "two" else -np.inf)
        normal = multivariate_normal(cov=test.correlation[row], seed=1, maxpts=300_000, abseps=1e-7)
        inside = normal.cdf(np.full(3, bound), lower_limit=low)
        assert test.p[row] == pytest.approx(1 - inside, abs=1e-5 + 5 * test.p_error[row])
    assert test.p_error.max() < 5e-4


def test_dependent_weights_do_not_matter():
    time, event, arm, _, _ = trials(replicates=6)
    # 1 = S + (1 - S): the third statistic is a combination of the others
    three = max_combo(time, event, arm, weights=[(0.0, 0.0), (0.0, 1.0), (1.0, 0.0)])
    turned = max_combo(time, event, arm, weights=[(1.0, 0.0), (0.0, 0.0), (0.0, 1.0)])
    np.testing.assert_allclose(three.p, turned.p, atol=1e-3)
    np.testing.assert_allclose(three.statistic, np.abs(three.z).max(axis=1))


def test_times_that_differ_by_rounding_are_tied():
    exact, rounded = np.array([[0.3, 0.3, 0.3, 0.7, 1.0]]), np.array([[0.1 + 0.2, 0.3, 0.3, 0.7, 1.0]])
    assert exact[0, 0] != rounded[0, 0]
    arm, event, x = np.array([0, 1, 1, 0, 1]), np.ones(5), np.array([[0.0], [1.0], [1.0], [0.0], [1.0]])
    assert_same(log_rank(exact, event, arm), log_rank(rounded, event, arm), SAME)
    for ties in TIES:
        assert_same(fit_cox(exact, event, x, ties=ties), fit_cox(rounded, event, x, ties=ties), SAME_FIT)
    assert_same(kaplan_meier(exact, event), kaplan_meier(rounded, event), SAME)
    calendar = np.array([[120.3, 220.3, 320.3]]) - np.array([[120.0, 220.0, 320.0]])
    assert len(set(calendar[0])) > 1
    assert kaplan_meier(calendar, np.ones(3)).survival.tolist() == [[0.0]]
    assert survival_at(kaplan_meier(rounded, event), [0.3]).estimate[0, 0] == pytest.approx(0.4)


def test_times_that_differ_in_earnest_are_not_tied():
    assert kaplan_meier([[1.0, 1.0 + 1e-7]], [1, 1]).time.shape[1] == 2


@pytest.mark.parametrize("weight", WEIGHTS)
def test_log_rank_against_its_formula(weight):
    time, event, arm, _, _ = trials(replicates=4)
    test = log_rank(time, event, arm, weight=weight)
    for row in range(4):
        there = ~np.isnan(time[row])
        u, v = _plain_log_rank(time[row][there], event[row][there], arm[row][there], weight)
        assert test.z[row] == pytest.approx(u / np.sqrt(v), rel=1e-12)


def _plain_log_rank(time, event, arm, weight):
    u = v = 0.0
    km = peto = 1.0
    for t in np.unique(time[event]):
        risk, here = time >= t, event & (time == t)
        n, n1, d, d1 = risk.sum(), (risk & (arm == 1)).sum(), here.sum(), (here & (arm == 1)).sum()
        peto *= 1 - d / (n + 1)
        w = (
            {
                "log-rank": 1.0,
                "gehan": n,
                "tarone-ware": np.sqrt(n),
                "peto": peto,
                "modified peto": peto * n / (n + 1),
            }.get(weight)
            if isinstance(weight, str)
            else km ** weight[0] * (1 - km) ** weight[1]
        )
        km *= 1 - d / n
        u += w * (d1 - d * n1 / n)
        v += w * w * d * n1 / n * (1 - n1 / n) * (n - d) / (n - 1) if n > 1 else 0.0
    return u, v


def test_some_replicates_of_an_order_are_theirs():
    time, event, _, x, stratum = trials()
    ordered = Ordered.of(*checked(time, event), stratum)
    design = Standardised.of(ordered, x[..., None], np.isfinite(time))
    chosen = np.array([7, 2])
    part = ordered.take(chosen)
    rows = (chosen[:, None] * ordered.strata + np.arange(ordered.strata)).ravel()
    inside = part.present
    np.testing.assert_array_equal(part.gather(x[chosen])[inside], ordered.gather(x)[rows][inside])
    np.testing.assert_array_equal(part.scatter(part.gather(x[chosen])), np.where(np.isnan(time[chosen]), 0, x[chosen]))
    np.testing.assert_array_equal(design.take(ordered, chosen).scale, design.scale[:, chosen])


def test_reasons_say_nothing_where_all_is_well():
    time, event, arm, x, _ = trials(patients=80, tied=False)
    assert (log_rank(time, event, arm).reason == Reason.NONE).all()
    fit = fit_cox(time, event, np.stack([arm, x], 2), robust=True)
    assert (fit.reason == Reason.NONE).all()
    assert (fit.coefficient_reason == Reason.NONE).all()
    assert fit.converged.all()
