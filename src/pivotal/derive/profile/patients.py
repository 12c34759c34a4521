"""Which patients are asked for: by identifier, or by what a data set says of them."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

import polars as pl

from pivotal.derive.profile.cells import PATIENT
from pivotal.errors import UsageError
from pivotal.records.dataset import Library

SUGGESTED = 5
ASKED_FIRST = ("ADSL", "ADAE", "AE")


def sure_of(data: Library, patients: Sequence[str]) -> list[str]:
    """The full identifiers of patients, each once.

    Parameters
    ----------
    data
        Data sets, ADSL among them.
    patients
        USUBJID of each, or its SUBJID where only one patient has it.

    Returns
    -------
    list of str

    Raises
    ------
    UsageError
        If a patient is not there: with the nearest identifiers.
    """
    adsl = data["ADSL"].frame
    known = adsl[PATIENT].cast(pl.String).to_list()
    return list(dict.fromkeys(_known(adsl, known, patient) for patient in patients))


def _known(adsl: pl.DataFrame, known: list[str], patient: str) -> str:
    if patient in known:
        return patient
    if "SUBJID" in adsl.columns:
        same = adsl.filter(pl.col("SUBJID").cast(pl.String) == patient)[PATIENT].to_list()
        if len(same) == 1:
            return str(same[0])
    nearest = sorted(known, key=lambda one: -_likeness(one, patient))[:SUGGESTED]
    raise UsageError(f"no patient {patient!r} in ADSL. The nearest are {', '.join(nearest)}.")


def _likeness(one: str, asked: str) -> float:
    """How alike two identifiers are: that one ends with the other, then how long their beginnings agree."""
    same = next(
        (n for n, pair in enumerate(zip(one.upper(), asked.upper(), strict=False)) if pair[0] != pair[1]), len(asked)
    )
    return (
        2 * one.upper().endswith(asked.upper()) + same / max(len(asked), 1) + SequenceMatcher(None, one, asked).ratio()
    )


def patients_where(data: Library, condition: str) -> list[str]:
    """The patients of whom a condition is true: of their row of ADSL, else of one of their rows of another data set.

    Parameters
    ----------
    data
        Data sets, ADSL among them.
    condition
        SQL: ``AESER = 'Y'``. The first of ADSL, ADAE, AE and the others whose columns it names decides.

    Returns
    -------
    list of str
        In ADSL's order.

    Raises
    ------
    UsageError
        If no data set has the columns, the condition cannot be read, or it is true of nobody.
    """
    try:
        wanted = pl.sql_expr(condition)
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"--where {condition!r} is no condition in SQL ({str(error).splitlines()[0]}).") from error
    columns = set(wanted.meta.root_names())
    names = [*(name for name in ASKED_FIRST if name in data), *(name for name in data if name not in ASKED_FIRST)]
    fit = [name for name in names if columns | {PATIENT} <= set(data[name].frame.columns)]
    if not fit:
        raise UsageError(f"--where {condition!r}: no data set has all of {', '.join(sorted(columns))}.")
    try:
        chosen = set(data[fit[0]].frame.filter(wanted)[PATIENT])
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"--where {condition!r} on {fit[0]}: {str(error).splitlines()[0]}.") from error
    found = [patient for patient in data["ADSL"].frame[PATIENT] if patient in chosen]
    if not found:
        raise UsageError(f"--where {condition!r} is true of no patient in {fit[0]}.")
    return found
