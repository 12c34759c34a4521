"""A stopping boundary: how many events at each look are too many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.estimate import Floats

Counts = NDArray[np.int64]
Law = Literal["binomial", "poisson"]


@dataclass(frozen=True, slots=True)
class Boundary:
    """When to stop.

    Attributes
    ----------
    looks
        What is known at each look, (look,): patients of a binomial count, time at risk of a Poisson one; increasing.
    stop_at
        Events at or above which the boundary is crossed, (look,). Of a binomial count, a number above `looks` cannot be
        reached.
    law
        ``binomial``: events among patients. ``poisson``: events in time at risk.
    critical
        What the rule compares with: the level of the repeated test, or the posterior probability.
    """

    looks: Floats
    stop_at: Counts
    law: Law
    critical: float


def patients(looks: ArrayLike) -> Counts:
    """Looks in patients: whole numbers, increasing, from 1; ValueError otherwise."""
    given = increasing(looks)
    if (given != np.floor(given)).any():
        raise ValueError(f"looks are {given.tolist()}; a binomial count is looked at after a whole number of patients.")
    return given.astype(np.int64)


def increasing(looks: ArrayLike) -> Floats:
    """Looks as a vector above 0 that increases; ValueError otherwise."""
    given = np.atleast_1d(np.asarray(looks, dtype=np.float64))
    if (
        given.ndim != 1
        or not given.size
        or not np.isfinite(given).all()
        or given[0] <= 0
        or (np.diff(given) <= 0).any()
    ):
        raise ValueError(
            f"looks are {given.tolist()}; they are a list of numbers above 0, each larger than the one before."
        )
    return given


def share(value: float, name: str) -> float:
    """A number strictly between 0 and 1; ValueError otherwise."""
    if not 0 < value < 1:
        raise ValueError(f"{name} is {value}; it lies between 0 and 1, without them.")
    return float(value)


def above_zero(value: float, name: str) -> float:
    """A finite number above 0; ValueError otherwise."""
    if not 0 < value < np.inf:
        raise ValueError(f"{name} is {value}; it is a number above 0.")
    return float(value)
