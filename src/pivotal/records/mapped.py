"""Data files that are not ADaM, read through the study's `[data]`: a row a patient, or a row a patient and visit.

The file's columns become the same ADSL and ADEFF tables as come from files, and take the same checked path; faults name
the file, its row, the patient and its column.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from pivotal.errors import UsageError
from pivotal.records.entries import entries
from pivotal.records.faults import Findings
from pivotal.records.layout import (
    ADEFF,
    ADSL,
    ARM,
    LAST_VISIT,
    NO,
    PARAMETER,
    PATIENT,
    REASON,
    STATUS,
    VALUE,
    VISIT,
    YES,
)
from pivotal.records.opening import open_file
from pivotal.records.raw import Raw, read_raw
from pivotal.records.reading import from_tables
from pivotal.records.remarks import remarks
from pivotal.records.table import ROW, SPELT, Table
from pivotal.study.load import library_path
from pivotal.study.load import shipped as studies
from pivotal.study.model import ColumnMap, DataMap, ParameterMap, Study
from pivotal.trials import Trials

DATA = "the data file"


def shipped(study: Study, folder: str | Path | None = None) -> Path | None:
    """The data file that comes with a study of a real trial, beside its study file.

    Parameters
    ----------
    study
        The trial.
    folder
        Where its study file lies; the library for a study that comes with the package.

    Returns
    -------
    pathlib.Path or None
        The file; None where the study comes with no data.
    """
    if study.study.data is None:
        return None
    if folder is not None:
        return Path(folder) / study.study.data
    return library_path(study.id).parent / study.study.data if study.id.lower() in studies() else None


def read_mapped(study: Study, path: str | Path) -> Trials:
    """A real trial's patients from a data file of any shape, through the study's `[data]`.

    Parameters
    ----------
    study
        The trial; its `[data]` says which column holds what, and what its entries mean.
    path
        The file: CSV (also gzipped), Parquet, SAS transport (XPT) or Dataset-JSON; a row a patient, or where the map
        names a visit column, a row a patient and visit.

    Returns
    -------
    Trials
        One trial (R = 1) of real patients, in the file's order. Its `notes` list the columns that nothing reads, the
        rows left out, the entries that were taken as missing, and how it was told who left.

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
    table = open_file(Path(path), DATA, findings)
    if table is None:
        raise findings.error()
    raw = read_raw(study, study.data, table, findings)
    trials = from_tables(study, _adsl(raw, study.data, findings), _adeff(raw, study.data, findings), None, findings)
    return replace(trials, notes=remarks(study, study.data, raw, trials))


def _subject_maps(data: DataMap) -> dict[str, ColumnMap]:
    """What ADSL takes from the file, by the name that it has there."""
    maps = {ARM: data.arm} | {name.upper(): each for name, each in data.variables.items()}
    leaving = {LAST_VISIT: data.last_visit, STATUS: data.status, REASON: data.reason}
    return maps | {name: each for name, each in leaving.items() if each is not None}


def _adsl(raw: Raw, data: DataMap, findings: Findings) -> Table:
    """The file's patients as ADSL: of several rows of a patient the first one with an entry."""
    maps = _subject_maps(data)
    columns = {name: raw.once(entries(raw.table, each, data, (YES, NO)), each, findings) for name, each in maps.items()}
    rows = raw.patients()
    spelt = {name: each.column for name, each in maps.items()} | raw.subject_name
    return Table(
        ADSL,
        raw.table.file,
        pl.DataFrame({ROW: rows[ROW], PATIENT: rows[PATIENT], **columns}),
        spelt=spelt,
        labels={name: tuple(each.values) for name, each in maps.items() if each.values},
        absent=frozenset(name for name, each in maps.items() if each.column.upper() in raw.table.absent) | raw.nameless,
    )


def _adeff(raw: Raw, data: DataMap, findings: Findings) -> Table | None:
    """The file's assessments as ADEFF; None where the file has none of them."""
    wanted = [each for each in data.parameters if each.column.upper() not in raw.table.absent]
    if not wanted:
        return None
    parts = [_assessments(raw, each, data, findings) for each in wanted]
    return Table(ADEFF, raw.table.file, pl.concat(parts), spelt=raw.subject_name, absent=raw.nameless)


def _assessments(raw: Raw, each: ParameterMap, data: DataMap, findings: Findings) -> pl.DataFrame:
    chosen = raw.where(each)
    values = entries(chosen.table, each, data, ("1", "0"))
    if each.visit is not None:
        rows = chosen.patients().with_columns(chosen.once(values, each, findings).alias(VALUE))
        rows = rows.select(ROW, PATIENT, VALUE, pl.lit(each.visit).alias(VISIT))
    else:
        chosen.check_once(findings)
        rows = chosen.table.frame.select(ROW, PATIENT, values.alias(VALUE), VISIT).filter(pl.col(VISIT).is_not_null())
    return rows.select(
        ROW, PATIENT, VALUE, pl.lit(each.parameter).alias(PARAMETER), VISIT, pl.lit(each.column).alias(SPELT)
    )
