"""What every part of a study file is made of: names, figures, and where they come from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(min_length=1, max_length=200)]
Probability = Annotated[float, Field(ge=0, le=1)]
Basis = Literal["published", "derived", "assumed", "stated"]


class Part(BaseModel):
    """A part of a study file: unknown keys are faults, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)


class Sourced(Part):
    """A part that says where it comes from."""

    source: str | None = None
    derived: str | None = None
    assumed: str | None = None
    note: str | None = None

    @property
    def basis(self) -> Basis:
        """`assumed`, `derived`, `published`, or `stated` where the file itself is the authority."""
        if self.assumed is not None:
            return "assumed"
        if self.derived is not None:
            return "derived"
        return "published" if self.source is not None else "stated"


class Figure(Sourced):
    """One number: a `value`, a `percent`, or a count `x` of `n`."""

    value: float | None = None
    percent: float | None = Field(default=None, ge=0, le=100)
    x: int | None = Field(default=None, ge=0)
    n: int | None = Field(default=None, ge=1)
    unit: str | None = None

    @model_validator(mode="after")
    def _one_number(self) -> Figure:
        ways = [self.value is not None, self.percent is not None, self.x is not None or self.n is not None]
        if sum(ways) != 1 or (self.x is None) != (self.n is None):
            raise ValueError("give exactly one of: value, percent, or x together with n")
        if self.x is not None and self.n is not None and self.x > self.n:
            raise ValueError(f"x = {self.x} exceeds n = {self.n}")
        return self

    @property
    def number(self) -> float:
        """The number itself; a percentage or a count as a proportion."""
        if self.value is not None:
            return self.value
        if self.percent is not None:
            return self.percent / 100
        assert self.x is not None
        assert self.n is not None
        return self.x / self.n
