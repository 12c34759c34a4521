"""Reading a trial's data sets: every fault at once, then `Trials`."""

from __future__ import annotations

from pathlib import Path

from pivotal.errors import Fault
from pivotal.records.assemble import assemble
from pivotal.records.faults import Findings
from pivotal.records.files import open_set
from pivotal.records.layout import ADEFF, ADSL, SCREEN, SHORT
from pivotal.records.leaving import check_leaving
from pivotal.records.screened import check_screen
from pivotal.records.subjects import check_subjects
from pivotal.records.table import Table
from pivotal.records.values import check_values
from pivotal.study.model import Study
from pivotal.trials import Trials


def read(study: Study, directory: str | Path) -> Trials:
    """A trial's patients from the data sets ADSL and ADEFF (and SCREEN, where there is one) of a folder.

    Parameters
    ----------
    study
        The trial that the data belong to.
    directory
        Folder with ``adsl`` and ``adeff`` as Parquet, CSV, XPT or Dataset-JSON, in capitals or small letters; where
        several are there, Parquet is read before CSV, and CSV before the others. Categories are labels, visits and
        arms names, as the study file spells them. A missing value is a row left out of ADEFF, or one without AVAL.

    Returns
    -------
    Trials
        One trial (R = 1), patients in ADSL's order; virtual where SIMFL is Y.

    Raises
    ------
    DataError
        If anything is wrong, with every fault: file, row, patient and variable. Rows are counted as a spreadsheet
        shows them: the header of a CSV file is row 1, and a Parquet file has no header.

    Notes
    -----
    Columns that the study does not know are not read; a row never is left out. BASE, CHG and PCHG are not read: the
    plan derives them, for virtual and for real patients alike. What stands for LSTVIS and EOSSTT where the data have
    none is said in `leaving`.
    """
    folder = Path(directory)
    findings = Findings()
    if not folder.is_dir():
        fault = Fault(str(folder), "not a folder", "a trial's data are a folder with ADSL and ADEFF", "Check the path.")
        findings.add("folder", fault)
        raise findings.error()
    adsl = open_set(folder, ADSL, findings)
    adeff = open_set(folder, ADEFF, findings)
    screen = open_set(folder, SCREEN, findings, optional=True) or open_set(folder, SHORT, findings, optional=True)
    return from_tables(study, adsl, adeff, screen, findings)


def from_tables(
    study: Study, adsl: Table | None, adeff: Table | None, screen: Table | None, findings: Findings
) -> Trials:
    """The one checked path from data sets to patients, whatever files they came from."""
    subjects = check_subjects(study, adsl, findings) if adsl else None
    values = check_values(study, adeff, subjects, findings) if adeff else None
    leaving = check_leaving(study, subjects, values, findings) if subjects else None
    screening = check_screen(screen, findings) if screen else None
    findings.raise_any()
    assert subjects is not None
    assert values is not None
    assert leaving is not None
    return assemble(study, subjects, values, leaving, screening)
