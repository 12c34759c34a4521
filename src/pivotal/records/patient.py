"""One patient's record as his page shows it: who he is, what he was given, what happened, what was measured.

Days are study days: the first day of treatment is day 1, the day before it day -1, and there is no day 0. A day that is
not known is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Day = int | None
Fact = tuple[str, str]
"""What is said, and what it is."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """An interval on one treatment and dose; `label` says which."""

    label: str
    start: Day
    end: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An adverse event.

    Attributes
    ----------
    term
        As coded, or as reported where it is not coded.
    reported
        As reported, where the words differ.
    start, end
        Study days.
    imputed
        Whether one of the days was imputed from a partial date.
    ongoing
        Whether it is known to go on where no end is known.
    severity, relation, action, outcome
        As recorded.
    serious, emergent
        None where it is not said.
    fatal
        Whether it led to death.
    """

    term: str
    reported: str | None = None
    start: Day = None
    end: Day = None
    imputed: bool = False
    ongoing: bool = False
    severity: str | None = None
    serious: bool | None = None
    fatal: bool = False
    relation: str | None = None
    action: str | None = None
    outcome: str | None = None
    emergent: bool | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit that took place."""

    name: str
    day: int


@dataclass(frozen=True, slots=True)
class Mark:
    """The end of the patient's time in the trial."""

    kind: Literal["completed", "discontinued", "died"]
    words: str
    day: Day


@dataclass(frozen=True, slots=True)
class Point:
    """A measured value; `flag` is H or L where it lies outside the normal range."""

    day: int
    value: float
    visit: str | None = None
    flag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A parameter over time.

    Attributes
    ----------
    parameter
        Its code.
    label
        Its words, with the unit.
    group
        Whether an endpoint is made from it, or it is a vital sign or a laboratory value.
    points
        Values by day.
    baseline
        The value that changes are counted from.
    low, high
        Limits of the normal range.
    """

    parameter: str
    label: str
    group: Literal["endpoint", "vital sign", "laboratory"]
    points: tuple[Point, ...]
    baseline: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """A laboratory parameter with values outside its normal range after baseline; `grade` is the worst one given."""

    label: str
    low: float | None
    high: float | None
    baseline: float | None
    points: tuple[Point, ...]
    measured: int
    grade: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One patient.

    Attributes
    ----------
    patient, study, title
        Identifiers and the trial's title.
    who, exposure
        Facts in reading order.
    treatments, events, visits, marks
        What the time line shows.
    courses, outside
        What was measured, and what of the laboratory lay outside its range.
    absent
        What the page leaves out, and why.
    day_one
        The date of day 1 in ISO 8601, where it is known.
    simulated
        Whether the patient is virtual.
    """

    patient: str
    study: str
    title: str
    who: tuple[Fact, ...]
    exposure: tuple[Fact, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    events: tuple[Event, ...] = ()
    visits: tuple[Visit, ...] = ()
    marks: tuple[Mark, ...] = ()
    courses: tuple[Course, ...] = ()
    outside: tuple[Outside, ...] = ()
    absent: tuple[str, ...] = ()
    day_one: str | None = None
    simulated: bool = False
