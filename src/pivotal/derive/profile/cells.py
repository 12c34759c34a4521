"""Rows of one patient, and their cells as a page needs them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from pivotal.records.dataset import Library

Cells = Mapping[str, Any]
PATIENT = "USUBJID"


def rows_of(data: Library, name: str, patient: str) -> list[Cells]:
    """A data set's rows of one patient; none where there is no such data set."""
    if name not in data or PATIENT not in data[name].frame.columns:
        return []
    rows: list[Cells] = list(data[name].frame.filter(pl.col(PATIENT) == patient).iter_rows(named=True))
    return rows


def text_of(row: Cells, *names: str) -> str | None:
    """The first cell that says something, as text."""
    for name in names:
        value = row.get(name)
        if value is not None and str(value).strip():
            return f"{value:g}" if isinstance(value, float) else str(value).strip()
    return None


def number_of(row: Cells, *names: str) -> float | None:
    """The first cell that holds a finite number."""
    for name in names:
        value = row.get(name)
        if value is None or isinstance(value, bool | str | date):
            continue
        if math.isfinite(float(value)):
            return float(value)
    return None


def date_in(row: Cells, *names: str) -> date | None:
    """The first cell that holds a whole date, as a date or as ISO 8601 text."""
    for name in names:
        found = _date(row.get(name))
        if found is not None:
            return found
    return None


def _date(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip()[:10])
        except ValueError:
            return None
    return None


def is_yes(row: Cells, name: str) -> bool | None:
    """Whether a cell says yes; None where it says nothing."""
    said = text_of(row, name)
    return None if said is None else said.upper() in ("Y", "YES", "1", "TRUE")


def sentence(text: str | None) -> str | None:
    """Words in capitals, as coded, as a sentence; others as they stand.

    Examples
    --------
    >>> sentence("NOT RECOVERED/NOT RESOLVED"), sentence("Itch"), sentence("COVID-19")
    ('Not recovered/not resolved', 'Itch', 'COVID-19')
    """
    if text is None or not text.isupper() or any(c.isdigit() for c in text):
        return text
    return text.capitalize()


@dataclass(frozen=True, slots=True)
class Calendar:
    """Study days: how far a date lies from the first day of treatment."""

    day_one: date | None

    def day(self, when: date | None) -> int | None:
        """The study day of a date: 1 on day one, -1 the day before."""
        if when is None or self.day_one is None:
            return None
        apart = (when - self.day_one).days
        return apart + 1 if apart >= 0 else apart

    def day_of(self, row: Cells, days: Sequence[str], dates: Sequence[str]) -> int | None:
        """The study day that a row states, else that of its date."""
        stated = number_of(row, *days)
        return int(stated) if stated is not None else self.day(date_in(row, *dates))
