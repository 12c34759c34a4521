"""Patients as arrays: one batch of trials, virtual or real."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.trials.longterm import LongTerm

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """Candidates screened until the trial was full.

    Attributes
    ----------
    screened
        Number of candidates, (replicate,).
    failures
        Candidates who failed each criterion, by its id, (replicate,). A candidate counts under the first criterion
        that fails, in the study file's order, so that the counts add up to the screen failures.
    """

    screened: NDArray[np.int64]
    failures: Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """R trials of N patients each; a real data set is the same thing with R = 1.

    Missing values: NaN in floating-point columns, a negative number in signed integer columns.

    Attributes
    ----------
    arms, visits
        Names in the study's order.
    arm
        Index of the arm randomised to, (replicate, subject).
    subject
        Baseline variables by name, (replicate, subject). A category is a code into `categories`.
    values
        Values by (PARAMCD, visit), (replicate, subject). A pair that is absent was not measured for anybody.
    times, events
        By PARAMCD, of a time to event that was recorded as such: the time in days and whether the event came,
        (replicate, subject); NaN and False where nothing is known.
    last_visit
        Index of the last visit attended, (replicate, subject); the last visit where the patient completed.
    reason
        Code into `reasons`, (replicate, subject); 0 is "completed".
    categories
        Labels of coded variables.
    screening
        Who was screened; None where nothing is known of it.
    longterm
        What followed the visits above; None where nothing did, or it was not drawn.
    ids
        Unique subject identifiers, for R = 1.
    virtual
        Whether the patients are made up. Everything made from them says SIMULATED.
    notes
        What reading a data file left out or took for granted, in sentences.
    """

    arms: tuple[str, ...]
    visits: tuple[str, ...]
    arm: NDArray[np.int8]
    subject: Mapping[str, Array]
    values: Mapping[tuple[str, str], Array]
    last_visit: NDArray[np.int8]
    reason: NDArray[np.int8]
    reasons: tuple[str, ...] = ("completed",)
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    screening: Screening | None = None
    longterm: LongTerm | None = None
    ids: tuple[str, ...] | None = None
    times: Mapping[str, Array] = field(default_factory=dict)
    events: Mapping[str, Array] = field(default_factory=dict)
    virtual: bool = True
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """(replicates, patients a trial)."""
        return self.arm.shape[0], self.arm.shape[1]

    def value(self, parameter: str, visit: str) -> Array:
        """Values of a parameter at a visit, (replicate, subject); NaN throughout where it was not measured."""
        found = self.values.get((parameter, visit))
        return np.full(self.shape, np.nan) if found is None else found

    def attended(self, visit: str) -> NDArray[np.bool_]:
        """Whether each patient was still in the trial at a visit, (replicate, subject)."""
        return np.asarray(self.last_visit >= self.visits.index(visit), dtype=np.bool_)

    def replicate(self, r: int) -> Trials:
        """One trial of the batch, as a batch of one."""
        one = slice(r, r + 1)
        screening = self.screening and Screening(
            screened=self.screening.screened[one],
            failures={key: count[one] for key, count in self.screening.failures.items()},
        )
        return Trials(
            arms=self.arms,
            visits=self.visits,
            arm=self.arm[one],
            subject={key: column[one] for key, column in self.subject.items()},
            values={key: column[one] for key, column in self.values.items()},
            last_visit=self.last_visit[one],
            reason=self.reason[one],
            reasons=self.reasons,
            categories=self.categories,
            screening=screening,
            longterm=self.longterm and self.longterm.replicate(r),
            ids=self.ids,
            times={key: column[one] for key, column in self.times.items()},
            events={key: column[one] for key, column in self.events.items()},
            virtual=self.virtual,
            notes=self.notes,
        )


def observed(values: Array) -> NDArray[np.bool_]:
    """Where a column has a value: not NaN (floats), not negative (signed integers)."""
    if values.dtype.kind == "f":
        return np.asarray(~np.isnan(values), dtype=np.bool_)
    if values.dtype.kind == "i":
        return np.asarray(values >= 0, dtype=np.bool_)
    return np.ones(values.shape, dtype=np.bool_)
