"""Simultaneous limits of the testing strategy, and Dunnett's test as a strategy: limits and decisions agree."""

from __future__ import annotations

import numpy as np
import pytest
from plan_made import study, trials
from scipy import special
from test_property_imputed import imputed, noisy

from pivotal import stats
from pivotal.errors import StudyError
from pivotal.plan import Plan
from pivotal.plan import testing as strategy
from pivotal.plan.batch import Batch
from pivotal.plan.effects import Effects
from pivotal.plan.methods import run
from pivotal.study import read, source_text
from pivotal.study.checks.testing import NORMAL
from pivotal.study.favour import favourable
from pivotal.study.methods import METHODS
from pivotal.study.model import Analysis, Derivation, Intercurrent
from pivotal.study.show import describe

# The p-value of a method and that of its estimate and standard error are the same function of the same numbers.
SAME = 1e-12
# A limit made by another order of the same operations, on the way through a logarithm or not.
ROUNDED = 1e-9
SEEN = Intercurrent(discontinuation="observed cases", missing="observed cases")
NAMES = ("IGA-TS 1.5%", "IGA-TS 0.75%", "EASI75 1.5%", "EASI75 0.75%", "NRS4 1.5%", "NRS4 0.75%")
DUNNETT = """[testing]
alpha = 0.05
procedure = "dunnett"
intervals = true
hypotheses = [
  { name = "high", endpoint = "EASI75", arm = "Ruxolitinib 1.5%", comparator = "Vehicle" },
  { name = "low", endpoint = "EASI75", arm = "Ruxolitinib 0.75%", comparator = "Vehicle" },
]
"""


def text(testing=None, **replaced):
    """TRuE-AD3 with limits of its graph, or with another testing strategy."""
    whole = source_text("true-ad3").replace('method = "exact conditional logistic"', 'method = "logistic wald"')
    if testing is None:
        return whole.replace("[testing]\n", "[testing]\nintervals = true\n", 1)
    start = whole.index("[testing]\n")
    return whole[:start] + testing + whole[whole.index("\n# ----", start) :]


def column(results, statistic):
    """(replicate, hypothesis)"""
    return np.stack([row.value for row in results.find(analysis="testing", statistic=statistic)], axis=1)


def effects(rng, replicates=400, sides=(1, 1, -1, -1), df=np.inf):
    """Made-up effects of four hypotheses, most of them real, on mixed sides and scales."""
    shape = (replicates, len(sides))
    z = rng.normal(2.2, 1.0, shape) * np.array(sides)
    se = rng.uniform(0.2, 2.0, shape)
    p = 2 * special.stdtr(df, -abs(z)) if np.isfinite(df) else 2 * special.ndtr(-abs(z))
    n = np.full(shape, 40.0)
    scales = ("odds ratio", "mean difference", "hazard ratio", "risk difference")[: len(sides)]
    return Effects(p=p, estimate=z * se, se=se, df=np.full(shape, df), n=n, n_comparator=n / 2,
                   reason=np.zeros(shape, np.uint8), scales=scales, sides=tuple(sides))  # fmt: skip


def of_graph(hypotheses=4, **more):
    trial = study()
    kept = trial.testing.hypotheses[:hypotheses]
    kept = tuple(h.model_copy(update={"weight": w}) for h, w in zip(kept, (0.5, 0.5, 0, 0), strict=False))
    edges = tuple(e for e in trial.testing.edges if {e.from_, e.to} <= {h.name for h in kept})
    update = {"hypotheses": kept, "edges": edges, "intervals": True} | more
    return trial.model_copy(update={"testing": trial.testing.model_copy(update=update)})


def decided(trial, found):
    rows = list(strategy.test_hypotheses(trial, found.p, found))
    return {s: np.stack([r.value for r in rows if r.key.statistic == s], axis=1)
            for s in ("p", "p_adjusted", "rejected", "ci_low", "ci_high")}  # fmt: skip


def null(found):
    return found.ratios.astype(float)


@pytest.mark.parametrize("df", [np.inf, 12.0])
def test_limits_of_a_graph_agree_with_its_decisions_in_every_replicate(df):
    """A rejected hypothesis has its limit at the null value or beyond; one that is not has the null value inside.

    Of replicates in which nothing is rejected for the worse; there the test is two-sided, and a limit is of one side.
    """
    found = effects(np.random.default_rng(1), df=df)
    got = decided(of_graph(), found)
    rejected, side = got["rejected"] == 1, np.array(found.sides)
    limit = np.where(side > 0, got["ci_low"], got["ci_high"])
    gained = side * (limit - null(found)) >= -ROUNDED
    worse = (rejected & (found.estimate * side < 0)).any(axis=1)
    assert worse.sum() < 40
    assert 0.1 < rejected.mean() < 0.9
    np.testing.assert_array_equal(gained[~worse], rejected[~worse])
    assert (gained <= rejected).all()  # a claim by the limit is a rejection in all of them
    open_ = np.where(side > 0, got["ci_high"], got["ci_low"])
    ends = [np.inf, np.inf, 0.0, -np.inf]
    np.testing.assert_array_equal(open_, np.broadcast_to(ends, open_.shape))


def test_limits_of_a_graph_are_those_of_stats():
    found = effects(np.random.default_rng(2), sides=(1, 1))
    trial = of_graph(2, edges=())
    got = decided(trial, found)
    weights, transitions = strategy.graph(trial)
    direct = stats.graph_intervals(found.estimate, found.se, weights, transitions, 0.025).limit
    np.testing.assert_allclose(got["ci_low"], np.where(found.ratios, np.exp(direct), direct), rtol=SAME)


def test_the_favourable_side_is_a_mirror():
    """Effects with the sign turned, and sides with them: upper limits are lower ones turned."""
    up = effects(np.random.default_rng(3), sides=(1, 1, 1, 1))
    down = Effects(p=up.p, estimate=-up.estimate, se=up.se, df=up.df, n=up.n, n_comparator=up.n_comparator,
                   reason=up.reason, scales=up.scales, sides=(-1, -1, -1, -1))  # fmt: skip
    low, high = decided(of_graph(), up)["ci_low"], decided(of_graph(), down)["ci_high"]
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(high, np.where(up.ratios, 1 / low, -low), rtol=ROUNDED)


@pytest.mark.parametrize(("df", "alpha"), [(np.inf, 0.05), (9.0, 0.05), (9.0, 0.2)])
def test_dunnett_limits_agree_with_its_decisions_in_every_replicate(df, alpha):
    found = effects(np.random.default_rng(4), sides=(1, 1, -1), df=df)
    got = decided(of_graph(3, procedure="dunnett", edges=(), alpha=alpha), found)
    excluded = (got["ci_low"] > null(found)) | (got["ci_high"] < null(found))
    np.testing.assert_array_equal(excluded, got["rejected"] == 1)
    assert 0.1 < excluded.mean() < 0.9
    assert (got["p_adjusted"] >= got["p"] - SAME).all()
    assert (got["p_adjusted"] <= 3 * got["p"] + SAME).all()


def test_of_several_degrees_of_freedom_dunnett_takes_the_fewest():
    one = effects(np.random.default_rng(5), sides=(1, 1), df=9.0)
    other = Effects(p=one.p, estimate=one.estimate, se=one.se, df=one.df * [1, 3], n=one.n,
                    n_comparator=one.n_comparator, reason=one.reason, scales=one.scales, sides=one.sides)  # fmt: skip
    trial = of_graph(2, procedure="dunnett", edges=())
    np.testing.assert_array_equal(decided(trial, one)["ci_low"], decided(trial, other)["ci_low"])


@pytest.mark.parametrize("method", sorted(METHODS))
def test_limits_are_for_methods_whose_p_is_that_of_estimate_and_standard_error(method):
    """`NORMAL` holds a method exactly if its p-value is 2 P(T > |estimate / se|) with its degrees of freedom."""
    trial, batch = study(), noisy(3, 4)
    rules = {
        "binary": Derivation(parameter="EASI", percent_improvement_at_least=50),
        "continuous": Derivation(parameter="EASI", quantity="change"),
        "ordinal": Derivation(parameter="IGA", quantity="value"),
        "count": Derivation(parameter="IGA", quantity="value"),
        "time to event": Derivation(parameter="EASI", percent_improvement_at_least=50),
    }
    analysis = Analysis(method=method, horizon=40.0 if "mean survival" in method else None)
    kind = METHODS[method].kinds[0]
    endpoint = trial.endpoints[0].model_copy(update={
        "kind": kind, "derive": rules[kind], "intercurrent": SEEN, "visits": ("Week 2", "Week 4"), "analysis": analysis,
    })  # fmt: skip
    outcome = run(Batch(trial, batch), endpoint, analysis, "Week 8", [(2, 0)])[0]
    found, agrees = outcome.estimate, False
    if found.se is not None and found.estimate is not None:
        z = abs((np.log(found.estimate) if outcome.scale.endswith("ratio") else found.estimate) / found.se)
        p = 2 * special.ndtr(-z) if found.df is None else 2 * special.stdtr(found.df, -z)
        agrees = bool(np.allclose(p, found.p, rtol=SAME, atol=SAME))
    assert agrees == (method in NORMAL)


def test_favourable_sides():
    trial = study()
    first = trial.endpoints[0]

    def side(kind, scale, better="lower", **rule):
        kept = tuple(p.model_copy(update={"better": better, "range": (0, 4)}) if p.name == "IGA" else p
                     for p in trial.parameters)  # fmt: skip
        derive = Derivation(parameter="IGA", **rule)
        endpoint = first.model_copy(update={"kind": kind, "derive": derive})
        return favourable(trial.model_copy(update={"parameters": kept}), endpoint, scale)

    assert side("continuous", "mean difference", quantity="change") == -1
    assert side("continuous", "mean difference", "higher", quantity="percent change") == 1
    assert side("count", "rate ratio", quantity="value") == -1
    assert side("ordinal", "odds ratio", "lower", quantity="value") == 1
    assert side("binary", "odds ratio", value_at_most=1, improvement_at_least=2) == 1
    assert side("binary", "risk difference", value_at_least=3) == -1  # a response that is feared
    assert side("binary", "risk ratio", "higher", value_at_least=3) == 1
    assert side("binary", "risk ratio", value_equals=0) == 1
    assert side("binary", "risk ratio", value_equals=4) == -1
    assert side("binary", "risk ratio", value_equals=2) == 0
    assert side("binary", "risk ratio", "higher", improvement_at_least=2) == 1
    assert side("time to event", "hazard ratio", value_at_most=1) == 1  # sooner clear
    assert side("time to event", "mean difference", value_at_most=1) == -1
    assert side("time to event", "hazard ratio", "higher", event="DEATH") == -1  # a longer time is better
    assert side("time to event", "mean difference", "higher", event="DEATH") == 1


# ---------------------------------------------------------------- from a file


def test_a_graph_with_limits_end_to_end_and_one_by_one():
    plan, batch = Plan(read(text(), "mine.toml")), trials(8, replicates=5)
    together = plan.analyse(batch)
    assert column(together, "ci_low").shape == (5, 6)
    key = together.find(analysis="testing", statistic="ci_low")[0].key
    assert key.scale == "odds ratio"
    assert key.method.endswith("simultaneous one-sided 97.5% limits on the favourable side")
    for r in range(5):
        alone = plan.analyse(batch.replicate(r))
        for statistic in ("ci_low", "ci_high", "p_adjusted"):
            np.testing.assert_allclose(column(alone, statistic)[0], column(together, statistic)[r], rtol=SAME)


def test_without_intervals_nothing_changes():
    plain = text().replace("intervals = true\n", "")
    batch = trials(8, replicates=2)
    before, after = (Plan(read(each, "mine.toml")).analyse(batch) for each in (plain, text()))
    assert not before.find(analysis="testing", statistic="ci_low")
    for statistic in ("p", "p_adjusted", "rejected"):
        np.testing.assert_array_equal(column(before, statistic), column(after, statistic))


def test_dunnett_end_to_end():
    """Odds ratios of a binary endpoint: normal, by the numbers analysed, limits on the ratio's scale."""
    trial, batch = read(text(DUNNETT), "mine.toml"), trials(9, replicates=5)
    plan = Plan(trial)
    together = plan.analyse(batch)
    own = [together.one(endpoint="EASI75", arm=arm, visit="Week 8", statistic=s, groups=(("role", "main"),)).value
           for s in ("estimate", "se") for arm in ("Ruxolitinib 1.5%", "Ruxolitinib 0.75%")]  # fmt: skip
    estimate, se = np.log(np.stack(own[:2], axis=1)), np.stack(own[2:], axis=1)
    direct = stats.dunnett(estimate, se, [48, 48], 24)  # non-response: all 120 patients, 1:2:2
    wanted = {
        "ci_low": np.exp(direct.ci_low),
        "ci_high": np.exp(direct.ci_high),
        "p_adjusted": direct.p_single_step,
        "rejected": direct.p_single_step <= 0.05,
    }
    for statistic, value in wanted.items():
        np.testing.assert_allclose(column(together, statistic), value, rtol=ROUNDED)
    for r in range(5):
        np.testing.assert_allclose(column(plan.analyse(batch.replicate(r)), "ci_low")[0], column(together, "ci_low")[r],
                                   rtol=SAME)  # fmt: skip
    key = together.find(analysis="testing", statistic="ci_high")[0].key
    assert key.method == "dunnett, alpha 0.05, simultaneous 95% limits"


@pytest.mark.parametrize("observed", [True, False])
def test_dunnett_takes_the_degrees_of_freedom_and_numbers_of_the_analysis(observed):
    """An ANCOVA of observed values, and one of imputed ones pooled by Rubin's rules, whose df differ by comparison."""
    trial = imputed()
    if observed:
        endpoint = trial.endpoints[0].model_copy(update={"intercurrent": SEEN, "imputation": None})
        trial = trial.model_copy(update={"endpoints": (endpoint,)})
    testing = trial.testing.model_copy(update={"procedure": "dunnett", "intervals": True})
    trial, batch = trial.model_copy(update={"testing": testing}), noisy(10, 3)
    results = Plan(trial).analyse(batch)
    arms = [h.arm for h in testing.hypotheses]
    estimate, se, df = (
        np.stack([results.one(endpoint="IGA-TS", arm=arm, statistic=s, groups=(("role", "main"),)).value
                  for arm in arms], axis=1) for s in ("estimate", "se", "df")
    )  # fmt: skip
    seen = ~np.isnan(batch.values["EASI", "Week 8"]) if observed else np.ones(batch.shape, dtype=bool)
    n = np.stack([(seen & (batch.arm == trial.arm_index(arm))).sum(axis=1) for arm in (*arms, "Vehicle")], axis=1)
    direct = stats.dunnett(estimate, se, n[:, :2], n[:, 2], df.min(axis=1))
    np.testing.assert_allclose(column(results, "ci_low"), direct.ci_low, rtol=ROUNDED)
    np.testing.assert_allclose(column(results, "p_adjusted"), direct.p_single_step, rtol=ROUNDED)


def test_a_hypothesis_that_was_not_analysed_is_not_rejected():
    trial = read(text(DUNNETT), "mine.toml")
    results = Plan(trial, endpoints=("NRS4",)).analyse(trials(1, replicates=2), scope="hypotheses")
    assert np.isnan(column(results, "ci_low")).all()
    assert not column(results, "rejected").any()


def test_what_show_says():
    said = " ".join(describe(read(text(DUNNETT), "mine.toml")).split())
    assert "dunnett, two-sided, alpha 0.05 in all; simultaneous 95% limits" in said
    assert "high: Ruxolitinib 1.5% against Vehicle on EASI75 -" in said + " -"
    assert "simultaneous one-sided 97.5% limits on the favourable side" in " ".join(
        describe(read(text(), "mine.toml")).split()
    )


@pytest.mark.parametrize(
    ("whole", "where", "why"),
    [
        (text().replace('method = "logistic wald"', 'method = "fisher"', 1),
         "endpoints[0].analysis.method", "need a test by estimate and standard error"),
        (text().replace("intervals = true", 'intervals = true\nprocedure = "simes graph"\npositive_dependence = true'),
         "testing.intervals", "no simultaneous limits are known"),
        (text(DUNNETT.replace('"EASI75", arm = "Ruxolitinib 0.75%"', '"NRS4", arm = "Ruxolitinib 0.75%"')),
         "testing.hypotheses[1].endpoint", "on one endpoint"),
        (text(DUNNETT.replace('arm = "Ruxolitinib 0.75%", comparator = "Vehicle"',
                              'arm = "Vehicle", comparator = "Ruxolitinib 0.75%"')),
         "testing.hypotheses[1].comparator", "against one comparator"),
        (text(DUNNETT.replace("Ruxolitinib 0.75%", "Ruxolitinib 1.5%")), "testing.hypotheses[1].arm", "compared once"),
        (text(DUNNETT.replace('"Vehicle" }', '"Vehicle", weight = 0.5 }')),
         "testing.hypotheses[0].weight", "no weights"),
        (text(DUNNETT + 'edges = [{ from = "high", to = "low" }]\n'), "testing.edges", "no edges"),
    ],
)  # fmt: skip
def test_faults_say_where_and_why(whole, where, why):
    with pytest.raises(StudyError) as caught:
        read(whole, "mine.toml")
    said = [str(fault) for fault in caught.value.faults]
    assert any(where in each and why in each for each in said), said


def test_a_side_that_the_conditions_do_not_tell_is_a_fault():
    whole = text().replace("value_at_most = 1, improvement_at_least = 2", "value_equals = 2", 1)
    with pytest.raises(StudyError, match="do not say whether to respond is good"):
        read(whole, "mine.toml")
