"""A data set as it stands in its file: columns as they are, each row with the number a user finds it by."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from pivotal.errors import Fault, nearest
from pivotal.records.faults import Findings
from pivotal.records.layout import PARAMETER, PATIENT, VALUE, VISIT

ROW = "#row"
"""Column with the row's number in the file: the header of a CSV file is row 1, a Parquet file has none."""

SPELT = "#spelt"
"""Column of a mapped ADEFF with the name of the raw column that each row's value comes from."""

Row = Mapping[str, Any]
Words = str | Callable[[Row], str]
"""Words of a fault, or what makes them of the row."""


@dataclass(frozen=True, slots=True)
class Table:
    """One data set at rest.

    Attributes
    ----------
    name
        ``ADSL``, ``ADEFF`` or ``SCREEN``.
    file
        The file's name, as faults show it.
    frame
        The rows, column names in capitals, and `ROW`.
    spelt
        What a column is called in the file, where that differs.
    labels
        The labels of a column as the file writes them, where it has its own.
    absent
        Columns that should be there and are not; they stand in the frame as nulls.
    """

    name: str
    file: str
    frame: pl.DataFrame
    spelt: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()

    @property
    def columns(self) -> list[str]:
        """Names of the columns that the file has."""
        return [c for c in self.frame.columns if not c.startswith("#") and c not in self.absent]

    def has(self, column: str) -> bool:
        """Whether the file has the column."""
        return column in self.frame.columns and column not in self.absent

    def require(self, columns: Mapping[str, str], findings: Findings, known: Iterable[str] = ()) -> Table:
        """Note every missing column (name → what it is for) and put nulls in its place.

        `known` are further columns that the data set has a use for, so that none of them can be meant.
        """
        missing = [name for name in columns if name not in self.frame.columns]
        for name in missing:
            where = f"{self.file}: column {self.spelt.get(name, name)}"
            allowed = f"{self.name} needs it: {columns[name]}"
            findings.add(
                f"{self.name} column", Fault(where, "missing", allowed, self._rename(name, {*columns, *known}))
            )
        nulls = [pl.lit(None, dtype=pl.String).alias(name) for name in missing]
        return replace(self, frame=self.frame.with_columns(nulls), absent=self.absent | set(missing))

    def _rename(self, name: str, known: Collection[str]) -> str:
        close = nearest(name, [self.spelt.get(c, c) for c in self.columns if c not in known])
        return close if close.startswith("Did you mean") else f"Add the column {name}."

    def note(
        self,
        findings: Findings,
        bad: pl.Series,
        column: str,
        *,
        kind: str,
        allowed: Words,
        mend: Words,
        found: Words | None = None,
    ) -> None:
        """Note a fault for every row that is marked.

        Parameters
        ----------
        findings
            Where to note it.
        bad
            Which rows, a Boolean of the frame's length; null is not marked.
        column
            The column that is wrong.
        kind
            Faults of one kind are shown together.
        allowed, mend, found
            Words, or what makes them of the row; `found` shows the entry itself by default.
        """
        if not bad.any():
            return
        for row in self.frame.filter(bad).iter_rows(named=True):
            words = (_words(each, row) for each in (found or show(row[column]), allowed, mend))
            findings.add(f"{self.name} {column} {kind}", Fault(self.place(row, column), *words))

    def place(self, row: Row, column: str) -> str:
        """Where a row's entry stands: file, row, patient, variable."""
        patient = f", patient {row[PATIENT]}" if row.get(PATIENT) is not None else ""
        name = row.get(SPELT) if column == VALUE else None
        name = name or self.spelt.get(column, column)
        about = f" ({row[PARAMETER]}, {row[VISIT]})" if column == VALUE and PARAMETER in row else ""
        return f"{self.file} row {row[ROW]}{patient}: {name}{about}"


def _words(words: Words, row: Row) -> str:
    return words if isinstance(words, str) else words(row)


def show(value: Any) -> str:
    """An entry as a fault shows it: numbers bare, text in quotation marks.

    Examples
    --------
    >>> show("Vehicel"), show("7"), show(7.0), show(None), show(0.1)
    ("'Vehicel'", '7', '7', 'empty', '0.1')
    """
    if value is None:
        return "empty"
    if isinstance(value, str):
        return value if re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", value, re.IGNORECASE) else repr(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return repr(value)


def listed(names: Iterable[str]) -> str:
    """Names in quotation marks, the first dozen of them.

    Examples
    --------
    >>> listed(["Vehicle", "Active"])
    "'Vehicle', 'Active'"
    """
    all_names = list(names)
    more = f" and {len(all_names) - 12} more" if len(all_names) > 12 else ""
    return ", ".join(repr(name) for name in all_names[:12]) + more
