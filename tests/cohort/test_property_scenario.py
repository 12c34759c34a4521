"""Scenarios made whole, and what cannot be met."""

import pytest

from pivotal.cohort import build, resolve
from pivotal.cohort.scenario import gone_by
from pivotal.errors import UsageError
from pivotal.study.model import Rates, Scenario


def rate(scenario, endpoint, visit, arm):
    return next(r for r in scenario.rates if (r.endpoint, r.visit) == (endpoint, visit)).proportion(arm)


def left(scenario, arm):
    return next(d.proportion for d in scenario.dropout if d.arm == arm)


def with_scenario(study, **parts):
    one = Scenario(name="x", label="x", **parts)
    return study.model_copy(update={"scenarios": (*study.scenarios, one)})


def test_published_is_as_posted(study):
    found = resolve(study, "published")
    assert rate(found, "IGA-TS", "Week 8", "Ruxolitinib 1.5%") == 74 / 131
    assert left(found, "Vehicle") == 16 / 65
    assert len(found.rates) == 11


def test_null_takes_response_and_the_stated_dropout_of_vehicle(study):
    found = resolve(study, "null")
    for arm in ("Ruxolitinib 0.75%", "Ruxolitinib 1.5%"):
        assert rate(found, "EASI75", "Week 4", arm) == 8 / 65
        assert left(found, arm) == 16 / 65


def test_response_as_leaves_dropout_alone(study):
    found = resolve(study, "low dose only")
    assert rate(found, "IGA-TS", "Week 8", "Ruxolitinib 1.5%") == 7 / 65
    assert rate(found, "IGA-TS", "Week 8", "Ruxolitinib 0.75%") == 49 / 134
    assert left(found, "Ruxolitinib 1.5%") == 16 / 131


def test_more_dropout_lowers_rates_by_those_who_no_longer_stay(study):
    found = resolve(study, "heavy dropout")
    assert left(found, "Vehicle") == pytest.approx(32 / 65)
    assert rate(found, "IGA-TS", "Week 8", "Vehicle") == pytest.approx(7 / 65 * (33 / 65) / (49 / 65))
    assert rate(found, "IGA-TS", "Week 4", "Vehicle") == pytest.approx(8 / 65 * (1 - 16 / 65) / (1 - 8 / 65))


def test_own_rates_replace_those_taken_over_arm_by_arm(study):
    own = Rates(endpoint="IGA-TS", visit="Week 8", arms={"Ruxolitinib 0.75%": 20.0})
    found = resolve(with_scenario(study, like="published", rates=(own,)), "x")
    assert rate(found, "IGA-TS", "Week 8", "Ruxolitinib 0.75%") == 0.2
    assert rate(found, "IGA-TS", "Week 8", "Vehicle") == 7 / 65


def test_resolving_twice_changes_nothing(study):
    for name in ("null", "heavy dropout"):
        once = resolve(study, name)
        assert resolve(study, once) == once


def test_dropout_is_spread_over_time(study):
    found = gone_by(study, 0.16)
    assert found["Baseline"] == 0
    assert found["Week 2"] == pytest.approx(0.04)
    assert found["Week 8"] == pytest.approx(0.16)
    assert 0 < found["Day 3"] < found["Day 7"]


def test_an_unknown_scenario_is_named_with_the_nearest(study):
    with pytest.raises(UsageError, match="Did you mean 'published'"):
        build(study, "publisched")


def test_a_scenario_like_itself_is_refused(study):
    with pytest.raises(UsageError, match="like itself"):
        resolve(with_scenario(study, like="x"), "x")


def test_more_responders_than_stay_are_refused(study):
    own = Rates(endpoint="IGA-TS", visit="Week 8", arms={"Vehicle": 90.0})
    with pytest.raises(UsageError, match=r"75\.4 %"):
        build(with_scenario(study, like="published", rates=(own,)), "x")


def test_easi75_rarer_than_clear_skin_is_refused(study):
    own = Rates(endpoint="EASI75", visit="Week 8", arms={"Ruxolitinib 1.5%": 2.0})
    with pytest.raises(UsageError, match=r"Ruxolitinib 1\.5%"):
        build(with_scenario(study, like="published", rates=(own,)), "x")


def test_everybody_leaving_is_refused(study):
    with pytest.raises(UsageError, match="dropout_times"):
        resolve(with_scenario(study, like="published", dropout_times=5.0), "x")
