"""The step of a recipe that grades laboratory values by CTCAE."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pivotal.study.base import Name, Part


class Graded(Part):
    """Which terms of CTCAE a parameter is graded by, and in which unit it was measured."""

    low: Name | None = Field(default=None, description="term for low values: Anemia")
    high: Name | None = Field(default=None, description="term for high values: Hemoglobin increased")
    unit: Name | None = Field(default=None, description="where the data set has no column of units")

    @model_validator(mode="after")
    def _something(self) -> Graded:
        if self.low is None and self.high is None:
            raise ValueError("give low, high, or both")
        return self


class GradeByCtcae(Part):
    """Grades of low and high values, at the record (ATOXGRL, ATOXGRH) and at baseline (BTOXGRL, BTOXGRH).

    Where a grade cannot be told it is missing, and ATOXRSNL or ATOXRSNH says why.
    """

    step: Literal["grade by CTCAE"]
    version: Literal["5.0"] = "5.0"
    parameters: dict[Name, Graded] = Field(min_length=1, description="value of the parameter's column: its terms")
    parameter: Name = "PARAMCD"
    value: Name = "AVAL"
    lower: Name = Field(default="ANRLO", description="lower limit of normal")
    upper: Name = Field(default="ANRHI", description="upper limit of normal")
    baseline: Name = "BASE"
    baseline_indicator: Name = Field(default="BNRIND", description="baseline against its normal range")
    high_words: tuple[Name, ...] = Field(
        default=("H", "HH", "HIGH", "HIGH HIGH"), description="words of a high baseline"
    )
    baseline_flag: Name = Field(default="ABLFL", description="Y on the record whose grade is the baseline's")
    unit: Name | None = Field(default=None, description="column of units")
    incomplete: Literal["unknown", "certain"] = Field(
        default="unknown",
        description="where what is missing could only raise the grade: unknown, or the grade that is certain",
    )
