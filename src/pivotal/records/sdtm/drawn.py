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
from pivotal.study.model import Study
from pivotal.study.sdtm import Sdtm
from pivotal.trials import Trials

DOMAIN = "DOMAIN"


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

    def offset(self, visit: int) -> int:
        """Planned days of a visit from the reference date, which is the baseline visit's."""
        return self.study.visits[visit].day - self.study.baseline_visit.day

    def planned_day(self, visit: int) -> int:
        """A visit's planned study day: the reference date is day 1, the day before it day -1."""
        offset = self.offset(visit)
        return offset + 1 if offset >= 0 else offset

    def dates(self, visit: int) -> pl.Series:
        """The day of a visit for every patient, (subject,)."""
        return self.start.dt.offset_by(f"{self.offset(visit)}d")

    def last_dates(self) -> pl.Series:
        """The day of the last visit that each patient attended, (subject,)."""
        offsets = np.array([self.offset(v) for v in range(len(self.study.visits))])
        days: NDArray[np.int64] = offsets[self.trials.last_visit[0].astype(np.int64)]
        return pl.select(pl.lit(self.start) + pl.duration(days=pl.lit(pl.Series(days)))).to_series()

    def on(self, days: NDArray[Any], who: NDArray[Any] | None = None) -> pl.Series:
        """Dates of study days, each of one patient of `who` (all in order where None); null for a negative day."""
        start = self.start if who is None else self.start.gather(pl.Series(who.astype(np.int64)))
        offsets = pl.Series(days.astype(np.int64) - 1).set(pl.Series(days < 0), None)
        return pl.select(pl.lit(start) + pl.duration(days=pl.lit(offsets))).to_series()

    def period_epoch(self, period: str) -> str:
        """SDTM's epoch of a period, by the study file."""
        return self.part.epochs.get(period, "TREATMENT")

    def head(self, domain: str) -> dict[str, object]:
        """STUDYID, DOMAIN and USUBJID of one row a patient."""
        return {"STUDYID": self.study.id, DOMAIN: domain, "USUBJID": pl.Series(self.ids, dtype=pl.String)}

    def epoch(self, visit: int) -> str:
        """SDTM's epoch of a visit: that of the period that it is in."""
        day = self.offset(visit)
        periods = [p for p in self.study.periods if p.from_week * 7 <= day <= p.to_week * 7]
        return self.part.epochs.get(periods[0].name, "TREATMENT") if periods else "TREATMENT"


def iso(dates: pl.Series) -> pl.Series:
    """Dates as ISO 8601 texts."""
    return dates.dt.to_string("%Y-%m-%d")
