"""A define.xml of what recipes derive: every step has words, every variable an origin, every reference resolves."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import polars as pl
import pytest

import pilot
from pivotal import api
from pivotal.derive.prepared import prepare
from pivotal.derive.recipes import derive
from pivotal.records.dataset import dataset
from pivotal.records.define import check_define, from_recipes, open_define, write_define
from pivotal.records.define.steps import told
from pivotal.study.recipes import Recipe, Step

PEOPLE = dataset(
    "DM",
    pl.DataFrame({
        "USUBJID": ["1", "2"], "AGE": [60.0, 70.0], "ARM": ["Placebo", "Drug"], "RFSTDTC": ["2020-01-01", "2020-02"],
    }),
    labels={"AGE": "Age"},
)  # fmt: skip
RECIPE = Recipe.model_validate({
    "name": "ADSL", "label": "Subjects", "structure": "subject level", "keys": ["USUBJID"], "from": "DM",
    "columns": {"USUBJID": "Subject", "YEARS": "Age", "AGEGR1": "Group", "AGEGR1N": "Group (N)", "TRT01PN": "Arm (N)",
                "TRTSDT": "Start", "PHASE": "Phase", "OLD": "Old"},
    "steps": [
        {"step": "keep", "where": "ARM IS NOT NULL"},
        {"step": "rename", "columns": {"YEARS": "AGE"}},
        {"step": "groups", "column": "YEARS", "into": "AGEGR1", "code": "AGEGR1N",
         "groups": [{"label": "<65", "code": 1, "below": 65}, {"label": "65+", "code": 2, "at_least": 65}]},
        {"step": "codes", "column": "ARM", "into": "TRT01PN", "values": {"Placebo": 0, "Drug": 1}},
        {"step": "dates", "columns": {"TRTSDT": "RFSTDTC"}},
        {"step": "compute", "columns": {"PHASE": "'III'"}},
        {"step": "flags", "columns": {"OLD": "YEARS > 65"}},
    ],
})  # fmt: skip


def test_every_step_has_words() -> None:
    union = get_args(get_args(Step)[0])
    assert len(union) > 20
    for model in union:
        assert told.dispatch(model) is not told.dispatch(object), f"no words for {model.__name__}"


def test_origins_methods_and_code_lists(tmp_path: Path) -> None:
    study = api.load("true-ad3").model_copy(update={"datasets": (RECIPE,)})
    write_define(from_recipes(study, derive((RECIPE,), {"DM": PEOPLE})), tmp_path / "define.xml")
    found = open_define(tmp_path / "define.xml")
    adsl = found.datasets["ADSL"]
    assert adsl.comment == "From DM. Rows are kept where ARM IS NOT NULL."
    assert (adsl.class_, adsl.keys, adsl.label) == ("SUBJECT LEVEL ANALYSIS DATASET", ("USUBJID",), "Subjects")
    origins = {v.name: (v.origin.type, v.origin.text or v.method or v.comment) for v in adsl.variables if v.origin}
    assert origins == {
        "USUBJID": ("Predecessor", "DM.USUBJID"),
        "YEARS": ("Predecessor", "DM.AGE"),
        "AGEGR1": ("Derived", "Group of YEARS. <65 (1): YEARS below 65; 65+ (2): YEARS at least 65."),
        "AGEGR1N": ("Derived", "Number of the group AGEGR1."),
        "TRT01PN": ("Derived", "By ARM. Placebo: 0; Drug: 1."),
        "TRTSDT": ("Derived", "The date of RFSTDTC, missing where it is partial."),
        "PHASE": ("Assigned", "'III' in every row."),
        "OLD": ("Derived", "Y where YEARS > 65; else N."),
    }
    dated = adsl.variable("TRTSDT")
    assert (dated.type, dated.format, adsl.variable("YEARS").type) == ("integer", "DATE9.", "integer")
    lists = {oid: each.decodes for oid, each in found.codelists.items()}
    assert lists == {
        "CL.ADSL.AGEGR1": {"<65": "<65", "65+": "65+"},
        "CL.ADSL.AGEGR1N": {"1": "<65", "2": "65+"},
        "CL.ADSL.TRT01PN": {"0": "Placebo", "1": "Drug"},
    }


@pytest.mark.slow
def test_the_pilot_s_derived_data_sets_break_no_rule(tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.mkdir()
    for path in (*pilot.sdtm().iterdir(), *(pilot.folder() / "sdtm_csv").iterdir()):
        (place / path.name).symlink_to(path)
    study = api.load("cdisc-pilot-01")
    prepared = prepare(study, place)
    derived = {name: prepared.library[name] for name in prepared.derived}
    assert {"ADSL", "ADAE", "ADTTE", "ADQSADAS"} <= set(derived)
    write_define(from_recipes(study, derived), tmp_path / "define.xml")
    assert check_define(tmp_path / "define.xml") == []
    found = open_define(tmp_path / "define.xml")
    for name, data in derived.items():
        assert [v.name for v in found.datasets[name].variables] == data.frame.columns
    aval = found.datasets["ADQSADAS"].variable("AVAL")
    assert {level.where[0].values[0] for level in aval.values} == set(derived["ADQSADAS"].frame["PARAMCD"])
