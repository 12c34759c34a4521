"""What a study file's method gives is what the estimator gives on the same patients, counted here by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.api import OLS
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM
from test_property_methods import noisy, with_method

from pivotal import stats
from pivotal.derive import days_observed
from pivotal.errors import StudyError
from pivotal.plan import Plan
from pivotal.plan.batch import Batch
from pivotal.study.load import read
from pivotal.study.load import source_text as source

ARM, CONTROL = 2, 0
STATISTICS = ("estimate", "se", "ci_low", "ci_high", "p")


@pytest.fixture(scope="module")
def batch():
    """One trial; who responds does so at a visit of his own."""
    made, rng = noisy(11, 1), np.random.default_rng(11)
    first, values = rng.integers(0, len(made.visits), made.shape), dict(made.values)
    for v, visit in enumerate(made.visits):
        if ("IGA", visit) in values:
            now = values["IGA", visit]
            values["IGA", visit] = np.where((v < first) & (now >= 0), made.subject["IGA"], now)
    return dataclasses.replace(made, values=values)


def given(batch, method, kind, **options):
    """The statistics of the arm's comparison, by name."""
    trial = with_method(method, kind, **options)
    arm = trial.arms[ARM].name
    rows = Plan(trial).analyse(batch).find(endpoint="IGA-TS", arm=arm, groups=(("role", "main"),))
    return {row.key.statistic: row.value[0] for row in rows}


def same(found, estimate, rtol=1e-12):
    for name in STATISTICS:
        want = getattr(estimate, name)
        if want is not None:
            np.testing.assert_allclose(found[name], np.asarray(want).ravel()[0], rtol=rtol, err_msg=name)


def values(batch, kind):
    """The endpoint's values at week 8, and the arms, of the patients who have one."""
    trial = with_method("ancova" if kind == "continuous" else "van elteren", kind)
    derived = Batch(trial, batch).derived(trial.endpoints[0], "Week 8")
    seen = True if derived.included is None else derived.included[0]
    return np.where(seen, derived.value[0].astype(float), np.nan), batch.arm[0]


def responders(batch):
    """Responders and patients by (arm, stratum): strata are those of IGA and age."""
    trial = with_method("logistic wald", "binary")
    cells = Batch(trial, batch).cells(trial.endpoints[0], "Week 8", ("IGA", "AGEGR1"))
    return cells.events[0], cells.totals[0]


def test_t_tests(batch):
    value, arm = values(batch, "continuous")
    one, two = (value[(arm == a) & ~np.isnan(value)] for a in (ARM, CONTROL))
    for options, pooled in (({}, True), ({"preset": "r"}, False), ({"variances": "unequal"}, False)):
        found = given(batch, "t test", "continuous", **options)
        test = scipy_stats.ttest_ind(one, two, equal_var=pooled)
        assert found["p"] == pytest.approx(test.pvalue, rel=1e-10)
        assert found["estimate"] == pytest.approx(one.mean() - two.mean(), rel=1e-12)


def test_covariance_analysis_with_slopes_of_each_arm(batch):
    """Least squares on arms, centred covariates and their products; HC0 is that of statsmodels plus the centring."""
    value, arm = values(batch, "continuous")
    base, old = batch.subject["EASI"][0], batch.subject["IGA"][0] == 3
    x = np.stack([old, base], axis=1).astype(float)
    seen = ~np.isnan(value)
    x = np.where(seen[:, None], x - x[seen].mean(axis=0), 0)[seen]
    dummies = np.stack([arm == 1, arm == 2], axis=1)[seen].astype(float)
    products = np.concatenate([dummies[:, [0]] * x, dummies[:, [1]] * x], axis=1)
    fit = OLS(value[seen], np.column_stack([np.ones(seen.sum()), dummies, x, products])).fit(cov_type="HC0")
    slopes = fit.params[7:9]
    spread = np.sqrt(fit.bse[2] ** 2 + ((x @ slopes) ** 2).sum() / ((seen.sum() - 1) * seen.sum()))
    found = given(batch, "ancova", "continuous", slopes="each arm", variance="hc0")
    assert found["estimate"] == pytest.approx(fit.params[2], rel=1e-9)
    assert found["se"] == pytest.approx(spread, rel=1e-9)


@pytest.mark.parametrize(
    ("method", "estimator"),
    [
        ("odds ratio wald", stats.wald_odds_ratio),
        ("odds ratio miettinen-nurminen", lambda *t: stats.score_interval(*t, contrast="odds ratio")),
        ("risk ratio wald", stats.wald_risk_ratio),
        ("risk difference mee", stats.mee),
    ],
)
def test_one_table(batch, method, estimator):
    events, totals = (each.sum(axis=1) for each in responders(batch))
    same(given(batch, method, "binary"), estimator([events[ARM]], [totals[ARM]], [events[CONTROL]], [totals[CONTROL]]))


def score(contrast="difference", weights="mantel-haenszel"):
    return lambda *tables: stats.stratified_score_interval(*tables, contrast=contrast, weights=weights)


@pytest.mark.parametrize(
    ("method", "options", "estimator"),
    [
        ("exact common odds ratio", {}, stats.exact_common_odds_ratio),
        ("odds ratio miettinen-nurminen stratified", {}, score("odds ratio")),
        ("risk ratio miettinen-nurminen stratified", {}, score("ratio")),
        (
            "risk difference newcombe stratified",
            {"weights": "minimum-risk"},
            lambda *tables: stats.stratified_newcombe(*tables, weights="minimum-risk"),
        ),
        (
            "risk difference miettinen-nurminen stratified",
            {"weights": "miettinen-nurminen"},
            score(weights="miettinen-nurminen"),
        ),
    ],
)  # fmt: skip
def test_strata(batch, method, options, estimator):
    events, totals = responders(batch)
    tables = [each[None, a] for a in (ARM, CONTROL) for each in (events, totals)]
    same(given(batch, method, "binary", **options), estimator(*tables))


def test_homogeneity_beside_the_common_odds_ratio(batch):
    events, totals = responders(batch)
    found = given(batch, "cochran-mantel-haenszel", "binary")
    want = stats.breslow_day(*(each[None, a] for a in (ARM, CONTROL) for each in (events, totals)))
    assert (found["p_breslow_day"], found["p_tarone"]) == pytest.approx((want.breslow_day.p[0], want.tarone.p[0]))


def test_win_probability(batch):
    value, arm = values(batch, "ordinal")
    one, two = (value[(arm == a) & ~np.isnan(value)] for a in (ARM, CONTROL))
    test = scipy_stats.brunnermunzel(two, one)
    found = given(batch, "win probability", "ordinal")
    assert found["p"] == pytest.approx(test.pvalue, rel=1e-9)
    wins = (one[:, None] > two).mean() + (one[:, None] == two).mean() / 2
    assert found["estimate"] == pytest.approx(wins, rel=1e-12)


def test_row_mean_scores(batch):
    """Sum over strata of the arm's score beyond its expectation, over its variance given the margins."""
    value, arm = values(batch, "ordinal")
    stratum = Batch(with_method("van elteren", "ordinal"), batch).strata(("IGA", "AGEGR1")).codes[0]
    excess = variance = 0.0
    for s in range(4):
        here = (stratum == s) & np.isin(arm, (ARM, CONTROL)) & ~np.isnan(value)
        n, active = here.sum(), (here & (arm == ARM)).sum()
        excess += value[here & (arm == ARM)].sum() - active * value[here].mean()
        variance += active * (n - active) / n * value[here].var(ddof=1)
    found = given(batch, "row mean scores", "ordinal")
    assert found["p"] == pytest.approx(scipy_stats.chi2.sf(excess**2 / variance, 1), rel=1e-9)


def test_rate_ratios(batch):
    trial = with_method("poisson", "count")
    value, arm = values(batch, "count")
    days = days_observed(batch, trial.visits, "Week 8")[0]
    seen = ~np.isnan(value)
    x, t = ([total[seen & (arm == a)].sum() for a in (ARM, CONTROL)] for total in (value, days / 365.25))
    for how in ("exact", "wald"):
        found = given(batch, "exposure-adjusted incidence rate ratio", "count", limits=how)
        same(found, stats.incidence_ratio([x[0]], [t[0]], [x[1]], [t[1]], method=how))


def test_likelihood_ratio_of_counts(batch):
    """Twice the difference of statsmodels' log likelihoods with and without the arm."""
    trial = with_method("poisson", "count")
    value, arm = values(batch, "count")
    days = days_observed(batch, trial.visits, "Week 8")[0]
    seen = ~np.isnan(value) & (days > 0)
    base = np.column_stack(
        [np.ones(seen.sum()), arm[seen] == 1, batch.subject["IGA"][0][seen] == 3, batch.subject["EASI"][0][seen]]
    )
    fits = [
        GLM(value[seen], x.astype(float), family=Poisson(), offset=np.log(days[seen])).fit(tol=1e-12)
        for x in (base, np.column_stack([base, arm[seen] == 2]))
    ]
    found = given(batch, "poisson", "count", test="likelihood-ratio")
    assert found["statistic"] == pytest.approx(2 * (fits[1].llf - fits[0].llf), rel=1e-7)
    assert found["estimate"] == pytest.approx(np.exp(fits[1].params[-1]), rel=1e-7)


def test_times_to_an_event(batch):
    trial = with_method("log-rank", "time to event")
    times = Batch(trial, batch).event_time(trial.endpoints[0], "Week 8")
    strata = Batch(trial, batch).strata(("IGA", "AGEGR1")).codes
    pair = np.isin(batch.arm, (ARM, CONTROL)) & ~np.isnan(times.time)
    about = {"strata": strata, "observed": pair}
    active = (batch.arm == ARM).astype(int)
    weighted = stats.log_rank(times.time, times.event, active, weight=(1.0, 0.5), **about).two_sided()
    found = given(batch, "log-rank", "time to event", weighting="fleming-harrington", rho=1.0, gamma=0.5)
    assert found["p"] == pytest.approx(weighted.p[0], rel=1e-12)
    largest = stats.max_combo(times.time, times.event, active, **about)
    assert given(batch, "max-combo", "time to event")["p"] == pytest.approx(largest.p[0], rel=1e-12)
    curves = [stats.kaplan_meier(times.time, times.event, (batch.arm == a) & pair) for a in (ARM, CONTROL)]
    found = given(batch, "restricted mean survival time", "time to event", contrast="ratio")
    same(found, stats.rmst_ratio(*curves, 56.0))


def test_variants_of_the_mixed_model(batch):
    """A weight of 1 changes nothing, one of 4 for everybody halves no standard error: the covariance takes it up."""
    usual = given(batch, "mmrm", "continuous")
    ml = given(batch, "mmrm", "continuous", likelihood="ml")
    own = given(batch, "mmrm", "continuous", covariance_of="each arm")
    assert ml["se"] < usual["se"]
    assert ml["minus_2_log_likelihood"] != pytest.approx(usual["minus_2_log_likelihood"], rel=1e-6)
    assert own["minus_2_log_likelihood"] < usual["minus_2_log_likelihood"]
    weighed = {}
    for name, weight in (
        ("same", np.full(batch.arm.shape, 4.0)),
        ("halves", np.where(np.arange(120) < 60, 1.0, 4.0)[None]),
    ):
        heavy = dataclasses.replace(batch, subject=dict(batch.subject) | {"WT": weight})
        weighed[name] = given(heavy, "mmrm", "continuous", weight="WT")
    assert weighed["same"]["se"] == pytest.approx(usual["se"], rel=1e-6)
    assert weighed["halves"]["se"] != pytest.approx(usual["se"], rel=1e-3)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('method = "log-rank"\nrho = 1.0', "Fleming and Harrington's weights"),
        ('method = "poisson"\ntest = "likelihood-ratio"\nvariance = "hc0"', "no robust variance"),
        ('method = "ancova"\nslopes = "each arm"\nvariance = "model"', "the variance is robust"),
        ('method = "mmrm"\nweight = "SEX"', "a weight is a numeric variable"),
        ('method = "t test"\nweights = "minimum-risk"', "'t test' takes variances, preset"),
    ],
)
def test_options_that_do_not_go_together(line, said):
    text = source("true-ad3").replace('method = "cochran-mantel-haenszel"', line, 1)
    with pytest.raises(StudyError) as caught:
        read(text)
    assert said in str(caught.value)
