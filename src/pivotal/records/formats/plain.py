"""Columns in the few types that data sets have, without what is not significant."""

from __future__ import annotations

import polars as pl

from pivotal.errors import Fault, Findings

CUT = "Make of it what is meant before the data set is written."
_PLAIN = (pl.String, pl.Int64, pl.Float64, pl.Boolean, pl.Date, pl.Time)


def plain(values: pl.Series, where: str, findings: Findings) -> pl.Series:
    """A column as text, whole numbers, numbers, truth values, dates, datetimes or times.

    Trailing blanks of a text go, and blank text is null; a column that is so already is given back as it is, and not
    copied.

    Parameters
    ----------
    values
        The column.
    where
        File or data set, for faults: ``adsl.parquet``.
    findings
        Where it is noted that a column has another type, or a number is NaN or infinite.
    """
    kind = values.dtype
    if kind == pl.String:
        return trimmed(values)
    if kind == pl.Float64:
        return _finite(values, where, findings)
    if kind in _PLAIN:
        return values
    if kind == pl.Null:
        return values.cast(pl.String)
    if kind in (pl.Categorical, pl.Enum):
        return trimmed(values.cast(pl.String))
    if kind == pl.Float32:
        return _finite(values.cast(pl.Float64), where, findings)
    if kind == pl.Datetime and getattr(kind, "time_zone", None) is None:
        return _to_microseconds(values, where, findings)
    if kind.is_integer():
        return _whole(values, where, findings)
    if kind.is_decimal():
        return _decimal(values, where, findings)
    allowed = "a column is text, a number, a truth value, a date, a datetime without time zone, or a time"
    findings.add(f"{where} types", Fault(f"{where}: {values.name}", f"of the type {kind}", allowed, CUT))
    return values


def trimmed(text: pl.Series) -> pl.Series:
    """Text without trailing blanks; blank text is null."""
    if text.str.ends_with(" ").any():
        text = text.str.strip_chars_end(" ")
    empty = text == ""
    return text.set(empty, None) if empty.any() else text


def _finite(values: pl.Series, where: str, findings: Findings) -> pl.Series:
    bad = ~values.is_finite()
    if bad.any():
        _note(values, bad, "numbers", "a number is finite, and a missing one is null", where, findings)
    return values


def _whole(values: pl.Series, where: str, findings: Findings) -> pl.Series:
    cast = values.cast(pl.Int64, strict=False)
    bad = cast.is_null() & values.is_not_null()
    if bad.any():
        _note(values, bad, "numbers", "a whole number has 64 bits", where, findings)
    return cast


def _decimal(values: pl.Series, where: str, findings: Findings) -> pl.Series:
    cast = values.cast(pl.Float64)
    bad = (cast.cast(values.dtype, strict=False) != values).fill_null(True) & values.is_not_null()
    if bad.any():
        _note(values, bad, "numbers", "a number has as many digits as a double holds, about 16", where, findings)
    return cast


def _to_microseconds(values: pl.Series, where: str, findings: Findings) -> pl.Series:
    if values.dtype == pl.Datetime("us"):
        return values
    cast = values.cast(pl.Datetime("us"))
    bad = cast.cast(values.dtype) != values
    if bad.any():
        _note(values, bad, "dates", "a datetime is kept to the microsecond", where, findings)
    return cast


def _note(values: pl.Series, bad: pl.Series, kind: str, allowed: str, where: str, findings: Findings) -> None:
    for row in bad.fill_null(False).arg_true().to_list():
        place = f"{where} row {row + 1:,}: {values.name}"
        findings.add(f"{where} {values.name} {kind}", Fault(place, str(values[row]), allowed, CUT))
