"""What was published, and how the data set of a real trial is read."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pivotal.study.base import Name, Part, Sourced


class Posted(Sourced):
    """A published result, to stand beside the computed one.

    `value` is a percentage for a rate, the estimate for a comparison; `low` and `high` its printed limits, `digits`
    the decimals printed, `limit_digits` those of the limits where they differ.
    """

    endpoint: Name
    visit: Name
    statistic: Literal["rate", "odds ratio", "mean", "rate among completers"]
    arm: Name
    comparator: str | None = None
    x: int | None = None
    n: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    se: float | None = Field(default=None, ge=0)
    level: float = Field(default=0.95, gt=0, lt=1)
    p: str | None = None
    digits: int | None = Field(default=None, ge=0)
    limit_digits: int | None = Field(default=None, ge=0)
    method: str | None = None


class ColumnMap(Part):
    """A column of a data set and what its entries mean; an entry that `values` does not name is read as it stands."""

    column: Name
    values: dict[str, bool | float | str] = Field(default_factory=dict)


class ParameterMap(ColumnMap):
    """Where one parameter's values at one visit stand in a data set."""

    parameter: Name
    visit: Name


class DataMap(Sourced):
    """How the data set of a real trial maps to subjects, arms, baseline variables and parameters."""

    subject: Name
    arm: ColumnMap
    variables: dict[str, ColumnMap] = Field(default_factory=dict)
    parameters: tuple[ParameterMap, ...] = ()
    missing: tuple[str, ...] = ("", "NA")
