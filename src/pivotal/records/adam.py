"""A real trial's patients from data sets as the field stores them: ADSL, and data sets of the basic data structure.

The study file says where each parameter's values stand (`from` of a parameter) and how ADSL tells who completed
(`[disposition]`). What is found takes the same checked path as files of Pivotal's own layout; faults name the data set,
its row and the patient. A data set's rows that `where` leaves out, and those of visits at which the study does not
measure the parameter, are not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from pivotal.errors import DataError, Fault
from pivotal.records.cells import numbers
from pivotal.records.dataset import Dataset, Library
from pivotal.records.faults import Findings
from pivotal.records.layout import (
    ADEFF,
    ADSL,
    COMPLETED,
    DISCONTINUED,
    PARAMETER,
    PATIENT,
    REASON,
    STATUS,
    VALUE,
    VISIT,
)
from pivotal.records.reading import from_tables
from pivotal.records.table import ROW, Table
from pivotal.study.model import Parameter, Study
from pivotal.trials import Trials

ADAM = "ADaM"
"""What faults call the values of all parameters, each row with its data set."""


def from_library(study: Study, library: Library, reasons: Mapping[str, str] | None = None) -> Trials:
    """A real trial's patients, R = 1, in ADSL's order.

    Parameters
    ----------
    study
        The trial; its parameters say where their values stand.
    library
        Data sets by name: ADSL, and those that the parameters name.
    reasons
        Why a data set is not there that has a recipe, by name.

    Returns
    -------
    Trials
        Real patients, with times to event where a parameter is one.

    Raises
    ------
    DataError
        If a data set is missing or anything in them is wrong: every fault with data set, row and patient.
    """
    findings = Findings()
    _present(study, library, findings, reasons or {})
    findings.raise_any()
    adsl = _subjects(study, library[ADSL])
    measured = [p for p in study.parameters if p.origin is not None and p.origin.censor is None]
    timed = [p for p in study.parameters if p.origin is not None and p.origin.censor is not None]
    values = pl.concat([_values(study, each, library) for each in measured]) if measured else _no_values()
    trials = from_tables(study, adsl, Table(ADEFF, ADAM, values), None, findings)
    found = {each.name: _times(each, library, trials, findings) for each in timed}
    findings.raise_any()
    return replace(
        trials,
        times={name: time for name, (time, _) in found.items()},
        events={name: event for name, (_, event) in found.items()},
    )


def needed_datasets(study: Study) -> tuple[str, ...]:
    """The data sets that the patients of a study come from, ADSL first."""
    named = [p.origin.dataset for p in study.parameters if p.origin is not None]
    return tuple(dict.fromkeys([ADSL, *named]))


def _present(study: Study, library: Library, findings: Findings, reasons: Mapping[str, str]) -> None:
    for name in needed_datasets(study):
        if name not in library:
            have = ", ".join(sorted(library)) or "none"
            allowed = f"the study needs it; the data sets given and derived are {have}"
            mend = f"Give it, or a recipe [[datasets]] for {name}."
            if name in reasons:
                mend = f"Give it, or what its recipe takes it from: {reasons[name].rstrip('.')}."
            fault = Fault(f"data set {name}", "missing", allowed, mend)
            findings.add("data set", fault)
    for parameter in study.parameters:
        if parameter.origin is not None and parameter.origin.dataset in library:
            _columns(parameter, library[parameter.origin.dataset], findings)


def _columns(parameter: Parameter, found: Dataset, findings: Findings) -> None:
    origin = parameter.origin
    assert origin is not None
    wanted = [PATIENT, origin.value, *([origin.censor] if origin.censor is not None else [origin.visit])]
    for column in wanted:
        if column not in found.frame.columns:
            fault = Fault(
                f"{_named(found)}: column {column}",
                "missing",
                f"{parameter.name} is taken from it",
                "Add it, or correct `from` of the parameter.",
            )
            findings.add("column", fault)


def _unreadable(where: str, condition: str, what: str, error: Exception) -> DataError:
    """A condition of the study file that the data set cannot answer: a column that it does not have, mostly."""
    first = str(error).splitlines()[0]
    allowed = f"the study file asks of it: {condition}"
    return DataError([Fault(where, f"not as the study file expects it ({first})", allowed, f"Correct it, or {what}.")])


def _named(found: Dataset) -> str:
    return found.name if found.source is None else f"{found.name} ({found.source})"


def _subjects(study: Study, adsl: Dataset) -> Table:
    frame = adsl.frame.rename({name: name.upper() for name in adsl.frame.columns}).with_row_index(ROW, offset=1)
    how = study.disposition
    if how is not None:
        try:
            done = pl.sql_expr(how.completed).fill_null(False)
            frame = frame.with_columns(
                pl.when(done).then(pl.lit(COMPLETED)).otherwise(pl.lit(DISCONTINUED)).alias(STATUS),
                pl.when(~done).then(pl.col(how.reason)).alias(REASON),
            )
        except pl.exceptions.PolarsError as error:
            raise _unreadable(_named(adsl), f"{how.completed}; {how.reason}", "[disposition]", error) from error
    return Table(ADSL, _named(adsl), frame)


def _no_values() -> pl.DataFrame:
    text = [ROW, PATIENT, PARAMETER, VISIT]
    return pl.DataFrame(schema=dict.fromkeys(text, pl.String) | {VALUE: pl.Float64})


def _rows(parameter: Parameter, library: Library) -> pl.DataFrame:
    """The rows of a parameter, each with its place."""
    origin = parameter.origin
    assert origin is not None
    found = library[origin.dataset]
    place = pl.format("{} of {}", pl.int_range(1, pl.len() + 1), pl.lit(found.name)).alias(ROW)
    condition = origin.condition(parameter.name)
    try:
        return found.frame.with_columns(place).filter(pl.sql_expr(condition))
    except pl.exceptions.PolarsError as error:
        raise _unreadable(_named(found), condition, f"`from` of the parameter {parameter.name}", error) from error


def _values(study: Study, parameter: Parameter, library: Library) -> pl.DataFrame:
    origin = parameter.origin
    assert origin is not None
    visits = [visit.name for visit in study.visits if parameter.name in visit.measures]
    rows = _rows(parameter, library).select(
        pl.col(ROW),
        pl.col(PATIENT).cast(pl.String),
        pl.lit(parameter.name).alias(PARAMETER),
        pl.col(origin.visit).cast(pl.String).str.strip_chars().alias(VISIT),
        pl.col(origin.value).cast(pl.Float64, strict=False).alias(VALUE),
    )
    return rows.filter(pl.col(VISIT).is_in(visits) & pl.col(VALUE).is_not_null())


def _times(
    parameter: Parameter, library: Library, trials: Trials, findings: Findings
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float64]], np.ndarray[tuple[int, int], np.dtype[np.bool_]]]:
    """Days to the event or to censoring, and whether it came, (1, subject); every fault of the rows is noted."""
    origin = parameter.origin
    assert origin is not None
    assert origin.censor is not None
    assert trials.ids is not None
    wanted = (PATIENT, origin.value, origin.censor, ROW)
    table = Table(origin.dataset, ADAM, _rows(parameter, library).select(wanted))
    patients = table.frame[PATIENT].cast(pl.String)
    days = numbers(table, origin.value, findings)
    censored = numbers(table, origin.censor, findings)
    position = {patient: p for p, patient in enumerate(trials.ids)}
    known = patients.is_in(list(position)).fill_null(False)
    table.note(
        findings,
        ~known,
        PATIENT,
        kind="unknown",
        allowed=f"each row is of a patient of {ADSL}",
        mend="Correct the identifier, or add the patient.",
    )
    table.note(
        findings,
        patients.is_duplicated() & ~patients.is_first_distinct(),
        PATIENT,
        kind="twice",
        found="a patient who has a time already",
        allowed=f"a patient has one row of {parameter.name}",
        mend="Remove the row that is not meant, or narrow `where`.",
    )
    table.note(findings, days < 0, origin.value, kind="negative", allowed="a time is at least 0", mend="Correct it.")
    time = np.full((1, len(trials.ids)), np.nan)
    event = np.zeros((1, len(trials.ids)), dtype=np.bool_)
    for patient, day, censor in zip(patients, days, censored, strict=True):
        if patient in position and day is not None and censor is not None:
            time[0, position[patient]], event[0, position[patient]] = day, censor == 0
    return time, event
