"""Periods of a trial: who enters, what each arm does there, how it is dosed, and its visits.

A patient's way through the periods is a treatment sequence: the arm's own name where the treatment stays, and
``Vehicle to Ruxolitinib 1.5%`` where it changes.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pivotal.study.base import Figure, Name, Part, Sourced
from pivotal.study.criteria import Criterion

Count = tuple[int, int] | float
"""A count ``[x, n]``, or a percentage where no whole number is known."""
ALL = "all"
"""Stands for all periods together, in published results."""
OTHER = ("Not posted", "Other adverse event")
"""Class and term of an adverse event that is none of the posted terms."""


class Visit(Sourced):
    """A planned visit; `measures` are the parameters that are recorded there."""

    name: Name
    day: int
    week: float | None = None
    baseline: bool = False
    measures: tuple[str, ...] = ()


class Rerandomise(Sourced):
    """Patients of one arm allocated anew at the start of a period."""

    arm: Name
    to: tuple[Name, ...] = Field(min_length=2, description="treatments, each the name of an arm")
    ratio: tuple[int, ...] = Field(min_length=2)
    strata: tuple[str, ...] = Field(default=(), description="stratification factors, as at randomisation")

    @model_validator(mode="after")
    def _one_ratio_each(self) -> Rerandomise:
        if len(self.to) != len(self.ratio) or min(self.ratio) < 1:
            raise ValueError(f"give a whole number of at least 1 for each of {', '.join(self.to)}")
        return self


class Dosing(Sourced):
    """When a treatment is applied: throughout, or as needed."""

    rule: Literal["throughout", "as needed"] = "throughout"
    stop_days_after_clear: int = Field(default=0, ge=0, description="days of treatment after lesions have gone")
    restart: str | None = Field(default=None, description="what starts a new course, in words")


class Period(Sourced):
    """A span of the trial."""

    name: Name
    label: str | None = None
    from_week: float
    to_week: float
    rule: str | None = None
    criteria: tuple[Criterion, ...] = Field(default=(), description="who may enter it; `at` names the visit")
    enters: Literal["randomised", "completers"] = Field(
        default="randomised", description="everybody randomised, or those who completed the period before"
    )
    rerandomise: tuple[Rerandomise, ...] = ()
    dosing: Dosing | None = None
    visits: tuple[Visit, ...] = Field(default=(), description="after the visits of the study's endpoints")


class Following(Sourced):
    """How one treatment sequence fares in a period, in a scenario.

    `going_on` is the share of those who completed the period before who enter; `x` of `n` leave, with counts by reason;
    `rates` is the share with IGA 0 or 1 at each visit, of those still in the trial.
    """

    period: Name
    arm: Name
    treatment: Name
    going_on: Count = 100.0
    x: int = Field(ge=0)
    n: int = Field(ge=1)
    reasons: dict[str, float] = Field(default_factory=dict)
    rates: dict[str, Count] = Field(default_factory=dict)

    @property
    def sequence(self) -> str:
        """The sequence's name."""
        return sequence_name(self.arm, self.treatment)

    @property
    def leaving(self) -> float:
        """Share that leaves."""
        return self.x / self.n

    @property
    def entering(self) -> float:
        """Share of completers of the period before that enters."""
        return proportion(self.going_on)

    def rate(self, visit: str) -> float:
        """Share with IGA 0 or 1 at a visit."""
        return proportion(self.rates[visit])


class PeriodResult(Sourced):
    """A published result of a period by treatment sequence: counts ``[x, n]``, or percentages.

    `period` "all" is all periods together, by the treatment at onset.
    """

    period: Name
    statistic: Literal["completed", "IGA 0/1", "adverse event", "serious adverse event", "severe adverse event"]
    visit: str | None = None
    counts: dict[str, Count] = Field(min_length=1)


class PostedEvent(Sourced):
    """A published adverse event by treatment at onset, over all periods: ``[affected, at risk]`` or with events."""

    term: Name
    system: Name
    serious: bool = False
    counts: dict[str, tuple[int, int] | tuple[int, int, int]] = Field(min_length=1)

    def affected(self, treatment: str) -> tuple[int, int]:
        """Patients affected, and at risk; none of none where the treatment is not named."""
        found = self.counts.get(treatment, (0, 0))
        return found[0], found[1]

    def events(self, treatment: str) -> int | None:
        """Number of events, where it was posted."""
        found = self.counts.get(treatment, (0, 0))
        return found[2] if len(found) == 3 else None


class LongTermSettings(Part):
    """What nothing public says of the course after the blinded visits; every figure is assumed."""

    course_correlation: Figure = Figure(value=0.7, assumed="correlation of control of disease 4 weeks apart")
    clear_share: Figure = Figure(value=0.5, assumed="share of IGA 0 among IGA 0 or 1")
    mild_share: Figure = Figure(value=0.75, assumed="share of IGA 2 among IGA 2 or more")
    mild_event_share: Figure = Figure(value=0.65, assumed="share of mild among adverse events below grade 3")
    event_days: Figure = Figure(value=10, assumed="mean duration of an adverse event, in days")


def proportion(count: Count) -> float:
    """A count or a percentage as a proportion."""
    return count[0] / count[1] if isinstance(count, tuple) else count / 100


def sequence_name(arm: str, treatment: str) -> str:
    """How a treatment sequence is called.

    Examples
    --------
    >>> sequence_name("Vehicle", "Ruxolitinib 1.5%"), sequence_name("Vehicle", "Vehicle")
    ('Vehicle to Ruxolitinib 1.5%', 'Vehicle')
    """
    return arm if arm == treatment else f"{arm} to {treatment}"
