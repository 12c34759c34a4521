"""Units in which a fact may be given, and what they are in the variable's own."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*\Z", re.DOTALL)

Ratio = tuple[float, float]
"""A unit in another: times the first, by the second."""

_YEARS = ("years", "year", "yrs", "yr", "y", "a", "a_j")
_MONTHS = ("months", "month", "mos", "mo", "mo_j")
_PERCENT = ("%", "percent", "pct", "% bsa")
_HANDS = ("handprints", "handprint", "{handprint}", "palms", "palm", "{palm}")

_POINTS = ("{score}", "score", "points", "point", "1")

UNITS: dict[str, dict[str, Ratio]] = {
    "": dict.fromkeys(_POINTS, (1.0, 1.0)),
    "years": dict.fromkeys(_YEARS, (1.0, 1.0)) | dict.fromkeys(_MONTHS, (1.0, 12.0)),
    "%": dict.fromkeys((*_PERCENT, *_HANDS), (1.0, 1.0)) | {"1": (100.0, 1.0)},
}
"""Ratios by the variable's unit and the unit given.

A handprint is 1 % of the body surface (NCT05032859). ``1`` is UCUM's plain ratio. Days and weeks do not tell completed
years, and square metres are the body's whole surface, not the part affected: they are refused.
"""

_WHY = {
    "years": "weeks and days do not tell completed years",
    "%": "m2 is the size of the whole body surface, not the part affected",
}


class UnitError(ValueError):
    """A unit that cannot be converted; its text says what is allowed."""


def measured(text: str, unit: str | None) -> float | None:
    """A number with or without its unit, in the variable's unit; None where the text is no number.

    Raises
    ------
    UnitError
        If the unit is not one that can be converted.

    Examples
    --------
    >>> measured("30 months", "years"), measured("12", "%"), measured("ten", "%")
    (2.5, 12.0, None)
    """
    found = _NUMBER.match(text)
    if found is None:
        return None
    value, given = float(found[1]), found[2]
    return value if not given else converted(value, given, unit)


def converted(value: float, given: str, unit: str | None) -> float:
    """A value in the variable's unit.

    Raises
    ------
    UnitError
        If the unit is not one that can be converted.
    """
    known = UNITS.get(unit or "", {unit.lower(): (1.0, 1.0)} if unit else {})
    if given.lower() not in known:
        why = f"; {_WHY[unit]}" if unit in _WHY else ""
        raise UnitError(f"it is in {unit}{why}" if unit else "it has no unit")
    times, by = known[given.lower()]
    return value * times / by
