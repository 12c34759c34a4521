"""Tables of a report: what is counted or summarised, of which data set, in whom.

A table names what it shows; `plan/tables/` computes its rows and `report/tables/` lays them out. `where` is an SQL
expression, as in recipes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pivotal.study.base import Name, Sourced
from pivotal.study.recipes import Expression


class TableHead(Sourced):
    """What all tables have."""

    id: Name = Field(description="its number in the report: 14-1.01")
    title: Name
    population: str | None = Field(default=None, description="the words over the table: Safety")
    unanchored: bool = Field(default=False, description="whether no printed number exists to compare it with")
    footnotes: tuple[str, ...] = ()


class TableBase(TableHead):
    """A table of a data set's rows, an arm a column."""

    dataset: Name
    where: Expression | None = Field(default=None, description="rows of the data set that are looked at")
    subjects: Expression | None = Field(default=None, description="which rows of ADSL are the table's N")
    treatment: Name = Field(default="TRT01P", description="the column that holds the arm, named as in [[arms]]")
    total: bool = Field(default=False, description="whether all arms together are a column")


class Flags(TableBase):
    """How many patients have each of some flags: the analysis sets, who completed."""

    kind: Literal["flags"]
    flags: dict[Name, Name] = Field(
        min_length=1, description="column with Y or N, or a condition in SQL: words of its row"
    )


Table = Annotated[Flags, Field(discriminator="kind")]
