"""Steps on rows of a parameter and a visit: windows, baseline, change, scores."""

from __future__ import annotations

from typing import Any

import polars as pl

from pivotal.derive.steps.keys import keyed
from pivotal.derive.steps.step import apply
from pivotal.errors import DataError, Fault
from pivotal.records.dataset import Library
from pivotal.study.recipe_visits import Baseline, Change, LastValue, Previous, Score, Window, Windows

ROW = "_row"
SLACK = 1e-9
"""How far the number of items that must be there may be from a whole one by arithmetic alone: (1 - 0.3) x 10 is
6.999999999999999 or 7.000000000000001 as it happens, and means 7. Shares of a few hundred items differ by more."""


@apply.register
def windows(step: Windows, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """The window that holds a row's day."""
    day, number, text = pl.col(step.day), pl.Float64(), pl.String()
    made: dict[str | None, tuple[pl.DataType, list[Any]]] = {
        step.visit: (text, [w.label for w in step.windows]),
        step.code: (number, [w.code for w in step.windows]),
        step.range: (text, [w.range for w in step.windows]),
        step.target: (number, [w.target for w in step.windows]),
        step.first: (number, [w.first for w in step.windows]),
        step.last: (number, [w.last for w in step.windows]),
    }
    which = pl.lit(None, dtype=pl.Int32)
    for position, window in enumerate(step.windows):
        which = pl.when(_inside(day, window)).then(pl.lit(position, dtype=pl.Int32)).otherwise(which)
    places = frame.select(which.alias(ROW))[ROW]
    found = [pl.Series(name, values, dtype=kind).gather(places) for name, (kind, values) in made.items() if name]
    frame = frame.with_columns(found)
    if step.distance is None:
        return frame
    targets = pl.Series([w.target for w in step.windows], dtype=pl.Float64).gather(places)
    return frame.with_columns((day - targets).abs().alias(step.distance))


def _inside(day: pl.Expr, window: Window) -> pl.Expr:
    inside = day.is_not_null()
    if window.first is not None:
        inside = inside & (day >= window.first)
    if window.last is not None:
        inside = inside & (day <= window.last)
    return inside


@apply.register
def baseline(step: Baseline, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Values of the baseline row on all rows of its group."""
    by = keyed(step.by, frame)
    rows = frame.filter(pl.sql_expr(step.where)).select(
        *by, *(pl.col(old).alias(new) for new, old in step.columns.items())
    )
    twice = rows.filter(pl.struct(by).is_duplicated()).select(by).unique(maintain_order=True)
    if twice.height:
        raise DataError(
            Fault(" ".join(map(str, row)), "two baseline rows", "one", "Say in `where` which of them it is.")
            for row in twice.head(20).rows()
        )
    return frame.drop(list(step.columns), strict=False).join(rows, on=by, how="left", maintain_order="left")


@apply.register
def change(step: Change, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Change, and change in per cent."""
    base = pl.col(step.base)
    difference = pl.col(step.value) - base
    rows = pl.lit(True) if step.where is None else pl.sql_expr(step.where)
    made = []
    if step.change is not None:
        made.append(pl.when(rows).then(difference).alias(step.change))
    if step.percent is not None:
        made.append(pl.when(rows & (base != 0)).then(100 * difference / base).alias(step.percent))
    return frame.with_columns(made)


@apply.register
def score(step: Score, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Sum of items, those missing made good in proportion to their maxima."""
    by = keyed(step.by, frame)
    value, most = pl.col(step.value), pl.col(ROW)
    maxima = pl.DataFrame({step.item: list(step.items), ROW: list(step.items.values())})
    items = frame.filter(value.is_not_null()).join(maxima, on=step.item, how="inner")
    least = (1 - step.missing) * len(step.items) - SLACK
    scaled = value.sum() * sum(step.items.values()) / most.sum()
    sums = items.group_by(by).agg(pl.when(pl.len() >= least).then(scaled).alias(step.into))
    return frame.drop(step.into, strict=False).join(sums, on=by, how="left", maintain_order="left")


@apply.register
def previous(step: Previous, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Values of the row before."""
    by = keyed(step.by, frame)
    numbered = frame.drop(list(step.columns), strict=False).with_row_index(ROW)
    rows = numbered if step.where is None else numbered.filter(pl.sql_expr(step.where))
    rows = rows.sort([*by, *step.order_by], maintain_order=True)
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in by)
    before = [pl.when(same).then(pl.col(old).shift(1)).alias(new) for new, old in step.columns.items()]
    return numbered.join(rows.select(ROW, *before), on=ROW, how="left", maintain_order="left").drop(ROW)


@apply.register
def last_value(step: LastValue, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """The last value so far."""
    by = keyed(step.by, frame)
    numbered = frame.with_row_index(ROW).sort([*by, *step.order_by], maintain_order=True)
    chosen = pl.lit(True) if step.where is None else pl.sql_expr(step.where)
    filled = numbered.with_columns(
        pl.when(chosen).then(pl.col(old)).forward_fill().over(by).alias(new) for new, old in step.columns.items()
    )
    return filled.sort(ROW).drop(ROW)
