"""Rows added to those there."""

from __future__ import annotations

import polars as pl

from pivotal.derive.steps.keys import keyed
from pivotal.derive.steps.step import apply
from pivotal.records.dataset import Library
from pivotal.study.recipe_visits import Append, Derive, Summarised


@apply.register
def add_rows(step: Derive, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """The rows, then the selected ones once more with other columns."""
    chosen = frame if step.where is None else frame.filter(pl.sql_expr(step.where))
    return _with(frame, _changed(chosen, step.columns))


@apply.register
def add_summary_rows(step: Summarised, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """The rows, then one for each group of the selected ones."""
    chosen = frame if step.where is None else frame.filter(pl.sql_expr(step.where))
    by = keyed(step.by, frame)
    chosen = chosen.sort([*by, *step.order_by], maintain_order=True)
    values = [_summary(how, of).alias(f"_{name}") for name, (how, of) in step.values.items()]
    summed = chosen.group_by(by, maintain_order=True).agg(values)
    last = chosen.unique(by, keep="last", maintain_order=True).drop(list(step.values), strict=False)
    joined = last.join(summed, on=by, how="left", maintain_order="left")
    renamed = joined.rename({f"_{name}": name for name in step.values})
    return _with(frame, _changed(renamed, step.columns))


@apply.register
def append(step: Append, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """The rows, then another data set's."""
    other = known[step.from_].frame
    return _with(frame, other if step.where is None else other.filter(pl.sql_expr(step.where)))


def _summary(how: str, of: str) -> pl.Expr:
    value = pl.sql_expr(of)
    by = {"mean": value.mean(), "min": value.min(), "max": value.max(), "count": value.count().cast(pl.Float64)}
    return pl.when(value.count() > 0).then(value.sum()) if how == "sum" else by[how]


def _changed(rows: pl.DataFrame, columns: dict[str, str]) -> pl.DataFrame:
    """All columns from the rows as they were, so that one does not see another's change."""
    return rows.with_columns(pl.sql_expr(of).alias(name) for name, of in columns.items())


def _with(frame: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([frame, more], how="diagonal_relaxed")
