"""What followed the blinded weeks: sequences, visits, courses of treatment, adverse events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

OUTSIDE = -1
"""Stands for a code, a day or a grade where a patient did not enter the period or was not there."""

SEVERITIES = ("MILD", "MODERATE", "SEVERE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Courses:
    """Courses of treatment in the long-term period, a row a course, by trial, patient and start.

    Attributes
    ----------
    trial, subject
        Which replicate, which patient in it.
    start, stop
        First and last day of treatment.
    cleared
        Whether it stopped because lesions had gone; otherwise the patient's time in the period ended.
    """

    trial: NDArray[np.int32]
    subject: NDArray[np.int32]
    start: NDArray[np.int16]
    stop: NDArray[np.int16]
    cleared: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Adverse events of both periods, a row an event, by trial, patient and start.

    Attributes
    ----------
    trial, subject
        Which replicate, which patient in it.
    period
        1 is the blinded period, 2 the long-term period.
    treatment
        Index of the arm whose treatment was given at onset.
    term
        Code into `LongTerm.terms`.
    severity
        Code into `SEVERITIES`.
    serious
        Whether it was serious.
    start, end
        Study days; `end` is -1 where the event was not over at the end of the period.
    """

    trial: NDArray[np.int32]
    subject: NDArray[np.int32]
    period: NDArray[np.int8]
    treatment: NDArray[np.int8]
    term: NDArray[np.int16]
    severity: NDArray[np.int8]
    serious: NDArray[np.bool_]
    start: NDArray[np.int16]
    end: NDArray[np.int16]


Ragged = TypeVar("Ragged", Courses, Events)


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTerm:
    """What followed the blinded weeks; arrays are (replicate, subject) unless they say otherwise.

    Attributes
    ----------
    periods
        Names of the blinded and of the long-term period.
    sequences, visits, reasons
        Labels in the study's order; reason 0 is "completed".
    onto
        By sequence, the index of the arm whose treatment is given in the long-term period.
    first_day
        First day of the long-term period.
    blinded_end
        Last day in the blinded period.
    sequence
        Code of the treatment sequence; -1 where the patient did not enter.
    end_day
        Last day in the long-term period; -1 where the patient did not enter.
    reason
        Code of the reason for leaving; -1 where the patient did not enter.
    values
        By (PARAMCD, visit). IGA is -1 and a score NaN where the patient was not there.
    courses, events
        Rows of their own.
    terms
        (system organ class, preferred term) of each code of a term.
    """

    periods: tuple[str, str]
    sequences: tuple[str, ...]
    visits: tuple[str, ...]
    reasons: tuple[str, ...]
    onto: tuple[int, ...]
    first_day: int
    blinded_end: NDArray[np.int16]
    sequence: NDArray[np.int8]
    end_day: NDArray[np.int16]
    reason: NDArray[np.int8]
    values: Mapping[tuple[str, str], Array]
    courses: Courses
    events: Events
    terms: tuple[tuple[str, str], ...]

    def low_iga(self, visit: str) -> NDArray[np.int8]:
        """Whether IGA is 0 or 1 at a visit: 1 or 0; -1 where the patient was not there."""
        grade = self.values["IGA", visit]
        return np.where(grade < 0, OUTSIDE, grade <= 1).astype(np.int8)

    def replicate(self, r: int) -> LongTerm:
        """One trial of the batch, as a batch of one."""
        one = slice(r, r + 1)
        return replace(
            self,
            blinded_end=self.blinded_end[one],
            sequence=self.sequence[one],
            end_day=self.end_day[one],
            reason=self.reason[one],
            values={key: column[one] for key, column in self.values.items()},
            courses=_of_trial(self.courses, r),
            events=_of_trial(self.events, r),
        )


def _of_trial(rows: Ragged, r: int) -> Ragged:
    """The rows of one trial, which becomes trial 0."""
    mine = rows.trial == r
    columns: dict[str, Any] = {f.name: getattr(rows, f.name)[mine] for f in fields(rows)}
    return replace(rows, **columns | {"trial": np.zeros(int(mine.sum()), dtype=np.int32)})
