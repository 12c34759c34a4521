"""Newton's method for many likelihoods at once. Replicates are the last axis: coefficients (column, replicate).

`maximise` and `fix` take arrays of any library that follows the array API standard, where the likelihood does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from pivotal.stats import cholesky
from pivotal.stats.arrays import namespace, take
from pivotal.stats.estimate import Floats
from pivotal.stats.roots import Rows
from pivotal.stats.tables import Mask

# Newton's error squares at each step: after a step below this the next would be about its square.
LAST_STEP = 1e-7
# A fit that has a maximum takes 4 to 10 steps; one that has none moves a unit a step, and by now shows it.
MAX_STEPS = 25
# A log likelihood may fall by this share of itself from rounding alone.
ROUNDING = 1e-11


class Local(Protocol):
    """A log likelihood near some coefficients."""

    @property
    def loglik(self) -> Floats:
        """(replicate,)."""

    def newton(self, free: Mask) -> Floats:
        """Newton step of the free coefficients, (column, replicate)."""

    def arrived(self, step: Floats) -> Mask:
        """Whether the step is the last."""


Self = TypeVar("Self", bound="Likelihood")


class Likelihood(Protocol):
    """A log likelihood of every replicate."""

    @property
    def replicates(self) -> int:
        """Number of replicates."""

    def take(self: Self, rows: Rows | Mask) -> Self:
        """Some replicates."""

    def evaluate(self, coefficients: Floats) -> Local:
        """The likelihood near (column, replicate)."""


@dataclass(frozen=True, slots=True)
class Quadratic:
    """Log likelihood, score (column, replicate) and information (pair, replicate; see `cholesky.pairs`)."""

    loglik: Floats
    score: Floats
    information: Floats

    def newton(self, free: Mask) -> Floats:
        """Newton step of the free coefficients."""
        return cholesky.solve(self.factor(free), np.where(free, self.score, 0.0))

    def factor(self, free: Mask) -> list[list[Floats]]:
        """Cholesky factor of the information, with rows and columns not free put to those of the identity."""
        return cholesky.factor(fix(self.information, free), len(free))

    def arrived(self, step: Floats) -> Mask:
        """Whether the step, measured in standard errors, is the last: no unit of a covariate matters."""
        gain = (step * self.score).sum(axis=0)
        return np.asarray(np.abs(gain) < LAST_STEP**2, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where Newton's method ended: coefficients and its last step (column, replicate), and whether it arrived."""

    coefficients: Floats
    step: Floats
    converged: Mask


def maximise(likelihood: Likelihood, start: Floats, free: Mask, steps: int = MAX_STEPS) -> Maximum:
    """Maximise the likelihood over the free coefficients; the others stay where they start.

    A step that lowers the likelihood is halved until it does not. Replicates that have arrived are left alone.
    """
    xp = namespace(start)
    rows = xp.arange(likelihood.replicates)
    arrived_rows, arrived_at, last_steps = [], [], []
    here = before = start
    best = xp.full(likelihood.replicates, -xp.inf, dtype=start.dtype)
    for _ in range(steps):
        now = likelihood.evaluate(here)
        worse = now.loglik < best - ROUNDING * xp.abs(best)
        step = now.newton(free)
        if xp.any(worse):
            step = xp.where(worse, (before - here) / 2, step)
        arrived = now.arrived(step) & ~worse
        best = xp.where(worse, best, now.loglik)
        before, here = xp.where(worse, before, here), here + step
        if xp.any(arrived):
            (there,), (going,) = xp.nonzero(arrived), xp.nonzero(~arrived)
            arrived_rows.append(take(rows, there))
            arrived_at.append(take(here, there))
            last_steps.append(take(step, there))
            rows, likelihood, best = take(rows, going), likelihood.take(going), take(best, going)
            here, before, step, free = (take(each, going) for each in (here, before, step, free))
        if rows.shape[0] == 0:
            break
    order = xp.argsort(xp.concat([*arrived_rows, rows]))
    return Maximum(
        coefficients=take(xp.concat([*arrived_at, here], axis=1), order),
        step=take(xp.concat([*last_steps, step], axis=1), order),
        converged=order < order.shape[0] - rows.shape[0],
    )


def fix(information: Floats, free: Mask) -> Floats:
    """The information with rows and columns that are not free put to those of the identity."""
    xp = namespace(information)
    if xp.all(free):
        return information
    pairs = cholesky.pairs(free.shape[0])
    fixed: Floats = xp.stack(
        [xp.where(free[i, :] & free[j, :], information[t, :], 1.0 if i == j else 0.0) for t, (i, j) in enumerate(pairs)]
    )
    return fixed
