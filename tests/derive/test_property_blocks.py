"""Recipes run for some patients at a time give what they give for all at once, whatever a block holds."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pivotal.derive.blocks import across_patients, derive_in_blocks
from pivotal.derive.recipes import derive
from pivotal.errors import DataError
from pivotal.plan.tables import cells, rows_of
from pivotal.records.dataset import Dataset, dataset
from pivotal.records.stored import Stored
from pivotal.study import load
from pivotal.study.recipes import Recipe

STUDY = load("cdisc-pilot-01")
NAMES = ("ADLBC", "ADLBH", "ADLBHY", "ADLBCTOX")
RECIPES = tuple(recipe for recipe in STUDY.datasets if recipe.name in NAMES)
CATEGORY = {"ALT": "CHEMISTRY", "AST": "CHEMISTRY", "BILI": "CHEMISTRY", "HGB": "HEMATOLOGY", "EOS": "HEMATOLOGY"}
ARMS = ("Placebo", "Xanomeline Low Dose", "Xanomeline High Dose")
PATIENTS = 12


def collected() -> dict[str, Dataset]:
    """ADSL of twelve patients, and LB: five tests at six visits, with values missing and beyond their range."""
    names = [f"P{n:02d}" for n in range(PATIENTS)]
    adsl = pl.DataFrame({"STUDYID": "S", "USUBJID": names, "SUBJID": names}).with_columns(
        *(
            pl.lit(value).alias(name)
            for name, value in (("AGEGR1", "<65"), ("RACE", "WHITE"), ("SEX", "F"), ("SAFFL", "Y"))
        ),
        *(pl.lit(1.0).alias(name) for name in ("AGE", "AGEGR1N", "RACEN")),
        *(pl.lit(None, dtype=pl.String).alias(name) for name in ("COMP24FL", "DSRAEFL")),
        *(pl.date(2014, 1, day).alias(name) for name, day in (("TRTSDT", 1), ("TRTEDT", 28))),
        TRT01P=pl.Series([ARMS[n % 3] for n in range(PATIENTS)]),
        TRT01PN=pl.Series([float(n % 3) for n in range(PATIENTS)]),
    )
    adsl = adsl.with_columns(TRT01A="TRT01P", TRT01AN="TRT01PN")
    rows = pl.DataFrame({"USUBJID": names}).join(pl.DataFrame({"VISITNUM": [1.0, 3, 4, 5, 7, 201]}), how="cross")
    rows = rows.join(pl.DataFrame({"LBTESTCD": list(CATEGORY), "LBCAT": list(CATEGORY.values())}), how="cross")
    value = (pl.col("USUBJID") + pl.col("LBTESTCD") + pl.col("VISITNUM").cast(pl.String)).hash(seed=1) % 100
    haemoglobin = pl.col("LBTESTCD") == "HGB"  # limits that differ: Polars divides by a constant in another way
    lb = rows.with_columns(
        STUDYID=pl.lit("S"),
        LBSEQ=pl.int_range(pl.len()).over("USUBJID").cast(pl.Float64),
        LBSTRESN=pl.when(value % 11 != 0).then(value.cast(pl.Float64)),
        LBSTNRLO=pl.when(haemoglobin).then(10.0).otherwise(20.0),
        LBSTNRHI=pl.when(haemoglobin).then(40.0).otherwise(50.0),
        LBDTC=pl.lit("2014-01-02T10:15"),
        LBDY=pl.col("VISITNUM"),
    )
    return {"ADSL": dataset("ADSL", adsl), "LB": dataset("LB", lb)}


def stored(data: dict[str, Dataset], folder: Path) -> dict[str, Dataset]:
    for name, one in data.items():
        one.frame.write_parquet(folder / f"{name}.parquet", row_group_size=7)
    return {name: Stored(name, [folder / f"{name}.parquet"]) for name in data}


@pytest.mark.parametrize("rows", [1, 70, 10**6])
@pytest.mark.parametrize("on_disk", [False, True])
def test_blocks_are_the_whole(tmp_path: Path, rows: int, on_disk: bool) -> None:
    data = collected()
    whole = derive(RECIPES, data)
    found = derive_in_blocks(RECIPES, stored(data, tmp_path) if on_disk else data, tmp_path / "out", rows=rows)
    assert list(found) == list(whole) == list(NAMES)
    for name, one in found.items():
        assert isinstance(one, Stored)
        assert len(one.pieces) == {1: PATIENTS, 70: 5, 10**6: 1}[rows]
        assert (one.label, one.columns) == (whole[name].label, whole[name].columns)
        assert one.frame.height > 0
        assert one.frame.equals(whole[name].frame)
        assert one.frame.schema == whole[name].frame.schema


def test_data_in_memory_need_not_be_sorted_by_patient(tmp_path: Path) -> None:
    data = collected()
    mixed = data["LB"].frame.sort("VISITNUM", "LBTESTCD", descending=True)
    found = derive_in_blocks(RECIPES, data | {"LB": dataset("LB", mixed)}, tmp_path / "out", rows=1)
    for name, one in derive(RECIPES, data).items():
        keys = one.frame.columns
        assert found[name].frame.sort(keys).equals(one.frame.sort(keys))


def test_replicates_are_in_one_block(tmp_path: Path) -> None:
    data = {
        name: dataset(name, pl.concat([one.frame.with_columns(REPLICATE=pl.lit(k)) for k in (1, 2)]))
        for name, one in collected().items()
    }
    found = derive_in_blocks(RECIPES[:2], data, tmp_path / "out", rows=100)
    alone = derive(RECIPES[:2], collected())
    for name, one in found.items():
        for k in (1, 2):
            part = one.frame.filter(pl.col("REPLICATE") == k).drop("REPLICATE")
            assert part.equals(alone[name].frame.select(part.columns))


def test_rows_without_a_patient_are_not_lost(tmp_path: Path) -> None:
    recipe = made(steps=[{"step": "flags", "columns": {"F": "AVAL > 1"}}])
    lab = dataset("LB", pl.DataFrame({"USUBJID": ["1", None, "2"], "AVAL": [1.0, 2.0, 3.0]}))
    for name, data in (("memory", {"LB": lab}), ("disk", stored({"LB": lab}, tmp_path))):
        found = derive_in_blocks([recipe], data, tmp_path / name, rows=1)["X"].frame
        assert found.equals(derive((recipe,), {"LB": lab})["X"].frame)


def test_no_rows_are_one_empty_piece(tmp_path: Path) -> None:
    empty = {name: one.with_frame(one.frame.clear()) for name, one in collected().items()}
    found = derive_in_blocks(RECIPES, empty, tmp_path / "out")
    for name, one in derive(RECIPES, empty).items():
        assert found[name].frame.equals(one.frame)


def made(**more: object) -> Recipe:
    common = {"name": "X", "label": "X", "structure": "other", "keys": ["USUBJID"], "from": "LB"}
    return Recipe.model_validate(common | more)


POOL = {"step": "pool", "column": "SITE", "into": "P", "across": "ARM", "least": 2, "label": "900"}


def test_a_recipe_that_looks_across_patients_is_run_whole(tmp_path: Path) -> None:
    rows = {"USUBJID": ["1", "2", "3"], "SITE": ["a", "a", "b"], "ARM": ["P", "P", "P"]}
    pooled = made(steps=[POOL])
    after = made(name="Y", steps=[{"step": "join", "from": "X", "columns": {"P": "P"}}])
    data = {"LB": dataset("LB", pl.DataFrame(rows))}
    found = derive_in_blocks([pooled, after], data, tmp_path / "out", rows=1)
    assert found["X"].frame["P"].to_list() == found["Y"].frame["P"].to_list() == ["a", "a", "900"]
    assert (type(found["X"]), type(found["Y"])) == (Dataset, Stored)


@pytest.mark.parametrize(
    ("more", "across"),
    [
        ({}, False),
        ({"steps": [POOL]}, True),
        ({"keys": ["STUDYID", "USUBJID"]}, False),
        ({"keys": ["SITE", "USUBJID"]}, True),
        ({"keys": ["SITE"]}, True),
        ({"from": "TV"}, True),
        ({"steps": [{"step": "join", "from": "TV", "by": ["VISITNUM"], "columns": {"A": "A"}}]}, False),
        ({"steps": [{"step": "join", "from": "LB", "by": ["VISITNUM"], "columns": {"A": "A"}}]}, True),
        ({"steps": [{"step": "summaries", "by": ["VISITNUM"]}]}, True),
        ({"steps": [{"step": "summaries", "by": ["USUBJID", "VISITNUM"]}]}, False),
    ],
)
def test_which_recipes_look_across_patients(more: dict[str, object], across: bool) -> None:
    visits = dataset("TV", pl.DataFrame({"VISITNUM": [1.0], "A": [1.0]}))
    known = {"LB": dataset("LB", pl.DataFrame({"USUBJID": ["1"], "VISITNUM": [1.0], "A": [1.0]})), "TV": visits}
    assert across_patients(made(**more), known) == across


def test_faults_of_all_blocks_are_told_once_and_nothing_is_left(tmp_path: Path) -> None:
    step = {"step": "codes", "column": "SEX", "into": "SEXN", "values": {"M": 1}}
    data = {"LB": dataset("LB", pl.DataFrame({"USUBJID": ["1", "2", "3", "4"], "SEX": ["F", "M", "U", "F"]}))}
    with pytest.raises(DataError) as caught:
        derive_in_blocks([made(steps=[step])], data, tmp_path / "out", rows=1)
    assert [fault.found for fault in caught.value.faults] == ["'F'", "'U'"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at_once", [1, 300])
def test_tables_of_pieces_a_few_parameters_at_a_time_are_those_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    data = collected()
    whole = data | derive(RECIPES, data)
    pieces = data | derive_in_blocks(RECIPES, data, tmp_path / "out", rows=70)
    tables = [table for table in STUDY.tables if table.id in ("14-6.01", "14-6.02", "14-6.05", "14-6.06")]
    expected = [(row.key, row.value.tolist(), row.reason) for table in tables for row in rows_of(table, STUDY, whole)]
    monkeypatch.setattr(cells, "AT_ONCE", at_once)
    found = [(row.key, row.value.tolist(), row.reason) for table in tables for row in rows_of(table, STUDY, pieces)]
    assert len(tables) == 4
    assert str(found) == str(expected)  # by their text, in which a NaN is a NaN
