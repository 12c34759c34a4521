"""Monitors against data: counts by hand, the boundary at what is known, blinded and unblinded, replicates, no data."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from pivotal import stats
from pivotal.errors import DataError, StudyError
from pivotal.plan.monitoring import chance_with, stops_at, watched
from pivotal.plan.tables import rows_of
from pivotal.records.dataset import Dataset, dataset
from pivotal.report.tables import laid_out
from pivotal.report.tables.layout import Found
from pivotal.study import Study, load, read, source_text
from pivotal.study.monitoring import Monitor
from pivotal.study.monitoring_tables import Monitoring
from pivotal.trials import Results, Row

STUDY = load("true-ad3")
HIGH, VEHICLE = "Ruxolitinib 1.5%", "Vehicle"
START = date(2022, 1, 1)
ARMS = [arm.name for arm in STUDY.arms]
SEED = 41


def day(number: int) -> date:
    return START + timedelta(days=number - 1)


def watching(**changes: Any) -> Study:
    """The study with one monitor: serious events of one arm, 10% acceptable, looks after 2, 4 and 6 patients."""
    given = {
        "name": "M", "label": "Watched", "topic": "serious adverse events", "view": "one arm", "arm": HIGH,
        "rule": "repeated exact test", "limit": 0.1, "alpha": 0.2, "looks": (2, 4, 6),
    } | changes  # fmt: skip
    monitoring = STUDY.monitoring.model_copy(update={"monitors": (Monitor.model_validate(given),)})
    return STUDY.model_copy(update={"monitoring": monitoring})


def table(view: str = "unblinded", **more: Any) -> Monitoring:
    return Monitoring.model_validate(
        {"kind": "monitoring", "id": "M", "title": "M", "dataset": "ADAE", "view": view, **more}
    )


def library(patients: list[tuple[str, str, int, int]], events: list[tuple[str, int | None, str]]) -> dict[str, Dataset]:
    """Patients as (id, arm, first day, last day); events as (id, day, serious)."""
    adsl = pl.DataFrame(
        [(who, arm, day(first), day(last)) for who, arm, first, last in patients],
        schema={"USUBJID": pl.String, "TRT01A": pl.String, "TRTSDT": pl.Date, "TRTEDT": pl.Date}, orient="row",
    )  # fmt: skip
    adae = pl.DataFrame(
        [(who, None if at is None else day(at), serious, "A", "x") for who, at, serious in events],
        schema={"USUBJID": pl.String, "ASTDT": pl.Date, "AESER": pl.String, "AEBODSYS": pl.String,
                "AEDECOD": pl.String}, orient="row",
    )  # fmt: skip
    return {"ADSL": dataset("ADSL", adsl), "ADAE": dataset("ADAE", adae)}


def looks(found: list[Row], statistic: str) -> dict[str, float]:
    return {dict(r.key.groups)["look"]: float(r.value[0]) for r in found if r.key.statistic == statistic}


PATIENTS = [("1", HIGH, 1, 30), ("2", HIGH, 3, 30), ("3", VEHICLE, 3, 30), ("4", HIGH, 5, 30), ("5", HIGH, 5, 30)]
EVENTS = [("1", 20, "Y"), ("1", 25, "Y"), ("2", 9, "N"), ("3", 4, "Y"), ("4", 6, "Y"), ("9", 6, "Y")]


def test_patients_in_the_order_of_entry() -> None:
    """Two entered by day 3, one of them with a serious event (twice: counts once); four by day 5, two with one."""
    found = list(rows_of(table(), watching(), library(PATIENTS, EVENTS)))
    assert looks(found, "information") == {"2": 2, "4": 4, "present": 4}
    assert looks(found, "events") == {"2": 1, "4": 2, "present": 2}
    planned = watched(watching(), watching().monitoring.monitors[0]).boundary
    assert looks(found, "stop_at") == {"2": planned.stop_at[0], "4": planned.stop_at[1], "present": planned.stop_at[1]}
    assert looks(found, "p")["4"] == pytest.approx(1 - 0.9**4 - 4 * 0.1 * 0.9**3)


def test_a_look_that_was_jumped_over_is_held_against_the_boundary_at_what_is_known() -> None:
    """Looks planned after 3 and 6; the third and the fourth patient enter on one day: the look has four."""
    study = watching(looks=(3, 6))
    found = list(rows_of(table(), study, library(PATIENTS, EVENTS)))
    assert looks(found, "information")["3"] == 4
    monitor = study.monitoring.monitors[0]
    boundary = watched(study, monitor).boundary
    again = stats.repeated_boundary(boundary, [4], 0.1, shape="pocock")
    assert looks(found, "stop_at")["3"] == again.stop_at[0]
    tails = [stats.exact_tail(x, 4, 0.1) for x in range(5)]
    assert again.stop_at[0] == next((x for x in range(5) if tails[x] <= boundary.critical), 5)


def test_time_until_the_first_event_by_the_calendar() -> None:
    """Days at risk by day 6: patient 1 six, 2 four, 4 two with an event on day 6, 5 two."""
    study = watching(
        unit="patient-years", rule="gamma-poisson", limit=0.02, alpha=None, prior=(0.5, 25), threshold=0.95,
        looks=(14 / 365.25, 10),
    )  # fmt: skip
    found = list(rows_of(table(), study, library(PATIENTS, EVENTS)))
    first = f"{14 / 365.25:g}"
    assert looks(found, "information")[first] * 365.25 == pytest.approx(14)
    assert looks(found, "events") == {first: 1, "present": 2}
    assert looks(found, "information")["present"] * 365.25 == pytest.approx(20 + 28 + 2 + 26)
    posterior = stats.posterior_above(1, 14 / 365.25, 0.02, prior=(0.5, 25), law="poisson")
    assert looks(found, "posterior")[first] == pytest.approx(float(posterior))


def test_between_arms_looks_are_events() -> None:
    study = watching(view="between arms", comparator=VEHICLE, limit=None, ratio=1.0, alpha=0.4, looks=(1, 3))
    found = list(rows_of(table(), study, library(PATIENTS, EVENTS)))
    assert looks(found, "information") == {"1": 1, "3": 3, "present": 3}
    assert looks(found, "events") == {"1": 0, "3": 2, "present": 2}


def test_the_blinded_view_reads_no_treatment_and_shows_no_arm() -> None:
    monitors = STUDY.monitoring.monitors
    data = library(PATIENTS, EVENTS)
    masked = data | {"ADSL": data["ADSL"].with_frame(data["ADSL"].frame.drop("TRT01A"))}
    found = list(rows_of(table("blinded"), STUDY, masked))
    assert {r.key.arm for r in found} == {r.key.comparator for r in found} == {None}
    assert {dict(r.key.groups).get("monitor") for r in found} == {None, monitors[0].label}
    assert [r.value[0] for r in found if r.key.statistic == "monitors_not_shown"] == [2]
    swapped = data["ADSL"].frame.with_columns(TRT01A=pl.col("TRT01A").reverse())
    for other in (data, data | {"ADSL": data["ADSL"].with_frame(swapped)}):
        again = list(rows_of(table("blinded"), STUDY, other))
        assert [(r.key, r.value.tolist()) for r in again] == [(r.key, r.value.tolist()) for r in found]
    everyone = [r for r in rows_of(table(), STUDY, data) if dict(r.key.groups)["monitor"] == monitors[0].label]
    assert [(r.key, r.value.tolist()) for r in everyone] == [(r.key, r.value.tolist()) for r in found[1:]]


def made(rng: np.random.Generator, patients: int) -> dict[str, Dataset]:
    people = [(f"{n:03}", str(rng.choice(ARMS)), int(first), int(first) + 200) for n, first in
              enumerate(rng.integers(1, 300, patients))]  # fmt: skip
    many = int(rng.integers(0, 12))
    events = [(f"{rng.integers(0, patients):03}", None if rng.random() < 0.1 else int(rng.integers(1, 500)), "Y")
              for _ in range(many)]  # fmt: skip
    return library(people, events)


def test_many_trials_are_the_trials_one_by_one() -> None:
    rng = np.random.default_rng(SEED)
    trials = [made(rng, n) for n in (120, 90, 140)]
    together = {
        name: dataset(name, pl.concat([t[name].frame.with_columns(REPLICATE=pl.lit(n)) for n, t in enumerate(trials)])
                      .sample(fraction=1.0, shuffle=True, seed=SEED))
        for name in ("ADSL", "ADAE")
    }  # fmt: skip
    both = {r.key: r.value for r in rows_of(table(), STUDY, together)}
    for place, trial in enumerate(trials):
        alone = list(rows_of(table(), STUDY, trial))
        assert len(alone) > 50
        for row in alone:
            if row.key.statistic != "chance_at_limit":
                np.testing.assert_allclose(both[row.key][place], row.value[0], rtol=1e-12, err_msg=row.key.id)


@pytest.mark.parametrize(("patients", "events"), [([], []), (PATIENTS, []), ([("3", VEHICLE, 3, 30)], [("3", 4, "Y")])])
def test_nobody_no_event_nobody_in_the_arm(patients: Any, events: Any) -> None:
    records = Results("T", tuple(rows_of(table(), STUDY, library(patients, events)))).records()
    for record in records:
        assert record["value"] is not None or record["reason"]
    blocks = laid_out(table(), Found(tuple(records)))
    assert isinstance(blocks, list)
    assert len(blocks) == 4
    arm = [r for r in records if r["groups"].get("look") == "present" and r["arm"] == HIGH and not r["comparator"]]
    assert {r["statistic"]: r["value"] for r in arm}["events"] == 0


def test_data_without_dates_have_the_present_alone() -> None:
    data = library(PATIENTS, EVENTS)
    bare = {
        "ADSL": data["ADSL"].with_frame(data["ADSL"].frame.drop("TRTSDT", "TRTEDT")),
        "ADAE": data["ADAE"].with_frame(data["ADAE"].frame.drop("ASTDT")),
    }
    found = list(rows_of(table(), watching(), bare))
    assert looks(found, "information")["present"] == 4
    assert looks(found, "events")["present"] == 2
    blinded = [r for r in rows_of(table("blinded"), STUDY, bare) if r.key.statistic == "n_exposure_unknown"]
    assert blinded[0].value[0] == 5


def test_a_monitor_that_cannot_be_counted_says_why_and_the_others_stand() -> None:
    monitors = (STUDY.monitoring.monitors[2].model_copy(update={"topic": None}), *STUDY.monitoring.monitors[:2])
    study = STUDY.model_copy(update={"monitoring": STUDY.monitoring.model_copy(update={"monitors": monitors})})
    found = list(rows_of(table(), study, library(PATIENTS, EVENTS)))
    (bad,) = [r for r in found if r.key.statistic == "not_countable"]
    assert bad.reason == ("the monitor names no safety topic, so that its events are not defined",)
    assert len({dict(r.key.groups)["monitor"] for r in found}) == 3
    listed = laid_out(table(), Found(tuple(Results("T", tuple(found)).records())))
    assert isinstance(listed, list)
    assert "names no safety topic" in str(listed[0].notes)  # type: ignore[union-attr]
    with pytest.raises(DataError, match="Did you mean 'SI-HIGH'"):
        list(rows_of(table(monitors=["SI-HIG"]), STUDY, library(PATIENTS, EVENTS)))


@pytest.mark.parametrize("name", ["SAE-BLIND", "SAE-ARMS", "SI-HIGH"])
def test_at_planned_looks_the_boundary_is_the_planned_one(name: str) -> None:
    seen = watched(STUDY, next(m for m in STUDY.monitoring.monitors if m.name == name))
    np.testing.assert_array_equal(stops_at(seen, seen.boundary.looks), seen.boundary.stop_at)
    between = (seen.boundary.looks[:-1] + seen.boundary.looks[1:]) / 2
    stop = stops_at(seen, between)
    assert (stop >= seen.boundary.stop_at[:-1]).all()
    assert (stop <= seen.boundary.stop_at[1:]).all()
    at_limit = float(stats.crossing(seen.boundary, seen.limit).probability)
    assert chance_with(seen, float(seen.boundary.looks[1])) == pytest.approx(at_limit)
    assert chance_with(seen, float(between[1])) >= at_limit - 1e-12
    assert np.isnan(stops_at(seen, np.array([[0.0, np.nan]]))).all()


def test_layout_marks_what_is_crossed() -> None:
    patients = [(str(n), HIGH, n, n + 20) for n in range(1, 7)]
    events = [(str(n), n + 1, "Y") for n in range(1, 6)]
    records = Results("T", tuple(rows_of(table(), watching(), library(patients, events)))).records()
    listed, figure = laid_out(table(), Found(tuple(records), simulated=True))  # type: ignore[misc]
    assert [line.cells[-1] for line in listed.lines if line.cells][-1] == "crossed"  # type: ignore[union-attr]
    assert "crossed" in figure.wide.svg  # type: ignore[union-attr]
    assert "SIMULATED" in figure.narrow.svg  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('topic = "serious infections"', 'topic = "serious infection"', "no topic has this name"),
        ('name = "SAE-ARMS"', 'name = "SAE-BLIND"', "another monitor of this name"),
    ],
)
def test_a_study_file_with_a_monitor_of_nothing_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(StudyError, match=said):
        read(source_text("true-ad3").replace(old, new, 1))
