"""What all tables of a report have in a study file."""

from __future__ import annotations

from pydantic import Field

from pivotal.study.base import Name, Sourced
from pivotal.study.recipes import Expression


class TableBase(Sourced):
    """What all tables have."""

    id: Name = Field(description="its number in the report: 14-1.01")
    title: Name
    population: str | None = Field(default=None, description="the words over the table: Safety")
    dataset: Name
    where: Expression | None = Field(default=None, description="rows of the data set that are looked at")
    subjects: Expression | None = Field(default=None, description="which rows of ADSL are the table's N")
    treatment: Name = Field(default="TRT01P", description="the column that holds the arm, named as in [[arms]]")
    total: bool = Field(default=False, description="whether all arms together are a column")
    footnotes: tuple[str, ...] = ()
