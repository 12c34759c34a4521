"""Dates, study days and durations."""

from __future__ import annotations

import polars as pl

from pivotal.derive.steps.step import apply
from pivotal.records.dataset import Library
from pivotal.study.recipe_subject import Dates, DaysBetween, StudyDays

MONTH = 30.4375
"""Days of a month: a twelfth of 365.25."""


@apply.register
def dates(step: Dates, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Dates of ISO 8601 texts, partial ones imputed as the step says."""
    flagged = {date: flag for flag, date in step.flags.items()}
    for new, old in step.columns.items():
        date, flag = _date(pl.col(old), step) if frame.schema[old] == pl.String else (pl.col(old), pl.lit(None))
        made = [date.cast(pl.Date).alias(new)]
        if new in flagged:
            made.append(flag.cast(pl.String).alias(flagged[new]))
        frame = frame.with_columns(made)
    return frame


def _date(text: pl.Expr, step: Dates) -> tuple[pl.Expr, pl.Expr]:
    """The date, and which part of it is imputed."""
    year, month, day = text.str.slice(0, 4), text.str.slice(5, 2), text.str.slice(8, 2)
    whole = text.str.contains(r"^\d{4}-\d{2}-\d{2}")
    no_day = text.str.contains(r"^\d{4}-\d{2}$")
    no_month = text.str.contains(r"^\d{4}$")
    full = pl.when(whole).then(year + "-" + month + "-" + day).otherwise(None)
    imputed = pl.lit(None, dtype=pl.String)
    if step.day is not None:
        chosen = f"{step.day:02d}" if isinstance(step.day, int) else "01"
        full = pl.when(no_day).then(year + "-" + month + f"-{chosen}").otherwise(full)
        imputed = pl.when(no_day).then(pl.lit("D")).otherwise(imputed)
        if step.month is not None:
            full = pl.when(no_month).then(year + f"-{step.month:02d}-{chosen}").otherwise(full)
            imputed = pl.when(no_month).then(pl.lit("M")).otherwise(imputed)
    date = full.str.to_date("%Y-%m-%d", strict=False)
    if step.day == "last":
        date = pl.when(imputed.is_not_null()).then(date.dt.month_end()).otherwise(date)
    return date, imputed


@apply.register
def study_days(step: StudyDays, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Days from the reference date, without a day 0."""
    made = []
    for new, old in step.columns.items():
        days = (pl.col(old) - pl.col(step.reference)).dt.total_days()
        made.append(pl.when(days >= 0).then(days + 1).otherwise(days).alias(new))
    return frame.with_columns(made)


@apply.register
def days_between(step: DaysBetween, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Days (or months) from one date to another."""
    days = (pl.col(step.end) - pl.col(step.start)).dt.total_days() + int(step.inclusive)
    return frame.with_columns((days if step.unit == "days" else (days / MONTH).round(1)).alias(step.column))
