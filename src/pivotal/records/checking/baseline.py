"""Baseline: one a patient and test, before treatment, and the same on every row."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from pivotal.records.checking.finding import ROW, SUBJECT, Rule, noted, numbered
from pivotal.records.dataset import Dataset, Library
from pivotal.records.partial_dates import bounds
from pivotal.study.model import Study
from pivotal.study.recipe_visits import Baseline

TWO = Rule("two baselines", "error", "a patient has one baseline of a test", "Clear the flag on all rows but one.")
LATE = Rule(
    "baseline after treatment",
    "warning",
    "a baseline is measured before treatment, or on its first day",
    "Correct the flag or the date.",
)
BASE = Rule("baseline value", "error", "BASE is the value of the baseline row", "Correct BASE or AVAL.")
NONE = Rule("no baseline", "note", "a patient with values has a baseline", "Flag one, or say why there is none.")
APART = ("CAT", "SCAT", "SPEC", "LOC", "LAT", "POS", "METHOD", "TPT", "TPTNUM")
"""What tells measurements of one test apart, in SDTM."""
ALSO = ("BASETYPE", "ATPT", "ATPTN", "ATPTREF", "PARCAT1")
"""The same in ADaM."""
NEAR = 1e-6
"""Relative difference of two stored decimals that are one number."""


def flagged(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Two baselines, late ones, and patients without one."""
    for found in data.values():
        flag, by = _flag(study, found)
        if flag is None:
            continue
        rows = numbered(found)
        based = rows.filter(pl.col(flag) == "Y")
        again = based.filter(~pl.struct(by).is_first_distinct())
        first = based.group_by(by, maintain_order=True).agg(pl.col(ROW).first().alias("first"))
        again = again.join(first, on=by, how="left", nulls_equal=True, maintain_order="left")
        says = pl.format("row {} is this patient's baseline of it already", pl.col("first"))
        yield noted(TWO, found, again, flag, says=says)
        yield from _late(found, based, flag, data)
        yield from _without(found, rows, flag, by[:2])


def _flag(study: Study, found: Dataset) -> tuple[str | None, list[str]]:
    """The flag of baseline rows, and within what there is one; None where the data set has no baseline."""
    columns = found.frame.columns
    flag, test = f"{found.name}BLFL", f"{found.name}TESTCD"
    if {flag, test, SUBJECT} <= set(columns):
        apart = [name for end in APART if (name := f"{found.name}{end}") in columns]
        return flag, _by(columns, [SUBJECT, test, *apart])
    if {"ABLFL", "PARAMCD", SUBJECT} <= set(columns):
        stated = [
            step.by
            for r in study.datasets
            if r.name == found.name
            for step in r.steps
            if isinstance(step, Baseline) and "ABLFL" in step.where
        ]
        by = stated[0] if stated and set(stated[0]) <= set(columns) else (SUBJECT, "PARAMCD")
        by = by if by[:2] == (SUBJECT, "PARAMCD") else (SUBJECT, "PARAMCD", *by)
        return "ABLFL", _by(columns, [*by, *(name for name in ALSO if name in columns)])
    return None, []


def _by(columns: list[str], names: list[str]) -> list[str]:
    replicate = ["REPLICATE"] if "REPLICATE" in columns else []
    return [*dict.fromkeys(names), *replicate]


def _late(found: Dataset, based: pl.DataFrame, flag: str, data: Library) -> Iterator[pl.DataFrame]:
    date = next((n for n in (f"{found.name}DTC", "ADT") if n in found.frame.columns), None)
    start = _treated(data)
    if date is None or start is None:
        return
    dated = based.select(ROW, SUBJECT, *bounds(based, date, "date"))
    dated = dated.join(start, on=SUBJECT, how="inner", maintain_order="left")
    late = dated.filter(pl.col("date earliest") > pl.col("start latest"))
    says = pl.format("treatment began on {}", pl.col("start text"))
    yield noted(LATE, found, late, flag, pl.col("date text"), says=says)


def _treated(data: Library) -> pl.DataFrame | None:
    """First day of treatment of each patient."""
    for name, column in (("ADSL", "TRTSDT"), ("DM", "RFXSTDTC"), ("EX", "EXSTDTC")):
        found = data.get(name)
        if found is not None and {SUBJECT, column} <= set(found.frame.columns):
            frame = found.frame.sort(column, nulls_last=True).unique(SUBJECT, keep="first", maintain_order=True)
            return frame.select(SUBJECT, *bounds(frame, column, "start"))
    return None


def _without(found: Dataset, rows: pl.DataFrame, flag: str, by: list[str]) -> Iterator[pl.DataFrame]:
    """Tests of which some patients have a baseline and others, with values, have none."""
    value = next((n for n in (f"{found.name}STRESN", "AVAL") if n in rows.columns), None)
    if value is None:
        return
    valued = rows.filter(pl.col(value).is_not_null())
    each = valued.group_by(by, maintain_order=True).agg(pl.col(ROW).first(), (pl.col(flag) == "Y").any().alias("has"))
    test = by[1]
    none = each.with_columns(some=pl.col("has").any().over(test)).filter(~pl.col("has") & pl.col("some"))
    one = (
        none.sort(ROW)
        .group_by(test, maintain_order=True)
        .agg(pl.col(ROW).first(), pl.col(SUBJECT).first(), pl.len().alias("patients"))
    )
    value_of = pl.format("{} of {} patients", pl.col(test), pl.col("patients"))
    yield noted(NONE, found, one, flag, value_of, count=pl.col("patients"))


def values(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Baselines on other rows that are not the value of the baseline row."""
    for found in data.values():
        flag, by = _flag(study, found)
        columns = set(found.frame.columns)
        if flag != "ABLFL" or not {"AVAL", "BASE"} <= columns:
            continue
        if not (found.frame.schema["AVAL"].is_numeric() and found.frame.schema["BASE"].is_numeric()):
            continue
        based = found.frame.filter(pl.col("ABLFL") == "Y").unique(by, keep="first", maintain_order=True)
        right = based.select(*by, pl.col("AVAL").alias("right"))
        rows = numbered(found).join(right, on=by, how="inner", nulls_equal=True, maintain_order="left")
        differ = (pl.col("BASE") - pl.col("right")).abs() > NEAR * pl.col("right").abs().clip(1.0, None)
        says = pl.format("the baseline row has {}", pl.col("right"))
        yield noted(BASE, found, rows.filter(differ), "BASE", says=says)
