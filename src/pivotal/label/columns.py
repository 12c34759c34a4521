"""Reading the entries of one column: numbers with their units, truth values, words, conditions, dates of birth.

Each reader gives the column, null where it is unknown or wrong, and masks of what is wrong by (kind, allowed, mend).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl

from pivotal.errors import nearest
from pivotal.label.checks import plain
from pivotal.label.product import CONDITION, Fact, Product
from pivotal.label.units import UnitError, measured

Column = pl.Series
Wrong = dict[tuple[str, str, str], pl.Series]

UNKNOWN = ("", ".", "na", "nan", "n/a", "null", "none", "unknown", "not known", "?")
"""Entries that say that a fact is not known."""
TRUE = ("yes", "y", "true", "t", "1", "1.0")
FALSE = ("no", "n", "false", "f", "0", "0.0")
_LOOKED_AT = 1_000
"""Different wrong words of a column for which the nearest right one is looked for."""
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T.*|\s+[\d:.]+)?)?)?\Z")


def number(entries: pl.Series, variable: Fact, name: str) -> tuple[Column, Wrong]:
    """A column of numbers, in the variable's unit and range."""
    wrong: Wrong = {}
    spelt = spelling(variable, name)
    if entries.dtype == pl.Boolean:
        _add(wrong, ("text", spelt, ""), entries.is_not_null())
        return _nulls(entries, pl.Float64), wrong
    value = entries.cast(pl.Float64, strict=False).fill_nan(None)
    if entries.dtype == pl.String:
        rest = [t for t in entries.filter(value.is_null()).unique().to_list() if not _blank(t)]
        if rest:
            value = _with_units(entries, value, rest, variable, spelt, wrong)
    bad = value.is_infinite()
    if variable.range is not None:
        bad |= (value < variable.range[0]) | (value > variable.range[1])
    if variable.type == "integer":
        bad |= value != value.round()
    bad = bad.fill_null(False)
    _add(wrong, ("range", spelt, ""), bad)
    return value.set(bad, None), wrong


def _with_units(entries: pl.Series, value: Column, rest: list[str], variable: Fact, spelt: str, wrong: Wrong) -> Column:
    """The entries that are no plain numbers: those with a unit, and those that cannot be read."""
    read: dict[str, float] = {}
    refused: dict[tuple[str, str, str], list[str]] = {}
    for text in rest:
        try:
            found = measured(text, variable.unit)
        except UnitError as error:
            refused.setdefault(("unit", str(error), "Convert it, or correct the unit."), []).append(text)
            continue
        if found is None:
            refused.setdefault(("text", spelt, ""), []).append(text)
        else:
            read[text] = found
    for key, texts in refused.items():
        _add(wrong, key, entries.is_in(texts).fill_null(False))
    if not read:
        return value
    return value.fill_null(entries.replace_strict(read, default=None, return_dtype=pl.Float64))


def boolean(entries: pl.Series) -> tuple[Column, Wrong]:
    """A column of truth values as Int8, 1 and 0."""
    if entries.dtype == pl.Boolean:
        return entries.cast(pl.Int8), {}
    known = dict.fromkeys(TRUE, 1) | dict.fromkeys(FALSE, 0)
    return _looked_up(entries, known.get, lambda _: ("truth", "it is yes, no, or unknown", ""))


def category(entries: pl.Series, variable: Fact, product: Product, name: str) -> tuple[Column, Wrong]:
    """A column of words as codes of the variable's categories."""
    labels = variable.categories or ()
    known = {plain(label): code for code, label in enumerate(labels)}
    scale = next((s.instrument for s in product.scales if s.words == name), None)
    whose = f"the words of the {scale} are" if scale else f"{name} is one of"
    allowed = f"{whose} {', '.join(labels)}"
    return _looked_up(
        entries, lambda text: known.get(plain(text)), lambda text: ("word", allowed, nearest(text, labels))
    )


def condition(entries: pl.Series, product: Product) -> tuple[dict[str, Column], Wrong]:
    """A column of conditions: what each says of the variables, so that 'nonsegmental vitiligo' says two things."""
    said = {plain(alias): term.facts for term in product.conditions for alias in (term.name, *term.aliases)}
    for label in product.variables[CONDITION].categories or ():
        said.setdefault(plain(label), {CONDITION: label})
    spoken = [term.name for term in product.conditions if CONDITION in term.facts]
    terms = list(said)
    code, wrong = _looked_up(
        entries,
        lambda text: terms.index(plain(text)) if CONDITION in said.get(plain(text), {}) else None,
        lambda text: ("condition", "the product file does not know this condition", nearest(text, spoken)),
        pl.Int32,
    )
    names = dict.fromkeys(name for facts in said.values() for name in facts)
    found = {}
    for name in names:
        codes = {i: coded(product.variables[name], said[t][name]) for i, t in enumerate(terms) if name in said[t]}
        column = code.replace_strict(codes, default=None, return_dtype=pl.Float64)
        if name == CONDITION or column.is_not_null().any():
            found[name] = column if product.variables[name].type == "number" else column.cast(pl.Int8)
    return found, wrong


def coded(variable: Fact, value: Any) -> float:
    """A value as it stands in a typed column."""
    if variable.type == "category":
        return float((variable.categories or ()).index(value))
    return float(value)


def born(entries: pl.Series, on: date) -> tuple[Column, Column, Wrong]:
    """Completed years on a day from dates of birth, at least and at most: a year or a month alone leaves a range."""
    words = entries.cast(pl.String)
    low: dict[str, int] = {}
    high: dict[str, int] = {}
    refused: dict[tuple[str, str, str], list[str]] = {}
    for text in (t for t in words.unique().to_list() if not _blank(t)):
        try:
            first, last = _days(text.strip())
        except ValueError:
            key = ("date", "a date of birth is a date such as 2020-05-17, or its year, or its year and month", "")
            refused.setdefault(key, []).append(text)
            continue
        if first > on:
            refused.setdefault(("date", f"the patient is not born on {on}", ""), []).append(text)
            continue
        high[text], low[text] = age_on(first, on), age_on(min(last, on), on)
        if high[text] > 120:
            refused.setdefault(("date", "an age is from 0 to 120 years", ""), []).append(text)
    wrong = {key: words.is_in(texts).fill_null(False) for key, texts in refused.items()}
    for text in (text for texts in refused.values() for text in texts):
        low.pop(text, None)
        high.pop(text, None)
    return (*(words.replace_strict(side, default=None, return_dtype=pl.Float64) for side in (low, high)), wrong)  # type: ignore[return-value]


def age_on(birth: date, on: date) -> int:
    """Completed years; who is born on 29 February completes a year on 1 March of other years.

    Examples
    --------
    >>> age_on(date(2020, 9, 18), date(2025, 9, 17)), age_on(date(2020, 9, 18), date(2025, 9, 18))
    (4, 5)
    """
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def _days(text: str) -> tuple[date, date]:
    """The first and the last day that a date, a month or a year can be."""
    found = _PARTIAL.match(text)
    if found is None:
        raise ValueError(text)
    year, month, day = (int(part) if part else None for part in found.groups())
    assert year is not None
    first = date(year, month or 1, day or 1)
    if day is not None:
        return first, first
    last_month = month or 12
    return first, date(year, last_month, monthrange(year, last_month)[1])


def spelling(variable: Fact, name: str) -> str:
    """What a variable may be, in words."""
    span = f" from {variable.range[0]:g} to {variable.range[1]:g}" if variable.range is not None else ""
    unit = f" {variable.unit}" if variable.unit else ""
    return f"{name} is a {'whole ' if variable.type == 'integer' else ''}number{span}{unit}"


def _blank(text: str | None) -> bool:
    """Whether an entry says that nothing is known."""
    return text is None or text.strip().lower() in UNKNOWN


def _looked_up(
    entries: pl.Series,
    look: Callable[[str], int | None],
    fault: Callable[[str], tuple[str, str, str]],
    dtype: Any = pl.Int8,
) -> tuple[Column, Wrong]:
    """Codes of words, each different word looked up once."""
    words = entries.cast(pl.String)
    codes: dict[str, int] = {}
    refused: dict[tuple[str, str, str], list[str]] = {}
    wrong_so_far, in_general = 0, fault("")
    for text in (t for t in words.unique().to_list() if not _blank(t)):
        code = look(text.strip().lower())
        if code is None:
            wrong_so_far += 1
            key = fault(text.strip()) if wrong_so_far <= _LOOKED_AT else in_general
            refused.setdefault(key, []).append(text)
        else:
            codes[text] = code
    wrong = {key: words.is_in(texts).fill_null(False) for key, texts in refused.items()}
    if not codes:
        return _nulls(words, dtype), wrong
    return words.replace_strict(codes, default=None, return_dtype=dtype), wrong


def _nulls(like: pl.Series, dtype: Any) -> pl.Series:
    return pl.repeat(None, len(like), dtype=dtype, eager=True)


def _add(wrong: Wrong, key: tuple[str, str, str], mask: pl.Series) -> None:
    if mask.any():
        wrong[key] = wrong[key] | mask if key in wrong else mask
