"""Checking ADSL: who the patients are, the arm, the baseline variables, the strata, and how each left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.records import layout
from pivotal.records.cells import codes, numbers, truths, within
from pivotal.records.faults import Findings
from pivotal.records.layout import ADSL, ARM, PATIENT
from pivotal.records.table import ROW, Table
from pivotal.records.whose import check_simulated, check_study
from pivotal.study.model import Stratum, Study, Variable
from pivotal.study.rules import level_codes

UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Subjects:
    """What ADSL says, typed; null where it says nothing.

    Attributes
    ----------
    patient
        Unique identifier, (subject,).
    arm
        Position of the arm, (subject,).
    variables
        Numbers as Float64, truth values as Boolean, categories as codes, (subject,).
    categories
        Labels of the categories.
    virtual
        Whether the patients are made up.
    table
        Where it stands.
    """

    patient: pl.Series
    arm: pl.Series
    variables: Mapping[str, pl.Series]
    categories: Mapping[str, tuple[str, ...]]
    virtual: bool
    table: Table


def check_subjects(study: Study, table: Table, findings: Findings) -> Subjects:
    """Read ADSL against the study, noting all that is wrong."""
    table = _renamed(study, table)
    table = table.require(_wanted(study), findings, _known(study))
    _patients(table, findings)
    check_study(study, table, findings)
    arm = _arms(study, table, findings)
    categories = _categories(study, table)
    variables = {
        name: _variable(table, name, variable, categories.get(name, ()), findings)
        for name, variable in study.variables.items()
        if table.has(name.upper())
    }
    for stratum in layout.extra_strata(study):
        if stratum.variable in variables:
            _stratum(table, stratum, variables[stratum.variable], categories.get(stratum.variable), findings)
    virtual = check_simulated(table, findings)
    return Subjects(table.frame[PATIENT].cast(pl.String), arm, variables, categories, virtual, table)


def _renamed(study: Study, table: Table) -> Table:
    """ARM for TRT01P, and a variable's other column name for its own, where only those are there."""
    other = {ARM: "ARM"} | {n.upper(): v.column.upper() for n, v in study.variables.items() if v.column is not None}
    use = {name: column for name, column in other.items() if not table.has(name) and table.has(column)}
    names = {name: table.spelt.get(column, column) for name, column in use.items()}
    frame = table.frame.with_columns([pl.col(column).alias(name) for name, column in use.items()])
    return replace(table, frame=frame, spelt={**names, **table.spelt})


def _known(study: Study) -> set[str]:
    names = [*study.variables, *(stratum.name for stratum in study.randomisation.strata)]
    return {name.upper() for name in names} | layout.RESERVED


def _wanted(study: Study) -> dict[str, str]:
    wanted = {PATIENT: "the patient's unique identifier", ARM: "the arm that the patient was randomised to"}
    for name in layout.needed(study):
        wanted[name.upper()] = f"the study's analyses use it ({study.variables[name].label})"
    return wanted


def _patients(table: Table, findings: Findings) -> None:
    if not table.has(PATIENT):
        return
    patient = table.frame[PATIENT]
    table.note(
        findings, patient.is_null(), PATIENT, kind="missing", allowed="each row names its patient", mend="Fill it in."
    )
    again = patient.is_duplicated() & ~patient.is_first_distinct() & patient.is_not_null()
    first = (
        dict(table.frame.filter(patient.is_first_distinct()).select(PATIENT, ROW).iter_rows()) if again.any() else {}
    )
    table.note(
        findings,
        again,
        PATIENT,
        kind="twice",
        found=lambda row: f"a patient who stands in row {first[row[PATIENT]]} already",
        allowed=f"a patient has one row in {ADSL}",
        mend="Remove the row that is not meant, or correct the identifier.",
    )


def _arms(study: Study, table: Table, findings: Findings) -> pl.Series:
    names = [arm.name for arm in study.arms]
    if table.has(ARM):
        table.note(
            findings,
            table.frame[ARM].is_null(),
            ARM,
            kind="missing",
            allowed="each patient was randomised to an arm",
            mend=f"Fill in one of: {', '.join(names)}.",
        )
    return codes(table, ARM, names, findings, what="the study's arms are", spelt=table.labels.get(ARM, ()))


def _categories(study: Study, table: Table) -> dict[str, tuple[str, ...]]:
    """Labels of the categorical variables that are there: the study's, or those found where it lists none."""
    found = {}
    for name, variable in study.variables.items():
        if variable.type == "category" and table.has(name.upper()):
            entries = table.frame[name.upper()].cast(pl.String).drop_nulls()
            found[name] = variable.categories or tuple(sorted(entries.unique()))
    return found


def _variable(table: Table, name: str, variable: Variable, labels: tuple[str, ...], findings: Findings) -> pl.Series:
    column = name.upper()
    if variable.type == "category":
        return codes(table, column, labels, findings, what=f"{name} is one of", spelt=table.labels.get(column, ()))
    if variable.type == "boolean":
        return truths(table, column, findings)
    value = numbers(table, column, findings)
    return within(table, column, value, variable, name, findings)


def _stratum(
    table: Table, stratum: Stratum, value: pl.Series, categories: tuple[str, ...] | None, findings: Findings
) -> None:
    """The factor's own column, where there is one, must say what its variable says."""
    column = stratum.name.upper()
    if not table.has(column):
        return
    labels = [level.label for level in stratum.levels]
    recorded = codes(table, column, labels, findings, what=f"levels of {stratum.name} are")
    derived = pl.Series(level_codes(stratum, plain(value, categories)), dtype=pl.Int16)
    differs = recorded.is_not_null() & value.is_not_null() & (recorded != derived)
    right = table.frame.select(ROW).with_columns(derived.alias("code"), value.alias("value")).filter(differs)
    says = {row: _says(stratum, labels, code, value) for row, code, value in right.iter_rows()}
    table.note(
        findings,
        differs,
        column,
        kind="stratum",
        allowed=lambda row: says[row[ROW]],
        mend=f"Correct {column} or {stratum.variable}.",
    )


def _says(stratum: Stratum, labels: list[str], code: int, value: Any) -> str:
    level = f"{stratum.name} {labels[code]!r}" if code >= 0 else f"no level of {stratum.name}"
    shown = f" of {value:g}" if isinstance(value, float) else ""
    return f"the patient's {stratum.variable}{shown} belongs to {level}"


def plain(value: pl.Series, categories: tuple[str, ...] | None) -> NDArray[Any]:
    """A typed column as the criteria engine reads it: NaN, "" or None where it is unknown."""
    if categories is not None:
        return np.asarray(np.array([*categories, ""])[value.fill_null(len(categories)).to_numpy()])
    if value.dtype == pl.Boolean:
        return value.cast(pl.Int8).fill_null(UNKNOWN).to_numpy()
    return value.fill_null(np.nan).to_numpy()
