"""Reading Dataset-JSON: the data set, or every fault with its line, row and variable."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import polars as pl

from pivotal.errors import Fault, Findings
from pivotal.records.dataset import Dataset
from pivotal.records.formats.datasetjson.metadata import columns_of, described, null_text, sound
from pivotal.records.formats.datasetjson.values import series
from pivotal.records.formats.decoding import ALLOWED, right, shown
from pivotal.records.formats.inflating import inflated
from pivotal.records.formats.source import Source

WHOLE = "a Dataset-JSON file is one whole object, as CDISC's version 1.1 describes it"
LINES = "a Dataset-NDJSON file has an object on its first line and an array, a row, on each of the others"
AGAIN = "Take the file from its source again."


def read_json(source: Source, findings: Findings, *, encoding: str | None = None) -> list[Dataset]:
    """The data set of a ``.json`` file; none where it is not even JSON, which is noted."""
    text = _text(source.whole(), source, findings, encoding)
    if text is None:
        return []
    content, problem = _parsed(text)
    if problem:
        findings.add(f"{source.name} file", Fault(f"{source.name}: {problem[0]}", problem[1], WHOLE, AGAIN))
        return []
    if not isinstance(content, dict):
        findings.add(f"{source.name} file", Fault(source.name, "no JSON object", WHOLE, AGAIN))
        return []
    rows = content.get("rows", [])
    if not isinstance(rows, list):
        findings.add(f"{source.name} rows", Fault(f"{source.name}: rows", "no array", WHOLE, AGAIN))
        return []
    return _dataset(content, rows, source, findings)


def read_ndjson(source: Source, findings: Findings, *, encoding: str | None = None) -> list[Dataset]:
    """The data set of an ``.ndjson`` file; each line that is broken is noted."""
    return _lines(source.whole(), source, findings, encoding)


def read_dsjc(source: Source, findings: Findings, *, encoding: str | None = None) -> list[Dataset]:
    """The data set of a ``.dsjc`` file: zlib, as CDISC describes it, or gzip, as CDISC's own examples are."""
    data = inflated(source, findings)
    return [] if data is None else _lines(data, source, findings, encoding)


def _lines(data: bytes, source: Source, findings: Findings, encoding: str | None) -> list[Dataset]:
    text = _text(data, source, findings, encoding)
    if text is None:
        return []
    contents, broken = [], False
    lines = text.rstrip().split("\n")
    for number, line in enumerate(lines, 1):
        content, problem = _parsed(line.rstrip("\r"))
        if problem:
            broken = True
            mend = AGAIN if number == len(lines) else "Correct the line."
            where = f"{source.name} line {number:,}"
            findings.add(f"{source.name} lines", Fault(where, problem[1], LINES, mend))
        contents.append(content)
    if not isinstance(contents[0], dict):
        if not broken:
            findings.add(f"{source.name} lines", Fault(f"{source.name} line 1", "no JSON object", LINES, AGAIN))
        return []
    return [] if broken else _dataset(contents[0], contents[1:], source, findings, counted=True)


def _text(data: bytes, source: Source, findings: Findings, encoding: str | None) -> str | None:
    encoding = encoding or "utf-8"
    if not data.strip():
        findings.add(f"{source.name} file", Fault(source.name, "empty", WHOLE, AGAIN))
        return None
    if right(data, encoding):
        return data.decode(encoding).removeprefix("\ufeff")
    for number, line in enumerate(data.split(b"\n"), 1):
        if not right(line, encoding):
            place = _first_wrong(line, encoding)
            found = f"{shown(line[max(place - 15, 0) : place + 15])}, which is not {encoding}"
            mend = "Have the file written anew as UTF-8, or state the encoding that it has."
            findings.add(f"{source.name} encoding", Fault(f"{source.name} line {number:,}", found, ALLOWED, mend))
    return None


def _first_wrong(line: bytes, encoding: str) -> int:
    try:
        line.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text}, which is no number of JSON")


def _parsed(text: str) -> tuple[Any, tuple[str, str] | None]:
    """What the text says, or where and why it says nothing."""
    try:
        return json.loads(text, parse_constant=_no_number), None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno:,}, column {error.colno:,}"
        ends = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        found = (
            "at its end in the middle of something" if ends else f"no JSON: {error.msg}, at {text[error.pos :][:20]!r}"
        )
        return None, (place, found)
    except (ValueError, RecursionError) as error:
        return None, ("somewhere", str(error) if isinstance(error, ValueError) else "nested too deeply")


def _dataset(
    content: Mapping[str, Any], rows: Sequence[Any], source: Source, findings: Findings, *, counted: bool = False
) -> list[Dataset]:
    if not sound(content, source, findings):
        return []
    columns = columns_of(content)
    if not _rows_fit(content, rows, len(columns), counted, source, findings):
        return []
    lists: list[list[Any]] = [list(values) for values in zip(*rows, strict=True)] if rows else [[] for _ in columns]
    null = null_text(content)
    if null is not None:
        lists = [[None if value == null else value for value in values] for values in lists]
    frame = pl.DataFrame(
        [series(c, v, source, findings) for c, v in zip(columns, lists, strict=True)] if columns else None
    )
    return [described(content, columns, frame, source)]


def _rows_fit(
    content: Mapping[str, Any], rows: Sequence[Any], width: int, counted: bool, source: Source, findings: Findings
) -> bool:
    """Whether all rows are there and of one width; lines may be cut off unseen, so that they are counted."""
    fit = True
    for number, row in enumerate(rows, 1):
        if not isinstance(row, list) or len(row) != width:
            fit = False
            found = f"made of {len(row)} values" if isinstance(row, list) else "no array"
            allowed = f"a row has a value for each of the {width} columns"
            findings.add(
                f"{source.name} rows", Fault(f"{source.name} row {number:,}", found, allowed, "Correct the row.")
            )
    if counted and content["records"] != len(rows):
        fit = False
        found = f"{content['records']!r}, and the file has {len(rows):,} rows"
        fault = Fault(f"{source.name}: records", found, "it is the number of rows", AGAIN)
        findings.add(f"{source.name} records", fault)
    return fit
