"""How many patients have each of some flags."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from pivotal.plan.tables.table import columns, in_column, key, number, rows_of, subjects
from pivotal.records.dataset import Library
from pivotal.study.model import Study
from pivotal.study.tables import Flags
from pivotal.trials import Row


@rows_of.register
def flags(table: Flags, study: Study, data: Library) -> Iterator[Row]:
    """For each flag and column: `n`, `N`, `rate`."""
    patients = subjects(table, data)
    for flag, words in table.flags.items():
        for column in columns(table, study):
            there = in_column(patients, table, column)
            n, total = there.filter(_holds(flag, there)).height, there.height
            about = {"arm": column, "groups": (("flag", words),)}
            yield number(key(table, statistic="n", **about), n)
            yield number(key(table, statistic="N", **about), total)
            yield number(key(table, statistic="rate", **about), n / total if total else float("nan"))


def _holds(flag: str, frame: pl.DataFrame) -> pl.Expr:
    return pl.col(flag) == "Y" if flag in frame.columns else pl.sql_expr(flag)
