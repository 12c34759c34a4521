"""Tables of events: patients with many events, treatment that changes, severity, topics, replicates."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest
from pilot_events import library, model, rows, shown, study

from pivotal.errors import DataError
from pivotal.records.dataset import Dataset
from pivotal.study.topics import Topic

START = date(2020, 1, 1)
NOBODY: dict[str, Any] = {"arm": None, "comparator": None, "groups": ()}


def day(number: int) -> date:
    """A day of the trial, 1 the first."""
    return START + timedelta(days=number - 1)


def crossing() -> dict[str, Dataset]:
    """Patient 1: vehicle days 1 to 10, active 11 to 40. 2: active 1 to 40. 3: vehicle 1 to 10, no second period."""
    adsl = pl.DataFrame({"USUBJID": ["1", "2", "3"], "DTHFL": ["Y", None, None]})
    periods = pl.DataFrame(
        {
            "USUBJID": ["1", "1", "2", "3"],
            "TRTA": ["Vehicle", "Active", "Active", "Vehicle"],
            "TRTSDT": [day(1), day(11), day(1), day(1)],
            "TRTEDT": [day(10), day(40), day(40), day(10)],
        }
    )
    events = pl.DataFrame(
        {
            "USUBJID": ["1", "1", "1", "2", "3"],
            "TRTA": ["Vehicle", "Vehicle", "Active", "Active", "Active"],
            "ASTDT": [day(4), day(6), day(20), day(5), day(12)],
            "AEBODSYS": ["A"] * 5,
            "AEDECOD": ["x", "y", "x", "x", "x"],
            "AESEV": ["MILD", "SEVERE", None, "MILD", "MILD"],
        }
    )
    return library(adsl=adsl, adper=periods, adae=events)


AT_RISK = {"at_risk": {"dataset": "ADPER", "treatment": "TRTA"}, "event_treatment": "TRTA"}
ARMS = study("Vehicle", "Active")


def value(found: list[Any], statistic: str, arm: str, groups: tuple[Any, ...] = (), **more: Any) -> float:
    """A row's number."""
    wanted = NOBODY | {"arm": arm, "groups": groups} | more
    mine = [r for r in found if r.key.statistic == statistic and all(getattr(r.key, k) == v for k, v in wanted.items())]
    assert len(mine) == 1, (statistic, arm, groups, len(mine))
    return float(mine[0].value[0])


def test_a_patient_who_crosses_is_counted_in_both_arms_with_the_exposure_of_each() -> None:
    found = rows(model(kind="incidence", **AT_RISK, total=True), ARMS, crossing())
    assert [value(found, "N", arm) for arm in ("Vehicle", "Active", "Total")] == [2, 2, 3]
    assert [value(found, "n", arm) for arm in ("Vehicle", "Active", "Total")] == [1, 2, 2]
    assert [value(found, "events", arm) for arm in ("Vehicle", "Active", "Total")] == [2, 2, 4]
    years = [value(found, "patient_years", arm) * 365.25 for arm in ("Vehicle", "Active", "Total")]
    assert years == pytest.approx([4 + 10, 10 + 5, 4 + 5 + 10])
    assert value(found, "events_left_out", None) == 1  # type: ignore[arg-type]


def test_all_events_over_all_exposure() -> None:
    found = rows(model(kind="incidence", count="all", per=1, **AT_RISK), ARMS, crossing())
    per = {"scale": "per 1 patient-years"}
    rates = [value(found, "estimate", arm, **per) for arm in ("Vehicle", "Active")]
    assert rates == pytest.approx([2 / (20 / 365.25), 2 / (70 / 365.25)])


def test_several_treatments_without_the_events_own_are_refused() -> None:
    table = model(kind="adverse events", at_risk={"dataset": "ADPER", "treatment": "TRTA"})
    with pytest.raises(DataError, match="1 patients are on more than one treatment"):
        rows(table, ARMS, crossing())


def test_worst_severity_counts_a_patient_once_and_events_each() -> None:
    split = {"column": "AESEV", "categories": {"MILD": "Mild", "SEVERE": "Severe"}}
    found = rows(model(kind="adverse events", split=split, **AT_RISK), ARMS, crossing())
    words = ("Mild", "Severe", "Unknown")
    patients = {arm: [value(found, "n", arm, (("category", w),)) for w in words] for arm in ("Vehicle", "Active")}
    seen = {arm: [value(found, "events", arm, (("category", w),)) for w in words] for arm in ("Vehicle", "Active")}
    assert patients == {"Vehicle": [0, 1, 0], "Active": [1, 0, 1]}
    assert seen == {"Vehicle": [1, 1, 0], "Active": [1, 0, 1]}


def test_an_event_without_onset_counts_and_its_time_runs_to_the_end() -> None:
    data = crossing()
    frame = data["ADAE"].frame.with_columns(ASTDT=pl.when(pl.col("USUBJID") != "2").then("ASTDT"))
    found = rows(model(kind="incidence", **AT_RISK), ARMS, {**data, "ADAE": data["ADAE"].with_frame(frame)})
    assert value(found, "n", "Active") == 2
    assert value(found, "patient_years", "Active") * 365.25 == pytest.approx(10 + 40)
    assert value(found, "n_onset_unknown", "Active") == 1


def test_topics_narrow_broad_adjudicated_and_without_a_contested_term() -> None:
    topics = (
        Topic.model_validate(
            {
                "name": "t",
                "label": "T",
                "lists": [{"terms": ["X"]}, {"scope": "broad", "terms": ["y"]}],
                "contested": [{"term": "x", "why": "because"}],
            }
        ),
        Topic.model_validate({"name": "d", "label": "Deaths", "patients": "DTHFL = 'Y'"}),
        Topic.model_validate({"name": "q", "label": "Q", "query": {"name": "Absent"}}),
        Topic.model_validate({"name": "a", "label": "A", "where": "AESEV = 'MILD'", "adjudication": {"column": "ADJ"}}),
    )
    data = crossing()
    verdicts = data["ADAE"].frame.with_columns(ADJ=pl.Series([None, "Y", None, "N", None], dtype=pl.String))
    data = {**data, "ADAE": data["ADAE"].with_frame(verdicts)}
    table = model(kind="safety topics", **AT_RISK)
    found = rows(table, study("Vehicle", "Active", topics=topics), data)
    narrow, broad = (("topic", "T"), ("scope", "narrow")), (("topic", "T"), ("scope", "broad"))
    assert [value(found, "events", "Vehicle", groups) for groups in (narrow, broad)] == [1, 2]
    assert value(found, "n_without", "Vehicle", (*broad, ("without", "x"))) == 1
    assert [value(found, "n", arm, (("topic", "Deaths"),)) for arm in ("Vehicle", "Active")] == [0, 1]
    assert np.isnan(value(found, "n", "Active", (("topic", "Q"),)))
    assert [value(found, "events", arm, (("topic", "A"),)) for arm in ("Vehicle", "Active")] == [2, 0]
    text = str([line.heading or line.cells for line in shown(table, study("a", topics=topics), data).lines])
    assert "narrow: preferred terms X" in text.lower().replace("terms x", "terms X")


def test_counts_are_those_of_sets() -> None:
    rng = np.random.Generator(np.random.Philox(3))
    arms, patients = ("P", "Q"), [str(n) for n in range(30)]
    arm = dict(zip(patients, rng.choice(arms, 30).tolist(), strict=True))
    events = [
        (patients[p], f"c{t % 3}", f"t{t}")
        for p, t in zip(rng.integers(0, 30, 200), rng.integers(0, 9, 200), strict=True)
    ]
    adsl = pl.DataFrame({"USUBJID": patients, "TRT01A": [arm[p] for p in patients]})
    adae = pl.DataFrame(events, schema=["USUBJID", "AEBODSYS", "AEDECOD"], orient="row")
    found = rows(
        model(kind="adverse events"),
        study(*arms),
        library(adsl=adsl, adae=adae.sample(fraction=1, shuffle=True, seed=1)),
    )
    for side, term in product(arms, [f"t{n}" for n in range(9)]):
        mine = [p for p, _, t in events if t == term and arm[p] == side]
        groups = (("system organ class", f"c{int(term[1]) % 3}"), ("preferred term", term))
        assert value(found, "events", side, groups) == len(mine)
        assert value(found, "n", side, groups) == len(set(mine))


def test_replicates_are_counted_as_trials_of_their_own() -> None:
    adsl = pl.DataFrame({"REPLICATE": [1, 1, 2, 2], "USUBJID": ["1", "2"] * 2, "TRT01A": ["P", "Q"] * 2})
    adae = pl.DataFrame(
        {"REPLICATE": [1, 2, 2], "USUBJID": ["1", "1", "1"], "AEBODSYS": ["A"] * 3, "AEDECOD": ["x", "x", "y"]}
    )
    found = rows(model(kind="adverse events"), study("P", "Q"), library(adsl=adsl, adae=adae))
    mine = [r for r in found if r.key.statistic == "events" and r.key.arm == "P" and not r.key.groups]
    assert mine[0].value.tolist() == [1.0, 2.0]


def test_no_event_at_all() -> None:
    adsl = pl.DataFrame({"USUBJID": ["1", "2"], "TRT01A": ["P", "Q"], "TRTSDT": [day(1)] * 2, "TRTEDT": [day(9)] * 2})
    adae = pl.DataFrame(schema={"USUBJID": pl.String, "AEBODSYS": pl.String, "AEDECOD": pl.String, "ASTDT": pl.Date})
    for kind in ({"kind": "adverse events", "p_values": {}}, {"kind": "incidence", "time_to_first": True}):
        found = rows(model(**kind), study("P", "Q"), library(adsl=adsl, adae=adae))
        assert value(found, "n", "P") == 0


def test_a_topic_that_is_not_there_is_named() -> None:
    topics = (Topic.model_validate({"name": "deaths", "label": "Deaths", "where": "AESEV = 'MILD'"}),)
    with pytest.raises(DataError, match="Did you mean 'deaths'"):
        rows(
            model(kind="safety topics", topics=["death"], **AT_RISK),
            study("Vehicle", "Active", topics=topics),
            crossing(),
        )
