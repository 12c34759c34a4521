"""Tables of laboratory values in categories: shifts, abnormalities, and potentially serious liver injury."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pivotal.study.base import Name, Part
from pivotal.study.measurement_tables import Panel
from pivotal.study.recipes import Expression
from pivotal.study.table_base import TableBase


class Shift(TableBase):
    """From a category at baseline to one on treatment, by parameter and arm.

    The rows that `where` selects are those on treatment; each also holds the patient's category at baseline.
    """

    kind: Literal["shift"]
    also: tuple[Name, ...] = Field(default=(), description="further data sets of the same columns, below the first")
    parameter: Name = "PARAMCD"
    panels: tuple[Panel, ...] = Field(min_length=1)
    baseline: Name = Field(default="BNRIND", description="the column that holds the category at baseline")
    category: Name = Field(default="ANRIND", description="the column that holds the category of the row")
    categories: dict[Name, Name] = Field(min_length=2, description="value: words, in the order of the table's lines")
    take: Literal["worst", "any", "each visit"] = Field(
        default="worst",
        description="worst: one category a patient, the worst seen; any: every category seen; each visit: one a visit",
    )
    worst: tuple[Name, ...] = Field(default=(), description="categories from the worst to the best; for take = worst")
    visit: Name = "AVISIT"
    visits: dict[Name, Name] = Field(default_factory=dict, description="value: words; for take = each visit")
    missing_baseline: Name | None = Field(
        default=None,
        description="the category in which patients without one at baseline are counted; nobody, if absent",
    )
    test: Literal["cmh"] | None = Field(
        default=None, description="cmh: arms against category on treatment, stratified by category at baseline"
    )

    @model_validator(mode="after")
    def _whole(self) -> Shift:
        if self.take == "worst" and sorted(self.worst) != sorted(self.categories):
            raise ValueError("worst must name each of the categories once")
        if self.take == "each visit" and not self.visits:
            raise ValueError("take = 'each visit' needs visits")
        if self.take == "any" and self.test:
            raise ValueError("a patient counted in several categories cannot be tested: take the worst")
        if self.missing_baseline is not None and self.missing_baseline not in self.categories:
            raise ValueError("missing_baseline is not one of the categories")
        return self


class Abnormalities(TableBase):
    """How many patients had at least one value that meets a criterion, by parameter and arm."""

    kind: Literal["abnormalities"]
    also: tuple[Name, ...] = Field(default=(), description="further data sets of the same columns, below the first")
    parameter: Name = "PARAMCD"
    panels: tuple[Panel, ...] = Field(min_length=1)
    criteria: dict[Name, Expression] = Field(
        min_length=1, description='words: what a row must meet: "above 1.5 x ULN" = "AVAL > 1.5 * A1HI"'
    )
    test: Literal["fisher", "fisher over arms"] | None = Field(
        default=None, description="fisher: each arm against control; over arms: one p-value for all arms together"
    )


class Peak(Part):
    """A parameter whose highest value in multiples of the upper limit of normal is looked for."""

    parameter: Name
    words: Name


class LiverInjury(TableBase):
    """Each patient's highest transaminase against the highest bilirubin, in multiples of the upper limit of normal."""

    kind: Literal["liver injury"]
    parameter: Name = "PARAMCD"
    value: Name = "AVAL"
    upper: Name = Field(default="ANRHI", description="the column that holds the upper limit of normal")
    order: Name = Field(default="ADT", description="the date of a value")
    day: Name | None = Field(default="ADY", description="the study day of a value, for the listing")
    transaminases: tuple[Peak, ...] = Field(
        default=(Peak(parameter="ALT", words="ALT"), Peak(parameter="AST", words="AST")), min_length=1
    )
    bilirubin: Peak = Peak(parameter="BILI", words="Bilirubin")
    phosphatase: Peak | None = Peak(parameter="ALP", words="ALP")
    transaminase_above: float = Field(default=3, gt=0, description="times the upper limit of normal")
    bilirubin_above: float = Field(default=2, gt=0, description="times the upper limit of normal")
    phosphatase_below: float = Field(default=2, gt=0, description="times the upper limit: no sign of cholestasis")
