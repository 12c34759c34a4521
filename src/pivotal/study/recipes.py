"""How one data set comes from others: named steps, in order.

A `where` and a `compute` are SQL expressions over the columns of a row, as `WHERE` clauses are in SAS: ``ARMCD <>
'Scrnfail'``, ``CASE WHEN AGE < 65 THEN '<65' ELSE '65+' END``. A missing value makes a comparison unknown, and unknown
rows are not selected. Everything that has a name in the field is a step of its own, and not an expression.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pivotal.study.base import Name, Part, Sourced
from pivotal.study.recipe_base import Expression
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

__all__ = ["Compute", "Expression", "Join", "Keep", "Recipe", "Rename", "Step"]


class Keep(Part):
    """Keep the rows that an expression selects."""

    step: Literal["keep"]
    where: Expression


class Compute(Part):
    """Columns from other columns of the same row; where `where` is not true they stay as they were, or missing.

    Rows are chosen before the first column is computed.
    """

    step: Literal["compute"]
    columns: dict[Name, Expression]
    where: Expression | None = None


class Join(Part):
    """Columns from another data set, matched by keys of which it has at most one row each."""

    step: Literal["join"]
    from_: Name = Field(alias="from")
    by: tuple[Name, ...] = ("USUBJID",)
    columns: dict[Name, Name] = Field(description="new column: column of the other data set")
    where: Expression | None = Field(default=None, description="which of the other data set's rows are looked at")


class Rename(Part):
    """New names for columns."""

    step: Literal["rename"]
    columns: dict[Name, Name] = Field(min_length=1, description="new name: old name")


Step = Annotated[
    Keep
    | Compute
    | Join
    | Rename
    | Pick
    | Aggregate
    | Dates
    | StudyDays
    | DaysBetween
    | Groups
    | Codes
    | Pool
    | Round
    | Occurrence
    | Flags
    | TimeToEvent
    | Windows
    | Baseline
    | Change
    | Score
    | CarryForward
    | Copies
    | Summaries
    | Previous
    | LastValue
    | GradeByCtcae,
    Field(discriminator="step"),
]


class Recipe(Sourced):
    """One derived data set."""

    name: Annotated[str, Field(min_length=1, max_length=8, pattern=r"^[A-Z][A-Z0-9_]*$")]
    label: Name
    structure: Literal["subject level", "basic data structure", "occurrence data structure", "other"]
    keys: tuple[Name, ...] = Field(min_length=1, description="columns that tell its rows apart, in sorting order")
    from_: Name = Field(alias="from", description="the data set whose rows it starts with")
    steps: tuple[Step, ...] = ()
    columns: dict[Name, Name] = Field(default_factory=dict, description="column: label, in order; all, where empty")
