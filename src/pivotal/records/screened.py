"""SCREEN: who was screened and who failed on what, to a table and back."""

from __future__ import annotations

import numpy as np
import polars as pl

from pivotal.records import layout
from pivotal.records.cells import codes, numbers
from pivotal.records.faults import Findings
from pivotal.records.layout import COUNT, CRITERION, EVENT, FAILED, SCREENED, SHORT_CRITERION
from pivotal.records.table import Table
from pivotal.study.model import Study
from pivotal.trials import Screening

WANTED = {EVENT: f"{SCREENED!r} or {FAILED!r}", COUNT: "the number of candidates"}


def screen(study: Study, screening: Screening, mark: str) -> pl.DataFrame:
    """A row for the candidates screened, and one for each criterion's screen failures."""
    counts = [int(screening.screened[0]), *(int(count[0]) for count in screening.failures.values())]
    frame = pl.DataFrame(
        {
            EVENT: [SCREENED, *([FAILED] * len(screening.failures))],
            CRITERION: [None, *screening.failures],
            COUNT: counts,
            layout.SIMULATED: mark,
        },
        schema_overrides={CRITERION: pl.String},
    )
    return frame.select(pl.lit(study.id).alias(layout.STUDY), pl.all())


def check_screen(table: Table, findings: Findings) -> Screening:
    """Read SCREEN, noting what is no count and what is counted twice."""
    table = table.require(WANTED, findings)
    event = codes(table, EVENT, (SCREENED, FAILED), findings, what="an event is")
    count = numbers(table, COUNT, findings, "it must be a whole number of candidates")
    bad = ((count < 0) | (count != count.round())).fill_null(False)
    allowed, mend = "it must be a whole number of candidates", "Correct the count."
    table.note(findings, bad, COUNT, kind="range", allowed=allowed, mend=mend)
    if table.has(COUNT):
        table.note(findings, table.frame[COUNT].is_null(), COUNT, kind="missing", allowed=allowed, mend=mend)
    named = CRITERION if table.has(CRITERION) else SHORT_CRITERION
    criterion = table.frame[named].cast(pl.String) if table.has(named) else event.cast(pl.String)
    rows = pl.DataFrame({"event": event, "criterion": criterion, "count": count})
    keys = rows.select(pl.struct("event", "criterion").alias("key"))["key"]
    again = keys.is_duplicated() & ~keys.is_first_distinct()
    allowed, mend = "an event, or a criterion, is counted once", "Remove the row that is not meant."
    table.note(findings, again & event.is_not_null(), EVENT, kind="twice", allowed=allowed, mend=mend)
    return _screening(rows)


def _screening(rows: pl.DataFrame) -> Screening:
    whole = rows.drop_nulls(["event", "count"]).with_columns(pl.col("count").cast(pl.Int64, strict=False).fill_null(0))
    failures = whole.filter(pl.col("event") == 1, pl.col("criterion").is_not_null())
    return Screening(
        screened=np.array([whole.filter(pl.col("event") == 0)["count"].sum()], dtype=np.int64),
        failures={name: np.array([n], dtype=np.int64) for name, n in failures.select("criterion", "count").iter_rows()},
    )
