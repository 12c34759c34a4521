"""Tables of adverse events: by class and term, by severity or relation, with exposure, by safety topic."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pivotal.study.base import Name, Part
from pivotal.study.recipes import Expression
from pivotal.study.table_base import TableBase

Order = Literal["alphabetical", "frequency"]
DifferenceMethod = Literal["miettinen-nurminen", "newcombe", "wald"]
Level = Annotated[float, Field(gt=0, lt=1)]


class AtRisk(Part):
    """Who is at risk, on which treatment, from when to when: a row a patient, or a patient, period and treatment."""

    dataset: Name = Field(default="ADSL", description="ADSL, or a data set of treatment periods")
    treatment: Name | None = Field(default=None, description="its column of the treatment; the table's by default")
    start: Name = Field(default="TRTSDT", description="dates, or study days where the events have study days")
    end: Name = "TRTEDT"
    where: Expression | None = Field(default=None, description="which of its rows count: one period")
    lag: int = Field(default=0, ge=0, description="days after the end that still count, up to the next period's start")


class Split(Part):
    """Categories that a term's events are shown by: severity, relation, outcome."""

    column: Name
    categories: dict[Name, Name] = Field(min_length=1, description="value: words, the mildest first")
    count: Literal["worst", "each"] = Field(
        default="worst", description="a patient once, in the last category that he reached, or in each that he has"
    )


class PValues(Part):
    """p-values of each arm against the control, and how they are printed."""

    method: Literal["fisher exact"] = "fisher exact"
    decimals: int = Field(default=4, ge=2, le=8)
    rounded_from: Literal["computed", "proc freq print"] = Field(
        default="computed",
        description="what is rounded: the p-value, or it as PROC FREQ prints it, as programs do that keep the print",
    )
    star_below: float | None = Field(default=None, gt=0, lt=1, description="p-values below it have an asterisk")
    ceiling: float | None = Field(default=None, gt=0, lt=1, description="p-values above it are printed as >0.99")
    trailing_zeros: bool = Field(default=True, description="0.580 rather than 0.58; with an asterisk they always stay")


class Differences(Part):
    """Differences of each arm to the control, with their intervals."""

    method: DifferenceMethod = "miettinen-nurminen"
    level: Level = 0.95


class EventTable(TableBase):
    """What all tables of adverse events have."""

    dataset: Name = "ADAE"
    treatment: Name = Field(default="TRT01A", description="the column of ADSL that holds the arm, as in [[arms]]")
    event_treatment: Name | None = Field(
        default=None, description="the event's own treatment, that at its onset; the patient's where absent"
    )
    onset: Name = Field(default="ASTDT", description="the events' column of the date of onset, or of its study day")
    at_risk: AtRisk = AtRisk()
    arms: tuple[Name, ...] = Field(default=(), description="the columns, where they are not the study's arms")
    comparator: Name | None = Field(default=None, description="the study's control arm, where absent")


class TermTable(EventTable):
    """A table with a line a class or term."""

    levels: tuple[Name, ...] = Field(default=("AEBODSYS", "AEDECOD"), description="columns, the widest class first")
    any: str | None = Field(default="Any event", description="words of the line of all events; none where empty")
    order: tuple[Order, ...] = Field(default=("alphabetical",), description="of each level; the last serves the rest")
    order_by: Name | None = Field(default=None, description="the arm whose frequencies order; all where absent")
    threshold: float | None = Field(
        default=None, gt=0, le=100, description="percent of patients that a term has in at least one arm, to be shown"
    )

    @model_validator(mode="after")
    def _orders(self) -> TermTable:
        if len(self.order) > max(len(self.levels), 1):
            raise ValueError(f"{len(self.order)} orders for {len(self.levels)} levels; give one a level at most")
        return self


class AdverseEvents(TermTable):
    """Patients with an event, and events, by class and term."""

    kind: Literal["adverse events"]
    split: Split | None = None
    p_values: PValues | None = None
    risk_differences: Differences | None = None
    decimals: int = Field(default=1, ge=0, le=4, description="of percentages")


class Incidence(TermTable):
    """Incidence with exposure: rates per patient-years with exact intervals, differences, time to the first event."""

    kind: Literal["incidence"]
    levels: tuple[Name, ...] = ()
    per: float = Field(default=100, gt=0, description="patient-years that rates are given for")
    level: Level = 0.95
    count: Literal["first", "all"] = Field(
        default="first", description="patients with an event over time until it, or all events over all exposure"
    )
    risk_differences: Differences | None = Differences()
    rate_differences: Literal["miettinen-nurminen", "wald"] | None = "miettinen-nurminen"
    time_to_first: bool = Field(default=False, description="quartile and median days to the first event (Kaplan-Meier)")
    days: tuple[float, ...] = Field(default=(), description="days by which the share with an event is estimated")


class SafetyTopics(EventTable):
    """The study's safety topics, each with its definition beside its counts."""

    kind: Literal["safety topics"]
    topics: tuple[Name, ...] = Field(default=(), description="names of [[topics]]; all where empty")
    per: float = Field(default=100, gt=0, description="patient-years that rates are given for")
    level: Level = 0.95
    risk_differences: Differences | None = None
