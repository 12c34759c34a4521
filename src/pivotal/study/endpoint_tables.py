"""Tables and figures of an endpoint: its change with the analyses, a linear model whole, a survival curve."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pivotal.study.base import Name
from pivotal.study.table_base import EndpointTable


class Change(EndpointTable):
    """Baseline, value and change of those analysed, and below them the endpoint's dose response and comparisons."""

    kind: Literal["change"]
    parts: tuple[Literal["baseline", "value", "change"], ...] = ("baseline", "value", "change")
    baseline_of: Literal["analysed", "everybody"] = Field(
        default="analysed", description="whose baseline is summarised: of those analysed, or of all with a baseline"
    )
    value_label: Name | None = Field(default=None, description="words for the value; the visit by default")
    digits: int = Field(default=0, ge=0, le=10, description="decimals of the values as measured")
    dose: Name | None = Field(default=None, description="the endpoint's analysis of dose response")
    pairs: Name | None = Field(default=None, description="the endpoint's analysis that compares arms")


class ChangeOverTime(EndpointTable):
    """Mean and mean change by visit."""

    kind: Literal["change over time"]
    digits: int = Field(default=0, ge=0, le=10, description="decimals of the values as measured")


class Model(EndpointTable):
    """A linear model whole, as PROC GLM prints it: sums of squares, tests, estimates, least-squares means."""

    kind: Literal["linear model"]
    analysis: Name = Field(description="the endpoint's analysis whose model it is")
    margins: Literal["equal", "observed"] = Field(
        default="equal", description="how the levels of other factors weigh in LS means (observed: LSMEANS / OM)"
    )


class SurvivalCurves(EndpointTable):
    """A figure: Kaplan-Meier curves, and who is at risk."""

    kind: Literal["kaplan-meier"]


class SurvivalTimes(EndpointTable):
    """Events and Kaplan-Meier medians by arm, and a log-rank test of all arms."""

    kind: Literal["survival times"]
    limits: Literal["log-log", "log", "plain", "logit", "arcsine"] = Field(
        default="log-log", description="scale of the median's limits; SAS before version 9 had plain ones"
    )
