"""Which columns a step reads, by the key that names them: what must be there before the step is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pivotal.study.recipe_grades import GradeByCtcae
from pivotal.study.recipe_subject import (
    Aggregate,
    Codes,
    Dates,
    DaysBetween,
    Flags,
    Groups,
    Occurrence,
    Pick,
    Pool,
    Round,
    StudyDays,
    TimeToEvent,
)
from pivotal.study.recipe_visits import (
    Baseline,
    CarryForward,
    Change,
    Copies,
    LastValue,
    Previous,
    Score,
    Summaries,
    Windows,
)
from pivotal.study.recipes import Compute, Join, Rename


@dataclass(frozen=True, slots=True)
class Read:
    """A column that a step reads.

    Attributes
    ----------
    key
        The step's key that names it: ``columns.CUMDOSE``.
    column
        Its name.
    other
        Whether it is a column of the data set that the step takes `from`, rather than of its own rows.
    """

    key: str
    column: str
    other: bool = False


_NAMES: Mapping[type, tuple[str, ...]] = {
    Join: ("by",),
    Pick: ("by",),
    Aggregate: ("by",),
    Rename: ("columns",),
    Dates: ("columns",),
    StudyDays: ("columns", "reference"),
    DaysBetween: ("start", "end"),
    Groups: ("column",),
    Codes: ("column",),
    Pool: ("column", "across"),
    Occurrence: ("by", "order_by"),
    TimeToEvent: ("start", "event", "censor"),
    Windows: ("day",),
    Baseline: ("by", "columns"),
    Change: ("value", "base"),
    Score: ("by", "value", "item"),
    CarryForward: ("by", "visit", "order_by"),
    Summaries: ("by", "value", "keep"),
    Previous: ("by", "order_by", "columns"),
    LastValue: ("by", "order_by", "columns"),
    GradeByCtcae: ("parameter", "value", "unit"),
}
"""Keys whose texts are columns of the step's own rows; of a table of keys, its values."""
_OTHERS: Mapping[type, tuple[str, ...]] = {
    Join: ("by", "columns"),
    Pick: ("by", "order_by"),
    Aggregate: ("by",),
}
"""Keys whose texts are columns of the data set that is taken `from`."""
_IN_TURN = (Compute, Flags, Copies, CarryForward, Dates)
"""Steps whose columns are made one after the other, so that one may use the one before it."""
_EXPRESSIONS = (Compute, Flags, Copies, CarryForward, Pick, Aggregate)
"""Steps whose `columns` are expressions."""


def reads(step: Any) -> list[Read]:
    """Every column that a step reads and does not make itself.

    Examples
    --------
    >>> reads(Compute(step="compute", columns={"HALF": "AGE / 2", "QUARTER": "HALF / 2"}))
    [Read(key='columns.HALF', column='AGE', other=False)]
    """
    found = [*_conditions(step)]
    for key in _NAMES.get(type(step), ()):
        found += _named(key, getattr(step, key), other=False)
    for key in _OTHERS.get(type(step), ()):
        found += _named(key, getattr(step, key), other=True)
    if isinstance(step, Round):
        found += [Read(f"columns.{name}", name) for name in step.columns]
    if isinstance(step, _EXPRESSIONS):
        found += _expressions(step)
    made = _made(step)
    return [read for read in dict.fromkeys(found) if read.other or read.column not in made.get(read.key, ())]


def _conditions(step: Any) -> Iterator[Read]:
    where = getattr(step, "where", None)
    if where is not None:
        yield from (Read("where", name, hasattr(step, "from_")) for name in columns_of(where))


def _named(key: str, given: Any, *, other: bool) -> Iterator[Read]:
    if isinstance(given, str):
        yield Read(key, given, other)
    elif isinstance(given, Mapping):
        yield from (Read(f"{key}.{new}", old, other) for new, old in given.items())
    elif given is not None:
        yield from (Read(key, name, other) for name in given)


def _expressions(step: Any) -> Iterator[Read]:
    for new, expression in step.columns.items():
        text = expression if isinstance(expression, str) else expression.of
        yield from (Read(f"columns.{new}", name, hasattr(step, "from_")) for name in columns_of(text))


def _made(step: Any) -> dict[str, set[str]]:
    """By key, the columns that the step has made by then; a condition may use those of a step that goes in turn."""
    if not isinstance(step, _IN_TURN):
        return {}
    names = list(step.columns)
    made = {f"columns.{name}": set(names[:place]) for place, name in enumerate(names)}
    return made | ({"where": set(names[:-1])} if isinstance(step, Compute) else {})


def columns_of(expression: str) -> list[str]:
    """The columns that an expression looks at."""
    return list(dict.fromkeys(pl.sql_expr(expression).meta.root_names()))
