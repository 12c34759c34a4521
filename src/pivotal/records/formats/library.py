"""A folder of data sets, or a zip of them, whatever their formats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pivotal.errors import DataError, Fault, FaultsError, Findings, UsageError
from pivotal.files import whole
from pivotal.records.dataset import Dataset, Library
from pivotal.records.formats.archives import Search
from pivotal.records.formats.beside import CSV, defined_beside, texts, told
from pivotal.records.formats.decoding import known
from pivotal.records.formats.one import SUFFIXES, opened, write_dataset

FORMATS = {"xpt": ".xpt", "json": ".json", "ndjson": ".ndjson", "dsjc": ".dsjc", "parquet": ".parquet", "csv": ".csv"}
"""Formats of a library, and the suffix of each."""


def read_library(place: str | Path, *, encoding: str | None = None, missing: Sequence[str] = ()) -> dict[str, Dataset]:
    """Every data set of a folder or a zip, by name in capitals.

    Parameters
    ----------
    place
        A folder with ``.xpt``, ``.json``, ``.ndjson``, ``.dsjc``, ``.parquet``, ``.csv`` and ``.csv.gz`` files, and
        ``.zip`` files of them; or one such file. Other files are left alone, and so are folders within; but where a
        folder has a ``define.xml``, its CSV files take labels, types and formats from it.
    encoding
        Of text in transport and CSV files; None for the one that all text of a file agrees on.
    missing
        Texts of CSV files that mean a missing value, besides the empty one: ``["NA"]``.

    Returns
    -------
    dict of str to Dataset
        By name: ``found["ADSL"].frame``.

    Raises
    ------
    DataError
        Where a file is broken, two files give one data set, or there is none: every fault of every file.
    """
    path, encoding = Path(place), known(encoding) if encoding else None
    if not path.exists():
        raise DataError([Fault(str(path), "missing", "a folder of data sets, or a zip of them", "Check the path.")])
    search = Search(Findings())
    found: dict[str, Dataset] = {}
    about = defined_beside(path, search.findings)
    for source in search.folder(path) if path.is_dir() else search.file(path):
        said = about.get(source.stem) if source.file.lower().endswith(CSV) else None
        for read in opened(source, search.findings, encoding, missing, texts(said)):
            data = told(read, said, search.findings)
            if data.name in found:
                where, mend = f"{path}: {data.name}", "Keep one of them."
                twice = f"there twice: in {found[data.name].source} and in {data.source}"
                search.findings.add("names", Fault(where, twice, "each data set has a name of its own", mend))
            found[data.name] = data
    if not found and not search.findings:
        _note_none(path, search)
    search.findings.raise_any()
    return found


def write_library(
    library: Library, folder: str | Path, *, format: str = "xpt", version: int = 5, encoding: str = "utf-8",
    drop_special: bool = False, created: datetime | None = None,
) -> None:  # fmt: skip
    """Write data sets to a folder, a file each, named as the data set in small letters; all of them or none.

    Parameters
    ----------
    library
        The data sets by name.
    folder
        Where to; files of the same names are replaced, others stay.
    format
        ``xpt``, ``json``, ``ndjson``, ``dsjc``, ``parquet`` or ``csv``.
    version, encoding, drop_special, created
        As of `write_dataset`.

    Raises
    ------
    DataError
        Where something does not fit: every fault of every data set.
    UsageError
        Where there is no such format.
    """
    if format not in FORMATS:
        raise UsageError(f"format is {format!r}; it may be one of: {', '.join(FORMATS)}. Choose one of them.")
    faults: list[Fault] = []
    with whole(Path(folder)) as temporary:
        for data in library.values():
            path = temporary / (data.name.lower() + FORMATS[format])
            try:
                write_dataset(
                    data, path, version=version, encoding=encoding, drop_special=drop_special, created=created
                )
            except FaultsError as error:
                faults += error.faults
        if faults:
            raise DataError(faults)


def _note_none(path: Path, search: Search) -> None:
    others = ", ".join(search.others[:12]) + (f" and {len(search.others) - 12} more" if len(search.others) > 12 else "")
    found = f"without a data set; it holds {others}" if others else "empty"
    allowed = f"a data set's file ends in {', '.join(SUFFIXES)} or .zip"
    search.findings.add("library", Fault(str(path), found, allowed, "Name another folder."))
