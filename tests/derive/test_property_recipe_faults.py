"""What a recipe that the data cannot follow is told: its data set, its step, the column and what may be meant."""

from __future__ import annotations

import polars as pl
import pytest

from pivotal.derive.prepared import derived_from
from pivotal.derive.recipes import derive
from pivotal.derive.steps.reads import reads
from pivotal.errors import DataError
from pivotal.plan.tables import not_made
from pivotal.records.dataset import dataset
from pivotal.study import load
from pivotal.study.recipes import Compute, Recipe

STUDY = load("cdisc-pilot-01")
DATA = {
    "DM": dataset("DM", pl.DataFrame({"USUBJID": ["1", "2"], "AGE": [70, 80], "SEX": ["F", "M"]})),
    "SV": dataset(
        "SV", pl.DataFrame({"USUBJID": ["1", "1", "2"], "VISITNUM": [1.0, 2.0, 1.0], "DAY": ["a", "b", "c"]})
    ),
}


def recipe(*steps, name="ADSL", source="DM", **more):
    given = {"name": name, "label": "made", "structure": "other", "keys": ["USUBJID"], "from": source} | more
    return Recipe.model_validate(given | {"steps": list(steps)})


def told(*recipes):
    with pytest.raises(DataError) as caught:
        derive(recipes, DATA)
    return [str(fault) for fault in caught.value.faults]


WRONG = [
    ({"step": "keep", "where": "AGEE > 70"}, "steps[0] (keep) where is column AGEE", "'AGE'?"),
    (
        {"step": "compute", "columns": {"HALF": "AGE / 2", "QUARTER": "HALV / 2"}},
        "steps[0] (compute) columns.QUARTER is column HALV",
        "Use one of: USUBJID, AGE, SEX.",
    ),
    ({"step": "join", "from": "SV", "columns": {"D": "DAYS"}}, "(join) columns.D is column DAYS", "'DAY'?"),
    ({"step": "join", "from": "SV", "columns": {"D": "DAY"}}, "SV: USUBJID 1 is in 2 rows; one row", "pick one"),
    ({"step": "pick", "from": "SV", "columns": {"D": "DAY"}}, "SV: USUBJID 1 is in 2 rows", "take = 'first'"),
    ({"step": "join", "from": "SVV", "columns": {"D": "DAY"}}, "(ADSL): data set SVV is missing", "Did you mean 'SV'?"),
    ({"step": "keep", "where": "AGE = '70'"}, "steps[0] (keep) is not possible", "Compare texts with texts"),
    ({"step": "rename", "columns": {"GENDER": "SEXX"}}, "(rename) columns.GENDER is column SEXX", "'SEX'?"),
    ({"step": "codes", "column": "SEX", "into": "S", "values": {"F": 1}}, "(codes): SEX is 'M'", "Add it"),
    ({"step": "days between", "column": "D", "start": "SEX", "end": "AGE"}, "(days between) is not possible", ""),
]  # fmt: skip


@pytest.mark.parametrize(("step", "words", "mend"), WRONG, ids=[w[1] for w in WRONG])
def test_each_fault_has_its_place(step, words, mend):
    faults = told(recipe(step))
    assert faults[0].startswith("datasets[0] (ADSL)")
    assert words in faults[0]
    assert mend in faults[0]


def test_keys_and_columns_that_nothing_made():
    assert "datasets[0] (ADSL) keys is column USUBJIDD" in told(recipe(keys=["USUBJIDD"]))[0]
    assert "datasets[0] (ADSL) columns is column AGEGR" in told(recipe(columns={"USUBJID": "id", "AGEGR": "x"}))[0]


def test_all_recipes_at_once_and_none_that_only_follows():
    first = recipe({"step": "keep", "where": "AGEE > 70"})
    second = recipe({"step": "keep", "where": "VISIT > 70"}, name="ADVS", source="SV")
    third = recipe(name="ADTTE", source="ADSL")
    assert [fault.split(" steps")[0] for fault in told(first, third, second)] == [
        "datasets[0] (ADSL)",
        "datasets[2] (ADVS)",
    ]


def test_all_columns_of_a_step_at_once():
    assert len(told(recipe({"step": "keep", "where": "A1 > 70 AND B2 = 'x'"}))) == 2


def test_what_a_step_makes_itself_it_need_not_read():
    step = Compute.model_validate({"step": "compute", "columns": {"A": "AGE + 1", "B": "A + 1", "C": "A + B"}})
    assert [read.column for read in reads(step)] == ["AGE"]


def test_what_is_not_derived_and_not_made_has_its_reason():
    made, skipped, faults = derived_from(STUDY, {"DM": DATA["DM"]})
    assert not made
    assert not faults
    assert "are not there" in skipped["ADSL"]
    assert skipped["ADAE"].startswith("ADSL and AE are not there") or "AE" in skipped["ADAE"]
    absent = not_made(STUDY, DATA, skipped)
    assert absent["14-1.01"].startswith("ADSL (")
