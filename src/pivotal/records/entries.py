"""Entries of a data file as text, whatever their type, with what the study's map says that they mean."""

from __future__ import annotations

import re

import polars as pl

from pivotal.records.table import Table
from pivotal.study.model import ColumnMap, DataMap

WHOLE = r"^(-?\d+)\.0+$"


def entries(table: Table, each: ColumnMap, data: DataMap, truth: tuple[str, str]) -> pl.Series:
    """A column as text: missing entries null, entries mapped, numbers in the study's unit.

    Parameters
    ----------
    table
        The data file.
    each
        What the study says of the column; what its `values` do not name stays as it stands.
    data
        The study's map, for the entries that mean missing in every column.
    truth
        How true and false are written.
    """
    text = spelt(table.frame[each.column.upper()])
    text = text.set(missing(text, each, data), None)
    means = {_bare(entry): _text(value, truth) for entry, value in each.values.items()}
    mapped = text
    if means:
        named = bare(text).replace_strict(means, default=None, return_dtype=pl.String)
        mapped = text.zip_with(named.is_null(), named)
    return mapped if each.times is None and each.plus is None else _converted(mapped, each)


def missing(text: pl.Series, each: ColumnMap, data: DataMap) -> pl.Series:
    """Which entries the study takes as missing, of those that are there."""
    return bare(text).is_in([_bare(entry) for entry in (*data.missing, *each.missing)]).fill_null(False)


def bare(text: pl.Series) -> pl.Series:
    """Entries as they are compared with those of a study file: 4.0 is 4, which many programs write for it."""
    return text.str.replace(WHOLE, "$1")


def _bare(entry: str) -> str:
    return re.sub(WHOLE, r"\1", entry.strip())


def spelt(column: pl.Series) -> pl.Series:
    """A column's entries as a study file writes them: 1 and not 1.0, 2024-05-01."""
    if not column.dtype.is_float():
        return column.cast(pl.String)
    whole = (column == column.round()) & (column.abs() < 2**53)
    return (
        pl.select(
            pl.when(whole).then(column.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(column.cast(pl.String))
        )
        .to_series()
        .alias(column.name)
    )


def _converted(text: pl.Series, each: ColumnMap) -> pl.Series:
    """Numbers in the study's unit; what is no number stays, to be named as a fault."""
    number = text.cast(pl.Float64, strict=False)
    study = number * (1.0 if each.times is None else each.times) + (each.plus or 0.0)
    return pl.select(pl.when(number.is_null()).then(text).otherwise(study.cast(pl.String))).to_series().alias(text.name)


def _text(value: bool | float | str, truth: tuple[str, str]) -> str:
    if isinstance(value, bool):
        return truth[0] if value else truth[1]
    return str(value)
