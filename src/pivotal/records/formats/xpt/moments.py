"""Numbers that are dates, datetimes or times: those under a format of that kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import polars as pl

from pivotal.errors import Fault, Findings
from pivotal.records.formats import sas
from pivotal.records.formats.source import Source

DAY = 86_400
FIRST_DAY = (date(1582, 1, 1) - sas.EPOCH).days
"""SAS's first day."""
LAST_DAY = (date.max - sas.EPOCH).days
"""The last day of the year 9999."""


@dataclass(frozen=True, slots=True)
class _Kind:
    first: int
    end: int
    allowed: str
    convert: Callable[[pl.Series], pl.Series]


_KINDS = {
    "date": _Kind(
        FIRST_DAY, LAST_DAY + 1, "a date is a whole number of days since 1960, from the year 1582 to 9999", sas.dates
    ),
    "datetime": _Kind(
        FIRST_DAY * DAY,
        (LAST_DAY + 1) * DAY,
        "a datetime is a number of seconds since 1960, from the year 1582 to 9999",
        sas.datetimes,
    ),
}


def moments(values: pl.Series, form: sas.Format | None, source: Source, findings: Findings) -> pl.Series:
    """Numbers under their format: as dates, datetimes or times where the format says so.

    A column of times with a value outside the day holds durations, and stays a number of seconds.
    """
    name = form.kind if form else None
    if name == "time":
        return sas.times(values) if ((values >= 0) & (values < DAY)).all() else values
    kind = _KINDS.get(name or "")
    if kind is None:
        return values
    bad = (values < kind.first) | (values >= kind.end)
    if name == "date":
        bad |= values != values.floor()
    for row in bad.arg_true().to_list():
        where = f"{source.name} row {row + 1:,}: {values.name}"
        mend = "Correct the number or its format, and export the file again."
        fault = Fault(where, f"{values[row]!r} under the format {form}", kind.allowed, mend)
        findings.add(f"{source.name} {values.name} dates", fault)
    return kind.convert(values.set(bad, None))
