"""One data file, by its format."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from pivotal.records.dataset import Dataset, dataset
from pivotal.records.formats.library import _xpt


def read_one(path: Path) -> Dataset:
    """A SAS transport or Dataset-JSON file as a data set.

    Raises
    ------
    OSError
        If it is not there.
    ValueError
        If it is neither, or broken.
    """
    path.open("rb").close()  # a file that is not there says so alike in every format
    if path.suffix.lower() == ".xpt":
        return _transport(path)
    return _dataset_json(path)


def _transport(path: Path) -> Dataset:
    import pyreadstat

    try:
        return _xpt(path, str(path))
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
        raise ValueError(str(error)) from error


def _dataset_json(path: Path) -> Dataset:
    """Version 1.1: the columns in order, and the rows as lists; NDJSON has the rows on lines of their own."""
    text = path.read_text(encoding="utf-8")
    try:
        if path.suffix.lower() == ".ndjson":
            first, *lines = text.splitlines()
            content, rows = json.loads(first), [json.loads(line) for line in lines if line.strip()]
        else:
            content = json.loads(text)
            rows = content["rows"]
        names = [column["name"] for column in content["columns"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"not Dataset-JSON 1.1: no {error}") from error
    frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
    return dataset(str(content.get("name") or path.stem), frame, label=str(content.get("label") or ""))
