"""Dates, datetimes and times as ISO 8601 text, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

_CLOCK = r"\d{2}:\d{2}(:\d{2}([.,]\d{1,6})?)?"
_KINDS: dict[str, tuple[re.Pattern[str], Callable[[str], Any], str]] = {
    "date": (re.compile(r"\d{4}-\d{2}-\d{2}"), date.fromisoformat, "a whole date is written so: 2013-01-31"),
    "datetime": (
        re.compile(rf"\d{{4}}-\d{{2}}-\d{{2}}T{_CLOCK}"),
        datetime.fromisoformat,
        "a datetime is written so, to the microsecond and without a time zone: 2013-01-31T13:45:00",
    ),
    "time": (re.compile(_CLOCK), time.fromisoformat, "a time is written so, to the microsecond: 13:45:00"),
}


def allowed(kind: str) -> str:
    """How a date, a datetime or a time is written."""
    return _KINDS[kind][2]


def from_text(kind: str, texts: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """Dates, datetimes or times from text, and the places of what is none.

    Examples
    --------
    >>> from_text("date", ["2013-01-31", None, "2013-02", "2013-02-30"])
    ([datetime.date(2013, 1, 31), None, None, None], [2, 3])
    """
    known: dict[Any, Any] = {None: None}
    wrong: set[Any] = set()
    for text in set(texts) - {None}:
        known[text] = _one(kind, text)
        if known[text] is None:
            wrong.add(text)
    places = [n for n, text in enumerate(texts) if text in wrong] if wrong else []
    return [known[text] for text in texts], places


def _one(kind: str, text: Any) -> Any:
    pattern, read, _ = _KINDS[kind]
    if not isinstance(text, str) or not pattern.fullmatch(text):
        return None
    try:
        return read(text)
    except ValueError:
        return None


def to_text(values: Iterable[Any]) -> list[str | None]:
    """Dates, datetimes or times as ISO 8601 text."""
    return [None if value is None else value.isoformat() for value in values]
