"""How a trial's measurements are collected in SDTM: domains, test codes, terms, dates.

Scores such as EASI and IGA have no test codes in CDISC's controlled terminology; those that stand here are the
sponsor's own, and each says so (`assumed`). The data sets of a virtual trial are written by this part.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pivotal.study.base import Name, Sourced

Code = Annotated[str, Field(min_length=1, max_length=8, pattern=r"^[A-Z_][A-Z0-9_]*$")]
"""A test code: at most 8 characters, letters, digits and underscores, no digit first."""

Words40 = Annotated[str, Field(min_length=1, max_length=40)]
"""A test's name: at most 40 characters."""

DOMAINS = ("RS", "QS", "VS", "SC", "FT", "LB")
"""Findings domains that a virtual trial's values can stand in."""


class Finding(Sourced):
    """Where values stand in SDTM, and what the test is called there.

    `origin` is `sponsor-defined` where the code is in no controlled terminology, which needs a word in `assumed`.
    """

    domain: Literal["RS", "QS", "VS", "SC", "FT", "LB"]
    code: Code
    name: Words40
    category: Name | None = None
    subcategory: Name | None = None
    unit: Name | None = None
    evaluator: Literal["INVESTIGATOR", "STUDY SUBJECT", "CAREGIVER", "PARENT"] | None = None
    origin: Literal["sponsor-defined", "controlled terminology"] = "sponsor-defined"

    @model_validator(mode="after")
    def _said(self) -> Self:
        if self.origin == "sponsor-defined" and self.assumed is None:
            raise ValueError("a sponsor-defined code says so: give assumed, or origin = 'controlled terminology'")
        return self


class ParameterTest(Finding):
    """The test of a parameter."""

    parameter: Name


class VariableTest(Finding):
    """The test of a baseline variable that is neither a parameter nor a variable of DM."""

    variable: Name


class Exposure(Sourced):
    """What the patients of one arm are given, as EX says it."""

    arm: Name
    treatment: Name
    dose: float = Field(ge=0)
    unit: Name
    form: Name
    frequency: Name
    route: Name


TERMINOLOGY = date(2015, 12, 18)
"""Package of SDTM controlled terminology, where a study file names none: the one whose codes Pivotal comes with."""


class Sdtm(Sourced):
    """The trial in SDTM and ADaM: versions, dates, terms, and the tests of its parameters.

    A virtual patient's reference date (the day of randomisation and of the first dose) is drawn evenly from
    `first_day` to `last_day`; visits are at their planned days from it.
    """

    first_day: date
    last_day: date
    sdtmig: Literal["3.3", "3.4"] = "3.4"
    adamig: Literal["1.1", "1.2", "1.3"] = "1.3"
    terminology: date = Field(default=TERMINOLOGY, description="package of SDTM controlled terminology")
    tests: tuple[ParameterTest, ...] = ()
    characteristics: tuple[VariableTest, ...] = ()
    exposure: tuple[Exposure, ...] = ()
    terms: dict[Name, dict[str, Name]] = Field(
        default_factory=dict, description="by variable of DM, or DSDECOD: the study's words and SDTM's"
    )
    epochs: dict[Name, Name] = Field(default_factory=dict, description="by period: SDTM's epoch; TREATMENT by default")
    summary: dict[Code, Name] = Field(default_factory=dict, description="further trial summary parameters of TS")
    labels: dict[Name, Words40] = Field(
        default_factory=dict, description="labels of variables and parameters in data sets, where theirs are too long"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_day < self.first_day:
            raise ValueError(f"last_day {self.last_day} is before first_day {self.first_day}; give them in order")
        return self

    def test(self, parameter: str) -> ParameterTest | None:
        """The test of a parameter."""
        return next((test for test in self.tests if test.parameter == parameter), None)
