"""Transport files that ReadStat (through pyreadstat) wrote, and files of two data sets."""

from __future__ import annotations

from datetime import date, datetime, time

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pivotal.errors import DataError
from pivotal.records.dataset import dataset
from pivotal.records.formats import read_dataset, read_library, write_dataset
from pivotal.records.formats.xpt.layout import RECORD

pyreadstat = pytest.importorskip("pyreadstat")

FRAME = pl.DataFrame({
    "SITE": ["Zürich", None, "x" * 60],
    "AVAL": [0.1, -1e70, None],
    "ADT": [date(2013, 1, 31), None, date(1959, 12, 31)],
    "ADTM": [datetime(2013, 1, 31, 13, 45, 1), None, datetime(1959, 12, 31, 23, 59, 59)],
    "ATM": [time(13, 45), None, time(0, 0)],
})  # fmt: skip


@pytest.mark.parametrize("version", [5, 8])
def test_what_readstat_writes(version, tmp_path):
    path = tmp_path / "x.xpt"
    labels = {"SITE": "Site", "AVAL": "L" * (100 if version == 8 else 40)}
    formats = {"ADT": "DATE9", "ADTM": "DATETIME20", "ATM": "TIME8", "AVAL": "8.2"}
    pyreadstat.write_xport(
        FRAME, path, file_label="A label", column_labels=labels, table_name="ADX", file_format_version=version,
        variable_format=formats,
    )  # fmt: skip
    data = read_dataset(path)
    assert_frame_equal(data.frame, FRAME, check_exact=True)
    assert (data.name, data.label) == ("ADX", "A label")
    assert {c.name: c.label for c in data.columns if c.label} == labels
    assert [c.format for c in data.columns] == [None, "8.2", "DATE9.", "DATETIME20.", "TIME8."]
    assert [c.length for c in data.columns] == [60, 8, 8, 8, 8]


def test_a_file_of_two_data_sets(tmp_path):
    write_dataset(dataset("DM", FRAME.select("SITE")), tmp_path / "dm.xpt")
    write_dataset(dataset("AE", FRAME.select("AVAL")), tmp_path / "ae.xpt")
    both = (tmp_path / "dm.xpt").read_bytes() + (tmp_path / "ae.xpt").read_bytes()[3 * RECORD :]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "both.xpt").write_bytes(both)
    library = read_library(tmp_path / "in")
    assert_frame_equal(library["DM"].frame, FRAME.select("SITE"))
    assert_frame_equal(library["AE"].frame, FRAME.select("AVAL"))
    with pytest.raises(DataError, match=r"2 data sets \(DM, AE\)"):
        read_dataset(tmp_path / "in" / "both.xpt")
