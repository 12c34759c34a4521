"""What follows the blinded weeks: treatment sequences, leaving, later visits, courses of treatment, events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

OUTSIDE = -1
"""Stands for a sequence, a day or a value where a patient did not enter the period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Courses:
    """Courses of treatment, a row each, ragged: all arrays (course,), by replicate, subject and start.

    Attributes
    ----------
    replicate, subject
        Whose course.
    start, end
        First and last study day of treatment (day 1 is the first of the trial); `end` is `OUTSIDE` where it goes on
        beyond the patient's last day.
    """

    replicate: NDArray[np.int32]
    subject: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdverseEvents:
    """Adverse events, a row each, ragged: all arrays (event,), by replicate, subject and start.

    Attributes
    ----------
    terms, systems
        Preferred terms, and the class of each, (term,).
    severities, periods, treatments
        Labels of the codes below: MILD, MODERATE, SEVERE; names of periods; names of treatments (arms).
    replicate, subject
        Whose event.
    term, severity, period, treatment
        Codes; `treatment` is that at onset.
    serious
        Whether it was serious.
    start, end
        First and last study day; `end` is `OUTSIDE` where it was not over.
    """

    terms: tuple[str, ...]
    systems: tuple[str, ...]
    severities: tuple[str, ...]
    periods: tuple[str, ...]
    treatments: tuple[str, ...]
    replicate: NDArray[np.int32]
    subject: NDArray[np.int32]
    term: NDArray[np.int16]
    severity: NDArray[np.int8]
    period: NDArray[np.int8]
    treatment: NDArray[np.int8]
    serious: NDArray[np.bool_]
    start: NDArray[np.int32]
    end: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTerm:
    """What followed the blinded weeks; arrays (replicate, subject) where nothing else is said.

    Attributes
    ----------
    period
        Name of the period.
    sequences, treatments
        Names of the treatment sequences, and the treatment that each has in the period.
    visits, days
        Names and study days of the period's visits.
    reasons
        Labels of `reason`; 0 is "completed".
    sequence
        Code of the treatment sequence; `OUTSIDE` where the patient did not enter.
    first_day, end_day
        First and last day in the period; `OUTSIDE` where the patient did not enter.
    reason
        Code of the reason for leaving; `OUTSIDE` where the patient did not enter.
    values
        By (PARAMCD, visit): NaN where the patient was not there.
    courses
        Courses of treatment in the period.
    adverse_events
        Events of all periods, the blinded one too; None where none are modelled.
    """

    period: str
    sequences: tuple[str, ...]
    treatments: tuple[str, ...]
    visits: tuple[str, ...]
    days: tuple[int, ...]
    reasons: tuple[str, ...]
    sequence: NDArray[np.int8]
    first_day: NDArray[np.int32]
    end_day: NDArray[np.int32]
    reason: NDArray[np.int8]
    values: Mapping[tuple[str, str], NDArray[Any]]
    courses: Courses | None = None
    adverse_events: AdverseEvents | None = None
