"""What a method says of a pair of arms, or of all arms together."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Estimate

Pair = tuple[int, int]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a method says of one pair of arms, or of all together.

    Attributes
    ----------
    pair
        Indices of the arm and of its comparator; None where the estimate is of all arms together (a dose response).
    estimate
        The estimate, on `scale`.
    scale
        `odds ratio`, `risk difference`, `mean difference`, `slope`.
    method
        The estimator with its variant, as the report names it.
    extra
        Further statistics by name, (replicate,).
    """

    pair: Pair | None
    estimate: Estimate
    scale: str
    method: str
    extra: dict[str, Floats] = field(default_factory=dict)


def one_of(found: Estimate, position: int) -> Estimate:
    """One of the estimates that arrays (replicate, estimate) hold."""
    given = {each.name: getattr(found, each.name) for each in fields(found)}
    column: dict[str, Any] = {name: None if value is None else value[:, position] for name, value in given.items()}
    return Estimate(**column)


def exponentiated(log: Estimate) -> Estimate:
    """An estimate on the log scale as a ratio; its standard error stays on the log scale."""

    def exp(value: Floats | None) -> Floats | None:
        with np.errstate(over="ignore"):
            return None if value is None else np.exp(value)

    return replace(log, estimate=exp(log.estimate), ci_low=exp(log.ci_low), ci_high=exp(log.ci_high))
