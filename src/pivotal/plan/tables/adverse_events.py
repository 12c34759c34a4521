"""Patients with an event, and events, by class and term; by severity, relation or outcome; with p-values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from pivotal.derive.occurrence import Counts, count_split, ranked
from pivotal.plan.tables.events import (
    FISHER,
    Setting,
    by_term,
    counted,
    estimated,
    fisher,
    left_out,
    named,
    pair,
    risk_differences,
    setting,
)
from pivotal.plan.tables.table import rows_of
from pivotal.records.dataset import Library
from pivotal.study.event_tables import AdverseEvents
from pivotal.study.model import Study
from pivotal.trials import Row

UNKNOWN = "Unknown"
CATEGORY = "category"


@rows_of.register
def adverse_events(table: AdverseEvents, study: Study, data: Library) -> Iterator[Row]:
    """For each term: `n`, `N`, `rate`, `events` of every arm, by category too where asked; tests and differences."""
    where = setting(table, study, data)
    split = [table.split.column] if table.split else []
    found, counts = by_term(table, data, where, split)
    tests = fisher(where, counts.n) if table.p_values else {}
    asked = table.risk_differences
    differences = risk_differences(where, counts.n, asked.method, asked.level) if asked else {}
    parts = _parts(table, found.events, where, counts)
    for term, path in enumerate(counts.paths):
        about = named(table, path)
        yield from counted(table, about, where, counts.n[:, term], counts.events[:, term])
        for arm, test in tests.items():
            yield from estimated(table, about | pair(where, arm) | {"method": FISHER}, test, term, "p")
        for arm, difference in differences.items():
            more = pair(where, arm) | {"method": asked.method if asked else None, "scale": "risk difference"}
            yield from estimated(table, about | more, difference, term, "estimate", "ci_low", "ci_high")
        for words, n, seen in parts:
            inside: dict[str, Any] = about | {"groups": (*about["groups"], (CATEGORY, words))}
            yield from counted(table, inside, where, n[:, term], seen[:, term])
    yield from left_out(table, found)


def _parts(table: AdverseEvents, events: pl.DataFrame, where: Setting, counts: Counts) -> list[tuple[str, Any, Any]]:
    """Words of each category, its patients and events, (replicate, term, arm); unknown only where there are some."""
    if table.split is None:
        return []
    values = table.split.categories
    rows = ranked(events, table.split.column, list(values))
    worst = table.split.count == "worst"
    n, seen = count_split(rows, where.people, counts.paths, "category", len(values) + 1, worst=worst)
    words = [*values.values(), UNKNOWN]
    shown = range(len(words) if seen[..., -1].any() else len(words) - 1)
    return [(words[at], n[..., at], seen[..., at]) for at in shown]
