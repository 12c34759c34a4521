"""The fast cohort: rates, discontinuation and strata, derived from its values as the plan derives them.

Seeds 2000 to 2003, 500 trials each: 2,000 trials of 330. Monte-Carlo standard error of a rate on vehicle (n = 132,000)
at most 0.10 percentage points, 0.3 points are allowed; of NRS4 (n = 77,000) 0.16, 0.6 are allowed.
"""

import numpy as np
import pytest

from pivotal.cohort import MarginalCohort, build
from pivotal.derive import derive, in_set
from pivotal.errors import UsageError
from pivotal.study.load import load
from pivotal.study.model import Rates, Scenario
from pivotal.trials import observed

PARTS, REPLICATES, SEED = 4, 500, 2000


def reached(study, cohort, endpoint, draw_with):
    events, totals = np.zeros(len(study.arms)), np.zeros(len(study.arms))
    for part in range(PARTS):
        trials = cohort.draw(REPLICATES, draw_with(SEED + part))
        response = derive(endpoint, trials, endpoint.visit, study.baseline_visit.name).value
        chosen = in_set(next(s for s in study.analysis_sets if s.name == endpoint.population), trials)
        for a in range(len(study.arms)):
            here = trials.arm == a if chosen is None else (trials.arm == a) & chosen
            events[a] += response[here].sum()
            totals[a] += here.sum()
    return events / totals


@pytest.mark.parametrize(("name", "points"), [("IGA-TS", 0.003), ("EASI75", 0.003), ("NRS4", 0.006)])
def test_rates_are_met(study, draw_with, name, points):
    endpoint = study.endpoint(name)
    cohort = build(study, "published", endpoints=(name,))
    assert isinstance(cohort, MarginalCohort)
    wanted = next(r for r in study.scenario("published").rates if (r.endpoint, r.visit) == (name, "Week 8"))
    target = [wanted.proportion(arm.name) for arm in study.arms]
    assert reached(study, cohort, endpoint, draw_with) == pytest.approx(target, abs=points)


@pytest.fixture(scope="module")
def success(study, draw_with):
    cohort = build(study, "published", endpoints=("IGA-TS",))
    return cohort, cohort.draw(500, draw_with(1))


def test_discontinuation_is_met(study, success):
    """500 trials: 33,000 on vehicle, Monte-Carlo standard error 0.24 points."""
    _, trials = success
    for a, (x, n) in enumerate([(16, 65), (14, 134), (16, 131)]):
        assert (trials.reason[trials.arm == a] > 0).mean() == pytest.approx(x / n, abs=0.007)
    assert ((trials.reason > 0) == (trials.last_visit < len(trials.visits) - 1)).all()
    week8 = trials.value("IGA", "Week 8")
    assert (observed(week8) == trials.attended("Week 8")).all()


def test_strata_have_their_shares_and_response_does_not_depend_on_them(study, success):
    """165,000 patients; difference of rates between strata of IGA on 1.5 %, standard error 0.4 points."""
    _, trials = success
    assert (trials.subject["IGA"] == 2).mean() == pytest.approx(0.25, abs=0.005)
    assert trials.subject["AGE"].mean() == pytest.approx(6.5, abs=0.03)
    response = derive(study.endpoint("IGA-TS"), trials, "Week 8", "Baseline").value
    high = trials.arm == 2
    by_grade = [response[high & (trials.subject["IGA"] == grade)].mean() for grade in (2, 3)]
    assert by_grade[0] == pytest.approx(by_grade[1], abs=0.016)


def test_measured_is_what_is_drawn(success):
    cohort, trials = success
    assert cohort.measured == set(trials.values) == {("IGA", "Baseline"), ("IGA", "Week 8")}
    assert trials.value("IGA", "Week 8").dtype == np.int8


def test_same_bits_again(success, draw_with):
    cohort, trials = success
    again = cohort.draw(500, draw_with(1))
    np.testing.assert_array_equal(trials.values["IGA", "Week 8"], again.values["IGA", "Week 8"])
    np.testing.assert_array_equal(trials.arm, again.arm)


def test_a_rate_of_0_and_of_100_percent_are_exact(study, draw_with):
    rates = Rates(
        endpoint="IGA-TS", visit="Week 8", arms=dict(zip((a.name for a in study.arms), (0.0, 100.0, 50.0), strict=True))
    )
    cohort = build(study, Scenario(name="ends", label="ends", rates=(rates,)), endpoints=("IGA-TS",), mode="marginal")
    trials = cohort.draw(20, draw_with(3))
    response = derive(study.endpoint("IGA-TS"), trials, "Week 8", "Baseline").value
    assert not response[trials.arm == 0].any()
    assert response[trials.arm == 1].all()


def test_size_and_sequence_without_randomisation(study, success, draw_with):
    trials = success[0].draw(2, draw_with(4), size=40, randomised=False)
    assert trials.shape == (2, 40)
    assert np.bincount(trials.arm.ravel()).tolist() == [16, 32, 32]


def test_endpoints_of_different_parameters_are_refused(study):
    with pytest.raises(UsageError, match="one parameter"):
        build(study, "published", endpoints=("IGA-TS", "EASI75"), mode="marginal")


def test_an_endpoint_without_a_rate_is_named(study):
    with pytest.raises(UsageError, match="IGA 0/1"):
        build(study, "published", endpoints=("IGA 0/1",), mode="marginal")


def test_three_endpoints_that_one_value_decides(draw_with):
    """mrc-1948: improvement, considerable improvement, death by one assessment; 214,000 patients, error 0.15 points."""
    study = load("mrc-1948")
    cohort = build(study, "published")
    wanted = {r.endpoint: [r.proportion(arm.name) for arm in study.arms] for r in study.scenario("published").rates}
    assert len(cohort.endpoints) == 3
    for endpoint in cohort.endpoints:
        assert reached(study, cohort, endpoint, draw_with) == pytest.approx(wanted[endpoint.name], abs=0.006)


def test_rates_that_contradict_each_other_are_refused():
    study = load("mrc-1948")
    arms = [arm.name for arm in study.arms]
    rates = tuple(
        Rates(endpoint=e, visit="Month 6", arms=dict.fromkeys(arms, percent))
        for e, percent in [("Improved", 10.0), ("Considerable improvement", 30.0)]
    )
    with pytest.raises(UsageError, match="contradict"):
        build(study, Scenario(name="odd", label="odd", rates=rates))
