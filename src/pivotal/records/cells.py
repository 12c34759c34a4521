"""Reading the entries of a column: numbers, truth values, labels. What cannot be read is noted and left missing.

Missing is an empty field, a null, NaN, and in columns of numbers and truth values also ``.`` (SAS) and ``NA`` (R).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pivotal.errors import nearest
from pivotal.records.faults import Findings
from pivotal.records.table import Table, Words, listed
from pivotal.study.model import Parameter, Variable

MARKS = ("NA", ".", "NaN")
TRUE = ("Y", "YES", "TRUE", "T", "1", "1.0")
FALSE = ("N", "NO", "FALSE", "F", "0", "0.0")
EMPTY = "Correct the entry, or leave it empty if it is not known."


def numbers(table: Table, column: str, findings: Findings, allowed: Words = "it must be a number") -> pl.Series:
    """A column as Float64; text, and what is not finite, is noted and null."""
    entries = table.frame[column]
    value = entries.cast(pl.Float64, strict=False).fill_nan(None)
    value = value.set(value.is_infinite(), None)
    blank = entries.is_null()
    if entries.dtype == pl.String:
        blank |= entries.is_in(MARKS).fill_null(True)
    table.note(findings, value.is_null() & ~blank, column, kind="text", allowed=allowed, mend=EMPTY)
    return value


def truths(table: Table, column: str, findings: Findings) -> pl.Series:
    """A column as Boolean: Y or N, yes or no, true or false, 1 or 0."""
    entries = table.frame[column]
    if entries.dtype == pl.Boolean:
        return entries
    words = entries.cast(pl.String)
    capital = words.str.to_uppercase()
    known = {**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)}
    value = capital.replace_strict(known, default=None, return_dtype=pl.Boolean)
    blank = words.is_null() | words.is_in(MARKS).fill_null(True)
    table.note(findings, value.is_null() & ~blank, column, kind="truth", allowed="it must be Y or N", mend=EMPTY)
    return value


def codes(
    table: Table, column: str, labels: Sequence[str], findings: Findings, *, what: str, spelt: Sequence[str] = ()
) -> pl.Series:
    """A column of labels as Int16 codes, null where it is empty; a label that is not one of `labels` is noted.

    `spelt` are the labels as the file writes them, where it has its own.
    """
    entries = table.frame[column].cast(pl.String)
    known = {label: code for code, label in enumerate(labels)}
    code = entries.replace_strict(known, default=None, return_dtype=pl.Int16)
    shown = list(spelt or labels)
    table.note(
        findings,
        entries.is_not_null() & code.is_null(),
        column,
        kind="label",
        allowed=f"{what}: {listed(shown)}",
        mend=lambda row: nearest(str(row[column]), shown),
    )
    return code


def within(
    table: Table,
    column: str,
    value: pl.Series,
    what: Variable | Parameter,
    name: str,
    findings: Findings,
    where: pl.Series | None = None,
) -> pl.Series:
    """Note values outside what a variable or parameter allows; gives the values that it does allow.

    Parameters
    ----------
    table, column
        Where the values stand.
    value
        Float64 of the frame's length.
    what, name
        The variable or parameter, and its name.
    findings
        Where to note it.
    where
        The rows that are looked at; None for all.
    """
    whole = what.integer if isinstance(what, Parameter) else what.type == "integer"
    bad = pl.repeat(False, len(value), dtype=pl.Boolean, eager=True)
    if what.range is not None:
        bad |= (value < what.range[0]) | (value > what.range[1])
    if whole:
        bad |= value != value.round()
    if where is not None:
        bad &= where
    bad = bad.fill_null(False)
    table.note(findings, bad, column, kind=f"range of {name}", allowed=spelling(what, name), mend=EMPTY)
    return value.set(bad, None)


def spelling(what: Variable | Parameter, name: str) -> str:
    """What a variable or parameter may be, in words.

    Examples
    --------
    >>> spelling(Parameter(name="IGA", label="IGA", range=(0, 4), integer=True), "IGA")
    'IGA is a whole number from 0 to 4'
    """
    whole = what.integer if isinstance(what, Parameter) else what.type == "integer"
    span = f" from {what.range[0]:g} to {what.range[1]:g}" if what.range is not None else ""
    unit = f" {what.unit}" if what.unit else ""
    return f"{name} is a {'whole ' if whole else ''}number{span}{unit}"
