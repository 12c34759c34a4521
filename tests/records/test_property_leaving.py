"""What stands for the last visit and the completion of a patient where real data do not say it."""

from __future__ import annotations

import polars as pl
import pytest

from pivotal.records import read
from pivotal.study.model import Study
from pivotal.trials import Trials, observed

from .conftest import Spoil


def seen_last(trials: Trials) -> list[int]:
    """Position of the last visit with a value, 0 at the least."""
    last = [0] * trials.shape[1]
    for (_, visit), column in trials.values.items():
        for i in observed(column)[0].nonzero()[0]:
            last[i] = max(last[i], trials.visits.index(visit))
    return last


def test_nothing_recorded(spoil: Spoil, study: Study) -> None:
    spoil.change("adsl", lambda frame: frame.drop("LSTVIS", "EOSSTT", "DCSREAS"))
    trials = read(study, spoil.folder)
    assert trials.last_visit[0].tolist() == seen_last(trials)
    why = [trials.reasons[code] for code in trials.reason[0]]
    assert why == ["completed" if last == 2 else "reason not specified" for last in seen_last(trials)]


def test_no_last_visit(spoil: Spoil, study: Study, trials: Trials) -> None:
    spoil.change("adsl", lambda frame: frame.drop("LSTVIS"))
    back = read(study, spoil.folder)
    assert back.reason.tolist() == trials.reason.tolist()
    completed = back.reason[0] == 0
    assert set(back.last_visit[0][completed].tolist()) == {2}
    expected = [last for last, done in zip(seen_last(back), completed, strict=True) if not done]
    assert back.last_visit[0][~completed].tolist() == expected


def test_no_status(spoil: Spoil, study: Study, trials: Trials) -> None:
    spoil.change("adsl", lambda frame: frame.drop("EOSSTT"))
    back = read(study, spoil.folder)
    assert back.reason.tolist() == trials.reason.tolist()
    assert back.last_visit.tolist() == trials.last_visit.tolist()


def test_a_reason_that_only_the_data_name(spoil: Spoil, study: Study) -> None:
    row = spoil.row("adsl", EOSSTT="DISCONTINUED")
    spoil.set("adsl", row, "DCSREAS", "moved abroad")
    back = read(study, spoil.folder)
    assert back.reasons == ("completed", "lack of efficacy", "lost to follow-up", "adverse event", "moved abroad")
    assert back.reasons[back.reason[0, row - 2]] == "moved abroad"


def test_no_value_at_all_is_no_loss_of_the_patient(spoil: Spoil, study: Study) -> None:
    spoil.change("adeff", lambda frame: frame.filter(pl.col("USUBJID") != "SMALL-SIM-0003"))
    spoil.change("adsl", lambda frame: frame.drop("LSTVIS", "EOSSTT", "DCSREAS"))
    back = read(study, spoil.folder)
    assert back.shape == (1, 24)
    assert back.last_visit[0, 2] == 0


@pytest.mark.parametrize("last", ["Baseline", "Week 2"])
def test_completed_before_the_end(spoil: Spoil, last: str) -> None:
    row = spoil.row("adsl", EOSSTT="COMPLETED")
    patient = spoil.set("adsl", row, "LSTVIS", last)
    faults = spoil.faults()
    assert faults[0].where == f"adsl.csv row {row}, patient {patient}: LSTVIS"
    assert faults[0].found == repr(last)
