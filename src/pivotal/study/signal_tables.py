"""Adverse events of two arms against each other: the screen over all terms, and the dot plot."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pivotal.study.base import Name, Probability
from pivotal.study.table_base import TableBase


class TwoArmEvents(TableBase):
    """Patients with each term, in two arms."""

    arm: Name
    comparator: Name
    term: Name = Field(default="AEDECOD", description="the column that holds the term")
    class_: Name = Field(default="AEBODSYS", alias="class", description="the column that holds its class")
    level: float = Field(default=0.95, gt=0, lt=1)


class SignalScreen(TwoArmEvents):
    """All terms compared, flagged by the double false discovery rate: a volcano plot and a list."""

    kind: Literal["signal screen"]
    alpha_class: float = Field(default=0.05, gt=0, lt=1)
    alpha_term: float = Field(default=0.05, gt=0, lt=1)
    second: Literal["joint", "within"] = "joint"
    least_patients: int = Field(default=1, ge=1, description="terms with fewer patients in all are not tested")
    most: int = Field(default=20, ge=1, description="terms listed, by p-value; flagged ones are all listed")


class EventDotPlot(TwoArmEvents):
    """Percentages of two arms by term, and the risk difference with its interval beside them."""

    kind: Literal["event dot plot"]
    at_least: Probability = Field(default=0.05, description="terms that this share of either arm has")
