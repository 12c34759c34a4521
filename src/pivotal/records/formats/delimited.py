"""CSV: names and values, and nothing else; what a column holds is inferred, unless the caller says it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

import polars as pl

from pivotal.errors import Fault, Findings
from pivotal.files import whole_file
from pivotal.records.dataset import Column, Dataset, type_of
from pivotal.records.formats import moments
from pivotal.records.formats.decoding import ALLOWED, UTF_8, WINDOWS, detected, right, shown
from pivotal.records.formats.inflating import inflated
from pivotal.records.formats.plain import trimmed
from pivotal.records.formats.source import Source

INTEGER = r"^-?(0|[1-9]\d{0,17})$"
"""A whole number: no leading zeros (``007`` is a text), at most 18 digits."""
FLOAT = r"^-?(0|[1-9]\d{0,14})?(\.\d+)?([eE][-+]?\d{1,3})?$"
"""A number: at most 15 digits before the point."""
WHOLE = "a CSV file has commas, a header, and as many values in each row as names in it"
AGAIN = "Take the file from its source again."


def read_csv(
    source: Source, findings: Findings, *, encoding: str | None = None, missing: Sequence[str] = (),
    columns: Sequence[Column] = (),
) -> list[Dataset]:  # fmt: skip
    """The data set of a ``.csv`` or ``.csv.gz`` file.

    Parameters
    ----------
    source
        The file.
    findings
        Where every fault is noted.
    encoding
        Of the file; None for the one that all its lines agree on.
    missing
        Texts that mean a missing value, besides the empty one: ``["NA"]``.
    columns
        What is known of its columns; one that is not named is inferred.
    """
    data = inflated(source, findings) if source.file.lower().endswith(".gz") else source.whole()
    if data is None:
        return []
    if not data.strip():
        findings.add(f"{source.name} file", Fault(source.name, "empty", WHOLE, AGAIN))
        return []
    encoding = encoding or detected(line for line in data.split(b"\n") if not line.isascii())
    if not right(data, encoding):
        _note_lines(data, encoding, source, findings)
        return []
    frame = _frame(data.decode(encoding).removeprefix("\ufeff"), source, findings)
    if frame is None:
        return []
    known = {column.name: column for column in columns}
    made, described = [], []
    for values in frame:
        empty = trimmed(values)
        clean = empty.set(empty.is_in(list(missing)), None) if missing else empty
        column = known.get(values.name)
        made.append(_as(column, clean, source, findings) if column else _inferred(clean))
        described.append(column or Column(name=values.name, type=type_of(made[-1].dtype)))
    return [
        Dataset(
            name=source.stem, frame=pl.DataFrame(made), columns=tuple(described), source=source.name,
            more={"encoding": encoding},
        )
    ]  # fmt: skip


def write_csv(data: Dataset, path: Path, findings: Findings) -> None:
    """Write the names and values of a data set: UTF-8, commas, numbers with every digit."""
    frame = data.frame.select(_as_text(values) for values in data.frame)
    with whole_file(path) as temporary:
        frame.write_csv(temporary, null_value='""' if frame.width == 1 else "")


def _as_text(values: pl.Series) -> pl.Series:
    if values.dtype.is_temporal():
        return pl.Series(values.name, moments.to_text(values.to_list()), dtype=pl.String)
    if values.dtype == pl.Float64:
        texts = [None if v is None else repr(v).removesuffix(".0") for v in values.to_list()]
        return pl.Series(values.name, texts, dtype=pl.String)
    return values


def _note_lines(data: bytes, encoding: str, source: Source, findings: Findings) -> None:
    lines = data.split(b"\n")
    names = lines[0].decode("latin-1").rstrip("\r").split(",")
    for number, line in enumerate(lines, 1):
        if right(line, encoding):
            continue
        places = [n for n, field in enumerate(line.split(b",")) if not right(field, encoding)]
        simple = b'"' not in line and places and number > 1 and places[0] < len(names)
        where = f"{source.name} row {number:,}" + (f": {names[places[0]].strip(chr(34))}" if simple else "")
        found = f"{shown(line.split(b',')[places[0]])}, which is not {encoding}"
        if encoding == UTF_8 and right(line, WINDOWS):
            found += f"; in {WINDOWS} it would be {line.split(b',')[places[0]].decode(WINDOWS)!r}"
        mend = "Have the file written anew in one encoding, or state the encoding that it has."
        findings.add(f"{source.name} encoding", Fault(where, found, ALLOWED, mend))


def _frame(text: str, source: Source, findings: Findings) -> pl.DataFrame | None:
    """Everything as text under its names; None where it is no table, which is noted."""
    try:
        rows = [row for row in csv.reader(StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        findings.add(f"{source.name} file", Fault(source.name, f"unreadable: {error}", WHOLE, AGAIN))
        return None
    names = [name.strip() for name in rows[0]]
    if not _names_sound(names, source, findings) or not _rows_sound(rows, source, findings):
        return None
    lists = list(zip(*rows[1:], strict=True)) or [()] * len(names)
    return pl.DataFrame([pl.Series(n, v, dtype=pl.String) for n, v in zip(names, lists, strict=True)])


def _names_sound(names: list[str], source: Source, findings: Findings) -> bool:
    wrong = [(name, count) for name, count in Counter(name.upper() for name in names).items() if count > 1 or not name]
    for name, count in wrong:
        found = f"there {count} times" if name else "without a name"
        allowed = "a column's name stands once (capitals and small letters are the same)"
        fault = Fault(f"{source.name}: column {name}", found, allowed, "Rename or remove one of them.")
        findings.add(f"{source.name} columns", fault)
    return not wrong


def _rows_sound(rows: list[list[str]], source: Source, findings: Findings) -> bool:
    wrong = [(number, len(row)) for number, row in enumerate(rows, 1) if len(row) != len(rows[0])]
    for number, width in wrong:
        found = f"made of {width} values under {len(rows[0])} names"
        findings.add(f"{source.name} rows", Fault(f"{source.name} row {number:,}", found, WHOLE, "Correct the row."))
    return not wrong


def _inferred(text: pl.Series) -> pl.Series:
    """Whole numbers or numbers where every value is one, as written; else text."""
    values = text.drop_nulls()
    if values.is_empty():
        return text
    if values.str.contains(INTEGER).all():
        return text.cast(pl.Int64)
    if values.str.contains(FLOAT).all() and values.str.contains(r"\d").all():
        numbers = text.cast(pl.Float64, strict=False)
        if numbers.null_count() == text.null_count() and numbers.is_finite().all():
            return numbers
    return text


_NUMBERS: Mapping[str, pl.DataType] = {"integer": pl.Int64(), "float": pl.Float64()}
_TRUTH = {"true": True, "false": False}


def _as(column: Column, text: pl.Series, source: Source, findings: Findings) -> pl.Series:
    """A column's text as what the caller says that it holds."""
    if column.type == "text":
        return text
    if column.type in ("integer", "float"):
        made = text.cast(_NUMBERS[column.type], strict=False)
        if column.type == "float":
            made = made.set(~made.is_finite(), None)
        wrong, allowed = (made.is_null() & text.is_not_null()).arg_true().to_list(), "a finite number, or empty"
    elif column.type == "boolean":
        made = text.replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)
        wrong, allowed = (made.is_null() & text.is_not_null()).arg_true().to_list(), "true, false, or empty"
    else:
        found, wrong = moments.from_text(column.type, text.to_list())
        dtypes = {"date": pl.Date(), "datetime": pl.Datetime("us"), "time": pl.Time()}
        made, allowed = pl.Series(text.name, found, dtype=dtypes[column.type]), moments.allowed(column.type)
    for row in wrong:
        where = f"{source.name} row {row + 2:,}: {column.name}"
        fault = Fault(where, repr(text[row]), f"{column.name} is of the type {column.type}: {allowed}", "Correct it.")
        findings.add(f"{source.name} {column.name} values", fault)
    return made
