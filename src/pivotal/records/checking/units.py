"""Units: one a test; and names and codes of tests that belong together."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from pivotal.records.checking.finding import ROW, SUBJECT, Rule, noted, numbered
from pivotal.records.dataset import Dataset, Library
from pivotal.study.model import Study

MIXED = Rule(
    "units mixed", "error", "standard results of a test have one unit", "Convert these values, or correct the unit."
)
NONE = Rule("unit missing", "warning", "", "Fill in the unit.")
PAIR = Rule("code and name", "error", "a code has one name, and a name one code", "Correct the code or the name.")
STATED = Rule("unit of the study", "error", "", "Convert the values, or correct the unit in the study file.")
COUNT = "rows of it"


def units(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Units mixed within a test, and values without one."""
    for found in data.values():
        test, unit, value = (f"{found.name}{end}" for end in ("TESTCD", "STRESU", "STRESN"))
        columns = set(found.frame.columns)
        if {test, unit, value} <= columns:
            kinds = [name for name in (f"{found.name}{end}" for end in ("CAT", "SPEC", "METHOD")) if name in columns]
            yield from _mixed(found, [test, *kinds], unit, value)
        if {"PARAMCD", "AVALU", "AVAL"} <= columns:
            yield from _mixed(found, ["PARAMCD"], "AVALU", "AVAL")
    yield from _stated(study, data)


def _mixed(found: Dataset, by: list[str], unit: str, value: str) -> Iterator[pl.DataFrame]:
    """Each unit of a test but its most frequent one, at its first row."""
    rows = numbered(found).filter(pl.col(value).is_not_null())
    people = [SUBJECT] if SUBJECT in rows.columns else []
    counts = rows.group_by([*by, unit]).agg(pl.col(ROW).min(), pl.len().alias(COUNT), pl.col(people).first())
    counts = counts.sort([*by, COUNT, ROW], descending=[*(False for _ in by), True, False], nulls_last=True)
    usual = pl.col(unit).drop_nulls().first().over(by)
    counts = counts.with_columns(usual=usual)
    other = counts.filter(pl.col(unit).is_not_null() & (pl.col(unit) != pl.col("usual"))).sort(ROW)
    says = pl.format("{} is in {} elsewhere", pl.col(by[0]), pl.col("usual"))
    yield noted(MIXED, found, other, unit, says=says, count=pl.col(COUNT))
    none = counts.filter(pl.col(unit).is_null() & pl.col("usual").is_not_null()).sort(ROW)
    yield noted(NONE, found, none, unit, says=says, count=pl.col(COUNT))


def _stated(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Units that are not those of the study's parameters."""
    for parameter in study.parameters:
        origin = parameter.origin
        found = data.get(origin.dataset) if origin is not None else None
        if origin is None or found is None or parameter.unit is None or "AVALU" not in found.frame.columns:
            continue
        try:
            rows = numbered(found).filter(pl.sql_expr(origin.condition(parameter.name)))
        except pl.exceptions.PolarsError:
            continue
        other = rows.filter(pl.col("AVALU").is_not_null() & (pl.col("AVALU") != parameter.unit))
        one = other.group_by("AVALU", maintain_order=True).agg(
            pl.col(ROW).first(), pl.col(SUBJECT).first(), pl.len().alias(COUNT)
        )
        says = f"the study has {parameter.name} in {parameter.unit}"
        yield noted(STATED, found, one, "AVALU", says=says, count=pl.col(COUNT))


def pairs(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Codes with two names, and names with two codes."""
    for found in data.values():
        for code, name in ((f"{found.name}TESTCD", f"{found.name}TEST"), ("PARAMCD", "PARAM")):
            if {code, name} <= set(found.frame.columns):
                yield from _one_to_one(found, code, name)
                yield from _one_to_one(found, name, code)


def _one_to_one(found: Dataset, first: str, second: str) -> Iterator[pl.DataFrame]:
    kept = [SUBJECT] if SUBJECT in found.frame.columns else []
    each = numbered(found).drop_nulls([first, second]).group_by([first, second])
    counts = each.agg(pl.col(ROW).min(), pl.len().alias(COUNT), pl.col(kept).first()).sort(COUNT, descending=True)
    counts = counts.with_columns(usual=pl.col(second).first().over(first))
    other = counts.filter(pl.col(second) != pl.col("usual")).sort(ROW)
    says = pl.format(f"{first} {{}} is {second} {{}} elsewhere", pl.col(first), pl.col("usual"))
    yield noted(PAIR, found, other, second, says=says, count=pl.col(COUNT))
