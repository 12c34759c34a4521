"""Newton's method for many likelihoods at once. Replicates are the last axis: coefficients (column, replicate)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from pivotal.stats import cholesky
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
    found, last = start.copy(), np.zeros(start.shape)
    converged = np.zeros(likelihood.replicates, dtype=np.bool_)
    rows = np.arange(likelihood.replicates)
    here = before = start
    best = np.full(likelihood.replicates, -np.inf)
    for _ in range(steps):
        now = likelihood.evaluate(here)
        worse = now.loglik < best - ROUNDING * np.abs(best)
        step = now.newton(free)
        if worse.any():
            step = np.where(worse, (before - here) / 2, step)
        arrived = now.arrived(step) & ~worse
        best = np.where(worse, best, now.loglik)
        before, here = np.where(worse, before, here), here + step
        if arrived.any():
            found[:, rows[arrived]], last[:, rows[arrived]] = here[:, arrived], step[:, arrived]
            converged[rows[arrived]] = True
            going = ~arrived
            rows, likelihood, best = rows[going], likelihood.take(going), best[going]
            here, before, step, free = here[:, going], before[:, going], step[:, going], free[:, going]
        if rows.size == 0:
            return Maximum(found, last, converged)
    found[:, rows], last[:, rows] = here, step
    return Maximum(found, last, converged)


def fix(information: Floats, free: Mask) -> Floats:
    """The information with rows and columns that are not free put to those of the identity."""
    if free.all():
        return information
    fixed = information.copy()
    for index, (i, j) in enumerate(cholesky.pairs(len(free))):
        fixed[index] = np.where(free[i] & free[j], information[index], 1.0 if i == j else 0.0)
    return fixed
