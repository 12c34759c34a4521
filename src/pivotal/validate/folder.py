"""A folder of cases at the door: every file there and readable, or all its faults at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pivotal.errors import DataError, Fault, UsageError
from pivotal.validate.case import Case, read_cases

SHIPPED = Path(__file__).parent / "cases"
"""The cases that come with the package."""


def cases_of(folder: Path | None = None) -> list[Case]:
    """Read the cases of a folder.

    Parameters
    ----------
    folder
        Files `AREA.json` in the format that docs/validate.md describes, with the CSV files that they name; None for the
        cases that come with the package.

    Returns
    -------
    list[Case]

    Raises
    ------
    UsageError
        If there is no such folder.
    DataError
        Every fault of its files: none there, no JSON, a case without a key, a CSV file that is not there.
    """
    place = SHIPPED if folder is None else folder
    if not place.is_dir():
        what = "a file" if place.exists() else "not there"
        raise UsageError(f"{place} is {what}; a folder with files of cases (AREA.json) is wanted. Name another place.")
    if not any(place.glob("*.json")):
        allowed = "a folder of cases holds at least one AREA.json"
        raise DataError([Fault(str(place), "without a JSON file", allowed, "Put the files of cases there.")])
    cases = read_cases(place)
    faults = [fault for case in cases for fault in _missing_tables(case)]
    if faults:
        raise DataError(faults)
    return cases


def file_hashes(cases: list[Case]) -> dict[str, str]:
    """SHA-256 of every file that the cases lie in or name, by file name."""
    names = {(case.folder / name) for case in cases for name in tables(case)}
    names |= {path for folder in {case.folder for case in cases} for path in folder.glob("*.json")}
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(names)}


def tables(case: Case) -> list[str]:
    """The CSV files that a case's input names."""
    return sorted({text for text in _texts(case.input) if text.lower().endswith(".csv")})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _missing_tables(case: Case) -> Iterator[Fault]:
    for name in tables(case):
        if not (case.folder / name).is_file():
            where = f"{case.area}.json: case {case.id}: input"
            found = f"in need of {name}, which is not in {case.folder}"
            yield Fault(where, found, "a CSV file lies beside the file of cases", "Put it there, or mend its name.")
