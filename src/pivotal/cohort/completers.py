"""The second target: a posted rate of low IGA among those who completed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pivotal.cohort.scenario import as_stated
from pivotal.study.model import Posted, Rates, Scenario, Study

SAME = 5e-4
"""Rates as near as this are one rate, printed."""


@dataclass(frozen=True, slots=True)
class Completers:
    """A rate among completers that an arm of a scenario is to come near to.

    Attributes
    ----------
    endpoint, visit, arm
        What was posted, of which arm of the scenario.
    grade
        IGA at most this.
    rate
        Share of those still in the trial at the visit.
    """

    endpoint: str
    visit: str
    arm: str
    grade: int
    rate: float


def completers(study: Study, scenario: Scenario) -> list[Completers]:
    """The second targets of a scenario.

    A posted rate among completers belongs to a posted arm. An arm of the scenario takes it over where it has that arm's
    posted rate of treatment success at the same visit: under `null`, every arm takes vehicle's.
    """
    return [target for posted in study.posted for target in _of(study, scenario, posted)]


def _of(study: Study, scenario: Scenario, posted: Posted) -> Iterator[Completers]:
    rule = study.endpoint(posted.endpoint).derive
    if posted.statistic != "rate among completers" or rule.parameter != "IGA" or rule.value_at_most is None:
        return
    rate = _number(posted)
    for success in as_stated(study, scenario).rates.values():
        if success.visit != posted.visit or study.endpoint(success.endpoint).derive.parameter != "IGA":
            continue
        for arm in study.arms:
            if rate is not None and _source(study, success, arm.name) == posted.arm:
                yield Completers(posted.endpoint, posted.visit, arm.name, int(rule.value_at_most), rate)


def _source(study: Study, success: Rates, arm: str) -> str | None:
    """The posted arm whose rate of treatment success an arm has, its own if it can be."""
    posted = {p.arm: _number(p) for p in study.posted
              if (p.endpoint, p.visit, p.statistic) == (success.endpoint, success.visit, "rate")}  # fmt: skip
    same = [a for a, rate in posted.items() if rate is not None and abs(rate - success.proportion(arm)) < SAME]
    return arm if arm in same else next(iter(same), None)


def _number(posted: Posted) -> float | None:
    if posted.x is not None and posted.n is not None:
        return posted.x / posted.n
    return None if posted.value is None else posted.value / 100
