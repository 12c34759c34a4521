"""One file: which format it has, by its suffix, and how it is read and written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl

from pivotal.errors import DataError, Fault, Findings, UsageError
from pivotal.records.dataset import Column, Dataset, type_of
from pivotal.records.formats.datasetjson import read_dsjc, read_json, read_ndjson, write_dsjc, write_json, write_ndjson
from pivotal.records.formats.decoding import known
from pivotal.records.formats.delimited import read_csv, write_csv
from pivotal.records.formats.parquet import read_parquet, write_parquet
from pivotal.records.formats.plain import plain
from pivotal.records.formats.source import Source
from pivotal.records.formats.xpt import read_xpt, write_xpt

_READERS: dict[str, Callable[..., list[Dataset]]] = {
    ".xpt": read_xpt,
    ".json": read_json,
    ".ndjson": read_ndjson,
    ".dsjc": read_dsjc,
    ".parquet": read_parquet,
    ".csv": read_csv,
    ".csv.gz": read_csv,
}
SUFFIXES = tuple(_READERS)
"""Suffixes of the files that are read, whatever the case."""


def suffix_of(file: str) -> str | None:
    """The suffix by which a file is read; None where it is none of ours."""
    return next((suffix for suffix in SUFFIXES if file.lower().endswith(suffix)), None)


def opened(
    source: Source, findings: Findings, encoding: str | None, missing: Sequence[str], columns: Sequence[Column] = ()
) -> list[Dataset]:
    """The data sets of one file; faults are noted."""
    suffix = suffix_of(source.file)
    assert suffix is not None
    more = {"missing": missing, "columns": columns} if suffix.startswith(".csv") else {}
    return _READERS[suffix](source, findings, encoding=encoding, **more)


def read_dataset(
    path: str | Path, *, encoding: str | None = None, missing: Sequence[str] = (), columns: Sequence[Column] = ()
) -> Dataset:
    """The data set of one file.

    Parameters
    ----------
    path
        An ``.xpt``, ``.json``, ``.ndjson``, ``.dsjc``, ``.parquet``, ``.csv`` or ``.csv.gz`` file.
    encoding
        Of its text: ``utf-8``, ``windows-1252`` or ``latin-1``; None for the one that all its text agrees on.
    missing
        Texts of a CSV file that mean a missing value, besides the empty one.
    columns
        What is known of a CSV file's columns: another data set's `columns`.

    Returns
    -------
    Dataset
        Texts without trailing blanks, blank ones null; numbers under a SAS date format as dates.

    Raises
    ------
    DataError
        Where the file is broken or unknown, or a value is wrong: every fault of the file.
    UsageError
        Where the encoding is none that is read.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pivotal.records.dataset import dataset
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "dm.xpt"
    ...     write_dataset(dataset("DM", pl.DataFrame({"AGE": [63, 64]}), labels={"AGE": "Age"}), path)
    ...     read_dataset(path).columns
    (Column(name='AGE', label='Age', type='float', length=8, format=None, more={}),)
    """
    path, encoding = Path(path), known(encoding) if encoding else None
    if not path.is_file():
        raise DataError([Fault(str(path), "a folder" if path.is_dir() else "missing", "a file", "Check the path.")])
    if suffix_of(path.name) is None:
        allowed = f"a data set's file ends in {', '.join(SUFFIXES)}"
        raise DataError([Fault(str(path), f"of the unknown kind {path.suffix!r}", allowed, "Name another file.")])
    findings = Findings()
    found = opened(Source(str(path), path.name, path), findings, encoding, missing, columns)
    findings.raise_any()
    if len(found) != 1:
        names = ", ".join(data.name for data in found)
        raise DataError([Fault(str(path), f"made of {len(found)} data sets ({names})", "one", "Use read_library.")])
    return found[0]


def write_dataset(
    data: Dataset, path: str | Path, *, version: int = 5, encoding: str = "utf-8", drop_special: bool = False,
    created: datetime | None = None,
) -> None:  # fmt: skip
    """Write a data set in the format that the path's suffix names; all of it or nothing.

    Parameters
    ----------
    data
        The data set.
    path
        Where to: ``.xpt``, ``.json``, ``.ndjson``, ``.dsjc``, ``.parquet`` or ``.csv``.
    version
        Of a transport file: 5 or 8.
    encoding
        Of a transport file's text.
    drop_special
        Whether SAS's special missing values may become plain ones where the format (Dataset-JSON, CSV) has none.
    created
        The time that the file bears where it bears one; None for now.

    Raises
    ------
    DataError
        Where something does not fit: each name, label and value, with its size and the limit. Nothing is written.
    UsageError
        Where the suffix, the version or the encoding is none that is written.

    Examples
    --------
    >>> from pivotal.records.dataset import dataset
    >>> write_dataset(dataset("DM", pl.DataFrame({"BIRTHCOUNTRY": ["CH"]})), "dm.xpt")
    Traceback (most recent call last):
    ...
    pivotal.errors.DataError: 1 fault in the data:
      1. DM.BIRTHCOUNTRY: name is 12 bytes long; a name has at most 8 bytes in version 5. Shorten it, or write version 8
      or Dataset-JSON.
    """
    path, findings = Path(path), Findings()
    suffix = suffix_of(path.name)
    if suffix is None or suffix == ".csv.gz":
        written = ", ".join(s for s in SUFFIXES if s != ".csv.gz")
        raise UsageError(f"path is {str(path)!r}; a data set is written to a file that ends in {written}. Rename it.")
    if version not in (5, 8):
        raise UsageError(f"version is {version!r}; a transport file has version 5 or 8. Choose one of them.")
    stored = _plain(data, findings)
    if stored.special and suffix not in (".xpt", ".parquet") and not drop_special:
        _note_special(stored, suffix, findings)
    findings.raise_any()
    if suffix == ".xpt":
        write_xpt(stored, path, findings, version=version, encoding=known(encoding), created=created)
    elif suffix == ".parquet":
        write_parquet(stored, path, findings)
    elif suffix == ".csv":
        write_csv(stored, path, findings)
    else:
        {".json": write_json, ".ndjson": write_ndjson, ".dsjc": write_dsjc}[suffix](
            stored, path, findings, created=created
        )
    findings.raise_any()


def _plain(data: Dataset, findings: Findings) -> Dataset:
    """The data set with plain columns, described as they are."""
    frame = pl.DataFrame([plain(values, data.name, findings) for values in data.frame])
    known_columns = {column.name: column for column in data.columns}
    columns = []
    for name, dtype in frame.schema.items():
        kind = type_of(dtype)
        columns.append(replace(known_columns.get(name) or Column(name=name, type=kind), type=kind))
    special = {name: why for name, why in data.special.items() if name in frame.columns and len(why) == frame.height}
    return replace(data, frame=frame, columns=tuple(columns), special=special)


def _note_special(data: Dataset, suffix: str, findings: Findings) -> None:
    allowed = f"a {suffix} file has one kind of missing value"
    for name, why in data.special.items():
        for row in why.is_not_null().arg_true().to_list():
            where = f"{data.name} row {row + 1:,}: {name}"
            mend = "Write .xpt or .parquet, or say drop_special=True."
            findings.add(f"{data.name} special", Fault(where, f".{why[row]}", allowed, mend))
