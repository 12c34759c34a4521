"""Data sets of real trials that are not ADaM: one raw file with a row a patient, read through the study's `[data]`.

The raw columns become the same ADSL and ADEFF tables as come from files, and take the same checked path; faults name
the raw file, its row and its column.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from pivotal.errors import UsageError
from pivotal.records.faults import Findings
from pivotal.records.layout import ADEFF, ADSL, ARM, NO, PARAMETER, PATIENT, VALUE, VISIT, YES
from pivotal.records.opening import open_file
from pivotal.records.reading import from_tables
from pivotal.records.table import ROW, SPELT, Table
from pivotal.study.load import library_path
from pivotal.study.load import shipped as studies
from pivotal.study.model import ColumnMap, DataMap, ParameterMap, Study
from pivotal.trials import Trials


def shipped(study: Study, folder: str | Path | None = None) -> Path | None:
    """The data set that comes with a study of a real trial, beside its study file.

    Parameters
    ----------
    study
        The trial.
    folder
        Where its study file lies; the library for a study that comes with the package.

    Returns
    -------
    pathlib.Path or None
        The raw file; None where the study comes with no data.
    """
    if study.study.data is None:
        return None
    if folder is not None:
        return Path(folder) / study.study.data
    return library_path(study.id).parent / study.study.data if study.id.lower() in studies() else None


def read_mapped(study: Study, path: str | Path) -> Trials:
    """A real trial's patients from a raw CSV or Parquet file, through the study's `[data]`.

    Parameters
    ----------
    study
        The trial; its `[data]` says which column holds what, and what its entries mean.
    path
        The file, a row a patient.

    Returns
    -------
    Trials
        One trial (R = 1) of real patients, in the file's order.

    Raises
    ------
    UsageError
        If the study has no `[data]`.
    DataError
        If anything is wrong, with every fault: file, row, patient and column.
    """
    if study.data is None:
        raise UsageError(
            f"the study {study.id} has no [data] section, so that {path} cannot be read; give ADSL and ADEFF"
        )
    findings = Findings()
    raw = open_file(Path(path), ADSL, findings)
    if raw is None:
        raise findings.error()
    raw = _required(raw, study.data, findings)
    return from_tables(study, _adsl(raw, study.data), _adeff(raw, study.data), None, findings)


def _required(raw: Table, data: DataMap, findings: Findings) -> Table:
    """Note every column that the map names and the file has not."""
    wanted = {data.subject: "the patient's identifier", data.arm.column: "the arm that the patient was randomised to"}
    wanted |= {each.column: f"the study's variable {name}" for name, each in data.variables.items()}
    wanted |= {each.column: f"{each.parameter} at {each.visit}" for each in data.parameters}
    spelt = {column.upper(): column for column in wanted}
    named = replace(raw, spelt={**raw.spelt, **spelt})
    return named.require({column.upper(): what for column, what in wanted.items()}, findings)


def _adsl(raw: Table, data: DataMap) -> Table:
    """The raw file's patients as ADSL."""
    maps = {PATIENT: ColumnMap(column=data.subject), ARM: data.arm}
    maps |= {name.upper(): each for name, each in data.variables.items()}
    columns = {name: _entries(raw, each, data, (YES, NO)) for name, each in maps.items()}
    return Table(
        ADSL,
        raw.file,
        pl.DataFrame({ROW: raw.frame[ROW], **columns}),
        spelt={name: each.column for name, each in maps.items()},
        labels={name: tuple(each.values) for name, each in maps.items() if each.values},
        absent=frozenset(name for name, each in maps.items() if each.column.upper() in raw.absent),
    )


def _adeff(raw: Table, data: DataMap) -> Table | None:
    """The raw file's assessments as ADEFF, one row a patient and assessment; None where the file has none of them."""
    parts = [_assessments(raw, each, data) for each in data.parameters if each.column.upper() not in raw.absent]
    if not parts:
        return None
    absent = frozenset([PATIENT] if data.subject.upper() in raw.absent else [])
    return Table(ADEFF, raw.file, pl.concat(parts), spelt={PATIENT: data.subject}, absent=absent)


def _assessments(raw: Table, each: ParameterMap, data: DataMap) -> pl.DataFrame:
    return pl.DataFrame(
        {
            ROW: raw.frame[ROW],
            PATIENT: _entries(raw, ColumnMap(column=data.subject), data, (YES, NO)),
            VALUE: _entries(raw, each, data, ("1", "0")),
        }
    ).with_columns(
        pl.lit(each.parameter).alias(PARAMETER), pl.lit(each.visit).alias(VISIT), pl.lit(each.column).alias(SPELT)
    )


def _entries(raw: Table, each: ColumnMap, data: DataMap, truth: tuple[str, str]) -> pl.Series:
    """A raw column as text, its entries mapped; what the map does not name stays as it stands."""
    entries = raw.frame[each.column.upper()].cast(pl.String)
    entries = entries.set(entries.is_in(data.missing).fill_null(False), None)
    means = {entry.strip(): _text(value, truth) for entry, value in each.values.items()}
    return entries.replace(means) if means else entries


def _text(value: bool | float | str, truth: tuple[str, str]) -> str:
    if isinstance(value, bool):
        return truth[0] if value else truth[1]
    return str(value)
