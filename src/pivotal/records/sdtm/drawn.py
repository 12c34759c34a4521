"""One virtual trial with days: what all domains are made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.errors import UsageError
from pivotal.records.datasets import identifiers
from pivotal.study.model import Period, Study, Visit
from pivotal.study.sdtm import Sdtm
from pivotal.trials import Trials

DOMAIN = "DOMAIN"
TREATMENT = "TREATMENT"
"""The epoch of a period of which the study file says nothing."""


def reference_days(study: Study, patients: int, generator: np.random.Generator) -> pl.Series:
    """Each patient's reference date, in order of enrolment: even between the study file's first and last day.

    Parameters
    ----------
    study
        The trial, with its `[sdtm]`.
    patients
        How many.
    generator
        Where the days come from.

    Returns
    -------
    polars.Series
        Dates, (subject,), none before the one above it.
    """
    part = part_of(study)
    span = (part.last_day - part.first_day).days
    days = np.sort(generator.integers(0, span + 1, size=patients))
    return pl.Series("RFSTDTC", [part.first_day + timedelta(days=int(day)) for day in days], dtype=pl.Date)


def part_of(study: Study) -> Sdtm:
    """The study file's [sdtm]."""
    if study.sdtm is None:
        raise UsageError(
            f"{study.id} does not say how it stands in SDTM. Add [sdtm] to the study file: first_day, last_day, and a "
            "[[sdtm.tests]] for each parameter."
        )
    return study.sdtm


@dataclass(frozen=True, slots=True)
class Drawn:
    """One trial, R = 1, and when each patient began.

    Attributes
    ----------
    study
        The trial.
    trials
        Its patients.
    start
        Reference date of each patient, (subject,).
    """

    study: Study
    trials: Trials
    start: pl.Series

    @property
    def part(self) -> Sdtm:
        """The study file's [sdtm]."""
        return part_of(self.study)

    @property
    def ids(self) -> tuple[str, ...]:
        """Unique subject identifiers, (subject,)."""
        return identifiers(self.study, self.trials)

    @property
    def visits(self) -> tuple[Visit, ...]:
        """The study's visits, then those of the long-term period where one was drawn."""
        period = self.later_period
        return (*self.study.visits, *(period.visits if period is not None else ()))

    @property
    def later_period(self) -> Period | None:
        """The long-term period; None where none was drawn."""
        return self.study.long_term if self.trials.longterm is not None else None

    def offset(self, visit: int) -> int:
        """Planned days of a visit from the reference date, which is the baseline visit's."""
        return self.visits[visit].day - self.study.baseline_visit.day

    def planned_day(self, visit: int) -> int:
        """A visit's planned study day: the reference date is day 1, the day before it day -1."""
        offset = self.offset(visit)
        return offset + 1 if offset >= 0 else offset

    def dates(self, visit: int) -> pl.Series:
        """The day of a visit for every patient, (subject,)."""
        return self.start.dt.offset_by(f"{self.offset(visit)}d")

    def attended(self, visit: int) -> NDArray[np.bool_]:
        """Who was at a visit, (subject,): in the long-term period, who had not left by its planned day."""
        later = self.trials.longterm
        if visit < len(self.study.visits) or later is None:
            there: NDArray[np.bool_] = self.trials.last_visit[0] >= visit
        else:
            there = later.end_day[0] >= self.planned_day(visit)
        return there

    def last_visit_days(self) -> NDArray[np.int64]:
        """Study day of the last of the study's own visits that each patient attended, (subject,)."""
        planned = np.array([self.planned_day(v) for v in range(len(self.study.visits))], dtype=np.int64)
        days: NDArray[np.int64] = planned[self.trials.last_visit[0].astype(np.int64)]
        return days

    def first_period_days(self) -> NDArray[np.int64]:
        """Last study day of treatment in the first period: that of the last visit attended, or the period's end."""
        later = self.trials.longterm
        return self.last_visit_days() if later is None else later.blinded_end[0].astype(np.int64)

    def last_days(self) -> NDArray[np.int64]:
        """Last study day of each patient in the trial, (subject,)."""
        later = self.trials.longterm
        last = self.last_visit_days()
        return last if later is None else np.maximum(last, later.end_day[0])

    def last_dates(self) -> pl.Series:
        """The last day of treatment of each patient, (subject,): in the long-term period, that of the last course."""
        days, later = self.first_period_days(), self.trials.longterm
        if later is not None:
            np.maximum.at(days, later.courses.subject, later.courses.stop.astype(np.int64))
        return self.on(days)

    def on(self, days: NDArray[Any], who: NDArray[Any] | None = None) -> pl.Series:
        """Dates of study days, each of one patient of `who`; of all in order where None."""
        start = self.start if who is None else self.start.gather(pl.Series(who.astype(np.int64)))
        whole = days.astype(np.int64)
        offsets = pl.Series(np.where(whole > 0, whole - 1, whole))
        return pl.select(pl.lit(start) + pl.duration(days=pl.lit(offsets))).to_series()

    def head(self, domain: str) -> dict[str, object]:
        """STUDYID, DOMAIN and USUBJID of one row a patient."""
        return {"STUDYID": self.study.id, DOMAIN: domain, "USUBJID": pl.Series(self.ids, dtype=pl.String)}

    def rows(self, domain: str, who: NDArray[Any], columns: dict[str, Any]) -> pl.DataFrame:
        """Rows of patients `who`, by their place in the trial, with STUDYID, DOMAIN and USUBJID before `columns`."""
        ids = pl.Series(self.ids, dtype=pl.String).gather(pl.Series(who.astype(np.int64)))
        head = {"who": who.astype(np.int64), "STUDYID": self.study.id, DOMAIN: domain, "USUBJID": ids}
        return pl.DataFrame({**head, **columns})

    def epoch(self, visit: int) -> str:
        """SDTM's epoch of a visit: that of the period that it is in."""
        day = self.offset(visit)
        periods = [p for p in self.study.periods if p.from_week * 7 <= day <= p.to_week * 7]
        later = self.later_period
        if later is not None and visit >= len(self.study.visits):
            periods = [later]
        return self.period_epoch(periods[0].name) if periods else TREATMENT

    def period_epoch(self, period: str) -> str:
        """SDTM's epoch of a period, by the study file."""
        return self.part.epochs.get(period, TREATMENT)


def iso(dates: pl.Series) -> pl.Series:
    """Dates as ISO 8601 texts."""
    return dates.dt.to_string("%Y-%m-%d")
