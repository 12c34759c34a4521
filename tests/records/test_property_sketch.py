"""A study file written from a data file's columns reads that file, and says of all it guessed that it is assumed."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

import pivotal
from pivotal import api
from pivotal.errors import DataError, UsageError
from pivotal.records import sketch

STUDIES = Path(__file__).parents[1] / "data" / "studies"
LIBRARY = Path(pivotal.__file__).parent / "study" / "library"

LONG = """id,visit,arm,sex,base,score,better
1,0,placebo,F,3,3.5,no
1,1,placebo,F,3,4.5,yes
2,0,active,M,4,2.5,no
2,1,active,M,4,5.5,yes
3,0,placebo,F,5,6.5,no
3,1,placebo,F,5,999,no
4,0,active,M,3,6.1,yes
4,1,active,M,3,5.2,yes
5,0,active,F,4,2.1,no
5,1,active,F,4,4.0,no
"""
WIDE = """treatment,age,response
drug,30,1
control,31,0
drug,45,0
control,50,1
drug,61,1
control,39,0
"""


@pytest.mark.parametrize(
    "file", [STUDIES / "antidepressant_data.csv", STUDIES / "fev_data.csv", LIBRARY / "strep_tb.csv"]
)
def test_it_reads_and_analyses_the_file(file, tmp_path):
    shutil.copy(file, tmp_path)
    (tmp_path / "start.toml").write_text(sketch(tmp_path / file.name), encoding="utf-8")
    trials = api.read_data(str(tmp_path / "start.toml"))
    assert np.isfinite(api.analyse(str(tmp_path / "start.toml"), trials).find(statistic="estimate")[0].value[0])


@pytest.mark.parametrize(("text", "patients"), [(LONG, 5), (WIDE, 6)])
def test_small_files(text, patients, tmp_path):
    (tmp_path / "my data.csv").write_text(text, encoding="utf-8")
    (tmp_path / "start.toml").write_text(sketch(tmp_path / "my data.csv"), encoding="utf-8")
    trials = api.read_data(str(tmp_path / "start.toml"))
    assert trials.shape == (1, patients)
    found = api.analyse(str(tmp_path / "start.toml"), trials)
    assert found.find(analysis="testing", statistic="p")


def test_what_it_guesses(tmp_path):
    (tmp_path / "d.csv").write_text(LONG, encoding="utf-8")
    text = sketch(tmp_path / "d.csv")
    found = tomllib.loads(text)
    assert found["data"]["subject"] == "id"
    assert found["data"]["visit"]["column"] == "visit"
    assert found["data"]["arm"]["column"] == "arm"
    assert [arm["name"] for arm in found["arms"] if arm.get("control")] == ["placebo"]
    assert {p["column"]: p.get("visit") for p in found["data"]["parameters"]} == {
        "base": "Baseline", "score": None, "better": None,
    }  # fmt: skip
    assert 'missing = ["999"]' in text


def test_whatever_it_guesses_says_so(tmp_path):
    (tmp_path / "d.csv").write_text(LONG, encoding="utf-8")
    found = tomllib.loads(sketch(tmp_path / "d.csv"))
    parts = [*found["variables"].values(), *found["arms"], *found["parameters"], *found["visits"], *found["endpoints"]]
    assert all("guessed" in part["assumed"] for part in [*parts, found["data"]])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,age\n1,30\n2,31\n", "no column looks like the arm"),
        ("id,arm,word\n1,a,x\n2,b,y\n", "no column looks like an outcome"),
        ("id,arm,score\n1,a,1\n1,a,2\n2,b,3\n", "no column tells their visits apart"),
    ],
)
def test_what_it_cannot_tell(text, words, tmp_path):
    (tmp_path / "d.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=words):
        sketch(tmp_path / "d.csv")


def test_no_file(tmp_path):
    with pytest.raises(DataError, match="missing"):
        sketch(tmp_path / "d.csv")
