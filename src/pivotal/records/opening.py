"""Opening one data file: whole or not at all, each row with its number, each column once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl

from pivotal.errors import DataError, Fault
from pivotal.records.faults import Findings
from pivotal.records.formats import read_dataset
from pivotal.records.table import ROW, Table

SEPARATORS = (";", "\t", "|")
"""What separates fields in files that are not read: a header of one column that holds one of these."""
AGAIN = "Export the file again."


def open_file(path: Path, name: str, findings: Findings) -> Table | None:
    """A data file as a table; None where it cannot be read or has no rows, which is noted.

    Entries of a CSV file stay text, so that what is not a number can be named; in other formats numbers are numbers.
    """
    text = path.name.lower().endswith((".csv", ".csv.gz"))
    try:
        frame, names = _csv(path) if text else _typed(path)
    except DataError as error:
        for each in error.faults:
            findings.add(f"{name} file", each)
        return None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        findings.add(f"{name} file", _unreadable(path, error))
        return None
    frame = _columns(frame, names, path.name, name, findings).with_row_index(ROW, offset=2 if text else 1)
    frame = frame.filter(~pl.all_horizontal(pl.exclude(ROW).is_null()))  # a blank line is no row, but is counted
    if frame.is_empty():
        fault = Fault(str(path), "a header without rows", f"{name} has rows", AGAIN)
        findings.add(f"{name} file", fault)
        return None
    return Table(name, path.name, frame, {_capital(column, n): column for n, column in enumerate(names, 1)})


KINDS = {
    ".parquet": "Parquet",
    ".xpt": "SAS transport",
    ".json": "Dataset-JSON",
    ".ndjson": "Dataset-JSON",
    ".dsjc": "Dataset-JSON",
}


def _unreadable(path: Path, error: BaseException) -> Fault:
    kind = KINDS.get(path.suffix.lower())
    allowed = f"it must be a whole {kind} file" if kind else "it must be a CSV file: UTF-8, commas, a header"
    if isinstance(error, FileNotFoundError):
        return Fault(str(path), "missing", allowed, "Check the path.")
    if isinstance(error, pl.exceptions.NoDataError) or (path.is_file() and path.stat().st_size == 0):
        return Fault(str(path), "empty", allowed, AGAIN)
    lines = str(error).strip().splitlines()
    return Fault(str(path), f"unreadable: {lines[0] if lines else type(error).__name__}", allowed, AGAIN)


def _typed(path: Path) -> tuple[pl.DataFrame, list[str]]:
    if path.suffix.lower() == ".parquet":
        with path.open("rb") as stream:
            frame = pl.read_parquet(stream)
    else:
        path.open("rb").close()  # a file that is not there says so alike in every format
        frame = read_dataset(path).frame
    return frame, frame.columns


def _csv(path: Path) -> tuple[pl.DataFrame, list[str]]:
    """Everything as text, so that what is not a number can be named; the names as they stand, twice or not."""
    raw = pl.read_csv(path, has_header=False, infer_schema=False)
    names = [name or "" for name in raw.row(0)]
    other = next((mark for mark in SEPARATORS if len(names) == 1 and mark in names[0]), None)
    if other is not None:
        raise ValueError(f"its fields are separated by {other!r}")
    return raw.slice(1), names


def _columns(frame: pl.DataFrame, names: list[str], file: str, name: str, findings: Findings) -> pl.DataFrame:
    """Columns under their names in capitals; a name that stands twice is noted and its first column kept."""
    capitals = [_capital(column, place) for place, column in enumerate(names, 1)]
    for capital, count in Counter(capitals).items():
        if count > 1:
            allowed = "a column name stands once (capitals and small letters are the same)"
            mend = "Remove the columns that are not meant."
            findings.add(f"{name} columns", Fault(f"{file}: column {capital}", f"there {count} times", allowed, mend))
    pairs = list(zip(frame.columns, capitals, strict=True))
    first = {capital: column for column, capital in reversed(pairs)}
    return pl.DataFrame({capital: _plain(frame[first[capital]]) for capital in dict.fromkeys(capitals)})


def _capital(column: str, place: int) -> str:
    return column.strip().upper() or f"(UNNAMED {place})"


def _plain(column: pl.Series) -> pl.Series:
    """Numbers and truth values as they are; all else as text without surrounding blanks; empty and NaN as null."""
    if column.dtype.is_float():
        return column.fill_nan(None)
    if column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null):
        return column
    if column.dtype.is_nested() or column.dtype == pl.Binary:
        column = pl.Series(column.name, [None if v is None else str(v) for v in column.to_list()], dtype=pl.String)
    text = column.cast(pl.String, strict=False).str.strip_chars()
    return text.set(text == "", None)
