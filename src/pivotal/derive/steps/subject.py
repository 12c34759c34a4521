"""What another data set says of a patient: one row of it, or a sum over rows."""

from __future__ import annotations

import polars as pl

from pivotal.derive.steps.keys import one_each, taken
from pivotal.derive.steps.step import apply
from pivotal.records.dataset import Library
from pivotal.study.recipe_subject import Aggregate, Pick, Total


@apply.register
def pick(step: Pick, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Columns of one row of another data set."""
    other, by = taken(step, known)
    if step.order_by:
        other = other.sort([*by, *step.order_by], nulls_last=True, maintain_order=True)
    columns = [pl.sql_expr(expression).alias(new) for new, expression in step.columns.items()]
    wanted = other.select(*by, *columns).collect()
    if step.take == "only":
        one_each(wanted, by, step.from_, step.where, "Say which: take = 'first' or 'last', with order_by.")
    chosen = wanted.unique(by, keep="last" if step.take == "last" else "first", maintain_order=True)
    return _attached(frame, chosen, by)


@apply.register
def aggregate(step: Aggregate, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Sums, counts and the like over a patient's rows of another data set."""
    other, by = taken(step, known)
    found = other.group_by(by).agg(_total(total).alias(new) for new, total in step.columns.items()).collect()
    attached = _attached(frame, found, by)
    counts = [new for new, total in step.columns.items() if total.by == "count"]
    none = [new for new, total in step.columns.items() if total.by == "any"]
    return attached.with_columns(pl.col(counts).fill_null(0), pl.col(none).fill_null(value=False))


def _total(total: Total) -> pl.Expr:
    value = pl.sql_expr(total.of)
    if total.by == "count":
        return value.count().cast(pl.Int64)
    if total.by == "any":
        return value.any()
    if total.by == "sum":  # of nothing but missing values there is no sum
        return pl.when(value.count() > 0).then(value.sum())
    by = {"mean": value.mean(), "min": value.min(), "max": value.max()}
    return by[total.by]


def _attached(frame: pl.DataFrame, found: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    new = [name for name in found.columns if name not in by]
    return frame.drop(new, strict=False).join(found, on=by, how="left", validate="m:1", maintain_order="left")
