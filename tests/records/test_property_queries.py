"""Queries of the user's own file: both shapes read alike, every fault at once, and topics that use them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pivotal.derive.topics import NotCountableError, in_topic, scopes
from pivotal.errors import DataError
from pivotal.records.dataset import dataset
from pivotal.records.queries import queries, query_of, read_queries
from pivotal.study.topics import Topic

ONE = """PREFIX,GRPNAME,GRPID,SCOPE,SCOPEN,SRCVAR,TERMCHAR,TERMNUM
SMQ02,Thyroid,20000160,BROAD,1,AEDECOD,TSH ABNORMAL,
SMQ02,Thyroid,20000160,NARROW,2,AEDECOD,BIOPSY INCREASED,
CQ06,Colitis,10009888,,,AELLTCD,,1
"""
OTHER = """termchar,scope,smq_name,smq_id,version,termvar
TSH abnormal,broad,Thyroid,20000160,20.1,AEDECOD
Biopsy increased,narrow,Thyroid,20000160,20.1,AEDECOD
"""
EVENTS = pl.DataFrame(
    {"AEDECOD": ["Biopsy increased", "TSH ABNORMAL", "Headache", None], "AELLTCD": [None, None, 1, None]}
)


def _topic(**query: str) -> Topic:
    return Topic.model_validate({"name": "t", "label": "T", "query": query})


def _file(folder: Path, text: str) -> Path:
    path = folder / "own.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", [ONE, OTHER])
def test_narrow_and_broad(tmp_path: Path, text: str) -> None:
    data = {"QUERIES": read_queries(_file(tmp_path, text))}
    for topic in (_topic(name="thyroid"), _topic(id="20000160")):
        assert scopes(topic, data) == ("narrow", "broad")
        assert in_topic(topic, EVENTS, data, "narrow").to_list() == [True, False, False, False]
        assert in_topic(topic, EVENTS, data, "broad").to_list() == [True, True, False, False]


def test_terms_by_number(tmp_path: Path) -> None:
    data = {"QUERIES": read_queries(_file(tmp_path, ONE))}
    assert in_topic(_topic(name="Colitis"), EVENTS, data, "narrow").to_list() == [False, False, True, False]


def test_every_fault_at_once(tmp_path: Path) -> None:
    text = (
        "GRPNAME,SCOPE,SRCVAR,TERMCHAR,TERMNUM\n,NARROW,AEDECOD,X,\nA,WIDE,AEDECOD,Y,\nA,,AEDECOD,,\nA,,AELLTCD,,1x\n"
    )
    with pytest.raises(DataError) as raised:
        read_queries(_file(tmp_path, text))
    rows = [str(fault).split(": ")[1:3] for fault in raised.value.faults]
    assert [row[0] for row in rows] == ["row 1", "row 2", "row 3", "row 4"]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="GRPNAME or SMQ_NAME"):
        read_queries(_file(tmp_path, "SRCVAR,TERMCHAR\nAEDECOD,X\n"))


def test_an_unknown_query_has_its_neighbour_named(tmp_path: Path) -> None:
    known = queries(read_queries(_file(tmp_path, ONE)))
    with pytest.raises(DataError, match="Did you mean 'Thyroid'"):
        query_of(known, "Tyroid", None)


def test_what_is_not_there_is_no_nought() -> None:
    with pytest.raises(NotCountableError, match="QUERIES, which is not there"):
        in_topic(_topic(name="Thyroid"), EVENTS, {}, "narrow")
    asked = Topic.model_validate({"name": "t", "label": "T", "where": "AEACN = 'DRUG WITHDRAWN'"})
    with pytest.raises(NotCountableError, match="no column AEACN"):
        in_topic(asked, EVENTS, {"AE": dataset("AE", EVENTS)}, "")
