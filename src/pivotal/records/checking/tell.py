"""Findings told: as a table on the console, and as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pivotal.errors import UsageError
from pivotal.files import whole_file
from pivotal.records.checking.checked import Checked

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = 40
"""Characters of a value that the console shows."""


def table(checked: Checked) -> Table:
    """A line a rule, data set and variable, errors first: how many, and the first of them."""
    from rich.table import Table
    from rich.text import Text

    made = Table(show_edge=False, pad_edge=False)
    for name in ("", "data set", "rule", "variable"):
        made.add_column(name, overflow="fold")
    for name in ("findings", "rows", "patients"):
        made.add_column(name, justify="right")
    for name in ("first", "how to mend it"):
        made.add_column(name, overflow="fold")
    for row in checked.summary().iter_rows(named=True):
        numbers = [f"{row[name]:,}" for name in ("findings", "rows", "patients")]
        if row["rows"] > row["findings"]:  # a finding for many rows names the first patient only
            numbers[2] = ""
        texts = (
            row["severity"],
            row["dataset"],
            row["rule"],
            row["variable"] or "",
            *numbers,
            _first(row),
            row["mend"],
        )
        made.add_row(*(Text(text) for text in texts))
    return made


def _first(row: dict[str, Any]) -> str:
    place = [f"row {row['row']:,}"] if row["row"] is not None else []
    place += [row["patient"]] if row["patient"] is not None else []
    value = row["value"] if row["value"] is None or len(row["value"]) <= SHOWN else row["value"][: SHOWN - 3] + "..."
    said = f"{value}; {row['says']}" if value is not None else row["says"]
    return f"{', '.join(place)}: {said}" if place else said


def words(checked: Checked) -> list[str]:
    """What the table leaves out: how many rows were looked at, and what could not be derived."""
    rows = sum(checked.datasets.values())
    lines = [f"{len(checked.datasets)} data sets, {rows:,} rows: {checked.sentence()}."]
    if checked.derived:
        lines.append(f"Derived, and checked too: {', '.join(checked.derived)}.")
    lines += [f"Not derived: {name}, for {why.rstrip('.')}." for name, why in checked.skipped.items()]
    return lines


def write(checked: Checked, path: Path) -> None:
    """All findings as a file, ``.csv`` or ``.parquet``.

    Raises
    ------
    UsageError
        If the file ends in neither.
    """
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise UsageError(f"{path} is no .csv and no .parquet. Name the file findings.csv or findings.parquet.")
    with whole_file(path) as temporary:
        if path.suffix.lower() == ".csv":
            checked.frame.write_csv(temporary)
        else:
            checked.frame.write_parquet(temporary)
