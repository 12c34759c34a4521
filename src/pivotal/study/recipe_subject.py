"""Steps for subjects and events: dates, days, groups, what another data set says of a patient, first occurrences."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from pivotal.study.base import Name, Part
from pivotal.study.recipe_base import Expression


class Pick(Part):
    """Columns of one row of another data set: the first or the last of a patient's rows that `where` selects."""

    step: Literal["pick"]
    from_: Name = Field(alias="from")
    where: Expression | None = None
    order_by: tuple[Name, ...] = Field(default=(), description="what first and last mean; as they stand, where empty")
    take: Literal["first", "last", "only"] = Field(default="only", description="only: two rows are a fault")
    by: tuple[Name, ...] = ("USUBJID",)
    columns: dict[Name, Expression] = Field(min_length=1, description="new column: expression of that row")


class Total(Part):
    """What is computed of a column over rows."""

    of: Expression
    by: Literal["sum", "mean", "min", "max", "count", "any"]


class Aggregate(Part):
    """Sums, counts and the like of a patient's rows of another data set; without a row nothing, and counts of 0."""

    step: Literal["aggregate"]
    from_: Name = Field(alias="from")
    where: Expression | None = None
    by: tuple[Name, ...] = ("USUBJID",)
    columns: dict[Name, Total] = Field(min_length=1)


class Dates(Part):
    """Dates of ISO 8601 texts: ``2014-01-02T11:45``; partial ones (``2014-01``) are missing, or imputed as said."""

    step: Literal["dates"]
    columns: dict[Name, Name] = Field(min_length=1, description="new column: column with the text")
    day: Literal["first", "last"] | int | None = Field(default=None, description="the day where only it is missing")
    month: int | None = Field(default=None, ge=1, le=12, description="the month where it and the day are missing")
    flags: dict[Name, Name] = Field(
        default_factory=dict, description="new column with D or M where day or month is imputed: date column"
    )

    @model_validator(mode="after")
    def _month_needs_a_day(self) -> Self:
        if self.month is not None and self.day is None:
            raise ValueError("month is imputed and day is not; say the day too")
        if set(self.flags.values()) - set(self.columns):
            raise ValueError("flags are of dates of this step; name one of its columns")
        return self


class StudyDays(Part):
    """Days from a reference date: the day itself is 1, the day before it -1; there is no day 0."""

    step: Literal["study days"]
    columns: dict[Name, Name] = Field(min_length=1, description="new column: date column")
    reference: Name


class DaysBetween(Part):
    """Days from one date to another."""

    step: Literal["days between"]
    column: Name
    start: Name
    end: Name
    inclusive: bool = Field(default=True, description="both days count")
    unit: Literal["days", "months"] = Field(default="days", description="months of 30.4375 days, to one decimal")


class Group(Part):
    """One group: a label, its number, and the values that it holds."""

    label: Name
    code: float | None = None
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None


class Groups(Part):
    """Groups of a number; a value that no group holds gets none."""

    step: Literal["groups"]
    column: Name
    into: Name
    code: Name | None = Field(default=None, description="column of the groups' numbers")
    groups: tuple[Group, ...] = Field(min_length=1)


class Codes(Part):
    """Other words, or numbers, for the values of a column; a value that is not listed is a fault, or `otherwise`."""

    step: Literal["codes"]
    column: Name
    into: Name
    values: dict[str, str | float] = Field(min_length=1)
    otherwise: str | float | None = None


class Pool(Part):
    """Small groups pooled: a group with fewer than `least` rows in some category becomes one of `label`.

    As trials pool small sites: fewer than three patients in any arm.
    """

    step: Literal["pool"]
    column: Name
    into: Name
    across: Name = Field(description="column of the categories, the arm")
    least: int = Field(ge=1)
    label: Name


class Round(Part):
    """Numbers rounded to so many decimals, half away from zero, as SAS's ROUND does."""

    step: Literal["round"]
    columns: dict[Name, int] = Field(min_length=1, description="column: decimals")


class Occurrence(Part):
    """Y on the first row of each group among those that `where` selects; missing elsewhere."""

    step: Literal["first occurrence"]
    column: Name
    by: tuple[Name, ...] = ("USUBJID",)
    order_by: tuple[Name, ...] = Field(min_length=1)
    where: Expression | None = None
    take: Literal["first", "last"] = "first"


class Flags(Part):
    """Y where an expression is true; N, or missing, where it is false or unknown."""

    step: Literal["flags"]
    columns: dict[Name, Expression] = Field(min_length=1)
    otherwise: Literal["N", "missing"] = "N"


class TimeToEvent(Part):
    """Time from a start to the first event, or to the date at which a patient without one is censored.

    The frame has a row a patient. `event` is the date of the first event, as a `pick` of an event data set gives it.
    """

    step: Literal["time to event"]
    start: Name = Field(description="date column")
    event: Name = Field(description="date column; missing where there was none")
    censor: Name = Field(description="date column")
    time: Name = "AVAL"
    date: Name = "ADT"
    censored: Name = "CNSR"
    texts: dict[Name, tuple[str, str]] = Field(
        default_factory=dict, description="column: its text for an event, and for a censored time"
    )
