"""What tables of a report share, whatever their kind."""

from __future__ import annotations

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


class EndpointTable(TableHead):
    """A table or figure of an endpoint: its estimand says who is analysed and what stands in for what is missing."""

    endpoint: Name
    visit: Name | None = Field(default=None, description="the endpoint's own by default")
