"""Steps for rows of a parameter and a visit: windows, baseline, change, scores, rows made from other rows."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, model_validator

from pivotal.study.base import Name, Part
from pivotal.study.recipe_base import Expression

BY = ("USUBJID", "PARAMCD")


class Window(Part):
    """One analysis visit: its days, both ends within; open where an end is not given."""

    label: Name
    code: float
    target: float | None = None
    first: float | None = None
    last: float | None = None
    range: str | None = Field(default=None, description="the range in words")


class Windows(Part):
    """Analysis visits by windows of the study day; a day that no window holds gets none.

    Distances are absolute, from the window's target day. Which of the rows of a window is analysed is said by a `first
    occurrence` in the order of the distance, and of what breaks ties.
    """

    step: Literal["windows"]
    day: Name = "ADY"
    visit: Name = "AVISIT"
    code: Name = "AVISITN"
    range: Name | None = None
    target: Name | None = None
    first: Name | None = None
    last: Name | None = None
    distance: Name | None = None
    windows: tuple[Window, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _windows_do_not_overlap(self) -> Self:
        ends = sorted((_low(w.first), _high(w.last)) for w in self.windows)
        if any(before[1] >= after[0] for before, after in pairwise(ends)):
            raise ValueError("windows share days; a day belongs to one visit")
        if any(low > high for low, high in ends):
            raise ValueError("a window ends before it begins; give first and last in order")
        return self


def _low(day: float | None) -> float:
    return float("-inf") if day is None else day


def _high(day: float | None) -> float:
    return float("inf") if day is None else day


class Baseline(Part):
    """Values of the row that `where` selects, on all rows of its group; two such rows are a fault."""

    step: Literal["baseline"]
    where: Expression = "ABLFL = 'Y'"
    by: tuple[Name, ...] = BY
    columns: dict[Name, Name] = Field(min_length=1, description="new column: column of the baseline row")


class Change(Part):
    """Change from baseline, and in per cent of it: missing where the baseline is 0, or a value is missing."""

    step: Literal["change"]
    value: Name = "AVAL"
    base: Name = "BASE"
    change: Name | None = "CHG"
    percent: Name | None = None
    where: Expression | None = Field(default=None, description="rows that have a change")


class Score(Part):
    """The sum of items, on all rows of its group; items missing are made good in proportion to their maxima.

    With a share of the items missing of at most `missing`, the score is the sum of those present, times the sum of all
    maxima, over the sum of the maxima of those present; with more missing there is no score.
    """

    step: Literal["score"]
    into: Name
    value: Name = "AVAL"
    item: Name = "PARAMCD"
    by: tuple[Name, ...] = Field(min_length=1, description="what tells one assessment of a patient from another")
    items: dict[Name, float] = Field(min_length=1, description="item: its maximum")
    missing: float = Field(default=0, ge=0, lt=1, description="largest share of items that may be missing")


class CarryForward(Part):
    """Last observation carried forward: a row for each visit that a group has none of.

    It is a copy of the last row before the visit, in order of `order_by`, among the rows that `where` selects.
    A group without such a row gets none.
    """

    step: Literal["carry forward"]
    by: tuple[Name, ...] = BY
    visit: Name = "AVISITN"
    visits: tuple[float, ...] = Field(min_length=1)
    where: Expression | None = None
    order_by: tuple[Name, ...] = Field(min_length=1)
    columns: dict[Name, Expression] = Field(default_factory=dict, description="columns of the new rows: DTYPE")


class Copies(Part):
    """Copies of the rows that `where` selects, added with some columns changed: another parameter."""

    step: Literal["copies"]
    where: Expression | None = None
    columns: dict[Name, Expression] = Field(min_length=1)


class Summaries(Part):
    """One row for each group of the rows that `where` selects, added: the mean of some visits.

    Columns that are the same on all rows of a group are kept; others are missing unless `columns` gives them.
    """

    step: Literal["summaries"]
    where: Expression | None = None
    by: tuple[Name, ...] = ("USUBJID",)
    value: Name = "AVAL"
    take: Literal["mean", "sum", "min", "max"] = "mean"
    columns: dict[Name, Expression] = Field(default_factory=dict)
    keep: tuple[Name, ...] = Field(default=(), description="columns that say the same on all rows of a group")


class Previous(Part):
    """Values of the row before in its group, among the rows that `where` selects."""

    step: Literal["previous"]
    by: tuple[Name, ...] = BY
    order_by: tuple[Name, ...] = Field(min_length=1)
    where: Expression | None = None
    columns: dict[Name, Name] = Field(min_length=1, description="new column: column of the row before")


class LastValue(Part):
    """The last value so far in its group, that of the row itself among them, of the rows that `where` selects."""

    step: Literal["last value"]
    by: tuple[Name, ...] = BY
    order_by: tuple[Name, ...] = Field(min_length=1)
    where: Expression | None = None
    columns: dict[Name, Name] = Field(min_length=1, description="new column: column whose values are carried")
