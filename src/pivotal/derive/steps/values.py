"""Other values for the values of a column: groups of a number, codes, flags."""

from __future__ import annotations

from functools import reduce

import polars as pl

from pivotal.derive.steps.keys import REPLICATE, keyed
from pivotal.derive.steps.step import apply
from pivotal.errors import DataError, Fault
from pivotal.records.dataset import Library
from pivotal.study.recipe_subject import Codes, Flags, Group, Groups, Occurrence, Pool, Round

ROW, LARGE, EVERY = "_row", "_large", "_every"
FUZZ = 1e-13
"""Relative size of the last bits of a computation."""


@apply.register
def groups(step: Groups, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Labels, and numbers where asked, of the group that holds a value."""
    label, code = pl.lit(None, dtype=pl.String), pl.lit(None, dtype=pl.Float64)
    for group in reversed(step.groups):
        inside = _inside(pl.col(step.column), group)
        label = pl.when(inside).then(pl.lit(group.label)).otherwise(label)
        code = pl.when(inside).then(pl.lit(group.code, dtype=pl.Float64)).otherwise(code)
    made = [label.alias(step.into)] + ([code.alias(step.code)] if step.code else [])
    return frame.with_columns(made)


def _inside(value: pl.Expr, group: Group) -> pl.Expr:
    bounds = [
        value >= group.at_least if group.at_least is not None else None,
        value > group.above if group.above is not None else None,
        value <= group.at_most if group.at_most is not None else None,
        value < group.below if group.below is not None else None,
    ]
    return reduce(lambda a, b: a & b, [bound for bound in bounds if bound is not None], value.is_not_null())


@apply.register
def codes(step: Codes, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Other words or numbers for values; what is not listed is a fault unless `otherwise` says what it becomes."""
    values = pl.col(step.column).cast(pl.String)
    kind = pl.String if any(isinstance(value, str) for value in step.values.values()) else pl.Float64
    coded = values.replace_strict(
        list(step.values), list(step.values.values()), default=step.otherwise, return_dtype=kind
    )
    if step.otherwise is None:
        strange = frame.filter(values.is_not_null() & ~values.is_in(list(step.values)))[step.column].unique().sort()
        if strange.len():
            raise DataError(
                Fault(step.column, f"{value!r}", f"one of {', '.join(step.values)}", "Add it to the step's values.")
                for value in strange.head(20)
            )
    return frame.with_columns(pl.when(values.is_not_null()).then(coded).alias(step.into))


@apply.register
def pool(step: Pool, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Groups that are too small in some category under one label."""
    by = keyed([step.column], frame)
    sizes = frame.drop_nulls(step.across).group_by([*by, step.across]).len()
    every = pl.col(step.across).n_unique()
    sizes = sizes.with_columns((every.over(REPLICATE) if REPLICATE in by else every).alias(EVERY))
    large = sizes.group_by(by).agg(((pl.col("len") >= step.least).sum() == pl.col(EVERY).first()).alias(LARGE))
    joined = frame.join(large, on=by, how="left", maintain_order="left")
    own = pl.when(pl.col(LARGE)).then(pl.col(step.column)).otherwise(pl.lit(step.label))
    return joined.with_columns(own.alias(step.into)).drop(LARGE)


@apply.register
def rounded(step: Round, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Numbers rounded half away from zero; a half but for the last bits of its computation counts as a half."""
    return frame.with_columns(
        (pl.col(name) * (1 + FUZZ)).round(decimals, mode="half_away_from_zero").alias(name)
        for name, decimals in step.columns.items()
    )


@apply.register
def flags(step: Flags, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Y where the expression is true."""
    no = pl.lit("N" if step.otherwise == "N" else None, dtype=pl.String)
    for new, expression in step.columns.items():
        frame = frame.with_columns(pl.when(pl.sql_expr(expression)).then(pl.lit("Y")).otherwise(no).alias(new))
    return frame


@apply.register
def first_occurrence(step: Occurrence, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Y on the first (or last) row of each group among those selected."""
    numbered = frame.drop(step.column, strict=False).with_row_index(ROW)
    chosen = numbered if step.where is None else numbered.filter(pl.sql_expr(step.where))
    by = keyed(step.by, frame)
    chosen = chosen.sort(list(step.order_by), nulls_last=step.take == "first", maintain_order=True)
    marked = chosen.unique(by, keep=step.take, maintain_order=True).select(ROW, pl.lit("Y").alias(step.column))
    return numbered.join(marked, on=ROW, how="left", maintain_order="left").drop(ROW)
