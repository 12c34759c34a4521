"""A patient's record: by hand on a made-up trial, of the pilot's patients, and of virtual ones."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from pivotal import api
from pivotal.derive.profile import patients_where, profile, sure_of
from pivotal.derive.profile.cells import Calendar, sentence
from pivotal.errors import DataError, UsageError
from pivotal.records.patient import Mark, Treatment
from pivotal.study import load
from profile_made import BARE, DEAD, FULL, library

STUDY = load("mrc-1948")


@pytest.fixture(scope="module")
def full():
    return profile(STUDY, library(), FULL)


def by_term(found, term):
    return [event for event in found.events if event.term == term]


def test_who_he_is(full):
    facts = dict(full.who)
    assert facts["Age"] == "63 years"
    assert facts["Sex"] == "Female"
    assert facts["Race"] == "Black or African American"
    assert facts["Arm"] == "Streptomycin"
    assert facts["First dose"] == "2 Jan 2014"
    assert "Treated with" not in facts
    assert dict(full.exposure) == {"Duration of treatment": "40 days", "Intervals of dosing": "2"}


def test_days_have_no_zero():
    first = date(2014, 3, 1)
    assert [Calendar(first).day(first + timedelta(days=n)) for n in (-2, -1, 0, 1)] == [-2, -1, 1, 2]
    assert Calendar(None).day(first) is None


def test_treatments_as_recorded(full):
    assert full.treatments == (Treatment("Streptomycin 1 g", 1, 18), Treatment("Streptomycin 2 g", 19, None))


def test_without_dosing_the_periods_of_adsl():
    found = profile(STUDY, library(EX=False), FULL)
    assert found.treatments == (Treatment("Streptomycin", 1, 40),)


def test_events_by_start_with_what_is_not_known(full):
    assert [event.term for event in full.events] == ["Eczema", "Rash", "Headache", "Rash", "Syncope", "Cough"]
    rash = by_term(full, "Rash")[0]
    assert (rash.start, rash.end, rash.ongoing, rash.reported) == (4, 8, False, "Rash on arms")
    (headache,) = by_term(full, "Headache")
    assert (headache.end, headache.ongoing) == (None, True)
    (syncope,) = by_term(full, "Syncope")
    assert (syncope.end, syncope.ongoing, syncope.serious) == (None, False, True)
    (cough,) = by_term(full, "Cough")
    assert (cough.start, cough.end, cough.severity) == (None, 14, None)
    (eczema,) = by_term(full, "Eczema")
    assert (eczema.start, eczema.end, eczema.emergent) == (-62, -1, False)


def test_how_it_ended(full):
    assert full.marks == (Mark("discontinued", "Discontinued: adverse event", 42),)
    dead = profile(STUDY, library(), DEAD)
    assert dead.marks == (Mark("died", "Died", 33),)
    assert dead.events[0].fatal


def test_laboratory_values_outside_their_range(full):
    (alt,) = full.outside
    assert (alt.label, alt.low, alt.high, alt.baseline, alt.measured) == ("ALT (U/L)", 6, 34, 30, 2)
    assert [(p.day, p.value, p.flag) for p in alt.points] == [(15, 50, "H"), (29, 90, "H")]
    (course,) = (course for course in full.courses if course.group == "laboratory")
    assert [p.day for p in course.points] == [-7, 15, 29]


def test_what_is_not_there_is_said():
    found = profile(STUDY, library(ADAE=False, EX=False, ADLB=False), BARE)
    assert not found.events
    assert not found.treatments
    assert [words.split(" (")[0] for words in found.absent] == [
        "adverse events", "treatment intervals", "vital signs", "laboratory values",
    ]  # fmt: skip
    assert dict(found.who) == {"Arm": "Bed rest"}


def test_row_order_does_not_matter(full):
    data = library()
    turned = {name: one.with_frame(one.frame.reverse()) for name, one in data.items()}
    again = profile(STUDY, turned, FULL)
    assert (again.events, again.treatments, again.outside, again.who) == (
        full.events, full.treatments, full.outside, full.who,
    )  # fmt: skip


def test_nobody_of_that_name():
    with pytest.raises(UsageError, match=r"no patient 'S-003' in ADSL. The nearest are S-00\d, S-00\d"):
        profile(STUDY, library(), "S-003")
    assert sure_of(library(), ["010", BARE]) == [BARE]


def test_no_adsl():
    with pytest.raises(DataError, match="ADSL"):
        profile(STUDY, {}, FULL)


def test_patients_of_whom_it_is_true():
    data = library()
    assert patients_where(data, "AESER = 'Y'") == [FULL, DEAD]
    assert patients_where(data, "AGE > 70") == [DEAD]
    for condition, words in (("AESER = ", "no condition"), ("XX = 1", "no data set"), ("AGE > 99", "no patient")):
        with pytest.raises(UsageError, match=words):
            patients_where(data, condition)


def test_words_in_capitals():
    assert sentence("NOT RECOVERED/NOT RESOLVED") == "Not recovered/not resolved"
    assert sentence("PM2.5 EXPOSURE") == "PM2.5 EXPOSURE"
    assert sentence(None) is None


def test_of_a_virtual_trial(tmp_path):
    from pivotal import records

    study = load("true-ad3")
    records.write(study, api.draw(study, seed=3), tmp_path)
    (found,) = api.profiles(study, tmp_path, ["SIM-0002"])
    assert found.simulated
    assert found.patient == "TRuE-AD3-SIM-0002"
    assert {course.parameter for course in found.courses} >= {"IGA", "EASI"}
    assert all(course.baseline is not None for course in found.courses)
    assert found.visits[0].name == "Baseline"
    assert found.marks[0].day == found.visits[-1].day
    assert "; last seen at " in found.marks[0].words
    assert "vital signs (no ADVS)" in found.absent
    assert "adverse events (no ADAE or AE)" not in found.absent


def test_of_the_data_that_come_with_a_study():
    ids = api.read_data("mrc-1948").ids
    assert ids is not None
    (found,) = api.profiles("mrc-1948", None, ids[:1])
    assert not found.simulated
    assert dict(found.who)["Arm"] in {arm.name for arm in STUDY.arms}


def test_a_patient_of_the_pilot(tmp_path: Path):
    from pilot import adam, adam_csv

    for source in (*adam().iterdir(), *adam_csv().iterdir()):
        (tmp_path / source.name).symlink_to(source)
    (found,) = api.profiles("cdisc-pilot-01", tmp_path, ["01-701-1211"])
    assert [mark.kind for mark in found.marks] == ["died"]
    assert len(found.events) == 9
    assert [course.parameter for course in found.courses][:2] == ["ACTOT", "CIBICVAL"]
    assert dict(found.who)["Arm"] == "Xanomeline Low Dose"
