"""Steps that add rows made from others: carried forward, copied, summed up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from pivotal.derive.steps.keys import keyed
from pivotal.derive.steps.step import apply
from pivotal.records.dataset import Library
from pivotal.study.recipe_visits import CarryForward, Copies, Summaries


@apply.register
def carry_forward(step: CarryForward, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """A copy of the last row before for each visit that a group has none of."""
    by = keyed(step.by, frame)
    rows = frame if step.where is None else frame.filter(pl.sql_expr(step.where))
    rows = rows.sort([*by, *step.order_by], maintain_order=True)
    there = rows.select(*by, step.visit).unique()
    made = []
    for visit in step.visits:
        last = rows.filter(pl.col(step.visit) < visit).unique(by, keep="last", maintain_order=True)
        have = there.filter(pl.col(step.visit) == visit)
        absent = last.join(have, on=by, how="anti", maintain_order="left")
        made.append(absent.with_columns(pl.lit(visit, dtype=pl.Float64).alias(step.visit)))
    return _added(frame, _changed(pl.concat(made), step.columns))


@apply.register
def copies(step: Copies, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Copies with columns changed, below the rows."""
    rows = frame if step.where is None else frame.filter(pl.sql_expr(step.where))
    return _added(frame, _changed(rows, step.columns))


@apply.register
def summaries(step: Summaries, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """A row for each group."""
    by = keyed(step.by, frame)
    rows = frame if step.where is None else frame.filter(pl.sql_expr(step.where))
    value = pl.col(step.value)
    taken = {"mean": value.mean(), "sum": value.sum(), "min": value.min(), "max": value.max()}[step.take]
    kept = [pl.col(name).first() for name in step.keep if name not in by]
    made = rows.group_by(by, maintain_order=True).agg(taken, *kept)
    return _added(frame, _changed(made, step.columns))


def _changed(frame: pl.DataFrame, columns: Mapping[str, str]) -> pl.DataFrame:
    for name, expression in columns.items():
        frame = frame.with_columns(pl.sql_expr(expression).alias(name))
    return frame


def _added(frame: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The frame with rows below it, whose columns take the frame's types."""
    known: dict[Any, Any] = {
        name: kind for name, kind in frame.schema.items() if name in rows.columns and kind != pl.Null
    }
    return pl.concat([frame, rows.cast(known)], how="diagonal_relaxed")
