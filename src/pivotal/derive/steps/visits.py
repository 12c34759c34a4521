"""Analysis visits by windows, and the last observation carried forward."""

from __future__ import annotations

import polars as pl

from pivotal.derive.steps.keys import keyed
from pivotal.derive.steps.step import apply
from pivotal.records.dataset import Library
from pivotal.study.recipe_visits import AnalysisVisits, CarryForward, Window

CARRIED = "LOCF"


@apply.register
def analysis_visits(step: AnalysisVisits, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """The window that holds each row's day; rows carried forward into empty windows where asked."""
    day = pl.col(step.day)
    code = pl.lit(None, dtype=pl.Float64)
    for window in reversed(step.windows):
        low = day >= window.from_ if window.from_ is not None else day.is_not_null()
        high = day <= window.to if window.to is not None else day.is_not_null()
        code = pl.when(low & high).then(pl.lit(window.code, dtype=pl.Float64)).otherwise(code)
    seen = frame.with_columns(code.alias("AVISITN"))
    described = _described(step, seen)
    if step.carry_forward is None:
        return described
    return _described(step, _carried(step.carry_forward, step.windows, described))


def _described(step: AnalysisVisits, frame: pl.DataFrame) -> pl.DataFrame:
    """What is known of each row's window."""
    table = pl.DataFrame(
        [(w.code, w.visit, w.target, w.from_, w.to, w.range) for w in step.windows],
        schema={"AVISITN": pl.Float64, "AVISIT": pl.String, "AWTARGET": pl.Float64, "AWLO": pl.Float64,
                "AWHI": pl.Float64, "AWRANGE": pl.String}, orient="row",
    )  # fmt: skip
    described = frame.drop(table.columns[1:], strict=False).join(table, on="AVISITN", how="left", maintain_order="left")
    inside = pl.col("AVISITN").is_not_null()
    return described.with_columns(
        (pl.col(step.day) - pl.col("AWTARGET")).abs().alias("AWTDIFF"),
        pl.when(inside).then(pl.lit("DAYS")).alias("AWU"),
    )


def _carried(how: CarryForward, windows: tuple[Window, ...], frame: pl.DataFrame) -> pl.DataFrame:
    """The rows, and for each window that a key has no row in, the last row of the windows before it."""
    by = keyed(how.by, frame)
    marked = frame if how.mark in frame.columns else frame.with_columns(pl.lit(None, dtype=pl.String).alias(how.mark))
    source = marked.drop_nulls("AVISITN")
    source = source if how.where is None else source.filter(pl.sql_expr(how.where))
    nearest = source.sort([*by, "AVISITN", "AWTDIFF", *how.order_by], maintain_order=True)
    source = nearest.unique([*by, "AVISITN"], keep="first", maintain_order=True)
    parts = [marked]
    for window in windows:
        if window.visit in how.visits:
            there = source.filter(pl.col("AVISITN") == window.code)
            before = source.filter(pl.col("AVISITN") < window.code).unique(by, keep="last", maintain_order=True)
            new = before.join(there, on=by, how="anti", maintain_order="left")
            code = pl.lit(window.code, dtype=pl.Float64).alias("AVISITN")
            parts.append(new.with_columns(code, pl.lit(CARRIED).alias(how.mark)))
    return pl.concat(parts)
