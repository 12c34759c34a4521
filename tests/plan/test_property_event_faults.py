"""What a study file asks of event data that they lack: said with table, key and nearest column; topics stand alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import TypeAdapter

from pivotal.errors import DataError, StudyError
from pivotal.plan.tables import rows_of
from pivotal.records.dataset import Dataset, dataset
from pivotal.study import read, source_text
from pivotal.study.tables import Table
from pivotal.study.topics import Topic

ADSL = pl.DataFrame({"USUBJID": ["1", "2"], "TRT01A": ["P", "Q"], "SAFFL": ["Y", "Y"]})
ADAE = pl.DataFrame(
    {"USUBJID": ["1", "1"], "AEBODSYS": ["a", "b"], "AEDECOD": ["x", "y"], "AESER": ["Y", "N"], "AESEV": ["MILD"] * 2}
)
QUERIES = pl.DataFrame({"GRPNAME": ["Falls"], "SRCVAR": ["AEDECOD"], "TERMCHAR": ["X"]})


def library(adae: pl.DataFrame = ADAE) -> dict[str, Dataset]:
    return {"ADSL": dataset("ADSL", ADSL), "ADAE": dataset("ADAE", adae), "QUERIES": dataset("QUERIES", QUERIES)}


def rows(topics: tuple[dict[str, Any], ...] = (), adae: pl.DataFrame = ADAE, **table: Any) -> list[Any]:
    made = TypeAdapter(Table).validate_python({"id": "14-5.9", "title": "T", "dataset": "ADAE"} | table)
    known = tuple(Topic.model_validate({"label": t["name"], "assumed": "so"} | t) for t in topics)
    arms = tuple(SimpleNamespace(name=n) for n in "PQ")
    study: Any = SimpleNamespace(conventions="sas", arms=arms, control=0, topics=known)
    return list(rows_of(made, study, library(adae)))


@pytest.mark.parametrize("kind", ["adverse events", "incidence", "safety topics", "signal screen"])
@pytest.mark.parametrize(
    ("key", "condition", "said"),
    [
        ("where", "AESERR = 'Y'", r"table 14-5\.9: where is of the column 'AESERR'; ADAE .* Did you mean 'AESER'"),
        ("subjects", "SAFF = 'Y'", r"table 14-5\.9: subjects is of the column 'SAFF'; ADSL .* Did you mean 'SAFFL'"),
    ],
)
def test_a_condition_on_a_column_that_is_not_there(kind: str, key: str, condition: str, said: str) -> None:
    arms = {"arm": "Q", "comparator": "P", "treatment": "TRT01A"} if kind == "signal screen" else {}
    with pytest.raises(DataError, match=said):
        rows(kind=kind, **{key: condition}, **arms)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"levels": ["AEHLTT"]}, r"table 14-5\.9 is of the column 'AEHLTT'"),
        ({"split": {"column": "AESEVV", "categories": {"MILD": "Mild"}}}, "Did you mean 'AESEV'"),
        ({"treatment": "TRT01"}, "the treatment of who is at risk is of the column 'TRT01'.*'TRT01A'"),
        ({"event_treatment": "TRTA"}, "event_treatment is of the column 'TRTA'"),
        ({"at_risk": {"dataset": "ADPR"}}, "at_risk.dataset is 'ADPR'"),
        ({"at_risk": {"where": "APERIOD = 1"}}, "at_risk.where is of the column 'APERIOD'"),
    ],
)
def test_columns_and_data_sets_that_a_table_names(more: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        rows(kind="adverse events", **more)


def counted(found: list[Any]) -> dict[str, tuple[float, str | None]]:
    return {
        dict(r.key.groups)["topic"]: (float(r.value[0]), r.reason[0] if r.reason else None)
        for r in found
        if r.key.statistic == "n" and r.key.arm == "P" and r.key.groups
    }


def test_a_topic_that_cannot_be_counted_does_not_stop_the_others() -> None:
    topics = (
        {"name": "misspelt", "where": "AESERR = 'Y'"},
        {"name": "no comparison", "where": "AESEV + 1 > 2"},
        {"name": "no column", "lists": [{"column": "AEHLT", "terms": ["z"]}]},
        {"name": "of patients", "patients": "DTHFL = 'Y'"},
        {"name": "no file", "query": {"name": "Falls", "dataset": "OTHERS"}},
        {"name": "good", "where": "AESER = 'Y'"},
    )
    found = counted(rows(topics, kind="safety topics"))
    assert found["good"] == (1.0, None)
    for name, said in {
        "misspelt": "the events have no column AESERR. Did you mean 'AESER'?",
        "no comparison": "AESEV + 1 > 2 cannot be answered",
        "no column": "the events have no column AEHLT",
        "of patients": "ADSL has no column DTHFL",
        "no file": "the query Falls is looked for in OTHERS, which is not there",
    }.items():
        value, reason = found[name]
        assert np.isnan(value)
        assert reason is not None
        assert reason.startswith(said)


def test_without_any_event_a_missing_column_is_still_missing() -> None:
    topics = ({"name": "misspelt", "where": "AESERR = 'Y'"}, {"name": "good", "where": "AESER = 'Y'"})
    found = counted(rows(topics, adae=ADAE.head(0), kind="safety topics"))
    assert np.isnan(found["misspelt"][0])
    assert found["good"] == (0.0, None)


def test_every_unknown_query_is_named_with_its_table_and_topic() -> None:
    topics = (
        {"name": "falls", "query": {"name": "Fall"}},
        {"name": "good", "query": {"name": "FALLS"}},
        {"name": "numbered", "query": {"id": "7"}},
    )
    with pytest.raises(DataError) as error:
        rows(topics, kind="safety topics")
    said = [str(fault) for fault in error.value.faults]
    assert len(said) == 2
    assert said[0].startswith("table 14-5.9, topic 'falls': a topic's query is 'Fall'")
    assert "Did you mean 'Falls'" in said[0]
    assert "topic 'numbered'" in said[1]
    assert counted(rows(topics[1:2], kind="safety topics")) == {"good": (1.0, None)}


def test_a_table_of_a_topic_that_the_study_lacks_is_refused_at_the_door() -> None:
    text = source_text("true-ad3")
    table = '\n[[tables]]\nid = "T"\ntitle = "T"\nkind = "safety topics"\ntopics = ["malignancy"]\nassumed = "so"\n'
    with pytest.raises(StudyError, match=r"no topic has this name. Did you mean 'malignancies'"):
        read(text + table)
