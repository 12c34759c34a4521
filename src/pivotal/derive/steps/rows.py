"""Steps on rows: keep, compute, join."""

from __future__ import annotations

import polars as pl

from pivotal.derive.steps.keys import one_each, taken
from pivotal.derive.steps.step import apply
from pivotal.records.dataset import Library
from pivotal.study.recipes import Compute, Join, Keep, Rename

CHOSEN = "_chosen"


@apply.register
def keep(step: Keep, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """The rows that the expression selects."""
    return frame.filter(pl.sql_expr(step.where))


@apply.register
def compute(step: Compute, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Columns one after the other, so that one may use the one before it; the rows are chosen before the first."""
    if step.where is not None:
        frame = frame.with_columns(pl.sql_expr(step.where).alias(CHOSEN))
    for name, expression in step.columns.items():
        value = pl.sql_expr(expression)
        if step.where is not None:
            before = pl.col(name) if name in frame.columns else pl.lit(None)
            value = pl.when(pl.col(CHOSEN)).then(value).otherwise(before)
        frame = frame.with_columns(value.alias(name))
    return frame.drop(CHOSEN, strict=False)


@apply.register
def join(step: Join, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Columns of another data set, by keys."""
    other, by = taken(step, known)
    wanted = other.select(*by, *(pl.col(old).alias(new) for new, old in step.columns.items())).collect()
    one_each(wanted.drop_nulls(by), by, step.from_, step.where, "Say in `where` which row is meant, or pick one.")
    return frame.join(wanted, on=by, how="left", maintain_order="left")


@apply.register
def rename(step: Rename, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """New names for columns."""
    return frame.rename({old: new for new, old in step.columns.items()})
