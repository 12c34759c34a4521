"""A table that its data set cannot answer: which table, which column, and every such table at once."""

from __future__ import annotations

import polars as pl
import pytest

from pivotal.errors import DataError
from pivotal.plan.tables import not_made, table_rows
from pivotal.records.dataset import dataset
from pivotal.study import load
from pivotal.study.tables import Flags

ADSL = dataset("ADSL", pl.DataFrame({"USUBJID": ["1", "2"], "TRT01P": ["Placebo"] * 2, "ITTFL": ["Y", "N"]}))


def study(*tables):
    made = [Flags.model_validate({"kind": "flags", "title": "t", "dataset": "ADSL"} | table) for table in tables]
    return load("cdisc-pilot-01").model_copy(update={"tables": tuple(made)})


def test_every_table_names_its_column():
    wrong = {"id": "1", "flags": {"ITTFL": "ITT"}, "subjects": "ITTF = 'Y'"}
    other = {"id": "2", "flags": {"ITTFL": "ITT"}, "subjects": "ITTFL = 1"}
    with pytest.raises(DataError) as caught:
        table_rows(study(wrong, other), {"ADSL": ADSL})
    first, second = (str(fault) for fault in caught.value.faults)
    assert first.startswith("tables[0] (1) of ADSL: table 1: subjects is of the column 'ITTF'")
    assert first.endswith("Did you mean 'ITTFL'?")
    assert second.startswith("tables[1] (2) of ADSL is not possible with these columns")


def test_a_table_without_its_data_set_is_not_made_and_says_why():
    absent = study({"id": "1", "flags": {"ITTFL": "ITT"}, "dataset": "ADAE"}, {"id": "2", "flags": {"ITTFL": "ITT"}})
    assert {row.key.analysis for row in table_rows(absent, {"ADSL": ADSL})} == {"2"}
    assert not_made(absent, {"ADSL": ADSL}, {"ADAE": "AE is not there"}) == {"1": "ADAE (AE is not there) is not there"}
