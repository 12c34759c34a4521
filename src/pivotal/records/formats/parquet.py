"""Parquet, with labels, lengths, formats and special missing values as metadata of the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from pivotal.errors import Fault, Findings
from pivotal.files import whole_file
from pivotal.records.dataset import Column, Dataset, type_of
from pivotal.records.formats.plain import plain
from pivotal.records.formats.source import Source

KEY = "pivotal:dataset"
"""The metadata's key; its value is JSON."""


def read_parquet(source: Source, findings: Findings, *, encoding: str | None = None) -> list[Dataset]:
    """The data set of a Parquet file; columns that are plain already are not copied.

    A file that something else wrote has no labels, lengths or formats; its name is the file's.
    """
    place = source.place if isinstance(source.place, Path) else BytesIO(source.place)
    allowed = "it must be a whole Parquet file"
    try:
        known = _known(pl.read_parquet_metadata(place).get(KEY))
        if isinstance(place, BytesIO):
            place.seek(0)
        frame = pl.read_parquet(place)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        empty = len(source.data()) == 0
        found = "empty" if empty else f"unreadable: {str(error).strip().splitlines()[0][:200]}"
        findings.add(f"{source.name} file", Fault(source.name, found, allowed, "Take the file from its source again."))
        return []
    frame = pl.DataFrame([plain(values, source.name, findings) for values in frame])
    columns = {name: _column(name, known, frame.schema[name]) for name in frame.columns}
    return [
        Dataset(
            name=str(known.get("name", source.stem)).upper(),
            label=str(known.get("label", "")),
            frame=frame,
            columns=tuple(columns.values()),
            source=source.name,
            special={name: _letters(name, sparse, frame.height) for name, sparse in known.get("special", {}).items()},
            more=known.get("more", {}),
        )
    ]


def write_parquet(data: Dataset, path: Path, findings: Findings) -> None:
    """Write a data set as Parquet with all that is known of it."""
    about = {
        "name": data.name,
        "label": data.label,
        "more": dict(data.more),
        "columns": {c.name: _about(c) for c in data.columns},
        "special": {name: _sparse(letters) for name, letters in data.special.items()},
    }
    with whole_file(path) as temporary:
        data.frame.write_parquet(temporary, metadata={KEY: json.dumps(about)})


def _known(text: str | None) -> Mapping[str, Any]:
    if text is None:
        return {}
    known: Mapping[str, Any] = json.loads(text)
    if not isinstance(known, dict) or not all(
        isinstance(known.get(key), dict) for key in ("columns", "special", "more")
    ):
        raise ValueError(f"its metadata {KEY} is none of ours")
    return known


def _about(column: Column) -> dict[str, Any]:
    more = {"more": dict(column.more)} if column.more else {}
    return {"label": column.label, "length": column.length, "format": column.format, **more}


def _column(name: str, known: Mapping[str, Any], dtype: pl.DataType) -> Column:
    about = known.get("columns", {}).get(name, {})
    return Column(
        name=name, label=about.get("label", ""), type=type_of(dtype), length=about.get("length"),
        format=about.get("format"), more=about.get("more", {}),
    )  # fmt: skip


def _sparse(letters: pl.Series) -> dict[str, list[int]]:
    """Rows by letter, from 0."""
    return {letter: (letters == letter).arg_true().to_list() for letter in letters.drop_nulls().unique().sort()}


def _letters(name: str, sparse: Mapping[str, list[int]], height: int) -> pl.Series:
    letters: list[str | None] = [None] * height
    for letter, rows in sparse.items():
        for row in rows:
            letters[row] = letter
    return pl.Series(name, letters, dtype=pl.String)
