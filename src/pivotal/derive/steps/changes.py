"""Baseline, change from it, and the row before."""

from __future__ import annotations

import polars as pl

from pivotal.derive.steps.keys import keyed
from pivotal.derive.steps.step import apply
from pivotal.records.dataset import Library
from pivotal.study.recipe_visits import Baseline, Change, Previous

ROW = "_row"


@apply.register
def baseline(step: Baseline, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """The baseline row's columns on all rows of its key."""
    by = keyed(step.by, frame)
    rows = frame.filter(pl.sql_expr(step.where))
    if step.order_by:
        rows = rows.sort([*by, *step.order_by], maintain_order=True)
    taken = rows.select(*by, *(pl.sql_expr(of).alias(new) for new, of in step.columns.items()))
    base = taken.unique(by, keep="last", maintain_order=True)
    return frame.drop(list(step.columns), strict=False).join(
        base, on=by, how="left", validate="m:1", maintain_order="left", nulls_equal=True
    )


@apply.register
def change(step: Change, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Value less baseline; in percent of a baseline that is not 0."""
    asked = pl.lit(value=True) if step.where is None else pl.sql_expr(step.where)
    difference = pl.when(asked).then(pl.col(step.value) - pl.col(step.base))
    made = frame.with_columns(difference.alias(step.change))
    if step.percent is None:
        return made
    percent = pl.when(pl.col(step.base) != 0).then(100 * pl.col(step.change) / pl.col(step.base))
    return made.with_columns(percent.alias(step.percent))


@apply.register
def previous(step: Previous, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Columns of the row before, within the key."""
    by = keyed(step.by, frame)
    numbered = frame.drop(list(step.columns), strict=False).with_row_index(ROW)
    rows = numbered if step.where is None else numbered.filter(pl.sql_expr(step.where))
    rows = rows.sort([*by, *step.order_by], maintain_order=True)
    before = rows.select(ROW, *(pl.col(old).shift(1).over(by).alias(new) for new, old in step.columns.items()))
    return numbered.join(before, on=ROW, how="left", maintain_order="left").drop(ROW)
