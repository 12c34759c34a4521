"""Safety topics: patients, events and rates of each, in its narrow and its broad scope, and without contested terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from pivotal.derive.first_event import first_events
from pivotal.derive.occurrence import Occurrences, coded, count, occurrences
from pivotal.derive.topics import NotCountableError, answered, in_topic, scopes
from pivotal.errors import DataError, Fault, nearest
from pivotal.plan.tables.events import (
    Setting,
    counted,
    estimated,
    left_out,
    pair,
    risk_differences,
    setting,
)
from pivotal.plan.tables.incidence import exposed, per_years, unknown_exposure
from pivotal.plan.tables.table import key, required, rows_of, selected, subjects
from pivotal.records.dataset import Library
from pivotal.stats.incidence import DAYS
from pivotal.study.event_tables import SafetyTopics
from pivotal.study.model import Study
from pivotal.study.topic_words import definition
from pivotal.study.topics import Topic
from pivotal.trials import Row

ROW = "row of events"


@rows_of.register
def safety_topics(table: SafetyTopics, study: Study, data: Library) -> Iterator[Row]:
    """For each topic and scope: counts, `patient_years`, rate; `n_without` each contested term.

    A row's `where` is the topic's definition in words. A topic that the data cannot answer has one row `n` without a
    number, whose reason says what is missing. A fault of the file of queries stops the table, once all topics are
    counted, with every fault of every topic.
    """
    _known(table, study)
    where = setting(table, study, data)
    rows = selected(table, data).with_row_index(ROW)
    if table.event_treatment is not None:
        required(rows, [table.event_treatment], f"table {table.id}: event_treatment", table.dataset)
    events = occurrences(rows, where.people, columns=[ROW], treatment=table.event_treatment, onset=table.onset)
    faults: list[Fault] = []
    for topic in study.topics:
        if not table.topics or topic.name in table.topics:
            try:
                yield from _of_topic(table, topic, data, where, rows, events)
            except NotCountableError as error:
                yield from _not_countable(table, topic, where, str(error))
            except DataError as error:
                faults += placed(error, f"table {table.id}, topic {topic.name!r}")
    if faults:
        raise DataError(faults)
    yield from left_out(table, events)
    yield from unknown_exposure(table, where)


def placed(error: DataError, place: str) -> list[Fault]:
    """Faults with the place in the study file that led to them."""
    return [replace(fault, where=f"{place}: {fault.where}") for fault in error.faults]


def _known(table: SafetyTopics, study: Study) -> None:
    names = [topic.name for topic in study.topics]
    unknown = [name for name in table.topics if name not in names]
    if unknown:
        place = f"table {table.id}: topics"
        raise DataError(Fault(place, repr(name), "it names [[topics]]", nearest(name, names)) for name in unknown)


def _of_topic(
    table: SafetyTopics, topic: Topic, data: Library, where: Setting, rows: pl.DataFrame, placed: Occurrences
) -> Iterator[Row]:
    verdict = topic.adjudication
    words = definition(topic, adjudicated=verdict is not None and verdict.column in rows.columns)
    if topic.patients is not None:
        yield from _of_patients(table, topic, data, where, words)
        return
    made: list[Row] = []
    for scope in scopes(topic, data):
        inside = in_topic(topic, rows, data, scope)
        made += _of_scope(table, about(topic, scope, words), where, _kept(placed, rows, inside))
        for term in topic.contested:
            some = _kept(placed, rows, in_topic(topic, rows, data, scope, without=[term]))
            n = count(coded(some, ()), where.people, [0]).n[:, 0]
            mine = about(topic, scope, term.why)
            mine["groups"] = (*mine["groups"], ("without", term.term))
            for arm, name in enumerate(where.people.arms):
                made.append(Row(key(table, statistic="n_without", arm=name, **mine), n[:, arm]))
    yield from made


def about(topic: Topic, scope: str, words: str) -> dict[str, Any]:
    """The parts of a key that say which topic a row is of, and how it is defined."""
    groups = (("topic", topic.label), ("scope", scope)) if scope else (("topic", topic.label),)
    return {"groups": groups, "where": words}


def _of_scope(table: SafetyTopics, mine: dict[str, Any], where: Setting, events: pl.DataFrame) -> Iterator[Row]:
    paths = coded(events, ())
    counts = count(paths, where.people, [0])
    first = first_events(paths, where.people, [()])
    yield from counted(table, mine, where, counts.n[:, 0], counts.events[:, 0])
    years = first.days / DAYS
    yield from exposed(table, mine, where, per_years(first.n, years, table.per, table.level), years, 0)
    if table.risk_differences is not None:
        asked = table.risk_differences
        for arm, found in risk_differences(where, counts.n, asked.method, asked.level).items():
            more = pair(where, arm) | {"method": asked.method, "scale": "risk difference"}
            yield from estimated(table, mine | more, found, 0, "estimate", "ci_low", "ci_high")


def _of_patients(table: SafetyTopics, topic: Topic, data: Library, where: Setting, words: str) -> Iterator[Row]:
    """Patients whom ADSL names, under the treatment that they had last."""
    adsl = subjects(table, data)
    assert topic.patients is not None
    chosen = adsl.filter(answered(topic.patients, adsl, "ADSL has"))
    keys = [name for name in where.people.subjects.columns if name in adsl.columns]
    whose = where.people.subjects.join(chosen.select(keys), on=keys, how="semi")
    last = where.people.periods.join(whose.select("replicate", "patient"), on=["replicate", "patient"], how="semi")
    single = last.filter(pl.col("arm") < len(where.people.arms) - where.people.total)
    final = single.sort("start", nulls_last=False).unique(["replicate", "patient"], keep="last", maintain_order=True)
    if where.people.total:
        final = pl.concat([final, final.with_columns(arm=pl.lit(len(where.people.arms) - 1, pl.Int32))])
    yield from counted(table, about(topic, "", words), where, where.people.grid(final, pl.len()), None)


def _not_countable(table: SafetyTopics, topic: Topic, where: Setting, why: str) -> Iterator[Row]:
    missing = np.full(where.people.replicates, np.nan)
    for name in where.people.arms:
        mine = about(topic, "", definition(topic)) | {"arm": name}
        yield Row(key(table, statistic="n", **mine), missing, (why,) * where.people.replicates)


def _kept(placed: Occurrences, rows: pl.DataFrame, inside: pl.Series) -> pl.DataFrame:
    return placed.events.join(rows.select(ROW).filter(inside), on=ROW, how="semi")
