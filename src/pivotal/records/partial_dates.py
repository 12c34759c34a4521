"""Dates of which only a part may be known: the earliest and the latest day that each can mean."""

from __future__ import annotations

import polars as pl


def bounds(frame: pl.DataFrame, column: str | None, name: str) -> list[pl.Expr]:
    """Three columns: the earliest and the latest day that a date can mean, and its text.

    Parameters
    ----------
    frame
        Its rows.
    column
        The column of dates, or of ISO 8601 texts; None where there is none.
    name
        How the three are called: ``<name> earliest``, ``<name> latest``, ``<name> text``.

    Returns
    -------
    list of polars.Expr
        Of a partial date (``2014-03``) the first and the last day of its month or year; nothing of what is no date.
    """
    if column is None or frame.schema[column] == pl.Null:
        nothing = pl.lit(None, pl.Date)
        return [nothing.alias(f"{name} earliest"), nothing.alias(f"{name} latest"), pl.lit("").alias(f"{name} text")]
    text = pl.col(column).cast(pl.String)
    if frame.schema[column] != pl.String:
        day = pl.col(column).cast(pl.Date)
        return [day.alias(f"{name} earliest"), day.alias(f"{name} latest"), text.str.head(10).alias(f"{name} text")]
    whole = text.str.head(10).str.to_date("%Y-%m-%d", strict=False)
    month = pl.when(text.str.len_chars() == 7).then(text + "-01").str.to_date("%Y-%m-%d", strict=False)
    year = pl.when(text.str.len_chars() == 4).then(text + "-01-01").str.to_date("%Y-%m-%d", strict=False)
    return [
        pl.coalesce(whole, month, year).alias(f"{name} earliest"),
        pl.coalesce(whole, month.dt.month_end(), year.dt.offset_by("1y").dt.offset_by("-1d")).alias(f"{name} latest"),
        text.alias(f"{name} text"),
    ]
