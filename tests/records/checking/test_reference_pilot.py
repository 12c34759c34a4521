"""What checks find in the CDISC pilot: the list of docs/check-data.md, no more and no less."""

from __future__ import annotations

import polars as pl
import pytest
from typer.testing import CliRunner

import pilot
from pivotal import api
from pivotal.cli import app

FOUND = {
    ("error", "duplicate keys", "SV", "USUBJID, VISITNUM"): (1, 1),
    ("warning", "recorded twice", "AE", "all but AESEQ"): (1, 1),
    ("warning", "recorded twice", "CM", "all but CMSEQ"): (20, 20),
    ("warning", "recorded twice", "MH", "all but MHSEQ"): (1, 1),
    ("warning", "term spelt otherwise", "CM", "CMDOSU"): (2, 63),
    ("warning", "treated otherwise than randomised", "DM", "ACTARM"): (12, 12),
    ("warning", "two results", "QS", "QSSTRESN"): (9, 9),
    ("warning", "visit outside its window", "QS", "VISIT"): (1, 85),
    ("note", "study day", "AE", "AESTDY"): (1, 1),
    ("note", "term of its own", "CM", "CMDOSFRQ"): (7, 192),
    ("note", "no baseline", "LB", "LBBLFL"): (40, 310),
    ("note", "term of its own", "LB", "LBORRESU"): (5, 17_844),
    ("note", "term of its own", "LB", "LBSTRESU"): (4, 16_245),
    ("note", "no baseline", "QS", "QSBLFL"): (52, 2_259),
}
"""Findings, and the rows that they stand for, in the SDTM data sets without vital signs."""


@pytest.fixture(scope="module")
def checked():
    return api.check_data("cdisc-pilot-01", pilot.sdtm())


def test_the_list(checked):
    given = checked.summary().filter(~pl.col("rule").is_in(["data as the study expects them"]))
    told = {
        (row["severity"], row["rule"], row["dataset"], row["variable"]): (row["findings"], row["rows"])
        for row in given.iter_rows(named=True)
        if row["dataset"] not in ("VS",) and not row["dataset"].startswith("AD")
    }
    assert told == {place: counts for place, counts in FOUND.items() if place[2] in checked.datasets}


def test_who_was_treated_otherwise(checked):
    other = [f for f in checked if f.rule == "treated otherwise than randomised"]
    assert {f.value for f in other} == {"Xanomeline Low Dose"}
    assert other[0].patient == "01-701-1181"


def test_the_command(tmp_path):
    out = tmp_path / "findings.csv"
    done = CliRunner().invoke(app, ["check-data", "cdisc-pilot-01", "--data", str(pilot.sdtm()), "--out", str(out)])
    assert done.exit_code == 1
    assert "duplicate keys" in done.stdout
    written = pl.read_csv(out)
    assert written.columns[:6] == ["severity", "dataset", "row", "patient", "rule", "variable"]
    assert f"{written.height:,} findings" in done.stdout
