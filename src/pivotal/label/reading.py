"""Patients from files: one patient's facts (TOML, JSON, a FHIR bundle, options), or a table of many (CSV, Parquet)."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pivotal.errors import DataError, Fault, Findings, UsageError
from pivotal.label.coverage import texts
from pivotal.label.patients import Patients, Place, read_frame
from pivotal.label.product import Product
from pivotal.study.lines import locate

AGAIN = "Export the file again."


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of one patient, before it is checked: a row for each condition that may be treated.

    Attributes
    ----------
    rows
        Facts as text, by variable or alias.
    place
        Where they stand.
    notes
        What was seen and not taken as a fact, and why.
    findings
        What is wrong already.
    """

    rows: list[dict[str, Any]]
    place: Place
    notes: tuple[str, ...] = ()
    findings: Findings = field(default_factory=Findings)


def read_patient(
    product: Product, file: Path | None, options: Mapping[str, str], *, on: date
) -> tuple[Patients, tuple[str, ...]]:
    """One patient from a file, from options, or from both; and what was not taken as a fact.

    Parameters
    ----------
    product
        The product, which declares the variables.
    file
        TOML or JSON with a key a fact, or a FHIR R4 or R5 Patient or Bundle of one patient; or None.
    options
        Facts by option, as ``{"--age": "5"}``. Where file and options differ they contradict each other.
    on
        The day that is asked about.

    Raises
    ------
    DataError
        If facts are wrong or contradict each other: all of them.
    """
    told = _told(product, file, on) if file is not None else Told([{}], Place("the options"))
    rows = [row | dict(options) for row in told.rows]
    spots = dict(told.place.spots) | {option: option for option in options}
    found = told.findings
    try:
        patients = read_frame(product, texts(rows), on=on, place=Place(told.place.file, None, spots))
    except DataError as error:
        for fault in error.faults:
            found.add("facts", fault)
    found.raise_any()
    return patients, told.notes


def _told(product: Product, file: Path, on: date) -> Told:
    suffix = file.suffix.lower()
    if suffix not in (".toml", ".json"):
        raise UsageError(
            f"{file} is neither .toml nor .json. One patient's facts are TOML, JSON or a FHIR bundle (JSON); for a "
            "table of patients use --patients."
        )
    if not file.is_file():
        raise UsageError(f"there is no file {file}. Check the path.")
    text = _text(file)
    data, spots = _toml(text, file.name) if suffix == ".toml" else _json(text, file.name)
    if isinstance(data, dict) and "resourceType" in data:
        from pivotal.label.fhir_patient import from_fhir

        return from_fhir(product, data, file.name, on)
    return _plain(data, file.name, spots)


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise DataError(
            [Fault(file.name, "not UTF-8 text", "a patient's file is UTF-8", "Save it as UTF-8.")]
        ) from None


def _toml(text: str, name: str) -> tuple[Any, dict[str, str]]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError([Fault(name, "not TOML", str(error), "Mend the syntax.")]) from None
    lines = locate(text)
    return data, {key: f"{name}:{lines[(key,)]}: {key}" for key in data if (key,) in lines}


def _json(text: str, name: str) -> tuple[Any, dict[str, str]]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for key, count in Counter(key for key, _ in pairs).items():
            if count > 1:
                fault = Fault(
                    f"{name}: {key}", f"there {count} times", "a key stands once", "Remove what is not meant."
                )
                raise DataError([fault])
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=once), {}
    except json.JSONDecodeError as error:
        place = f"{name}:{error.lineno}:{error.colno}"
        raise DataError([Fault(place, "not JSON", error.msg.lower(), "Mend the syntax.")]) from None


def _plain(data: Any, name: str, spots: Mapping[str, str]) -> Told:
    findings = Findings()
    if not isinstance(data, dict):
        raise DataError([Fault(name, "no table of facts", "a patient's file has a key a fact", "Write age = 5.")])
    row: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, dict | list):
            kind = "a table" if isinstance(value, dict) else "a list"
            where = spots.get(key, f"{name}: {key}")
            findings.add("shape", Fault(where, kind, "a fact is one value: a number, a word, yes or no", "Correct it."))
        else:
            row[key] = value
    return Told([row], Place(name, None, spots), findings=findings)


def read_table(product: Product, file: Path, *, on: date, ignore: Sequence[str] = ()) -> Patients:
    """Many patients from a CSV or Parquet file, a row each.

    Parameters
    ----------
    product
        The product, which declares the variables.
    file
        Columns are variables by name or alias, an identifier, a date of birth; an empty entry is unknown.
    on
        The day that is asked about.
    ignore
        Columns that are not read.

    Raises
    ------
    DataError
        If anything is wrong: every fault with file, row and patient.
    """
    suffix = file.suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise UsageError(f"{file} is neither .csv nor .parquet. Give a table of patients as one of them.")
    if not file.is_file():
        raise UsageError(f"there is no file {file}. Check the path.")
    parquet = suffix == ".parquet"
    frame = _opened(file, parquet)
    place = Place(file.name, 1 if parquet else 2)
    if not parquet:
        blank = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
        if blank.any():  # a blank line is no row, but is counted
            place = Place(file.name, 2, rows=(pl.int_range(2, frame.height + 2, eager=True)).filter(~blank))
            frame = frame.filter(~blank)
    return read_frame(product, frame, on=on, place=place, ignore=ignore)


def _opened(file: Path, parquet: bool) -> pl.DataFrame:
    if file.stat().st_size == 0:
        raise DataError([Fault(file.name, "empty", "a table of patients has a header and rows", AGAIN)])
    try:
        frame = _parquet(file) if parquet else _csv(file)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        lines = str(error).strip().splitlines()
        allowed = "it must be a whole Parquet file" if parquet else "it must be a CSV file: UTF-8, commas, a header"
        fault = Fault(file.name, f"unreadable: {lines[0] if lines else type(error).__name__}", allowed, AGAIN)
        raise DataError([fault]) from None
    if frame.is_empty():
        raise DataError([Fault(file.name, "a header without rows", "a table of patients has rows", AGAIN)])
    return frame


def _parquet(file: Path) -> pl.DataFrame:
    with file.open("rb") as stream:
        return pl.read_parquet(stream)


def _csv(file: Path) -> pl.DataFrame:
    """Everything as text, so that what is not a number can be named."""
    names = pl.read_csv(file, has_header=False, infer_schema=False, n_rows=1).row(0)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        faults = [
            Fault(f"{file.name}: column {name or '(without a name)'}", "there more than once", "a column stands once",
                  "Remove the columns that are not meant.")
            for name in twice
        ]  # fmt: skip
        raise DataError(faults)
    return pl.read_csv(file, infer_schema=False, new_columns=[n or f"(unnamed {i})" for i, n in enumerate(names, 1)])
