"""Tipping-point tables: the endpoint's own analysis of the same imputations, moved by deltas alone."""

from __future__ import annotations

import numpy as np
import pytest
from test_property_imputed import METHODS, imputed, noisy

from pivotal import stats
from pivotal.errors import StudyError
from pivotal.plan import Plan
from pivotal.plan.batch import Batch
from pivotal.plan.imputed import complete
from pivotal.plan.methods import Outcome
from pivotal.plan.tables.tipping import directions, first_lost
from pivotal.stats.estimate import Estimate, Reason
from pivotal.study import read, source_text
from pivotal.study.sensitivity_tables import TippingPoint

ID = "S-9"
HIGH, LOW, CONTROL = "Ruxolitinib 1.5%", "Ruxolitinib 0.75%", "Vehicle"
STATISTICS = ("estimate", "se", "ci_low", "ci_high", "p")
# Differences of pooled estimates that are linear in the delta: rounding of sums over 100 patients.
LINEAR = 1e-9


def table(**more):
    return TippingPoint.model_validate(
        {"kind": "tipping point", "id": ID, "title": "Tipping point", "endpoint": "IGA-TS", "deltas": [0, 2, 4]} | more
    )


def analysed(trial, batch, **more):
    return Plan(trial.model_copy(update={"tables": (table(**more),)})).analyse(batch)


def unbounded(trial):
    """The study without the instrument's ends, so that deltas are not cut."""
    kept = tuple(p.model_copy(update={"range": None, "integer": False}) for p in trial.parameters)
    return trial.model_copy(update={"parameters": kept})


def line(results, statistic, arm=HIGH, other="0"):
    rows = [r for r in results.find(analysis=ID, statistic=statistic, arm=arm)
            if dict(r.key.groups).get("delta of comparator") == other]  # fmt: skip
    return np.stack([row.value for row in rows])  # (delta, replicate)


@pytest.mark.parametrize(
    "how",
    [*({"method": m} for m in METHODS), {"method": "reference-based", "inference": "jackknife"},
     {"method": METHODS[1], "delta": {HIGH: 1.5, CONTROL: -1.0}}],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["continuous", "binary"])
def test_deltas_of_0_are_the_endpoints_own_analysis(kind, how):
    results = analysed(imputed(kind, **how), noisy(1, 2), deltas=[3, 0], comparator_deltas=[1, 0])
    for arm in (HIGH, LOW):
        for statistic in STATISTICS:
            own = [r for r in results.find(statistic=statistic, arm=arm) if ("role", "main") in r.key.groups]
            assert len(own) == 1
            np.testing.assert_array_equal(line(results, statistic, arm)[1], own[0].value)


def test_deltas_of_a_mean_difference_move_it_in_proportion():
    """Each imputed value moves by the delta, so the estimate by a constant times it: up or down by whose it is."""
    results = analysed(unbounded(imputed()), noisy(2, 3), deltas=[-2, 0, 1, 5], comparator_deltas=[0, 4])
    estimate, beside = line(results, "estimate"), line(results, "estimate", other="4")
    slope = (estimate[3] - estimate[1]) / 5
    assert (slope > 0.01).all()
    for place, delta in enumerate((-2, 0, 1, 5)):
        np.testing.assert_allclose(estimate[place], estimate[1] + slope * delta, rtol=LINEAR)
    assert (beside < estimate - 0.01).all()
    np.testing.assert_allclose(beside - estimate, np.broadcast_to(beside[1] - estimate[1], estimate.shape), rtol=1e-7)


def test_a_grid_is_that_of_the_closed_form():
    """Against `stats.delta_grid`, which analyses sums of squares and products and never moves a value."""
    trial, batch = unbounded(imputed()), noisy(5, 1)
    results = analysed(trial, batch, arm=HIGH, deltas=[0, 3, -2], comparator_deltas=[0, 5])
    done = complete(Batch(trial, batch), trial.endpoints[0], "Week 8")
    y = done.values["EASI", "Week 8"] - batch.values["EASI", "Baseline"]
    imputed_ = np.isnan(batch.values["EASI", "Week 8"])
    shifts = np.stack([imputed_ & (batch.arm == trial.arm_index(arm)) for arm in (HIGH, CONTROL)])
    x = np.stack([np.ones(batch.arm.shape[1]), *(batch.arm[0] == trial.arm_index(arm) for arm in (LOW, HIGH))], axis=1)
    sizes = [(delta, other) for other in (0, 5) for delta in (0, 3, -2)]
    direct = stats.delta_grid(y[None], shifts.astype(float), x, [0, 0, 1], sizes).as_estimate()
    for statistic in STATISTICS:
        found = np.concatenate([line(results, statistic, other=other)[:, 0] for other in ("0", "5")])
        np.testing.assert_allclose(found, getattr(direct, statistic)[0], rtol=LINEAR)


def test_values_are_brought_onto_the_instruments_scale_after_the_delta():
    far = analysed(imputed(), noisy(2, 1), deltas=[0, 500, 1000])
    assert line(far, "estimate")[1] == line(far, "estimate")[2] != line(far, "estimate")[0]


def test_other_arms_keep_their_own_delta():
    """Of a joint model a delta of the pair's arm leaves the other pair's comparison at its own imputation."""
    results = analysed(imputed(delta={LOW: 7.0}), noisy(3, 1), arm=LOW, deltas=[-7, 0])
    plain = Plan(imputed()).analyse(noisy(3, 1))
    own = next(r for r in plain.find(statistic="estimate", arm=LOW) if ("role", "main") in r.key.groups)
    np.testing.assert_array_equal(line(results, "estimate", LOW)[0], own.value)
    assert not results.find(analysis=ID, statistic="estimate", arm=HIGH)


@pytest.mark.parametrize("method", METHODS)
def test_a_batch_is_its_trials_one_by_one(method):
    trial, batch = imputed(method=method), noisy(4, 3)
    together = analysed(trial, batch, comparator_deltas=[0, -1])
    for r in range(3):
        for one, many in zip(analysed(trial, batch.replicate(r), comparator_deltas=[0, -1]), together, strict=True):
            assert one.key == many.key
            assert one.value[0] == pytest.approx(many.value[r], rel=1e-12, nan_ok=True), one.key.id


def test_the_tipping_point_is_the_first_p_above_alpha():
    results = analysed(unbounded(imputed()), noisy(1, 4), arm=HIGH, deltas=[0, 4, 8, 12, 16, 24, 400])
    p, alpha = line(results, "p"), 0.05
    found = results.one(analysis=ID, statistic="tipping point").value
    for r in range(4):
        first = next(k for k in range(len(p)) if p[k, r] > alpha)
        assert found[r] == (0, 4, 8, 12, 16, 24, 400)[first]
    assert len(set(found)) > 1  # not all alike, so that the search is put to the test


def outcome(p, estimate, reason=0):
    shape = np.ones(1)
    found = Estimate(estimate=shape * estimate, p=shape * p, reason=np.full(1, reason, dtype=np.uint8))
    return Outcome((1, 0), found, "odds ratio", "made up")


@pytest.mark.parametrize(
    ("outcomes", "value", "reason"),
    [
        ([outcome(0.01, 2.0), outcome(0.06, 1.5), outcome(0.01, 1.1)], 1.0, Reason.NONE),
        ([outcome(0.2, 2.0), outcome(0.01, 1.5), outcome(0.01, 1.1)], 0.0, Reason.NONE),
        ([outcome(0.05, 2.0), outcome(0.05, 1.5), outcome(0.04, 1.1)], np.inf, Reason.NOT_TIPPED),
        ([outcome(0.01, 2.0), outcome(0.01, 1.5), outcome(0.01, 0.5)], 2.0, Reason.NONE),  # lost between two deltas
        ([outcome(0.01, 2.0), outcome(np.nan, np.nan, Reason.ARM_EMPTY), outcome(0.3, 1.1)], np.nan, Reason.ARM_EMPTY),
    ],
)
def test_where_the_conclusion_is_lost(outcomes, value, reason):
    at, why = first_lost([0, 1, 2], outcomes, 0.05)
    np.testing.assert_equal(at[0], value)
    assert why[0] == reason


def test_each_direction_has_its_own_tipping_point():
    assert directions([3, -2, 1]) == [("up", [1, 3]), ("down", [-2])]
    results = analysed(imputed(), noisy(1, 1), deltas=[-1, 0, 1])
    ways = [dict(r.key.groups)["direction"] for r in results.find(analysis=ID, statistic="tipping point", arm=HIGH)]
    assert ways == ["up", "down"]


# ---------------------------------------------------------------- from a file

NAME = "EASI percent change"
CARRIED = 'discontinuation = "last observation carried forward"'


def text(keys, endpoint=NAME):
    """TRuE-AD3, its continuous endpoint imputed, with a table of tipping points."""
    whole = source_text("true-ad3")
    place = whole.index(f'name = "{NAME}"')
    own = whole[place:]
    for old, new in (
        (CARRIED, 'discontinuation = "multiple imputation"'),
        ('missing = "last observation carried forward"', 'missing = "multiple imputation"'),
        ("[endpoints.analysis]", '[endpoints.imputation]\nmethod = "multivariate normal"\nimputations = 5\n\n'
         '[endpoints.analysis]\nname = "main"'),
    ):  # fmt: skip
        assert old in own
        own = own.replace(old, new, 1)
    made = f'[[tables]]\nkind = "tipping point"\nid = "S-9"\ntitle = "Tipping"\nendpoint = "{endpoint}"\n{keys}\n'
    return f"{whole[:place]}{own}\n{made}"


def test_a_study_file_has_its_table_end_to_end():
    trial = read(text('deltas = [0, 10, 20]\narm = "Ruxolitinib 1.5%"\nanalysis = "main"'), "mine.toml")
    results = Plan(trial).analyse(noisy(6, 2))
    own = results.one(endpoint=NAME, arm=HIGH, visit="Week 8", statistic="p", groups=(("role", "main"),))
    np.testing.assert_array_equal(line(results, "p")[0], own.value)
    assert len(line(results, "estimate")) == 3
    assert results.one(analysis=ID, statistic="alpha").value.tolist() == [0.05, 0.05]


@pytest.mark.parametrize(
    ("keys", "endpoint", "where", "why"),
    [
        ("deltas = [0, 1]", "IGA-TS", "endpoint", "imputes none"),
        ("deltas = []", NAME, "deltas", "at least 1"),
        ("deltas = [0, 1, 1.0]", NAME, "deltas[2]", "once"),
        ("deltas = [0]\ncomparator_deltas = []", NAME, "comparator_deltas", "at least 1"),
        ("deltas = [0, inf]", NAME, "deltas[1]", "finite"),
        ('deltas = [0]\narm = "Ruxolitinib 1.5"', NAME, "arm", "Did you mean 'Ruxolitinib 1.5%'?"),
        ('deltas = [0]\narm = "Vehicle"', NAME, "arm", "two different arms"),
        ('deltas = [0]\ncomparator = "Placebo"', NAME, "comparator", "no arm has this name"),
        ('deltas = [0]\nanalysis = "mian"', NAME, "analysis", "Did you mean 'main'?"),
        ('deltas = [0]\nvisit = "Baseline"', NAME, "visit", "not summarised there"),
        ("", NAME, "deltas", ""),
    ],
)
def test_faults_say_where_and_why(keys, endpoint, where, why):
    with pytest.raises(StudyError) as caught:
        read(text(keys, endpoint), "mine.toml")
    said = [str(fault) for fault in caught.value.faults]
    assert any(f"tables[2].{where}" in each and why in each for each in said), said


def test_an_analysis_of_doses_has_no_tipping_point():
    whole = text("deltas = [0]").replace('name = "main"', 'treatment = "dose"')
    whole = whole.replace("[[arms]]", "[[arms]]\ndose = 1")
    with pytest.raises(StudyError, match="of two arms, and the analysis is of the doses"):
        read(whole, "mine.toml")
