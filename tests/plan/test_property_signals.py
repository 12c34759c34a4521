"""The screen over all terms and the dot plot as tables: counts by hand, flags by the screen, layout."""

from __future__ import annotations

import polars as pl
import pytest

from pivotal import stats
from pivotal.plan.tables import rows_of
from pivotal.records.dataset import dataset
from pivotal.report.tables import laid_out
from pivotal.report.tables.layout import Found
from pivotal.study import load
from pivotal.study.signal_tables import EventDotPlot, SignalScreen
from pivotal.trials import Results

STUDY = load("mrc-1948")
ARM, CONTROL = "Streptomycin", "Bed rest"
COMMON = {
    "id": "S", "title": "Screen", "dataset": "ADAE", "where": "TRTEMFL = 'Y'", "subjects": "SAFFL = 'Y'",
    "treatment": "TRT01A", "arm": ARM, "comparator": CONTROL,
}  # fmt: skip


def library(events):
    """Twenty patients an arm, one more outside the safety set; `events` as (patient, class, term, emergent)."""
    adsl = pl.DataFrame(
        {
            "USUBJID": [f"{i:02d}" for i in range(41)],
            "TRT01A": [ARM] * 20 + [CONTROL] * 20 + [ARM],
            "SAFFL": ["Y"] * 40 + ["N"],
        }
    )
    names = ("USUBJID", "AEBODSYS", "AEDECOD", "TRTEMFL")
    adae = pl.DataFrame(events, schema=dict.fromkeys(names, pl.String), orient="row")
    return {"ADSL": dataset("ADSL", adsl), "ADAE": dataset("ADAE", adae)}


EVENTS = [
    *((f"{i:02d}", "SKIN", "RASH", "Y") for i in range(12)),
    ("00", "SKIN", "RASH", "Y"),
    ("13", "SKIN", "RASH", "N"),
    ("40", "SKIN", "RASH", "Y"),
    *((f"{i:02d}", "SKIN", "RASH", "Y") for i in (20, 21)),
    ("05", "HEART", "PALPITATIONS", "Y"),
    ("25", "HEART", "PALPITATIONS", "Y"),
]


@pytest.fixture
def results():
    table = SignalScreen(kind="signal screen", least_patients=3, **COMMON)
    return table, Results(STUDY.id, tuple(rows_of(table, STUDY, library(EVENTS))), virtual=False)


def test_a_patient_counts_once_and_only_where_selected(results):
    _, found = results
    n = {(r.key.arm, dict(r.key.groups)["term"]): r.value[0] for r in found if r.key.statistic == "n"}
    assert n == {(ARM, "RASH"): 12, (CONTROL, "RASH"): 2, (ARM, "PALPITATIONS"): 1, (CONTROL, "PALPITATIONS"): 1}


def test_flags_are_the_screens(results):
    _, found = results
    p = stats.fisher_exact([12], [20], [2], [20]).p[0]
    by = {(dict(r.key.groups)["term"], r.key.statistic): r for r in found if r.key.comparator}
    assert by["RASH", "p"].value[0] == p
    assert by["RASH", "rejected"].value[0] == 1
    assert by["RASH", "p_adjusted"].value[0] == p
    assert by["PALPITATIONS", "rejected"].value[0] == 0
    assert by["PALPITATIONS", "p_adjusted"].reason == ("fewer than 3 patients",)
    assert by["RASH", "estimate"].value[0] == pytest.approx(0.5)


def test_layouts(results):
    table, found = results
    figure, listed = laid_out(table, Found(tuple(found.records())))
    assert "2 terms, 1 flagged" in figure.notes[0]
    assert [line.cells[0] for line in listed.lines] == ["Rash", "Palpitations"]
    assert listed.lines[0].cells[2:4] == ("12 (60.0%)", "2 (10.0%)")
    dots = EventDotPlot(kind="event dot plot", at_least=0.1, **COMMON)
    rows = Results(STUDY.id, tuple(rows_of(dots, STUDY, library(EVENTS))), virtual=True)
    assert {dict(r.key.groups)["term"] for r in rows} == {"RASH"}
    drawn = laid_out(dots, Found(tuple(rows.records()), simulated=True))
    assert "Rash" in drawn.wide.svg
    assert "SIMULATED" in drawn.wide.svg


def test_nobody_has_an_event():
    for kind, table in (("signal screen", SignalScreen), ("event dot plot", EventDotPlot)):
        made = table(kind=kind, **COMMON)
        assert list(rows_of(made, STUDY, library([]))) == []
