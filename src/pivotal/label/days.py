"""Days as they are written and asked for."""

from __future__ import annotations

from datetime import date, datetime

from pivotal.errors import UsageError


def a_day(on: date | str) -> date:
    """A day from its text.

    Raises
    ------
    UsageError
        If it is none.
    """
    if isinstance(on, datetime):
        return on.date()
    if isinstance(on, date):
        return on
    try:
        return date.fromisoformat(on)
    except ValueError:
        raise UsageError(f"{on!r} is no day; a day is written as 2025-09-18. Correct it.") from None
