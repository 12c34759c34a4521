"""The values of a column of Dataset-JSON: all of its type, or each that is not named by row and variable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

import polars as pl

from pivotal.errors import Fault, Findings
from pivotal.records.dataset import Column
from pivotal.records.formats import moments
from pivotal.records.formats.plain import trimmed
from pivotal.records.formats.source import Source

EXACT = 2**53
LARGEST = 2**63 - 1

_DTYPES: dict[str, Any] = {
    "text": pl.String,
    "integer": pl.Int64,
    "float": pl.Float64,
    "boolean": pl.Boolean,
    "date": pl.Date,
    "datetime": pl.Datetime("us"),
    "time": pl.Time,
}


def series(column: Column, values: Sequence[Any], source: Source, findings: Findings) -> pl.Series:
    """A column's values; null where they are missing or, which is noted, wrong."""
    if column.type in ("date", "datetime", "time") or column.more.get("dataType") == "decimal":
        values = [None if value == "" else value for value in values]  # these are texts in JSON, which may be blank
    if column.type in ("date", "datetime", "time"):
        given, (values, places) = values, moments.from_text(column.type, _hashable(values))
        wrong = {place: given[place] for place in places}
        allowed = moments.allowed(column.type)
    elif column.more.get("dataType") == "decimal":
        values, wrong = _each(values, _decimal)
        allowed = "a decimal is a number as text, of no more digits than a double holds, about 16"
    else:
        values, wrong, allowed = _simple(column.type, values)
    if wrong:
        _note(column, wrong, allowed, source, findings)
    made = pl.Series(column.name, values, dtype=_DTYPES[column.type], strict=True)
    return trimmed(made) if column.type == "text" else made


def _hashable(values: Sequence[Any]) -> list[Any]:
    return [value if isinstance(value, str | None) else repr(value) for value in values]


def _simple(kind: str, values: Sequence[Any]) -> tuple[Sequence[Any], dict[int, Any], str]:
    types = set(map(type, values)) - {type(None)}
    if kind == "text":
        allowed = "a text is in quotation marks, or null"
        return (values, {}, allowed) if types <= {str} else (*_each(values, _text), allowed)
    if kind == "boolean":
        allowed = "a truth value is true, false or null"
        return (values, {}, allowed) if types <= {bool} else (*_each(values, _boolean), allowed)
    if kind == "integer":
        return (*_each(values, _integer), "an integer is a whole number of at most 64 bits, or null")
    allowed = "a number is finite, exact as a double, and not in quotation marks"
    return (*_each(values, _number), allowed)


def _each(values: Sequence[Any], right: Callable[[Any], Any]) -> tuple[list[Any], dict[int, Any]]:
    made: list[Any] = []
    wrong: dict[int, Any] = {}
    for place, value in enumerate(values):
        good = None if value is None else right(value)
        if good is None and value is not None:
            wrong[place] = value
        made.append(good)
    return made, wrong


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _integer(value: Any) -> int | None:
    if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT:
        return int(value)
    return value if type(value) is int and -LARGEST <= value <= LARGEST else None


def _number(value: Any) -> float | None:
    if type(value) is float:
        return value if isfinite(value) else None
    return float(value) if type(value) is int and abs(value) < 1 << 1000 and int(float(value)) == value else None


def _decimal(value: Any) -> float | None:
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return None
    return float(exact) if exact.is_finite() and Decimal(repr(float(exact))) == exact else None


def _note(column: Column, wrong: dict[int, Any], allowed: str, source: Source, findings: Findings) -> None:
    for place, value in wrong.items():
        where = f"{source.name} row {place + 1:,}: {column.name}"
        fault = Fault(
            where, repr(value), f"{column.name} is of the type {column.type}: {allowed}", "Correct the value."
        )
        findings.add(f"{source.name} {column.name} values", fault)
