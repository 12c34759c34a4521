"""The virtual patients, the truths under which they are drawn, and the grids of power."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pivotal.study.base import Figure, Name, Probability, Sourced
from pivotal.study.methods import Method
from pivotal.study.periods import Following, LongTermSettings


class Rates(Sourced):
    """Response of one endpoint at one visit: for each arm a count `[x, n]` or a percentage."""

    endpoint: Name
    visit: Name
    arms: dict[str, tuple[int, int] | float]

    def proportion(self, arm: str) -> float:
        """The rate of an arm as a proportion."""
        rate = self.arms[arm]
        return rate[0] / rate[1] if isinstance(rate, tuple) else rate / 100


class Dropout(Sourced):
    """Discontinuation of one arm before the last visit: `x` of `n`, with counts by reason, or a percentage."""

    arm: Name
    x: int | None = Field(default=None, ge=0)
    n: int | None = Field(default=None, ge=1)
    percent: float | None = Field(default=None, ge=0, le=100)
    reasons: dict[str, float] = Field(default_factory=dict)

    @property
    def proportion(self) -> float:
        """Share of the arm that leaves early."""
        if self.percent is not None:
            return self.percent / 100
        assert self.x is not None
        assert self.n is not None
        return self.x / self.n


class Scenario(Sourced):
    """One truth under which the trial is simulated.

    `like` takes everything from another scenario; `response_as` gives an arm the response of another arm; rates and
    dropout that stand here replace those taken over; `dropout_times` multiplies every arm's share of discontinuation.
    """

    name: Name
    label: Name
    like: str | None = None
    response_as: dict[str, str] = Field(default_factory=dict)
    dropout_times: float = Field(default=1.0, ge=0)
    rates: tuple[Rates, ...] = ()
    dropout: tuple[Dropout, ...] = ()
    following: tuple[Following, ...] = Field(default=(), description="periods after the blinded one, by sequence")


class Grid(Sourced):
    """Power over trial size, control rate and effect (risk difference) for one endpoint at its visit."""

    name: Name
    endpoint: Name
    label: Name
    sizes: tuple[int, ...] = Field(min_length=1)
    control_rates: tuple[Probability, ...] = Field(min_length=1)
    differences: tuple[float, ...] = Field(min_length=1)
    method: Method = "logistic wald"


class Baseline(Sourced):
    """What a baseline variable's distribution is to be among the enrolled."""

    variable: Name
    mean: float | None = None
    sd: float | None = Field(default=None, ge=0)
    range: tuple[float, float] | None = None
    shares: dict[str, float] | None = None


class Screening(Sourced):
    """Share of candidates who fail on a variable; `values` are what they then show (drawn evenly)."""

    variable: Name
    percent: float = Field(ge=0, lt=100)
    values: tuple[float | bool | str, ...] = Field(min_length=1)


class Cohort(Sourced):
    """The virtual patients: baseline, screening, and the settings of the course model."""

    model: Literal["latent course", "marginal"]
    baseline: tuple[Baseline, ...] = ()
    screening: tuple[Screening, ...] = ()
    settings: dict[str, Figure] = Field(default_factory=dict)
    long_term: LongTermSettings = LongTermSettings()
