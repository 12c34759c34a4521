"""Who is at risk on which treatment, and how long: one treatment a patient, or several one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.errors import DataError, Fault

Floats = NDArray[np.float64]

SUBJECT = "USUBJID"
REPLICATE = "REPLICATE"
TOTAL = "Total"
WHO = ["replicate", "patient", "arm"]


@dataclass(frozen=True, slots=True)
class Roster:
    """Patients at risk.

    Attributes
    ----------
    arms
        Names of the columns; the last is all arms together where `total`.
    total
        Whether it is.
    replicates
        How many trials there are.
    subjects
        A row a patient: its identifiers, `replicate` and `patient`, a number of its own.
    periods
        A row a patient, arm and period: `replicate`, `patient`, `arm` (a position in `arms`), `start`, `end` (dates)
        and `days`, null where they are not known or the end lies before the start.
    """

    arms: tuple[str, ...]
    total: bool
    replicates: int
    subjects: pl.DataFrame
    periods: pl.DataFrame

    @property
    def people(self) -> pl.DataFrame:
        """A row a patient and arm: `days` under it, null where any of its periods is of unknown length."""
        whole = pl.when(pl.col("days").is_null().any()).then(None).otherwise(pl.col("days").sum()).alias("days")
        return self.periods.group_by(WHO).agg(whole).sort(WHO)

    def size(self) -> Floats:
        """Patients at risk, (replicate, arm)."""
        return self.grid(self.people, pl.len())

    def days(self) -> Floats:
        """Days at risk of the patients for whom they are known, (replicate, arm)."""
        return self.grid(self.people, pl.col("days").sum())

    def timed(self) -> Floats:
        """Patients whose days are known, (replicate, arm)."""
        return self.grid(self.people, pl.col("days").count())

    def grid(self, frame: pl.DataFrame, value: pl.Expr) -> Floats:
        """A number of the rows of each `replicate` and `arm`; 0 where there is no row."""
        sums = frame.group_by("replicate", "arm").agg(value.alias("value"))
        made = np.zeros((self.replicates, len(self.arms)))
        made[sums["replicate"].to_numpy(), sums["arm"].to_numpy()] = sums["value"].to_numpy()
        return made


def roster(
    adsl: pl.DataFrame,
    rows: pl.DataFrame,
    arms: Sequence[str],
    *,
    treatment: str,
    start: str,
    end: str,
    total: bool = False,
    lag: int = 0,
) -> Roster:
    """Who is at risk, arm by arm.

    Parameters
    ----------
    adsl
        The patients of the population, a row each.
    rows
        Their treatment periods; `adsl` itself where each has one.
    arms
        Names of the arms, as `treatment` holds them; rows of others are not looked at.
    treatment, start, end
        Columns of `rows`; without a column of dates no time at risk is known.
    total
        Whether all arms together are one more.
    lag
        Days after a period's end that still count, up to the patient's next period.

    Returns
    -------
    Roster

    Raises
    ------
    DataError
        If `rows` has no column `treatment`.
    """
    if treatment not in rows.columns:
        fault = Fault(f"the column {treatment} of who is at risk", "missing", "it holds the treatment", "Name another.")
        raise DataError([fault])
    keys = identifiers(adsl)
    subjects = _numbered(adsl, keys)
    codes = {name: position for position, name in enumerate(arms)}
    placed = (
        rows.select(
            *keys,
            pl.col(treatment).replace_strict(codes, default=None, return_dtype=pl.Int32).alias("arm"),
            _date(rows, start).alias("start"),
            _date(rows, end).alias("end"),
        )
        .drop_nulls("arm")
        .join(subjects, on=keys, how="inner")
        .select(*WHO, "start", "end")
    )
    periods = _timed(placed, lag)
    if total:
        periods = pl.concat([periods, periods.with_columns(arm=pl.lit(len(arms), pl.Int32))])
    names = (*arms, TOTAL) if total else tuple(arms)
    count = int(subjects["replicate"].max() or 0) + 1  # type: ignore[arg-type]
    return Roster(names, total, count, subjects, periods)


def identifiers(frame: pl.DataFrame) -> list[str]:
    """The columns that tell patients apart: of many trials, the replicate too."""
    return [name for name in (REPLICATE, SUBJECT) if name in frame.columns]


def date_of(column: str, dtype: pl.DataType) -> pl.Expr:
    """A column as whole dates; what is not a whole date is unknown. Study days are days from an origin of their own."""
    if dtype == pl.String:
        return pl.col(column).str.head(10).str.to_date("%Y-%m-%d", strict=False)
    return pl.col(column).cast(pl.Int32).cast(pl.Date) if dtype.is_numeric() else pl.col(column).cast(pl.Date)


def _date(frame: pl.DataFrame, column: str) -> pl.Expr:
    return date_of(column, frame.schema[column]) if column in frame.columns else pl.lit(None, pl.Date)


def _numbered(adsl: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    unique = adsl.select(keys).unique(maintain_order=True).with_row_index("patient")
    if REPLICATE not in keys:
        return unique.with_columns(replicate=pl.lit(0, pl.UInt32))
    return unique.with_columns(replicate=(pl.col(REPLICATE).rank("dense") - 1).cast(pl.UInt32))


def _timed(placed: pl.DataFrame, lag: int) -> pl.DataFrame:
    following = pl.col("start").shift(-1).over("replicate", "patient", order_by="start")
    last = pl.col("end").dt.offset_by(f"{lag}d")
    end = (
        pl.when(following.is_null())
        .then(last)
        .otherwise(pl.max_horizontal("end", pl.min_horizontal(last, following.dt.offset_by("-1d"))))
        if lag
        else pl.col("end")
    )
    length = (pl.col("end") - pl.col("start")).dt.total_days() + 1
    days = pl.when(length > 0).then(length).alias("days")
    return placed.with_columns(end=end).with_columns(days)
