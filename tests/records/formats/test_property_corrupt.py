"""Files with bytes changed, lost or added: read, or refused with a `DataError`, and nothing else."""

from __future__ import annotations

import contextlib
import zipfile
from datetime import date, datetime

import numpy as np
import polars as pl
import pytest

from pivotal.errors import DataError
from pivotal.records.dataset import dataset
from pivotal.records.formats import read_library, write_dataset

FRAME = pl.DataFrame({
    "SITE": ["Žofie", "b", None], "AVAL": [1.5, None, 3.0], "ADT": [date(2020, 1, 1), None, date(2021, 2, 3)],
    "ADTM": [datetime(2020, 1, 1, 1), None, None],
})  # fmt: skip
FILES = [("xpt", 5), ("xpt", 8), ("json", 5), ("ndjson", 5), ("dsjc", 5), ("parquet", 5), ("csv", 5), ("zip", 5)]
TIMES = 150
"""Corrupted files of each format; 1,500 of each were tried when the readers were written."""


def spoilt(content: bytes, draw: np.random.Generator) -> bytes:
    place = int(draw.integers(len(content)))
    how = draw.integers(4)
    if how == 0:
        return content[:place]
    if how == 1:
        return content[:place] + draw.bytes(int(draw.choice([1, 3, 80]))) + content[place:]
    if how == 2:
        return content[:place] + content[place + int(draw.choice([1, 7, 80, 140])) :]
    changed = bytearray(content)
    for at in draw.integers(len(content), size=int(draw.choice([1, 2, 20]))):
        changed[at] = draw.integers(256)
    return bytes(changed)


@pytest.mark.parametrize(("suffix", "version"), FILES)
def test_nothing_but_a_data_error(suffix, version, tmp_path):
    draw = np.random.default_rng(11)
    inner = "xpt" if suffix == "zip" else suffix
    path = tmp_path / f"x.{inner}"
    write_dataset(dataset("X", FRAME, labels={"AVAL": "L" * (60 if version == 8 else 20)}), path, version=version)
    if suffix == "zip":
        with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(path, "x.xpt")
        path.unlink()
        path = tmp_path / "x.zip"
    content = path.read_bytes()
    assert read_library(tmp_path)["X"].frame["AVAL"].to_list() == [1.5, None, 3.0]
    for _ in range(TIMES):
        path.write_bytes(spoilt(content, draw))
        with contextlib.suppress(DataError):
            read_library(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
