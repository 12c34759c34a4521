"""The report of a trial from somebody's data file: nothing in it that makes no sense for such a study."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pivotal import api
from pivotal.study import load

STUDY = Path(__file__).parents[1] / "data" / "studies" / "antidepressant.toml"


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    out = tmp_path_factory.mktemp("real") / "run"
    api.run(str(STUDY), out=out)
    return re.sub(r"\s+", " ", (out / "report.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "words",
    ["SIMULATED", "Operating characteristics", "Testing graph", "Ratio", "Regimen", "Not permitted", "Unbounded",
     "Clopper-Pearson", "None patients"],
)  # fmt: skip
def test_what_is_not_there(page, words):
    assert words not in page


@pytest.mark.parametrize(
    "words",
    ["Hamilton depression score, 17 items", "No column says who left and when",
     "antidepressant_data.csv", "Visit 4", "Change in HAMD-17, observed", "conditional means with jackknife"],
)  # fmt: skip
def test_what_is_there(page, words):
    assert words in page


def test_columns_that_the_study_file_ignores_are_not_told(page):
    assert load(STUDY).data.ignore
    assert "Columns that nothing reads" not in page
