"""Tables of patients' characteristics and of their disposition: one variable after the other, summarised or counted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pivotal.study.base import Name, Part
from pivotal.study.recipes import Expression
from pivotal.study.table_base import TableBase

CategoryTest = Literal["fisher", "pearson", "cmh"]


class Summarised(Part):
    """A number: n, mean, SD, median and range, and whether the arms differ in it."""

    shows: Literal["summary"]
    of: Expression = Field(description="a column, or an expression in SQL")
    label: Name
    digits: int = Field(default=1, ge=0, le=10, description="decimals of all but the SD, which has one more")
    test: Literal["anova"] | None = None


class Counted(Part):
    """Categories: how many patients are in each, n (%), and whether the arms differ in them."""

    shows: Literal["categories"]
    of: Expression = Field(description="a column, or an expression in SQL")
    label: Name | None = Field(default=None, description="None where it goes on with the variable above")
    levels: dict[str, Name] = Field(min_length=1, description="entry: words of its row")
    where: Expression | None = Field(default=None, description="whose entries count; shares are of all patients")
    missing: Name | None = Field(default=None, description="words of a row for those who have none of the entries")
    number: bool = Field(default=False, description="whether a row shows how many have an entry")
    rare: bool = Field(default=False, description="whether a share that rounds to 0 is <1%, and nobody has no share")
    test: CategoryTest | None = Field(default=None, description="of all categories together")
    tested: dict[str, CategoryTest] = Field(default_factory=dict, description="entry: test of it against all others")
    strata: Expression | None = Field(default=None, description="strata of a Cochran-Mantel-Haenszel test")


class Characteristics(TableBase):
    """Patients' characteristics at baseline, or how they left: a variable after the other."""

    kind: Literal["characteristics"]
    variables: tuple[Annotated[Summarised | Counted, Field(discriminator="shows")], ...] = Field(min_length=1)
