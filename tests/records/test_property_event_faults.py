"""Faults of event data: each kind is named with row and patient, and what is unknown is none."""

from __future__ import annotations

from datetime import date

import polars as pl

import pilot
from pivotal.records.dataset import Dataset, dataset
from pivotal.records.event_checks import event_faults
from pivotal.records.formats.library import read_library

D = date(2020, 1, 10)


def _data(**events: list[object]) -> dict[str, Dataset]:
    adsl = pl.DataFrame(
        {
            "USUBJID": ["1", "2", "3"],
            "BRTHDT": [date(2010, 5, 1)] * 3,
            "DTHDT": [None, date(2020, 3, 1), None],
            "TRTSDT": [date(2020, 1, 1)] * 3,
            "TRTEDT": [date(2020, 2, 1), date(2019, 12, 31), None],
        }
    )
    return {"ADSL": dataset("ADSL", adsl), "ADAE": dataset("ADAE", pl.DataFrame(events))}


def test_all_faults_at_once() -> None:
    data = _data(
        USUBJID=["1", "1", "2", "9", "1", "2", "2"],
        ASTDT=[date(2009, 1, 1), D, date(2020, 4, 1), D, D, D, D],
        AENDT=[None, date(2020, 1, 9), None, None, None, date(2020, 3, 1), date(2020, 3, 2)],
        AESEV=["MILD", "MILD", None, "MILD", "SEVER", "SEVERE", "SEVERE"],
        AEOUT=[None, None, None, None, None, "FATAL", "FATAL"],
    )
    texts = [str(fault) for fault in event_faults(data)]
    assert texts == [
        "ADAE: row 4: patient 9: USUBJID is not in ADSL; every patient with an event is in ADSL, and so in an arm. "
        "Add the patient to ADSL, or correct USUBJID.",
        "ADAE: row 2: patient 1: end is 2020-01-09, before its start 2020-01-10; an event ends on or after its start. "
        "Correct one of the dates.",
        "ADAE: row 1: patient 1: start is 2009-01-01, before the birth 2010-05-01; events happen after birth. "
        "Correct one of the dates.",
        "ADAE: row 3: patient 2: start is 2020-04-01, after the death 2020-03-01; events start no later than death. "
        "Correct one of the dates.",
        "ADAE: row 5: patient 1: AESEV is 'SEVER'; the scale has MILD, MODERATE, SEVERE. Did you mean 'SEVERE'?",
        "ADAE: row 7: patient 2: AENDT is 2020-03-02, a second death; a patient dies once. "
        "Keep the date that is right.",
        "ADSL: row 2: patient 2: TRTEDT is 2019-12-31, 0 days of exposure from 2020-01-01; "
        "treatment lasts a day at least: its last day is its first or later. Correct one of the dates.",
    ]


def test_unknown_and_partial_dates_prove_no_order() -> None:
    data = _data(
        USUBJID=["1", "1", "1", "3"],
        AESTDTC=["2020-01-10", "2020", "2020-01", None],
        AEENDTC=["2020-01", "2020-01-01", "2020-01-03T10:00", "2020-01-01"],
    )
    assert [fault.where for fault in event_faults(data)] == ["ADSL: row 2: patient 2: TRTEDT"]


def test_a_partial_date_that_proves_an_order() -> None:
    data = _data(USUBJID=["1"], AESTDTC=["2020-02"], AEENDTC=["2020-01-31"])
    assert "before its start 2020-02" in str(event_faults(data)[0])


def test_an_age_proves_a_birth_to_two_years() -> None:
    """Aged 10 on 1 January 2020: born after 2008, whichever day within a year before it the age was taken."""
    data = _data(
        USUBJID=["1", "2", "3"], ASTDT=[date(2007, 12, 31), date(2008, 1, 1), date(1950, 1, 1)],
        AEOUT=[None, None, None],
    )  # fmt: skip
    ages = pl.Series("AGE", [10, 10, 10]), pl.Series("AGEU", ["YEARS", "YEARS", "MONTHS"])
    people = data["ADSL"].frame.drop("BRTHDT").with_columns(*ages)
    found = [str(fault) for fault in event_faults(data | {"ADSL": dataset("ADSL", people)})][:-1]
    assert found == [
        "ADAE: row 1: patient 1: start is 2007-12-31, before the birth (aged 10 on 2020-01-01); events happen after "
        "birth. Correct one of the dates."
    ]


def test_the_pilot_has_none() -> None:
    assert event_faults(read_library(pilot.adam())) == []
