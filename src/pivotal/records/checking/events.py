"""The rules of events (`records.event_checks`) as findings."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from pivotal.errors import Fault
from pivotal.records.checking.finding import SCHEMA, SUBJECT
from pivotal.records.dataset import Library
from pivotal.records.event_checks import event_faults
from pivotal.study.model import Study

_PLACE = re.compile(r".*?: row (?P<row>\d+): (?:patient (?P<patient>.*): )?(?P<what>[^:]*)")
RULE = "events"
ELSEWHERE = ("every patient with an event is in", "an event is somebody's", "the scale has")
"""What other rules tell already: unknown patients, keys that are empty, words that are no terms."""


def events(study: Study, data: Library) -> Iterator[pl.DataFrame]:
    """Events before birth or after death, ends before starts, two deaths, and exposure of no day."""
    pairs = [("AE", "DM"), ("ADAE", "ADSL")]
    for name, people in pairs:
        if name in data and people in data and all(SUBJECT in data[n].frame.columns for n in (name, people)):
            found = event_faults(data, events=name, subjects=people)
            rows = [_row(fault, name, people) for fault in found if not fault.allowed.startswith(ELSEWHERE)]
            yield pl.DataFrame(rows, schema=SCHEMA)


def _row(fault: Fault, events: str, people: str) -> dict[str, object]:
    place = _PLACE.fullmatch(fault.where)
    assert place is not None
    of_people = place["what"] in ("TRTEDT", "TRTDUR", "EXDUR", "DTHDT", "DTHDTC")
    return {
        "severity": "error",
        "dataset": people if of_people else events,
        "row": int(place["row"]),
        "patient": place["patient"],
        "rule": RULE,
        "variable": place["what"],
        "value": fault.found,
        "says": fault.allowed,
        "mend": fault.mend,
        "rows": 1,
    }
