"""What all tables share: the function that gives their rows, and the patients in their columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import singledispatch
from typing import Any, TypeVar

import numpy as np
import polars as pl

from pivotal.errors import DataError, Fault, nearest
from pivotal.records.dataset import Library
from pivotal.study.model import Study
from pivotal.study.tables import TableBase
from pivotal.trials import Key, Row

TOTAL = "Total"


@singledispatch
def rows_of(table: Any, study: Study, data: Library) -> Iterator[Row]:
    """The rows of a table.

    Parameters
    ----------
    table
        A table of `pivotal.study.tables`.
    study
        The trial: its arms are the table's columns.
    data
        Data sets by name, ADSL among them.

    Yields
    ------
    Row
        One statistic each, in reading order.
    """
    raise TypeError(f"no table is made for {type(table).__name__}")


def table_rows(study: Study, data: Library) -> list[Row]:
    """The rows of every table of a study file whose data set is there."""
    wanted = [table for table in study.tables if isinstance(table, TableBase) and table.dataset in data]
    return [row for table in wanted for row in _made(table, study, data)]


def _made(table: TableBase, study: Study, data: Library) -> list[Row]:
    try:
        return list(rows_of(table, study, data))
    except pl.exceptions.PolarsError as error:
        first = str(error).splitlines()[0]
        allowed = "the study file asks it for columns and conditions of this table"
        fault = Fault(
            f"data set {table.dataset}, table {table.id}",
            f"not as the study file expects it ({first})",
            allowed,
            "Correct the data set, or the table.",
        )
        raise DataError([fault]) from error


def subjects(table: TableBase, data: Library) -> pl.DataFrame:
    """The patients who are the table's N: rows of ADSL."""
    return held(data["ADSL"].frame, table.subjects, f"table {table.id}: subjects", "ADSL")


def selected(table: TableBase, data: Library) -> pl.DataFrame:
    """The rows of the table's data set that it looks at."""
    return looked_at(table, data).collect()


def looked_at(table: TableBase, data: Library) -> pl.LazyFrame:
    """The rows of the table's data set that it looks at, as a plan, so that only what is asked for is read."""
    return held(data[table.dataset].scan(), table.where, f"table {table.id}: where", table.dataset)


Rows = TypeVar("Rows", pl.DataFrame, pl.LazyFrame)


def held(frame: Rows, condition: str | None, place: str, dataset: str) -> Rows:
    """The rows of a data set that a condition holds for; all where there is none.

    Raises
    ------
    DataError
        If it is of columns that the data set lacks: every one with the key of the study file and the nearest column.
    """
    if condition is None:
        return frame
    expression = pl.sql_expr(condition)
    required(frame, expression.meta.root_names(), place, dataset)
    return frame.filter(expression)


def required(frame: pl.DataFrame | pl.LazyFrame, names: Sequence[str], place: str, dataset: str) -> None:
    """Nothing, if a data set has all of the columns; else a DataError that names the missing ones."""
    there = frame.collect_schema().names()
    missing = [name for name in dict.fromkeys(names) if name not in there]
    if missing:
        allowed = f"{dataset} has no such column"
        raise DataError(Fault(place, f"of the column {n!r}", allowed, nearest(n, there)) for n in missing)


def columns(table: TableBase, study: Study) -> list[str]:
    """Names of the table's columns: arms in the study's order, then all together if asked."""
    return [arm.name for arm in study.arms] + ([TOTAL] if table.total else [])


def in_column(frame: pl.DataFrame, table: TableBase, column: str) -> pl.DataFrame:
    """The rows of one column's patients."""
    return frame if column == TOTAL else frame.filter(pl.col(table.treatment) == column)


def key(table: TableBase, **more: Any) -> Key:
    """The key of a row of a table, with what every one of them says."""
    said = {"analysis": table.id, "population": table.population, "dataset": table.dataset, "where": table.where}
    return Key(**(said | more))


def number(key: Key, value: float, reason: str | None = None) -> Row:
    """A row of one number."""
    return Row(key, np.array([value], dtype=np.float64), None if reason is None else (reason,))
