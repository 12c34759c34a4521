"""Writing Dataset-JSON 1.1: a row a line in each of its three forms."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from pivotal.errors import Findings
from pivotal.files import whole_file
from pivotal.records.dataset import Column, Dataset, type_of
from pivotal.records.formats.datasetjson.metadata import MOMENTS, USUAL, VERSION
from pivotal.records.formats.moments import to_text

ROWS = 100_000
"""Rows made into text at a time."""

ELSEWHERE = ("encoding", "informat", "records")
"""What other formats know and Dataset-JSON does not."""

FIRST = (
    "fileOID",
    "dbLastModifiedDateTime",
    "originator",
    "sourceSystem",
    "studyOID",
    "metaDataVersionOID",
    "metaDataRef",
)
"""Attributes in the order that the standard recommends."""


def write_json(data: Dataset, path: Path, findings: Findings, *, created: datetime | None = None) -> None:
    """Write a data set as ``.json``: one object, its rows each on a line of its own."""
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(_compact(metadata(data, created))[:-1] + ',"rows":[')
        separator = "\n"
        for row in _rows(data):
            stream.write(separator + row)
            separator = ",\n"
        stream.write("\n]}\n")


def write_ndjson(data: Dataset, path: Path, findings: Findings, *, created: datetime | None = None) -> None:
    """Write a data set as ``.ndjson``: an object on the first line, a row on each of the others."""
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(line + "\n" for line in _lines(data, created))


def write_dsjc(data: Dataset, path: Path, findings: Findings, *, created: datetime | None = None) -> None:
    """Write a data set as ``.dsjc``: what `write_ndjson` writes as one zlib stream."""
    packer = zlib.compressobj(9)
    with whole_file(path) as temporary, temporary.open("wb") as stream:
        stream.writelines(packer.compress((line + "\n").encode()) for line in _lines(data, created))
        stream.write(packer.flush())


def metadata(data: Dataset, created: datetime | None = None) -> dict[str, Any]:
    """What is said of the data set, in the order that the standard recommends."""
    more = {key: value for key, value in data.more.items() if key not in ELSEWHERE}
    return {
        "datasetJSONCreationDateTime": (created or datetime.now()).isoformat(timespec="seconds"),
        "datasetJSONVersion": VERSION,
        **{key: more.pop(key) for key in FIRST if key in more},
        "itemGroupOID": more.pop("itemGroupOID", f"IG.{data.name}"),
        **more,
        "records": data.frame.height,
        "name": data.name,
        "label": data.label,
        "columns": [_column(data, column) for column in data.columns],
    }


def _column(data: Dataset, column: Column) -> dict[str, Any]:
    kind = type_of(data.frame.schema[column.name])
    more = {key: value for key, value in column.more.items() if key not in ELSEWHERE}
    stated = more.pop("dataType", None) if kind in ("text", "float") else more.pop("dataType", None) and None
    made = {
        "itemOID": more.pop("itemOID", f"IT.{data.name}.{column.name}"),
        "name": column.name,
        "label": column.label,
        "dataType": kind if kind in MOMENTS else stated or USUAL[kind],
    }
    if kind in MOMENTS:
        made["targetDataType"] = "integer"
    if made["dataType"] == "decimal":
        made["targetDataType"] = "decimal"
    if column.length:
        made["length"] = column.length
    if column.format:
        made["displayFormat"] = column.format
    return made | more


def _lines(data: Dataset, created: datetime | None) -> Iterator[str]:
    yield _compact(metadata(data, created))
    yield from _rows(data)


def _rows(data: Dataset) -> Iterator[str]:
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
    decimal = {column.name for column in data.columns if column.more.get("dataType") == "decimal"}
    for start in range(0, data.frame.height, ROWS):
        frame = data.frame.slice(start, ROWS)
        lists = [_values(values, values.name in decimal) for values in frame]
        yield from map(encode, zip(*lists, strict=True))


def _values(values: pl.Series, decimal: bool) -> list[Any]:
    if values.dtype.is_temporal():
        return to_text(values.to_list())
    if values.dtype == pl.String:
        return values.fill_null("").to_list()
    if decimal and values.dtype == pl.Float64:
        return [None if v is None else format(Decimal(repr(v)), "f") for v in values.to_list()]
    return values.to_list()


def _compact(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
