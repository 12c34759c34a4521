"""Files of a data folder: finding a data set, and saying what each file's bytes were."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pivotal.errors import Fault
from pivotal.records.faults import Findings
from pivotal.records.opening import open_file
from pivotal.records.table import Table

SUFFIXES = (".parquet", ".csv")
"""Formats in which `write` leaves data sets."""

READ = (*SUFFIXES, ".xpt", ".json", ".ndjson", ".dsjc", ".csv.gz")
"""Formats of a data set; where a folder has several, the first is read."""

MAPPED = (*SUFFIXES, ".csv.gz", ".xpt", ".json", ".ndjson", ".dsjc")
"""Formats of a data file that a study's `[data]` maps."""


def is_data_file(path: Path) -> bool:
    """Whether a path is named like a data file."""
    return path.name.lower().endswith(MAPPED)


def find(directory: Path, name: str) -> list[Path]:
    """The files that hold a data set, whatever the case of their names; of several formats only the first of `READ`."""
    for suffix in READ:
        wanted = name.lower() + suffix
        found = sorted(p for p in directory.iterdir() if p.name.lower() == wanted)
        if found:
            return found
    return []


def open_set(directory: Path, name: str, findings: Findings, *, optional: bool = False) -> Table | None:
    """A data set of a folder; None where there is none or it cannot be read, which is noted."""
    found = find(directory, name)
    if len(found) == 1:
        return open_file(found[0], name, findings)
    allowed = f"a data folder holds {name.lower()}.parquet or {name.lower()}.csv"
    if found:
        names = ", ".join(p.name for p in found)
        fault = Fault(f"{directory}: {name}", f"there {len(found)} times ({names})", allowed, "Keep one of them.")
        findings.add(f"{name} file", fault)
    elif not optional:
        fault = Fault(
            f"{directory}: {name}", "missing", allowed, "Give the folder that `pivotal draw` wrote, or add it."
        )
        findings.add(f"{name} file", fault)
    return None


def sources(place: str | Path) -> dict[str, str]:
    """SHA-256 of each data file, for provenance.

    Parameters
    ----------
    place
        A data folder, or one file.

    Returns
    -------
    dict
        Hexadecimal digest by file name, sorted: every data file of the folder, whether it was read or not.
    """
    path = Path(place)
    files = [path] if path.is_file() else sorted(p for p in path.iterdir() if is_data_file(p))
    return {file.name: _digest(file) for file in files}


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
