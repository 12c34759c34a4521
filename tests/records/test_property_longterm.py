"""The data sets of the periods: written and read back the same; what cannot be is named with file, row and patient."""

from dataclasses import fields

import numpy as np
import polars as pl
import pytest

from pivotal import api
from pivotal.errors import DataError
from pivotal.records import load_data, write
from pivotal.study import load


@pytest.fixture(scope="module")
def drawn():
    study = load("true-ad3")
    return study, api.draw(study, seed=3)


@pytest.fixture
def folder(drawn, tmp_path):
    write(*drawn, tmp_path)
    return tmp_path


@pytest.mark.parametrize("kept", [".parquet", ".csv"])
def test_reading_back_gives_the_same(drawn, folder, kept):
    study, trials = drawn
    for path in folder.iterdir():
        if path.suffix in {".parquet", ".csv"} and path.suffix != kept:
            path.unlink()
    found, made = load_data(study, folder).longterm, trials.longterm
    for one in ("periods", "sequences", "visits", "reasons", "onto", "first_day", "terms"):
        assert getattr(found, one) == getattr(made, one)
    for one in ("blinded_end", "sequence", "end_day", "reason"):
        np.testing.assert_array_equal(getattr(found, one), getattr(made, one))
    assert found.values.keys() == made.values.keys()
    for key, column in made.values.items():
        np.testing.assert_array_equal(found.values[key], column)
    for rows in ("courses", "events"):
        for field in fields(getattr(made, rows)):
            mine = getattr(getattr(found, rows), field.name)
            np.testing.assert_array_equal(mine, getattr(getattr(made, rows), field.name))
            assert mine.dtype == getattr(getattr(made, rows), field.name).dtype


def test_a_trial_without_periods_leaves_none_behind(drawn, folder):
    from dataclasses import replace

    study, trials = drawn
    write(study, replace(trials, longterm=None), folder)
    assert load_data(study, folder).longterm is None


@pytest.mark.parametrize(
    ("name", "column", "value", "said"),
    [
        ("adae", "AESEV", "TERRIBLE", "AESEV is one of MILD, MODERATE, SEVERE"),
        ("adae", "AENDY", 0, "whole study day"),
        ("adae", "USUBJID", "NOBODY", "USUBJID is one of"),
        ("adlt", "AVISIT", "Week 99", "AVISIT is one of Week 12"),
        ("adper", "TRTA", "Placebo", "TRTA is one of"),
        ("addose", "ASTDY", 400, "an end is not before its start"),
    ],
)
def test_what_cannot_be_is_named(drawn, folder, name, column, value, said):
    path = folder / f"{name}.parquet"
    frame = pl.read_parquet(path)
    first = pl.int_range(pl.len()) == 0
    changed = frame.with_columns(pl.when(first).then(pl.lit(value)).otherwise(column).alias(column))
    changed.write_parquet(path)
    with pytest.raises(DataError) as caught:
        load_data(drawn[0], folder)
    assert said in str(caught.value)
    assert f"{name}.parquet row 1, patient" in str(caught.value)
