"""What was published, to stand beside what is computed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pivotal.study.base import Name, Sourced


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
