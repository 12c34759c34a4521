"""Watching events as they come in: what is monitored, against which limit, and the screen over all terms."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from pivotal.study.base import Name, Part, Probability, Sourced
from pivotal.study.topics import Scope

View = Literal["one arm", "blinded", "between arms"]
Rule = Literal["repeated exact test", "beta-binomial", "gamma-poisson"]


class Monitor(Sourced):
    """A stopping boundary for one event of interest.

    `view` says what is seen. ``one arm``: events of an arm against `limit`, unblinded. ``blinded``: events of all
    patients together against the rate that `background` and `ratio` make of the allocation. ``between arms``: of all
    events of two arms, those of `arm`, against the share that `ratio` makes; looks are numbers of events.
    """

    name: Name
    label: Name
    topic: Name | None = Field(default=None, description="the safety topic whose events are counted")
    scope: Scope = Field(default="narrow", description="of a topic that lists of terms define")
    view: View
    rule: Rule
    unit: Literal["patients", "patient-years"] = "patients"
    arm: Name | None = None
    comparator: Name | None = None
    limit: float | None = Field(default=None, gt=0, description="acceptable probability, or events a patient-year")
    background: float | None = Field(default=None, gt=0, description="probability or rate on control")
    ratio: float | None = Field(default=None, gt=0, description="acceptable ratio of the arms' rates")
    alpha: float | None = Field(default=None, gt=0, lt=1, description="probability of stopping at the limit, at most")
    shape: Literal["pocock", "o'brien-fleming"] = "pocock"
    prior: tuple[float, float] | None = Field(default=None, description="beta: a, b; gamma: events, patient-years")
    threshold: float | None = Field(default=None, gt=0, lt=1, description="posterior probability that stops")
    looks: tuple[float, ...] = Field(default=(), description="patients, patient-years or events at each look")
    every: float | None = Field(default=None, gt=0)
    until: float | None = Field(default=None, gt=0)
    truths: tuple[float, ...] = Field(
        default=(), description="true rates (of views with a ratio: true ratios) whose chance of stopping is told"
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [key for key in self._needed() if getattr(self, key) is None]
        if missing:
            raise ValueError(f"{self.view!r} by {self.rule!r} needs {', '.join(missing)}; add them")
        if bool(self.looks) == (self.every is not None or self.until is not None):
            raise ValueError("give looks, or every and until, and not both")
        if not self.looks and (self.every is None or self.until is None or self.until < self.every):
            raise ValueError("every and until go together, until being at least every")
        if any(b <= a for a, b in zip((0.0, *self.looks), self.looks, strict=False)):
            raise ValueError(f"looks = {list(self.looks)} do not increase from above 0")
        if self.rule == "beta-binomial" and (self.alpha is None) == (self.threshold is None):
            raise ValueError("beta-binomial takes a threshold, or alpha by which one is chosen; give one of them")
        if self.rule == "gamma-poisson" and self.unit != "patient-years":
            raise ValueError("gamma-poisson counts events in patient-years; set unit = 'patient-years'")
        if self.rule == "beta-binomial" and self.unit == "patient-years":
            raise ValueError("beta-binomial counts patients; use gamma-poisson for patient-years")
        return self

    def _needed(self) -> list[str]:
        seen = {"one arm": ["arm", "limit"], "blinded": ["background", "ratio"], "between arms": ["arm", "comparator"]}
        by = {"repeated exact test": ["alpha"], "beta-binomial": ["prior"], "gamma-poisson": ["prior", "threshold"]}
        return [*seen[self.view], *by[self.rule]]


class ScreenTerm(Sourced):
    """A term that patients may report, and how many do on control in the screen's simulation."""

    term: Name
    class_: Name = Field(alias="class")
    rate: Probability


class ScreenScenario(Sourced):
    """What the treatment does to the terms: risk ratios by term; terms that are not named do not change."""

    name: Name
    label: Name
    ratios: dict[Name, float] = Field(default_factory=dict)


class Screen(Sourced):
    """A screen over all terms of adverse events, by the double false discovery rate."""

    arm: Name
    comparator: Name
    alpha_class: float = Field(default=0.05, gt=0, lt=1)
    alpha_term: float = Field(default=0.05, gt=0, lt=1)
    least_patients: int = Field(default=1, ge=1, description="terms with fewer patients in all are not tested")
    second: Literal["joint", "within"] = "joint"
    terms: tuple[ScreenTerm, ...] = ()
    scenarios: tuple[ScreenScenario, ...] = ()


class SafetyMonitoring(Part):
    """All that is watched."""

    monitors: tuple[Monitor, ...] = ()
    screen: Screen | None = None
