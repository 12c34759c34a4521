"""What does not fit a format is refused before anything is written: all of it at once, in bytes."""

from __future__ import annotations

import struct
from dataclasses import replace
from datetime import date, datetime, time

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pivotal.errors import DataError, UsageError
from pivotal.records.dataset import Column, Dataset, dataset
from pivotal.records.formats import read_dataset, read_library, write_dataset, write_library
from pivotal.records.formats.xpt import ibm

FORMATS = ["xpt", "json", "ndjson", "dsjc", "parquet", "csv"]


def refused(data, path, **options):
    with pytest.raises(DataError) as caught:
        write_dataset(data, path, **options)
    assert not path.exists()
    assert list(path.parent.iterdir()) == []
    return [str(fault) for fault in caught.value.faults]


def test_every_limit_of_version_5_at_once(tmp_path):
    frame = pl.DataFrame({
        "TOOLONGNAME": ["é" * 101, "x"], "9A": [1.0, 1e76], "B": [2**53 + 1, 1], "C": [True, None],
        "D": [date(1500, 1, 1), None], "E": [1e-79, -7.3e75],
    })  # fmt: skip
    data = dataset("TOOLONGDATASET", frame, label="L" * 41, labels={"B": "é" * 21})
    found = refused(data, tmp_path / "x.xpt")
    for words in (
        "data set TOOLONGDATASET: name is 14 bytes", "label is 41 bytes", "TOOLONGNAME: name is 11 bytes",
        "row 1: TOOLONGNAME is 202 bytes", "9A: name is '9A'", "row 2: 9A is 1e+76", "B: label is 42 bytes",
        "row 1: B is 9007199254740993", "C is a column of truth values", "row 1: D is 1500-01-01",
        "row 1: E is 1e-79", "row 2: E is -7.3e+75",
    ):  # fmt: skip
        assert sum(words in text for text in found) == 1, words
    assert len(found) == 12


def test_version_8_holds_more(tmp_path):
    data = Dataset(
        name="LONGNAMEDSET", label="a", frame=pl.DataFrame({"A_LONG_NAME_OF_A_VARIABLE": ["x" * 30_000]}),
        columns=(Column(name="A_LONG_NAME_OF_A_VARIABLE", label="é" * 128, type="text", length=30_000),),
    )  # fmt: skip
    write_dataset(data, tmp_path / "x.xpt", version=8)
    again = read_dataset(tmp_path / "x.xpt")
    assert (again.name, again.columns) == (data.name, data.columns)
    assert again.frame.equals(data.frame)
    (tmp_path / "x.xpt").unlink()
    longer = replace(data, columns=(replace(data.columns[0], label="é" * 129),))
    assert "258 bytes" in refused(longer, tmp_path / "x.xpt", version=8)[0]


def test_a_character_that_the_encoding_has_not(tmp_path):
    data = dataset("DM", pl.DataFrame({"A": ["ok", "α"]}))
    assert "row 2: A is 'α'" in refused(data, tmp_path / "x.xpt", encoding="windows-1252")[0]


def test_a_text_with_a_zero_byte(tmp_path):
    data = dataset("DM", pl.DataFrame({"A": ["ok", "a\0b"]}))
    assert "row 2: A is 'a\\x00b'" in refused(data, tmp_path / "x.xpt")[0]


def test_a_blank_last_row(tmp_path):
    data = dataset("DM", pl.DataFrame({"A": ["x", None]}))
    assert "row 2 is blank" in refused(data, tmp_path / "x.xpt")[0]
    write_dataset(data, tmp_path / "x.xpt", version=8)
    assert read_dataset(tmp_path / "x.xpt").frame.equals(data.frame)


def test_nan_and_infinity_are_no_numbers(tmp_path):
    data = dataset("DM", pl.DataFrame({"A": [np.nan, 1.0, np.inf]}))
    for suffix in FORMATS:
        assert len(refused(data, tmp_path / f"x.{suffix}")) == 2


def test_nothing_of_a_library_is_written_where_one_data_set_is_wrong(tmp_path):
    good, bad = dataset("DM", pl.DataFrame({"A": [1.0]})), dataset("AE", pl.DataFrame({"B": [1e80]}))
    with pytest.raises(DataError):
        write_library({"DM": good, "AE": bad}, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    write_library({"DM": good, "AE": bad}, tmp_path / "out", format="json")
    assert sorted(read_library(tmp_path / "out")) == ["AE", "DM"]
    with pytest.raises(UsageError, match="format"):
        write_library({}, tmp_path / "out", format="xls")
    with pytest.raises(UsageError, match="ends in"):
        write_dataset(good, tmp_path / "x.xls")


def test_special_missing_values_are_kept_or_refused(tmp_path):
    data = dataset("LB", pl.DataFrame({"A": [1.0, None, None, None]}))
    data = replace(data, special={"A": pl.Series("A", [None, "A", "_", None])})
    for suffix in ("xpt", "parquet"):
        write_dataset(data, tmp_path / f"x.{suffix}")
        again = read_dataset(tmp_path / f"x.{suffix}")
        assert again.special["A"].to_list() == [None, "A", "_", None]
        assert again.frame.equals(data.frame)
    raw = (tmp_path / "x.xpt").read_bytes()
    assert raw[raw.index(b"OBS     ") + 60 :][:32] == struct.pack(">Q", 0x4110 << 48) + b"A" + bytes(7) + b"_" + bytes(
        7
    ) + b"." + bytes(7)
    (tmp_path / "o").mkdir()
    assert "row 2: A is .A" in refused(data, tmp_path / "o" / "x.json")[0]
    write_dataset(data, tmp_path / "x.json", drop_special=True)
    assert read_dataset(tmp_path / "x.json").frame.equals(data.frame)


def test_an_empty_data_set_keeps_its_columns(tmp_path):
    frame = pl.DataFrame(schema={"A": pl.String, "B": pl.Float64, "C": pl.Date})
    data = dataset("DM", frame, labels={"A": "a"})
    for suffix in FORMATS:
        write_dataset(data, tmp_path / f"x.{suffix}")
        assert_frame_equal(read_dataset(tmp_path / f"x.{suffix}", columns=data.columns).frame, frame)


def test_times_beyond_the_day_stay_seconds(tmp_path):
    frame = pl.DataFrame({"A": [90_000.0, 5.0]})
    data = Dataset(name="X", frame=frame, columns=(Column(name="A", type="float", length=8, format="TIME8."),))
    write_dataset(data, tmp_path / "x.xpt")
    again = read_dataset(tmp_path / "x.xpt")
    assert again.frame.equals(frame)
    assert again.columns == data.columns


def test_a_short_number_is_written_short_only_where_it_fits(tmp_path):
    columns = tuple(Column(name=name, type="float", length=4) for name in "AB")
    frame = pl.DataFrame({"A": [1.0, 255.0], "B": [0.1, 2.0]})
    write_dataset(Dataset(name="X", frame=frame, columns=columns), tmp_path / "x.xpt")
    again = read_dataset(tmp_path / "x.xpt")
    assert again.frame.equals(frame)
    assert [c.length for c in again.columns] == [4, 8]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_that_fit_are_exact(values):
    array = np.array(values)
    kept = array[ibm.fits(array)]
    back, missing = ibm.decoded(ibm.encoded(kept))
    assert np.array_equal(back, kept)
    assert not missing.any()


def test_numbers_as_sas_writes_them():
    raw = ibm.encoded(np.array([1.0, -118.625, 0.0, np.nan, 0.1]))
    assert [f"{int(word):016x}" for word in raw] == [
        "4110000000000000", "c276a00000000000", "0000000000000000", "2e00000000000000", "401999999999999a",
    ]  # fmt: skip


TEXT = st.text(st.characters(exclude_categories=["C"], max_codepoint=0x2FFF), max_size=20).map(
    lambda text: text.rstrip(" ") or None
)
COLUMNS = {
    "T": TEXT,
    "F": st.none() | st.floats(-1e70, 1e70).filter(lambda x: x == 0 or abs(x) > 1e-70),
    "D": st.none() | st.dates(date(1600, 1, 1), date(9999, 12, 31)),
    "M": st.none() | st.datetimes(datetime(1600, 1, 1), datetime(2200, 1, 1)).map(lambda m: m.replace(microsecond=0)),
    "H": st.none() | st.times().map(lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000)),
}
SCHEMA = {"T": pl.String, "F": pl.Float64, "D": pl.Date, "M": pl.Datetime("us"), "H": pl.Time}


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(*COLUMNS.values()), max_size=8))
@pytest.mark.parametrize("suffix", FORMATS)
def test_round_trips_lose_nothing(suffix, rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("x") / f"x.{suffix}"
    data = dataset("X", pl.DataFrame(rows, schema=SCHEMA, orient="row"), label="Größe", labels={"T": "Text, “so”"})
    write_dataset(data, path, encoding="utf-8")
    again = read_dataset(path, columns=data.columns, encoding="utf-8")
    assert_frame_equal(again.frame, data.frame, check_exact=True)
    if suffix != "csv":
        assert again.label == data.label
        assert [c.label for c in again.columns] == [c.label for c in data.columns]
        assert [c.type for c in again.columns] == [c.type for c in data.columns]


def test_the_time_of_day_is_a_time(tmp_path):
    frame = pl.DataFrame({"H": [time(0, 0), time(23, 59, 59, 999_999)]})
    write_dataset(dataset("X", frame), tmp_path / "x.xpt")
    assert read_dataset(tmp_path / "x.xpt").frame.equals(frame)
