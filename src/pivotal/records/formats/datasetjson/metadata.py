"""What a Dataset-JSON file says of a data set and its columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import polars as pl

from pivotal.errors import Fault, Findings
from pivotal.records.dataset import Column, Dataset, DataType
from pivotal.records.formats.source import Source

TYPES: dict[str, DataType] = {
    "string": "text",
    "URI": "text",
    "integer": "integer",
    "float": "float",
    "double": "float",
    "decimal": "float",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "time": "time",
}
"""What a column of each ``dataType`` holds; without the ``targetDataType`` integer dates and times are text."""

USUAL = {"text": "string", "integer": "integer", "float": "float", "boolean": "boolean"}
"""The ``dataType`` of a column where none is known."""

MOMENTS = ("date", "datetime", "time")
OWN = ("name", "label", "dataType", "targetDataType", "length", "displayFormat")
DATASET_OWN = ("datasetJSONCreationDateTime", "datasetJSONVersion", "records", "name", "label", "columns", "rows")
VERSION = "1.1.0"


def sound(content: Mapping[str, Any], source: Source, findings: Findings) -> bool:
    """Whether what must be there is there; what is not is noted."""
    kind = f"{source.name} attributes"
    before = len(findings.kinds.get(kind, []))
    wanted = {"name": (str, "a text"), "records": (int, "a number"), "columns": (list, "an array")}
    for key, (type_, words) in wanted.items():
        value = content.get(key)
        if not isinstance(value, type_) or isinstance(value, bool) or value == "":
            found = "missing" if key not in content else f"{str(value)[:40]!r}"
            allowed = f"a data set of Dataset-JSON has {words} there"
            findings.add(kind, Fault(f"{source.name}: {key}", found, allowed, "Add it, or take another file."))
    version = str(content.get("datasetJSONVersion", VERSION))
    if version.split(".")[:2] != ["1", "1"]:
        where, mend = f"{source.name}: datasetJSONVersion", "Convert the file to version 1.1."
        findings.add(kind, Fault(where, repr(version), "version 1.1 is read", mend))
    if isinstance(content.get("columns"), list):
        _columns_sound(content["columns"], kind, source, findings)
    return len(findings.kinds.get(kind, [])) == before


def _columns_sound(columns: list[Any], kind: str, source: Source, findings: Findings) -> None:
    names = []
    for number, column in enumerate(columns, 1):
        where = f"{source.name}: column {number}"
        if not isinstance(column, dict) or not isinstance(column.get("name"), str) or not column["name"]:
            findings.add(kind, Fault(where, "without a name", "each column has a name", "Name it."))
            continue
        names.append(column["name"].upper())
        if column.get("dataType") not in TYPES:
            found = f"of the dataType {column.get('dataType')!r}"
            allowed = f"a dataType is one of {', '.join(TYPES)}"
            findings.add(kind, Fault(f"{where}, {column['name']}", found, allowed, "Correct it."))
    for name, count in Counter(names).items():
        if count > 1:
            allowed = "a column's name stands once (capitals and small letters are the same)"
            findings.add(kind, Fault(f"{source.name}: column {name}", f"there {count} times", allowed, "Rename one."))


def columns_of(content: Mapping[str, Any]) -> tuple[Column, ...]:
    """The columns as they are described."""
    return tuple(_column(column) for column in content["columns"])


def _column(column: Mapping[str, Any]) -> Column:
    stated = column["dataType"]
    kind = TYPES[stated]
    if kind in MOMENTS and column.get("targetDataType") != "integer":
        kind = "text"
    more = {key: value for key, value in column.items() if key not in OWN}
    if stated != USUAL.get(kind) and kind not in MOMENTS:
        more["dataType"] = stated
    return Column(
        name=column["name"],
        label=str(column.get("label") or ""),
        type=kind,
        length=column.get("length"),
        format=column.get("displayFormat"),
        more=more,
    )


def described(content: Mapping[str, Any], columns: tuple[Column, ...], frame: pl.DataFrame, source: Source) -> Dataset:
    """The data set with what the file says of it."""
    return Dataset(
        name=content["name"].upper(),
        label=str(content.get("label") or ""),
        frame=frame,
        columns=columns,
        source=source.name,
        more={key: value for key, value in content.items() if key not in DATASET_OWN},
    )


def null_text(content: Mapping[str, Any]) -> str | None:
    """The text that means a missing value, where the file's system says it in its extension NULLCHAR."""
    system = content.get("sourceSystem")
    groups = system.get("systemExtensions") if isinstance(system, dict) else None
    for group in groups if isinstance(groups, list) else []:
        for extension in group.get("extensions", []) if isinstance(group, dict) else []:
            if isinstance(extension, dict) and extension.get("name") == "NULLCHAR":
                return str(extension.get("value"))
    return None
