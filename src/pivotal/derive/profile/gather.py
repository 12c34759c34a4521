"""The profile of one patient, put together."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from pivotal.derive.profile import courses, timeline
from pivotal.derive.profile.cells import PATIENT, Calendar, Cells, date_in, is_yes, number_of, rows_of
from pivotal.derive.profile.patients import sure_of
from pivotal.derive.profile.who import exposure, who
from pivotal.errors import DataError, Fault
from pivotal.records.dataset import Library
from pivotal.records.patient import Profile
from pivotal.study.model import Study


def profile(study: Study, data: Library, patient: str) -> Profile:
    """Gather what a trial's data sets say of one patient.

    Parameters
    ----------
    study
        The trial: its endpoints name the parameters whose course is shown.
    data
        Data sets by name: ADSL; and of ADAE (or AE), ADEX or EX, SV, ADVS and data sets of measurements (PARAMCD, AVAL,
        ADY or ADT, and BASE, A1LO and A1HI or ANRLO and ANRHI) those that are there.
    patient
        USUBJID, or SUBJID where only one patient has it.

    Returns
    -------
    Profile
        What no data set holds is left out, and `absent` says so.

    Raises
    ------
    UsageError
        If ADSL has no such patient.
    DataError
        If there is no ADSL, or it has no column USUBJID.
    """
    if "ADSL" not in data or PATIENT not in data["ADSL"].frame.columns:
        mend = "Add it, or derive it by a recipe of the study file."
        raise DataError([Fault("data set ADSL", "missing", "it has a row for each patient, with USUBJID", mend)])
    patient = sure_of(data, [patient])[0]
    adsl = _row(data, patient)
    calendar = Calendar(_day_one(adsl, data, patient))
    doses = rows_of(data, "ADEX", patient) or rows_of(data, "EX", patient)
    happened = rows_of(data, "ADAE" if "ADAE" in data else "AE", patient)
    drawn, outside = courses.laboratory(data, patient, calendar)
    deaths = rows_of(data, "DM", patient)
    found = Profile(
        patient=patient,
        study=study.id,
        title=study.study.title,
        who=who(study, adsl),
        exposure=exposure(adsl, doses),
        treatments=timeline.treatments(adsl, doses, calendar),
        events=timeline.events(happened, calendar),
        visits=timeline.visits(data, patient, calendar),
        marks=timeline.marks(adsl, rows_of(data, "DS", patient), deaths, calendar),
        courses=(
            *courses.endpoint_courses(study, data, patient, calendar),
            *courses.vital_signs(data, patient, calendar),
            *drawn,
        ),
        outside=tuple(outside),
        absent=_absent(data, adsl, doses),
        day_one=None if calendar.day_one is None else calendar.day_one.isoformat(),
        simulated=bool(is_yes(adsl, "SIMFL")),
    )
    return found


def _row(data: Library, patient: str) -> Cells:
    return data["ADSL"].frame.filter(pl.col(PATIENT).cast(pl.String) == patient).row(0, named=True)


def _day_one(adsl: Cells, data: Library, patient: str) -> date | None:
    """The first day of treatment; where ADSL does not say it, that from which the study days of a data set count."""
    stated = date_in(adsl, "TRTSDT", "TR01SDT", "RFXSTDTC", "RFSTDTC")
    if stated is not None:
        return stated
    for name in data:
        if {"ADT", "ADY"} <= set(data[name].frame.columns):
            for row in rows_of(data, name, patient):
                day, when = number_of(row, "ADY"), date_in(row, "ADT")
                if day is not None and when is not None:
                    return when - timedelta(days=int(day) - (1 if day > 0 else 0))
    return None


def _absent(data: Library, adsl: Cells, doses: list[Cells]) -> tuple[str, ...]:
    """What the page leaves out because no data set holds it."""
    laboratory = any({"A1HI", "ANRHI"} & set(one.frame.columns) for one in data.values())
    missing = {
        "adverse events (no ADAE or AE)": "ADAE" not in data and "AE" not in data,
        "treatment intervals (no EX or ADEX, no TRTSDT)": not doses and date_in(adsl, "TRTSDT", "TR01SDT") is None,
        "vital signs (no ADVS)": "ADVS" not in data,
        "laboratory values (no data set with normal ranges)": not laboratory,
    }
    return tuple(words for words, is_missing in missing.items() if is_missing)
