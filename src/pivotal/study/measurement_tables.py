"""Tables of measurements: by visit with change from baseline, at named visits with the range, and exposure."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pivotal.study.base import Name, Part
from pivotal.study.recipes import Expression
from pivotal.study.table_base import TableBase


class Occasion(Part):
    """When a value counts: at a visit, or the last one that there is among several."""

    words: Name = Field(description="as the table says it: Wk 2, End of Trt.")
    visit: Name | None = Field(default=None, description="value of the visit's column")
    last_of: tuple[Name, ...] = Field(default=(), description="visits of which the last value is taken")
    where: Expression | None = Field(default=None, description="which of those rows: AENTMTFL = 'Y'")
    baseline: bool = Field(default=False, description="whether it is baseline, from which nothing has changed yet")

    @model_validator(mode="after")
    def _one_way(self) -> Occasion:
        if (self.visit is None) == (not self.last_of):
            raise ValueError("give exactly one of: visit, last_of")
        return self

    @property
    def visits(self) -> tuple[str, ...]:
        """The visits that it looks at."""
        return (self.visit,) if self.visit is not None else self.last_of


class Measurements(TableBase):
    """What tables of measurements have: the columns of a data set in ADaM's basic data structure, and when."""

    also: tuple[Name, ...] = Field(default=(), description="further data sets of the same columns, below the first")
    parameter: Name = Field(default="PARAMCD", description="the column that tells parameters apart")
    value: Name = "AVAL"
    change: Name = "CHG"
    visit: Name = "AVISIT"
    order: Name = Field(default="ADT", description="the column by which one value is later than another")
    occasions: tuple[Occasion, ...] = Field(min_length=1)


class Panel(Part):
    """Parameters under one heading."""

    heading: Name | None = None
    parameters: dict[Name, Name] = Field(min_length=1, description="value of the parameter's column: words")


class MeasurementsByVisit(Measurements):
    """Number, mean (SD) and mean (SD) change from baseline, by parameter, visit and arm."""

    kind: Literal["measurements by visit"]
    panels: tuple[Panel, ...] = Field(min_length=1)
    decimals: int = Field(default=1, ge=0, le=6, description="of a mean; its standard deviation has one more")


class Measure(Part):
    """One quantity in a table: a parameter's value, or its change from baseline."""

    parameter: Name
    words: Name
    of: Literal["value", "change"] = "value"
    decimals: int = Field(default=1, ge=0, le=6, description="the standard deviation has one more")


class MeasurementsAtVisits(Measurements):
    """Number, mean, SD, median and range, by measure, position of the patient, arm and time."""

    kind: Literal["measurements at visits"]
    measures: tuple[Measure, ...] = Field(min_length=1)
    position: Name | None = Field(default=None, description="the column that holds the position or time point: ATPT")
    positions: dict[Name, Name] = Field(default_factory=dict, description="value of that column: words; all, if empty")


class Group(Part):
    """Patients whose columns stand under one heading."""

    words: Name
    where: Expression | None = None


class Amount(Part):
    """What a patient was given, or for how long."""

    column: Name
    words: Name
    decimals: int = Field(default=1, ge=0, le=6, description="the standard deviation has one more")
    at_least: tuple[float, ...] = Field(
        default=(), description="how many patients reach each of these: days of treatment, a cumulative dose"
    )


class Exposure(TableBase):
    """Dose and duration of treatment: number, mean, SD, median and range, by groups of patients and arm."""

    kind: Literal["exposure"]
    dataset: Name = "ADSL"
    groups: tuple[Group, ...] = Field(min_length=1)
    amounts: tuple[Amount, ...] = Field(min_length=1)
