"""Kaplan-Meier, log-rank, restricted means and incidence where there is little or nothing to estimate from."""

import numpy as np
import pytest

from pivotal.stats import (
    LogRankWeights,
    Reason,
    at_risk_at,
    cumulative_incidence,
    incidence_at,
    kaplan_meier,
    log_rank,
    max_combo,
    preset,
    rmst,
    rmst_difference,
    rmst_horizon,
    rmst_ratio,
    survival_at,
    survival_quantile,
)

TIME = np.array([[1.0, 2.0, 3.0, 4.0]])
ARM = np.array([0, 1, 0, 1])


def reason_of(result):
    return Reason(result.reason.ravel()[0])


def test_nobody():
    curve = kaplan_meier(np.full((1, 3), np.nan), np.ones(3))
    assert reason_of(curve) == Reason.ARM_EMPTY
    for found in (survival_at(curve, [1.0]), survival_quantile(curve), rmst(curve, 2.0)):
        assert reason_of(found) == Reason.ARM_EMPTY
        assert np.isnan([found.estimate.ravel()[0], found.ci_low.ravel()[0], found.ci_high.ravel()[0]]).all()
    assert at_risk_at(curve, [0.0]).tolist() == [[0.0]]
    incidence = incidence_at(cumulative_incidence(np.full((1, 3), np.nan), np.ones(3)), [1.0])
    assert reason_of(incidence) == Reason.ARM_EMPTY
    test = log_rank(np.full((1, 4), np.nan), np.ones(4), ARM)
    assert (reason_of(test), np.isnan(test.p[0])) == (Reason.NO_EVENT, True)


def test_no_event():
    curve = kaplan_meier(TIME, np.zeros(4))
    assert reason_of(curve) == Reason.NO_EVENT
    found = survival_at(curve, [2.0, 5.0])
    assert found.reason[0].tolist() == [Reason.NO_EVENT, Reason.BEYOND_FOLLOW_UP]
    assert (found.estimate[0, 0], found.se[0, 0], found.ci_low[0, 0], found.ci_high[0, 0]) == (1, 0, 1, 1)
    median = survival_quantile(curve)
    assert reason_of(median) == Reason.NO_EVENT
    assert np.isnan(median.estimate[0, 0])
    assert median.ci_high[0, 0] == np.inf
    mean = rmst(curve, 3.0)
    assert (mean.estimate[0], mean.se[0], reason_of(mean)) == (3.0, 0.0, Reason.NO_EVENT)
    for test in (log_rank(TIME, np.zeros(4), ARM), rmst_difference(curve, curve, 3.0), rmst_ratio(curve, curve, 3.0)):
        assert (reason_of(test), np.isnan(test.p[0])) == (Reason.NO_EVENT, True)
    incidence = incidence_at(cumulative_incidence(TIME, np.full(4, 2)), [2.0])
    assert (incidence.estimate[0, 0], reason_of(incidence)) == (0.0, Reason.NO_EVENT)
    assert np.isnan(rmst_horizon([curve], "last event")[0])


def test_one_event():
    event = np.array([0, 1, 0, 0])
    test = log_rank(TIME, event, ARM)
    # one of three at risk, two of arm 1: variance 2/9
    assert test.z[0] == pytest.approx((1 - 2 / 3) / np.sqrt(2 / 9))
    median = survival_quantile(kaplan_meier(TIME, event))
    assert reason_of(median) == Reason.NOT_REACHED


def test_an_empty_arm():
    test = log_rank(TIME, np.ones(4), np.zeros(4))
    assert (reason_of(test), np.isnan(test.p[0]), np.isnan(test.z[0]), test.df[0]) == (Reason.ARM_EMPTY, True, True, 0)
    three = log_rank(TIME, np.ones(4), ARM * 2)
    two = log_rank(TIME, np.ones(4), ARM)
    assert reason_of(three) == Reason.ARM_EMPTY
    assert (three.df[0], three.statistic[0]) == (1, pytest.approx(two.statistic[0]))
    difference = rmst_difference(kaplan_meier(TIME, np.ones(4)), kaplan_meier(TIME, np.ones(4), np.zeros(4)), 2.0)
    assert (reason_of(difference), np.isnan(difference.estimate[0])) == (Reason.ARM_EMPTY, True)


def test_arms_never_at_risk_together():
    test = log_rank([[1.0, 2.0, 3.0, 4.0]], [0, 0, 1, 1], [0, 0, 1, 1])
    assert (reason_of(test), np.isnan(test.p[0])) == (Reason.NO_INFORMATION, True)


def test_all_events_at_one_time():
    time = np.ones((1, 4))
    test = log_rank(time, np.ones(4), ARM)
    assert (reason_of(test), np.isnan(test.p[0])) == (Reason.NO_INFORMATION, True)
    curve = kaplan_meier(time, np.ones(4))
    assert curve.survival.tolist() == [[0.0]]
    found = survival_at(curve, [0.5, 1.0, 9.0])
    assert found.estimate.tolist() == [[1, 0, 0]]
    assert found.reason[0].tolist() == [Reason.NO_EVENT, Reason.ALL_EVENTS, Reason.ALL_EVENTS]
    assert np.isnan(found.se[0, 1:]).all()
    assert survival_quantile(curve).estimate.tolist() == [[1.0]]
    mean = rmst(curve, 5.0)
    assert (mean.estimate[0], mean.se[0], reason_of(mean)) == (1.0, 0.0, Reason.NONE)
    difference = rmst_difference(curve, curve, 5.0)
    assert (reason_of(difference), np.isnan(difference.p[0])) == (Reason.ZERO_VARIANCE, True)


def test_a_stratum_without_events_and_one_of_a_single_patient():
    time, event = [[1.0, 2.0, 3.0, 4.0, 1.5, 2.5, 9.0]], [1, 1, 1, 0, 0, 0, 1]
    arm, strata = [0, 1, 0, 1, 0, 1, 1], ["a", "a", "a", "a", "b", "b", "c"]
    whole = log_rank(time, event, arm, strata=strata)
    part = log_rank(time, event, arm, observed=[s == "a" for s in strata])
    assert whole.statistic[0] == pytest.approx(part.statistic[0])
    assert whole.observed[0].tolist() == [2, 2]


def test_max_combo_without_anything_to_compare():
    for event, arm, reason in (
        (np.zeros(4), ARM, Reason.NO_EVENT),
        (np.ones(4), np.zeros(4), Reason.ARM_EMPTY),
        (np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), Reason.NO_INFORMATION),
    ):
        test = max_combo(TIME, event, arm)
        assert (reason_of(test), np.isnan(test.p[0]), np.isnan(test.statistic[0])) == (reason, True, True)


def test_an_event_at_time_nought():
    curve = kaplan_meier([[0.0, 0.0, 2.0, 3.0]], [1, 0, 1, 0])
    assert survival_at(curve, [0.0]).estimate[0, 0] == 0.75
    assert rmst(curve, 2.0).estimate[0] == pytest.approx(1.5)


def test_horizon_beyond_follow_up():
    curve = kaplan_meier(TIME, [1, 0, 1, 0])
    assert reason_of(rmst(curve, 4.5)) == Reason.BEYOND_FOLLOW_UP
    assert np.isnan(rmst(curve, 4.5).estimate[0])
    assert rmst(curve, 4.0).reason[0] == Reason.NONE


@pytest.mark.parametrize("flat", ["midpoint", "first at or below", "first below"])
def test_flat_stretches_of_products_that_rounding_moves(flat):
    # S after ten of twenty is a product of ten factors; R's documentation has this example
    time = np.arange(1.0, 21.0)[None]
    median = survival_quantile(kaplan_meier(time, np.ones(20)), flat=flat).estimate[0, 0]
    assert median == {"midpoint": 10.5, "first at or below": 10, "first below": 11}[flat]


def test_the_median_of_even_samples_is_the_middle():
    for half in range(2, 60):
        curve = kaplan_meier(np.arange(1.0, 2 * half + 1)[None], np.ones(2 * half))
        assert survival_quantile(curve).estimate[0, 0] == half + 0.5


def test_presets_of_quantiles():
    rng = np.random.default_rng(2)
    time = np.ceil(rng.exponential(10, (3, 50)))
    curve = kaplan_meier(time, rng.random((3, 50)) < 0.7)
    for program, conf_type in (("sas", "log-log"), ("r", "log")):
        one = survival_quantile(curve, **preset("survival_quantile", program))
        other = survival_quantile(curve, conf_type=conf_type)
        np.testing.assert_array_equal(one.ci_low, other.ci_low)
        np.testing.assert_array_equal(one.ci_high, other.ci_high)


@pytest.mark.parametrize(
    "refused",
    [
        lambda: survival_quantile(kaplan_meier(TIME, np.ones(4)), [1.0]),
        lambda: survival_quantile(kaplan_meier(TIME, np.ones(4)), flat="last"),
        lambda: survival_at(kaplan_meier(TIME, np.ones(4)), [1.0], "loglog"),
        lambda: survival_at(kaplan_meier(TIME, np.ones(4)), [1.0], level=95),
        lambda: rmst_horizon([kaplan_meier(TIME, np.ones(4))], "longest"),
        lambda: log_rank(TIME, np.ones(4), [1, 2, 0.5, 1]),
        lambda: log_rank(TIME, np.ones(4), ARM, weight="wilcoxon"),
        lambda: max_combo(TIME, np.ones(4), ARM * 2),
        lambda: max_combo(TIME, np.ones(4), ARM, side="one"),
        lambda: LogRankWeights("peto", rho=1.0),
        lambda: LogRankWeights("fleming-harrington", rho=-1.0),
        lambda: cumulative_incidence(TIME, np.ones(4), variance="gray"),
    ],
)
def test_what_is_refused(refused):
    with pytest.raises(ValueError, match=r"is|are|holds|belong"):
        refused()
