"""Checking ADEFF: each value's patient, parameter, visit, and whether the parameter can have it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pivotal.records.cells import codes, numbers, spelling, within
from pivotal.records.faults import Findings
from pivotal.records.layout import ADEFF, ADSL, PARAMETER, PATIENT, SIMULATED, VALUE, VISIT, visit_names
from pivotal.records.subjects import Subjects
from pivotal.records.table import ROW, SPELT, Row, Table, show
from pivotal.records.whose import check_simulated, check_study
from pivotal.study.model import Study

WANTED = {
    PATIENT: "the patient's unique identifier",
    PARAMETER: "the parameter's short name",
    VISIT: "the visit's name",
    VALUE: "the value",
}
OTHERS = ("STUDYID", "TRTP", "PARAM", "AVISITN", "ADY", "BASE", "CHG", "PCHG", "ABLFL", "SIMFL")
KEY = (PATIENT, PARAMETER, VISIT)


@dataclass(frozen=True, slots=True)
class Values:
    """What ADEFF says, typed.

    Attributes
    ----------
    frame
        Columns ``subject`` (row in ADSL), ``parameter`` and ``visit`` (positions in the study), ``value`` (Float64) and
        `ROW`; null where it cannot be told.
    table
        Where it stands.
    """

    frame: pl.DataFrame
    table: Table


def check_values(study: Study, table: Table, subjects: Subjects | None, findings: Findings) -> Values:
    """Read ADEFF against the study and ADSL, noting all that is wrong."""
    table = table.require(WANTED, findings, OTHERS)
    if SPELT not in table.frame.columns:  # a raw file's rows are patients, who are checked as such
        _filled(table, findings)
        _once(table, findings)
    check_study(study, table, findings)
    parameter = codes(table, PARAMETER, [p.name for p in study.parameters], findings, what="the study's parameters are")
    visit = codes(table, VISIT, visit_names(study), findings, what="the study's visits are")
    value = _values(study, table, parameter, findings)
    subject = pl.repeat(None, len(value), dtype=pl.Int64, eager=True)
    if subjects is not None:
        subject = _known(table, subjects, findings)
        _same_arm(study, table, subjects, subject, findings)
        _same_world(table, subjects, findings)
    columns = {"subject": subject, "parameter": parameter, "visit": visit, "value": value, ROW: table.frame[ROW]}
    return Values(pl.DataFrame(columns), table)


def _filled(table: Table, findings: Findings) -> None:
    for column in KEY:
        if table.has(column):
            empty = table.frame[column].is_null()
            allowed = f"each row of {ADEFF} names its patient, parameter and visit"
            table.note(findings, empty, column, kind="missing", allowed=allowed, mend="Fill it in.")


def _values(study: Study, table: Table, parameter: pl.Series, findings: Findings) -> pl.Series:
    named = {p.name: spelling(p, p.name) for p in study.parameters}

    def allowed(row: Row) -> str:
        return named.get(row[PARAMETER], "it must be a number")

    value = numbers(table, VALUE, findings, allowed)
    for code, each in enumerate(study.parameters):
        value = within(table, VALUE, value, each, each.name, findings, where=parameter == code)
    return value


def _once(table: Table, findings: Findings) -> None:
    """A patient has one value of a parameter at a visit."""
    keys = table.frame.select(pl.struct(KEY).alias("key"))["key"]
    whole = table.frame.select(pl.all_horizontal(pl.col(KEY).is_not_null()))[KEY[0]]
    again = keys.is_duplicated() & ~keys.is_first_distinct() & whole
    if not again.any():
        return
    chosen = table.frame.filter(keys.is_first_distinct() & keys.is_duplicated())
    first = {tuple(key): row for *key, row in chosen.select(*KEY, ROW).iter_rows()}
    table.note(
        findings,
        again,
        VALUE,
        kind="twice",
        found=lambda row: f"{show(row[VALUE])}, and row {first[tuple(row[k] for k in KEY)]} has a value already",
        allowed="a patient has one value of a parameter at a visit",
        mend="Remove the row that is not meant, or correct its visit.",
    )


def _known(table: Table, subjects: Subjects, findings: Findings) -> pl.Series:
    """Each row's patient as a row of ADSL."""
    patients = subjects.patient.drop_nulls().unique(maintain_order=True)
    entries = table.frame[PATIENT].cast(pl.String)
    places = pl.DataFrame({"patient": subjects.patient}).with_row_index("place").drop_nulls().unique("patient")
    joined = pl.DataFrame({"patient": entries}).join(places, on="patient", how="left", maintain_order="left")
    unknown = entries.is_not_null() & ~entries.is_in(patients.implode())
    mend = f"Add the patient to {ADSL}, or correct the identifier."
    if subjects.table.has(PATIENT):
        allowed = f"{ADEFF} holds patients of {ADSL}"
        table.note(findings, unknown, PATIENT, kind="unknown", allowed=allowed, mend=mend)
    return joined["place"].cast(pl.Int64)


def _same_arm(study: Study, table: Table, subjects: Subjects, subject: pl.Series, findings: Findings) -> None:
    """TRTP, where it is there, must be the arm of ADSL."""
    if not table.has("TRTP"):
        return
    names = pl.Series([arm.name for arm in study.arms], dtype=pl.String)
    right = names.gather(subjects.arm.cast(pl.UInt32).gather(subject.cast(pl.UInt32)))
    differs = (table.frame["TRTP"].cast(pl.String) != right).fill_null(False)
    says = dict(zip(table.frame[ROW].filter(differs), right.filter(differs), strict=True))
    table.note(
        findings,
        differs,
        "TRTP",
        kind="arm",
        allowed=lambda row: f"the patient's arm in {ADSL} is {says[row[ROW]]!r}",
        mend=f"Correct TRTP, or the arm in {ADSL}.",
    )


def _same_world(table: Table, subjects: Subjects, findings: Findings) -> None:
    """Made-up values belong to made-up patients."""
    virtual = check_simulated(table, findings)
    if table.has(SIMULATED) and virtual != subjects.virtual:
        kind = ("made-up", "real") if virtual else ("real", "made-up")
        table.note(
            findings,
            table.frame[ROW].is_first_distinct() & (pl.int_range(len(table.frame), eager=True) == 0),
            SIMULATED,
            kind="other",
            allowed=f"these values are of {kind[0]} patients and those of {ADSL} are {kind[1]}",
            mend=f"Take {ADSL} and {ADEFF} of the same trial.",
        )
