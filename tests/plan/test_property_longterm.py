"""Rows of the period after the blinded weeks, by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pivotal.plan.batch import Batch
from pivotal.plan.longterm import long_term_rows, published_periods
from pivotal.study import load
from pivotal.trials import Courses, Events, LongTerm, Trials

STUDY = load("true-ad3")
VEHICLE, LOW, HIGH = (arm.name for arm in STUDY.arms)
SEQUENCES = (f"{VEHICLE} to {LOW}", f"{VEHICLE} to {HIGH}", LOW, HIGH)


def trial() -> Trials:
    """Six patients: two on vehicle, two on each strength. The fourth never entered."""
    arm = np.array([[0, 0, 1, 1, 2, 2]], dtype=np.int8)
    iga = np.array([[1, 3, 0, -1, 2, 1]], dtype=np.int8)
    easi = np.array([[1.0, 6.0, 0.0, np.nan, 4.0, 2.0]])
    seen = LongTerm(
        periods=("VC", "LTS"),
        sequences=SEQUENCES,
        visits=("Week 12",),
        reasons=("completed", "withdrawal by subject"),
        onto=(1, 2, 1, 2),
        first_day=57,
        blinded_end=np.full((1, 6), 56, dtype=np.int16),
        sequence=np.array([[0, 1, 2, -1, 3, 3]], dtype=np.int8),
        end_day=np.array([[365, 365, 200, -1, 365, 100]], dtype=np.int16),
        reason=np.array([[0, 0, 1, -1, 0, 1]], dtype=np.int8),
        values={("IGA", "Week 12"): iga, ("EASI", "Week 12"): easi},
        courses=Courses(
            trial=np.zeros(4, dtype=np.int32),
            subject=np.array([0, 0, 2, 4], dtype=np.int32),
            start=np.array([57, 121, 57, 57], dtype=np.int16),
            stop=np.array([100, 365, 80, 365], dtype=np.int16),
            cleared=np.array([True, False, True, False]),
        ),
        events=Events(
            trial=np.zeros(5, dtype=np.int32),
            subject=np.array([0, 0, 0, 4, 5], dtype=np.int32),
            period=np.array([1, 1, 2, 2, 2], dtype=np.int8),
            treatment=np.array([0, 0, 1, 2, 2], dtype=np.int8),
            term=np.array([0, 1, 0, 0, 1], dtype=np.int16),
            severity=np.array([0, 1, 2, 0, 0], dtype=np.int8),
            serious=np.array([False, False, True, False, False]),
            start=np.array([5, 9, 90, 70, 80], dtype=np.int16),
            end=np.array([9, 20, 99, 75, -1], dtype=np.int16),
        ),
        terms=(("Infections and infestations", "Nasopharyngitis"), ("General disorders", "Pyrexia")),
    )
    return Trials(
        arms=(VEHICLE, LOW, HIGH),
        visits=tuple(v.name for v in STUDY.visits),
        arm=arm,
        subject={},
        values={("EASI", STUDY.baseline_visit.name): np.array([[10.0, 12.0, 8.0, 9.0, 8.0, 4.0]])},
        last_visit=np.full((1, 6), len(STUDY.visits) - 1, dtype=np.int8),
        reason=np.zeros((1, 6), dtype=np.int8),
        longterm=seen,
    )


@pytest.fixture(scope="module")
def rows():
    return list(long_term_rows(Batch(STUDY, trial())))


def value(rows, **wanted):
    found = [
        r for r in rows
        if all((dict(r.key.groups).get(k) if not hasattr(r.key, k) else getattr(r.key, k)) == v
               for k, v in wanted.items())
    ]  # fmt: skip
    assert len(found) == 1, (wanted, len(found))
    return found[0].value[0]


def test_flow(rows):
    at = {"analysis": "period disposition", "statistic": "n"}
    assert value(rows, arm=HIGH, event="entered", **at) == 2
    assert value(rows, arm=HIGH, event="completed", **at) == 1
    assert value(rows, arm=LOW, reason="withdrawal by subject", **at) == 1


def test_course(rows):
    at = {"analysis": "long-term course", "visit": "Week 12", "arm": HIGH}
    assert value(rows, parameter="IGA 0/1", statistic="rate", **at) == 0.5
    assert value(rows, parameter="EASI", statistic="mean", **at) == 3
    assert value(rows, parameter="EASI percent change", statistic="mean", **at) == -50


def test_courses_of_treatment(rows):
    at = {"analysis": "treatment courses", "arm": SEQUENCES[0]}
    assert value(rows, parameter="courses of treatment", statistic="mean", **at) == 2
    assert value(rows, parameter="days on treatment", statistic="mean", **at) == 44 + 245
    assert value(rows, parameter="time to retreatment", statistic="median", **at) == 20
    assert value(rows, parameter="time to retreatment", statistic="n", **(at | {"arm": LOW})) == 0
    assert value(rows, parameter="time to retreatment", statistic="N", **(at | {"arm": LOW})) == 1
    assert value(rows, parameter="time to retreatment", statistic="N", **(at | {"arm": HIGH})) == 0


def test_events_by_period_and_treatment_at_onset(rows):
    at = {"analysis": "period adverse events"}
    any_event = {"kind": "adverse event"}
    assert value(rows, period="VC", arm=VEHICLE, statistic="n", **any_event, **at) == 1
    assert value(rows, period="VC", arm=VEHICLE, statistic="events", **any_event, **at) == 2
    assert value(rows, period="LTS", arm=SEQUENCES[0], statistic="n", kind="serious adverse event", **at) == 1
    assert value(rows, period="LTS", arm=HIGH, statistic="n", **any_event, **at) == 2
    # the vehicle patient who went on to 0.75 % is at risk under both, and counts for each event under its treatment
    assert value(rows, period="all", arm=VEHICLE, statistic="N", **any_event, **at) == 2
    assert value(rows, period="all", arm=LOW, statistic="N", **any_event, **at) == 3
    assert value(rows, period="all", arm=HIGH, statistic="N", **any_event, **at) == 3
    assert value(rows, period="all", arm=LOW, statistic="n", kind="severe adverse event", **at) == 1
    assert value(rows, period="all", arm=HIGH, statistic="n", term="Pyrexia", **at) == 1


def test_nothing_without_it_and_every_row_by_its_own_name():
    one = trial()
    two = dataclasses.replace(one, longterm=None)
    assert list(long_term_rows(Batch(STUDY, two))) == []
    ids = [r.key.id for r in long_term_rows(Batch(STUDY, one))]
    assert len(ids) == len(set(ids)) > 0


def test_published_counts():
    rows = list(published_periods(STUDY.period_results))
    at = {"analysis": "period published", "kind": "adverse event", "period": "VC"}
    assert (value(rows, arm=VEHICLE, statistic="n", **at), value(rows, arm=VEHICLE, statistic="N", **at)) == (18, 65)
    serious = {"analysis": "period published", "kind": "serious adverse event", "period": "all"}
    assert [value(rows, arm=a, statistic="n", **serious) for a in (VEHICLE, LOW, HIGH)] == [0, 0, 3]
