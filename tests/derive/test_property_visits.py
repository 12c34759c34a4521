"""Steps for visits: what rows' order, replicates and empty data may not change, and small cases by hand."""

import polars as pl
import pytest
from pydantic import ValidationError

from pivotal.derive.steps import apply
from pivotal.study.recipe_visits import Baseline, CarryForward, Change, LastValue, Previous, Score, Windows

WINDOWS = Windows.model_validate(
    {
        "step": "windows",
        "distance": "AWTDIFF",
        "windows": [
            {"label": "Baseline", "code": 0, "target": 1, "last": 1},
            {"label": "Week 8", "code": 8, "target": 56, "first": 2, "last": 84},
            {"label": "Week 16", "code": 16, "target": 112, "first": 85},
        ],
    }
)
BASE = Baseline(step="baseline", columns={"BASE": "AVAL"})
CHANGE = Change(step="change", percent="PCHG")
CARRY = CarryForward(step="carry forward", visits=(8, 16), order_by=("ADY",), columns={"DTYPE": "'LOCF'"})
PREVIOUS = Previous(step="previous", order_by=("ADY",), columns={"BEFORE": "AVAL"})
LAST = LastValue(step="last value", order_by=("ADY",), columns={"LAST": "AVAL"})
STEPS = (WINDOWS, BASE, CHANGE, PREVIOUS, LAST, CARRY)


def rows() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "USUBJID": ["1", "1", "1", "2", "2"],
            "PARAMCD": ["X"] * 5,
            "ADY": [1.0, 84.0, 85.0, -3.0, 50.0],
            "AVAL": [10.0, 12.0, None, 0.0, 4.0],
            "ABLFL": ["Y", None, None, "Y", None],
            "DTYPE": pl.Series([None] * 5, dtype=pl.String),
        }
    )


def done(frame: pl.DataFrame) -> pl.DataFrame:
    for step in STEPS:
        frame = apply(step, frame, {})
    return frame


def test_small_case_by_hand() -> None:
    found = done(rows()).sort("USUBJID", "AVISITN")
    assert found["AVISITN"].to_list() == [0, 8, 16, 0, 8, 16]
    assert found["AVAL"].to_list() == [10, 12, None, 0, 4, 4]
    assert found["PCHG"].to_list() == [0, 20, None, None, None, None]
    assert found["BEFORE"].to_list()[:3] == [None, 10, 12]
    assert found["LAST"].to_list()[:3] == [10, 12, 12]
    assert found["DTYPE"].to_list() == [None] * 5 + ["LOCF"]


def test_order_of_rows_does_not_matter() -> None:
    keys = ["USUBJID", "AVISITN"]
    assert done(rows().reverse()).sort(keys).equals(done(rows()).sort(keys))


def test_a_replicate_is_one_more_key() -> None:
    both = pl.concat([rows().with_columns(REPLICATE=pl.lit(k)) for k in (1, 2)])
    found = done(both)
    assert set(found["REPLICATE"]) == {1, 2}
    for _, part in found.group_by("REPLICATE"):
        assert part.drop("REPLICATE").sort("USUBJID", "AVISITN").equals(done(rows()).sort("USUBJID", "AVISITN"))


def test_no_rows_give_no_rows() -> None:
    assert done(rows().clear()).height == 0


def test_score_makes_missing_items_good_in_proportion() -> None:
    step = Score(step="score", into="S", by=("USUBJID",), items={"A": 10, "B": 5, "C": 5}, missing=0.34)
    frame = pl.DataFrame(
        {"USUBJID": ["1"] * 3 + ["2"] * 3, "PARAMCD": [*"ABC"] * 2, "AVAL": [4, 2, None, 4, None, None]}
    )
    assert apply(step, frame, {})["S"].to_list() == [8.0] * 3 + [None] * 3


def test_windows_may_not_share_days() -> None:
    windows = [{"label": "a", "code": 1, "last": 5}, {"label": "b", "code": 2, "first": 5}]
    with pytest.raises(ValidationError, match="share days"):
        Windows.model_validate({"step": "windows", "windows": windows})
