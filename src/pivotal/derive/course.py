"""How what a monitor counts grew, day by day: patients, time at risk or events, and the events of interest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.derive.roster import WHO, Roster

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Course:
    """What was known at the end of each day; the last is the present.

    Attributes
    ----------
    information
        Patients, days at risk or events, (replicate, day), never falling.
    events
        Events of interest among them, (replicate, day).
    left_out
        Patients whose time at risk is not known and who are therefore not in it, (replicate,).
    """

    information: Floats
    events: Floats
    left_out: Floats

    def at(self, looks: Sequence[float]) -> tuple[Floats, Floats]:
        """Information and events on the first day by which each look was reached, NaN where it was not.

        Both (replicate, look).
        """
        shape = (len(self.information), len(looks))
        information, events = np.full(shape, np.nan), np.full(shape, np.nan)
        for place, look in enumerate(looks):
            reached = self.information >= look
            trial = np.flatnonzero(reached.any(axis=1))
            day = reached[trial].argmax(axis=1)
            information[trial, place], events[trial, place] = self.information[trial, day], self.events[trial, day]
        return information, events

    @property
    def present(self) -> tuple[Floats, Floats]:
        """Information and events so far, (replicate, 1)."""
        return self.information[:, -1:], self.events[:, -1:]


def course_of_patients(events: pl.DataFrame, people: Roster, arms: Sequence[int]) -> Course:
    """Patients in the order of their entry, and how many of those entered have had an event by now.

    A look after so many patients takes all that is known of them, not only what was known on the day of the last one's
    entry. Patients without a date of entry come last.
    """
    seen = _followed(events, people, arms)
    days = _Days.of(people, seen["entered"])
    patients = days.grid(seen, "entered")
    return Course(patients, days.grid(seen.filter("event"), "entered"), np.zeros(people.replicates))


def course_of_time(events: pl.DataFrame, people: Roster, arms: Sequence[int]) -> Course:
    """Days at risk until the first event, and first events, by the calendar.

    An event without a date counts at the end of the patient's time at risk.
    """
    everyone = _followed(events, people, arms)
    seen = everyone.filter("timed")
    periods = people.periods.join(seen.select(*WHO, "first"), on=WHO, how="inner").with_columns(
        until=pl.min_horizontal("end", pl.col("first").fill_null(pl.col("end")))
    )
    spent = periods.filter(pl.col("until") >= pl.col("start"))
    days = _Days.of(people, spent["start"], spent["until"], seen["first"], seen["left"])
    at_risk = days.steps(spent, "start") - days.steps(spent, "until", after=1)
    left_out = np.zeros(people.replicates)
    np.add.at(left_out, everyone.filter(~pl.col("timed"))["replicate"].to_numpy(), 1)
    return Course(at_risk.cumsum(axis=1).cumsum(axis=1), days.grid(seen.filter("event"), "happened"), left_out)


def course_of_events(events: pl.DataFrame, people: Roster, arm: int, other: int) -> Course:
    """First events of two arms by the calendar, and those of one of them. Events without a date come last."""
    seen = _followed(events, people, (arm, other)).filter("event")
    days = _Days.of(people, seen["happened"])
    mine = seen.filter(pl.col("arm") == arm)
    return Course(days.grid(seen, "happened"), days.grid(mine, "happened"), np.zeros(people.replicates))


def _followed(events: pl.DataFrame, people: Roster, arms: Sequence[int]) -> pl.DataFrame:
    """A row a patient and arm: `entered`, `left`, `timed`, whether there was an `event`, the day of the `first`.

    `happened` is the first event's day, put within the time at risk; its end where there is no date.
    """
    first = events.group_by(WHO).agg(pl.col("onset").min().alias("first"), pl.lit(True).alias("event"))
    return (
        people.periods.filter(pl.col("arm").is_in(list(arms)))
        .group_by(WHO)
        .agg(
            pl.col("start").min().alias("entered"),
            pl.col("end").max().alias("left"),
            pl.col("days").is_not_null().all().alias("timed"),
        )
        .join(first, on=WHO, how="left")
        .with_columns(
            pl.col("event").fill_null(False),
            pl.when(pl.col("first").is_null())
            .then("left")
            .otherwise(pl.min_horizontal(pl.max_horizontal("first", "entered"), "left"))
            .alias("happened"),
        )
    )


@dataclass(frozen=True, slots=True)
class _Days:
    """The calendar of the data: its first day, how many days, and how many trials."""

    first: int
    count: int
    trials: int

    @classmethod
    def of(cls, people: Roster, *dates: pl.Series) -> _Days:
        known = pl.concat([d.cast(pl.Int32) for d in dates]).drop_nulls()
        low, high = (int(known.min()), int(known.max())) if len(known) else (0, 0)  # type: ignore[arg-type]
        return cls(low, high - low + 1, people.replicates)

    def steps(self, rows: pl.DataFrame, column: str, after: int = 0) -> Floats:
        """How many rows have each day, (replicate, day); rows without one have the last."""
        day = rows[column].cast(pl.Int32).fill_null(self.first + self.count - 1).to_numpy() - self.first + after
        made = np.zeros((self.trials, self.count + 1))
        np.add.at(made, (rows["replicate"].to_numpy(), day), 1)
        return made[:, : self.count]

    def grid(self, rows: pl.DataFrame, column: str) -> Floats:
        """How many rows have that day or one before."""
        return self.steps(rows, column).cumsum(axis=1)
