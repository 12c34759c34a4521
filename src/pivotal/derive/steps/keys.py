"""Keys of rows: a frame of many trials has the replicate as one more."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pivotal.errors import DataError, Fault
from pivotal.records.dataset import Library
from pivotal.study.recipe_subject import Aggregate, Pick
from pivotal.study.recipes import Join

REPLICATE = "REPLICATE"
FEW = 20
"""Patients of whom a fault is told; what is wrong with one of them is mostly wrong with all."""


def keyed(by: Sequence[str], frame: pl.DataFrame | pl.LazyFrame) -> list[str]:
    """The keys, with the replicate in front where the frame has one."""
    names = frame.collect_schema().names()
    return [*([REPLICATE] if REPLICATE in names and REPLICATE not in by else []), *by]


def taken(step: Join | Pick | Aggregate, known: Library) -> tuple[pl.LazyFrame, list[str]]:
    """The rows that a step takes of another data set, and their keys."""
    rows = known[step.from_].scan()
    if step.where is not None:
        rows = rows.filter(pl.sql_expr(step.where))
    return rows, keyed(step.by, rows)


def one_each(rows: pl.DataFrame, by: list[str], name: str, where: str | None, mend: str) -> None:
    """A fault for each key that has two rows.

    Raises
    ------
    DataError
        With data set and key of each, the first few.
    """
    twice = rows.group_by(by).len().filter(pl.col("len") > 1).sort(by)
    if twice.height:
        raise DataError(
            Fault(
                f"{name}: {', '.join(f'{key} {row[key]}' for key in by)}",
                f"in {row['len']} rows" + (f" where {where}" if where else ""),
                "one row is taken",
                mend,
            )
            for row in twice.head(FEW).iter_rows(named=True)
        )
