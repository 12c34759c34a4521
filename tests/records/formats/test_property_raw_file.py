"""A raw file of a study's `[data]` may be a transport file or Dataset-JSON as well."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pivotal.records.dataset import dataset
from pivotal.records.faults import Findings
from pivotal.records.formats import write_dataset
from pivotal.records.opening import open_file
from pivotal.records.table import ROW

FRAME = pl.DataFrame({"SUBJID": ["1001", "1002"], "AGE": [6.0, None], "SEX": ["F", None]})


@pytest.mark.parametrize("suffix", ["xpt", "json", "ndjson", "dsjc"])
def test_it_opens_as_a_parquet_file_does(suffix, tmp_path):
    for each in (suffix, "parquet"):
        write_dataset(dataset("RAW", FRAME), tmp_path / f"raw.{each}")
    findings = Findings()
    one, other = (open_file(tmp_path / f"raw.{each}", "ADSL", findings) for each in (suffix, "parquet"))
    assert not findings
    assert_frame_equal(one.frame, other.frame)
    assert one.frame[ROW].to_list() == [1, 2]


def test_its_faults_are_noted(tmp_path):
    (tmp_path / "raw.xpt").write_bytes(b"nothing of the kind")
    findings = Findings()
    assert open_file(tmp_path / "raw.xpt", "ADSL", findings) is None
    assert "no SAS transport file" in str(findings.error())
