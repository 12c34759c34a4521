"""A folder of data sets, whatever their formats."""

from __future__ import annotations

import gzip
import tempfile
import zipfile
from pathlib import Path

import polars as pl

from pivotal.records.dataset import Column, Dataset, DataType, dataset

_DATES: dict[object, DataType] = {pl.Date: "date", pl.Datetime: "datetime", pl.Time: "time"}


def read_library(place: str | Path) -> dict[str, Dataset]:
    """Every data set of a folder, by name in capitals.

    Parameters
    ----------
    place
        A folder with ``.xpt`` files, ``.zip`` files of them, and ``.csv`` or ``.csv.gz`` files.

    Returns
    -------
    dict of str to Dataset
        By name: ``found["ADSL"].frame``.
    """
    found: dict[str, Dataset] = {}
    for path in sorted(Path(place).iterdir()):
        stem = path.name.split(".")[0]
        if path.suffix.lower() == ".xpt":
            found[stem.upper()] = _xpt(path, str(path))
        elif path.suffix.lower() == ".zip":
            with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if name.lower().endswith(".xpt"):
                        found[Path(name).stem.upper()] = _xpt(Path(archive.extract(name, folder)), f"{path}:{name}")
        elif path.name.lower().endswith((".csv", ".csv.gz")):
            text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            frame = pl.read_csv(text, infer_schema_length=None, null_values=["", "NA"])
            found[stem.upper()] = dataset(stem, frame)
    return found


def _xpt(path: Path, source: str) -> Dataset:
    import pyreadstat

    try:
        frame, meta = pyreadstat.read_xport(str(path), output_format="polars")
    except UnicodeDecodeError:
        frame, meta = pyreadstat.read_xport(str(path), output_format="polars", encoding="WINDOWS-1252")
    frame = frame.with_columns(pl.col(pl.String).replace("", None))
    columns = tuple(
        Column(
            name=name,
            label=meta.column_names_to_labels[name] or "",
            type="text" if kind == pl.String else _DATES.get(kind.base_type(), "float"),
            length=meta.variable_storage_width[name],
            format=meta.original_variable_types[name],
        )
        for name, kind in frame.schema.items()
    )
    return Dataset(
        name=(meta.table_name or path.stem).upper(),
        label=meta.file_label or "",
        frame=frame,
        columns=columns,
        source=source,
    )
