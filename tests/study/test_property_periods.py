"""What a study file says of its periods: names that do not exist are faults, and the posted counts add up."""

import copy
import tomllib

import pytest

from pivotal.study import load, source_text
from pivotal.study.checks.node import Node
from pivotal.study.checks.periods import check

DATA = tomllib.loads(source_text("true-ad3"))


@pytest.mark.parametrize("name", ["true-ad1", "true-ad2", "true-ad3"])
def test_the_shipped_periods_have_no_fault(name):
    assert list(check(Node(tomllib.loads(source_text(name))))) == []


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("periods", 1, "rerandomise", 0, "to", 0), "Placebo", "arm of the study"),
        (("scenarios", 0, "following", 0, "period"), "XYZ", "period of the study"),
        (("scenarios", 0, "following", 0, "rates"), {}, "every visit of the period has a rate"),
        (("period_results", 0, "period"), "XYZ", "period of the study"),
        (("period_results", 0, "counts"), {"Placebo": [1, 2]}, "treatment sequence"),
        (("posted_events", 0, "counts"), {"Vehicle": [3, 2]}, "at most n"),
    ],
)
def test_what_does_not_fit_is_a_fault(path, value, said):
    data = copy.deepcopy(DATA)
    part = data
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    assert any(said in problem.allowed for problem in check(Node(data)))


def test_the_posted_flow_adds_up_to_who_entered_and_who_completed():
    study = load("true-ad3")
    found = next(r for r in study.period_results if (r.period, r.statistic) == ("LTS", "completed"))
    assert sum(n for _, n in found.counts.values()) == 282
    assert sum(x for x, _ in found.counts.values()) == 181
    for part in study.scenario("published").following:
        assert found.counts[part.sequence] == (part.n - part.x, part.n)
        assert sum(part.reasons.values()) == part.x


def test_the_posted_events_are_carried():
    found = {(r.period, r.statistic): r.counts for r in load("true-ad3").period_results}
    arms = ("Vehicle", "Ruxolitinib 0.75%", "Ruxolitinib 1.5%")
    assert [found["VC", "adverse event"][arm] for arm in arms] == [(18, 65), (35, 134), (48, 130)]
    assert [found["all", "serious adverse event"][arm] for arm in arms] == [(0, 65), (0, 159), (3, 154)]
