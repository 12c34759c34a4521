"""The cumulative incidence as a table: by hand, against the estimators, many trials at once, laid out."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from pivotal import stats
from pivotal.errors import DataError
from pivotal.plan.tables import rows_of
from pivotal.records.dataset import dataset
from pivotal.report.tables import laid_out
from pivotal.report.tables.layout import Found
from pivotal.study import load
from pivotal.study.incidence_tables import CumulativeIncidence
from pivotal.study.topics import Topic
from pivotal.trials import Results

STUDY = load("mrc-1948")
ARM, CONTROL = "Streptomycin", "Bed rest"
START = date(2020, 1, 1)
COMMON = {
    "kind": "cumulative incidence",
    "id": "C",
    "title": "First rash",
    "dataset": "ADAE",
    "subjects": "SAFFL = 'Y'",
}

PATIENTS = [  # arm, days on treatment, died, day of the first rash, of a second one
    (ARM, 10, "N", 2, 5),
    (ARM, 4, "Y", None, None),
    (ARM, 6, "N", 6, None),
    (ARM, 8, "N", None, None),
    (CONTROL, 10, "N", None, None),
    (CONTROL, 3, "Y", None, None),
    (CONTROL, 10, "N", 7, None),
    (CONTROL, 10, "N", None, None),
]


def library(patients=PATIENTS, *, replicate=None):
    """A patient outside the safety set besides, who has a rash on day 1."""
    rows = [*patients, (ARM, 10, "N", 1, None)]
    names = [f"{i:02d}" for i in range(len(rows))]
    adsl = pl.DataFrame(
        {
            "USUBJID": names,
            "TRT01A": [row[0] for row in rows],
            "TRTSDT": [START] * len(rows),
            "TRTEDT": [START + timedelta(days=row[1] - 1) for row in rows],
            "DTHFL": [row[2] for row in rows],
            "SAFFL": ["Y"] * len(patients) + ["N"],
        }
    )
    days = [(name, day) for name, row in zip(names, rows, strict=True) for day in row[3:] if day is not None]
    adae = pl.DataFrame(
        {
            "USUBJID": [name for name, _ in days],
            "AEDECOD": ["RASH"] * len(days),
            "ASTDT": [START + timedelta(days=day - 1) for _, day in days],
        },
        schema={"USUBJID": pl.String, "AEDECOD": pl.String, "ASTDT": pl.Date},
    )
    if replicate is not None:
        adsl, adae = (f.with_columns(REPLICATE=pl.lit(replicate)) for f in (adsl, adae))
    return {"ADSL": dataset("ADSL", adsl), "ADAE": dataset("ADAE", adae)}


def values(table, data, study=STUDY):
    return {
        (row.key.statistic, row.key.arm, dict(row.key.groups).get("day"), row.key.scale): row.value
        for row in rows_of(table, study, data)
        if row.key.statistic != "events_left_out"  # of all trials together
    }


def share(day):
    return f"share with an event by day {day:g}"


def test_one_minus_kaplan_meier_by_hand():
    """Of four: an event on day 2, a death censored on day 4, an event on day 6 of two at risk."""
    found = values(CumulativeIncidence(**COMMON, days=(2, 6)), library())
    assert found["estimate", ARM, None, share(2)][0] == pytest.approx(1 / 4, rel=1e-12)
    assert found["estimate", ARM, None, share(6)][0] == pytest.approx(1 - 3 / 4 * 1 / 2, rel=1e-12)
    assert found["n", ARM, None, None][0] == 2
    assert found["N", ARM, None, None][0] == 4
    assert ("n_competing", ARM, None, None) not in found


def test_with_death_competing_by_hand():
    """The death on day 4 is of three at risk: 1/4, then 3/4 x 2/3 = 1/2 are left, of whom half has the event."""
    found = values(CumulativeIncidence(**COMMON, competing="DTHFL = 'Y'", days=(2, 6)), library())
    assert found["estimate", ARM, None, share(2)][0] == pytest.approx(1 / 4, rel=1e-12)
    assert found["estimate", ARM, None, share(6)][0] == pytest.approx(1 / 4 + 1 / 2 * 1 / 2, rel=1e-12)
    assert found["n_competing", ARM, None, None][0] == 1
    assert found["incidence", ARM, "6", None][0] == pytest.approx(1 / 2, rel=1e-12)


def test_patients_at_risk_by_hand():
    found = values(CumulativeIncidence(**COMMON), library())
    at_risk = [found["at risk", ARM, f"{day}", None][0] for day in (0, 2, 4, 6, 8)]
    assert at_risk == [4, 4, 3, 2, 1]


def test_against_the_estimators():
    """Shares and limits are those of the estimators, Gray's test theirs of all arms."""
    time, cause = [[2.0, 4.0, 6.0, 8.0]], [[1, 2, 1, 0]]
    other_time, other_cause = [[10.0, 3.0, 7.0, 10.0]], [[0, 2, 1, 0]]
    found = values(CumulativeIncidence(**COMMON, competing="DTHFL = 'Y'", test="gray", days=(6,)), library())
    curve = stats.incidence_at(stats.cumulative_incidence(time, cause), [6.0])
    for statistic in ("estimate", "ci_low", "ci_high"):
        expected = getattr(curve, statistic)[0, 0]
        assert found[statistic, ARM, None, share(6)][0] == pytest.approx(expected, rel=1e-12)
    codes = {arm.name: code for code, arm in enumerate(STUDY.arms)}
    both = np.hstack([time, other_time]), np.hstack([cause, other_cause])
    test = stats.gray_test(*both, [codes[ARM]] * 4 + [codes[CONTROL]] * 4)
    assert found["p", None, None, None][0] == pytest.approx(test.p[0], rel=1e-12)
    plain = values(CumulativeIncidence(**COMMON, test="log-rank"), library())
    test = stats.log_rank(both[0], both[1] == 1, [codes[ARM]] * 4 + [codes[CONTROL]] * 4)
    assert plain["p", None, None, None][0] == pytest.approx(test.p[0], rel=1e-12)


def test_of_a_data_set_of_times():
    """The same times as ADTTE holds them give the same shares; a code of censoring can be the competing event."""
    data = library()
    times = [2.0, 4.0, 6.0, 8.0, 10.0, 3.0, 7.0, 10.0]
    censor = [0, 2, 0, 1, 1, 2, 0, 1]
    adtte = pl.DataFrame(
        {"USUBJID": [f"{i:02d}" for i in range(8)], "PARAMCD": ["TTR"] * 8, "AVAL": times, "CNSR": censor}
    )
    data["ADTTE"] = dataset("ADTTE", pl.concat([adtte, adtte.with_columns(PARAMCD=pl.lit("OTHER"), AVAL=99.0)]))
    of_times = COMMON | {"dataset": "ADTTE", "time": "AVAL", "where": "PARAMCD = 'TTR'", "test": "gray", "days": (6,)}
    of_events = COMMON | {"competing": "DTHFL = 'Y'", "test": "gray", "days": (6,)}
    one = values(CumulativeIncidence(**of_times, competing="CNSR = 2"), data)
    other = values(CumulativeIncidence(**of_events), data)
    assert one.keys() == other.keys()
    assert all(np.allclose(one[key], other[key], rtol=1e-12, equal_nan=True) for key in one)
    with pytest.raises(DataError, match="several times"):
        values(CumulativeIncidence(**(of_times | {"where": None}), competing="CNSR = 2"), data)


def test_of_a_topic():
    topic = Topic.model_validate({"name": "rash", "label": "Rash", "lists": [{"terms": ["Rash"], "source": "SAP"}]})
    study = STUDY.model_copy(update={"topics": (topic,)})
    plain = values(CumulativeIncidence(**COMMON, days=(6,)), library())
    found = values(CumulativeIncidence(**COMMON, topic="rash", days=(6,)), library(), study)
    assert found["estimate", ARM, None, share(6)] == plain["estimate", ARM, None, share(6)]
    with pytest.raises(DataError, match="rush"):
        values(CumulativeIncidence(**COMMON, topic="rush"), library(), study)


def test_many_trials_at_once_are_each_alone():
    """The second trial has its patients in another order, and one of them without the rash."""
    changed = [*PATIENTS[::-1][:-1], (ARM, 10, "N", None, None)]
    first, second = library(replicate=1), library(changed, replicate=2)
    both = {name: dataset(name, pl.concat([first[name].frame, second[name].frame])) for name in first}
    table = CumulativeIncidence(**COMMON, competing="DTHFL = 'Y'", test="gray", days=(6,))
    alone = [values(table, library()), values(table, library(changed))]
    together = values(table, both)
    for key, value in together.items():
        if key[0] != "incidence":  # its days are the first trial's
            assert value == pytest.approx([alone[0][key][0], alone[1][key][0]], rel=1e-12, nan_ok=True), key


def test_an_event_without_a_date_stands_at_the_end_and_is_counted():
    data = library()
    undated = data["ADAE"].frame.with_columns(ASTDT=pl.when(pl.col("USUBJID") != "06").then("ASTDT"))
    data["ADAE"] = dataset("ADAE", undated)
    found = values(CumulativeIncidence(**COMMON, days=(9, 10)), data)
    assert found["n_onset_unknown", CONTROL, None, None][0] == 1
    assert found["estimate", CONTROL, None, share(9)][0] == 0
    assert found["estimate", CONTROL, None, share(10)][0] == pytest.approx(1 / 3, rel=1e-12)


def test_nobody_and_nothing():
    """No event in any arm, and an arm without patients: numbers where there are some, reasons where there are none."""
    nothing = [(arm, 10, "N", None, None) for arm in (ARM, ARM, CONTROL)]
    table = CumulativeIncidence(**COMMON, test="log-rank", days=(6,))
    rows = list(rows_of(table, STUDY, library(nothing)))
    by = {(row.key.statistic, row.key.arm): row for row in rows if row.key.scale or row.key.statistic == "p"}
    assert by["estimate", ARM].value[0] == 0
    assert by["p", None].reason
    empty = {row.key.statistic: row for row in rows_of(table, STUDY, library(nothing[:2])) if row.key.arm == CONTROL}
    assert np.isnan(empty["estimate"].value[0])
    assert empty["estimate"].reason
    assert empty["N"].value[0] == 0


def test_wrong_tables():
    with pytest.raises(ValidationError, match="Gray's test is the log-rank test"):
        CumulativeIncidence(**COMMON, test="gray")
    with pytest.raises(ValidationError, match="leave out either topic or time"):
        CumulativeIncidence(**COMMON, topic="rash", time="AVAL")


def test_layout():
    competing = {"competing": "DTHFL = 'Y'", "competing_label": "death"}
    table = CumulativeIncidence(**COMMON, **competing, test="gray", days=(6, 99), total=True)
    rows = tuple(rows_of(table, STUDY, library()))
    figure, listed = laid_out(table, Found(tuple(Results(STUDY.id, rows, virtual=False).records()), simulated=True))
    assert figure.notes[0].startswith("Aalen-Johansen estimate; competing events (death): ")
    assert "Gray's test of all arms: p = " in figure.notes[1]
    assert "SIMULATED" in figure.wide.svg
    assert "Patients with the event" in figure.wide.svg
    cells = {line.cells[0]: line.cells[1:] for line in listed.lines}
    assert cells[ARM][:3] == ("4", "2", "1")
    assert cells[ARM][3].startswith("50.0 (")
    assert cells[CONTROL][4] == "–"
    assert list(cells) == [*(arm.name for arm in STUDY.arms), "Total"]


def test_of_the_pilot(tmp_path):
    """From its published ADAE: events by arm as its ADTTE has them, and shares at most those that censor leaving."""
    from pilot import adam
    from pivotal.records.formats import read_library

    for source in adam().glob("ad*.*"):
        (tmp_path / source.name).symlink_to(source)
    data, study = read_library(tmp_path), load("cdisc-pilot-01")
    common = COMMON | {"where": "TRTEMFL = 'Y' AND CQ01NAM = 'DERMATOLOGIC EVENTS'", "days": (84,)}
    competing = values(CumulativeIncidence(**common, competing="DISCONFL = 'Y'", test="gray"), data, study)
    censoring = values(CumulativeIncidence(**common), data, study)
    times = COMMON | {"dataset": "ADTTE", "time": "AVAL", "where": "PARAMCD = 'TTDE'", "days": (84,)}
    of_times = values(CumulativeIncidence(**times), data, study)
    for arm in (each.name for each in study.arms):
        assert competing["n", arm, None, None] == of_times["n", arm, None, None]
        assert competing["estimate", arm, None, share(84)][0] < censoring["estimate", arm, None, share(84)][0]
    assert competing["p", None, None, None][0] < 1e-6
