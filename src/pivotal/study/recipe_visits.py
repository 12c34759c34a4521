"""Steps for values over visits: windows, carrying forward, baseline and change, ranges, parameters made of others."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pivotal.study.base import Name, Part
from pivotal.study.recipe_base import Expression


class Window(Part):
    """An analysis visit and the days that belong to it."""

    visit: Name
    code: float
    target: float
    from_: float | None = Field(default=None, alias="from")
    to: float | None = None
    range: str | None = Field(default=None, description="the window in words")


class CarryForward(Part):
    """Where a patient has no row in a window, the last one before it, again: last observation carried forward.

    Of several rows in one window the one nearest its target is the one that is analysed, and that may be carried.
    """

    visits: tuple[Name, ...] = Field(min_length=1, description="visits that are filled")
    by: tuple[Name, ...] = ("USUBJID", "PARAMCD")
    order_by: tuple[Name, ...] = Field(min_length=1, description="what last means")
    where: Expression | None = Field(default=None, description="rows that are carried")
    mark: Name = Field(default="DTYPE", description="column that gets LOCF")


class AnalysisVisits(Part):
    """Analysis visits by windows of study days.

    Adds AVISIT, AVISITN, AWTARGET, AWTDIFF (days from the target), AWLO, AWHI, AWU (DAYS) and AWRANGE. A row in no
    window has none.
    """

    step: Literal["analysis visits"]
    day: Name = "ADY"
    windows: tuple[Window, ...] = Field(min_length=1)
    carry_forward: CarryForward | None = None


class Baseline(Part):
    """The value of the baseline row on all rows of the same key."""

    step: Literal["baseline"]
    by: tuple[Name, ...] = ("USUBJID", "PARAMCD")
    where: Expression = "ABLFL = 'Y'"
    order_by: tuple[Name, ...] = Field(default=(), description="the last one is taken, where several rows are selected")
    columns: dict[Name, Expression] = Field(default={"BASE": "AVAL"}, description="new column: of the baseline row")


class Change(Part):
    """Change from baseline, and in percent of it; where `where` is not true there is none."""

    step: Literal["change"]
    value: Name = "AVAL"
    base: Name = "BASE"
    change: Name = "CHG"
    percent: Name | None = None
    where: Expression | None = None


class Previous(Part):
    """Columns of the row before: of the same key, in order; rows that `where` leaves out have none and are none."""

    step: Literal["previous"]
    where: Expression | None = None
    by: tuple[Name, ...] = ("USUBJID", "PARAMCD")
    order_by: tuple[Name, ...] = Field(min_length=1)
    columns: dict[Name, Name] = Field(min_length=1, description="new column: column of the row before")


class Derive(Part):
    """Rows added to those there: of selected rows, with some columns changed."""

    step: Literal["add rows"]
    where: Expression | None = None
    columns: dict[Name, Expression] = Field(min_length=1, description="column: what it is on the added rows")


class Summarised(Part):
    """A row added for each group of selected rows: a mean, a sum; other columns are those of the group's last row."""

    step: Literal["add summary rows"]
    where: Expression | None = None
    by: tuple[Name, ...] = ("USUBJID",)
    order_by: tuple[Name, ...] = Field(min_length=1, description="what last means")
    values: dict[Name, tuple[Literal["sum", "mean", "min", "max", "count"], Expression]] = Field(min_length=1)
    columns: dict[Name, Expression] = Field(default_factory=dict, description="column: what it is on the added rows")


class Append(Part):
    """Rows of another data set, added; columns that one of them lacks are missing there."""

    step: Literal["append"]
    from_: Name = Field(alias="from")
    where: Expression | None = None
