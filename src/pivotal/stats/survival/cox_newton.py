"""The maximum of a partial likelihood, over replicates at once, and where it has none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pivotal.stats import cholesky
from pivotal.stats.estimate import Floats
from pivotal.stats.survival.cox_likelihood import Evaluation, Likelihood
from pivotal.stats.survival.ordering import nobody
from pivotal.stats.tables import Mask

# In standard deviations of the covariate. Newton's error squares: the step after is about 1e-10, and is taken too.
LAST_STEP = 1e-5
# A likelihood that has a maximum takes 4 to 8 steps; one that has none moves on at each, and by now shows it.
MAX_STEPS = 30
# Hazard ratios of exp(2) a standard deviation: a longer first step is an overshoot. Later ones may be longer by this
# factor each, for a covariate that varies little where it counts.
LONGEST_STEP, GROWTH = 2.0, 1.3
# Information that is this share of the moments it is the difference of is rounding, and may be below 0.
LOST, LEAST = 1e-15, 1e-100
# A log likelihood may fall by this share of itself from rounding alone.
ROUNDING = 1e-11


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where Newton's method ended: coefficients and its last step, (covariate, replicate), and whether it arrived."""

    coefficients: Floats
    step: Floats
    converged: Mask


def maximise(likelihood: Likelihood, start: Floats, free: Mask, first: Evaluation | None = None) -> Maximum:
    """Maximise over the free coefficients; the others stay where they start.

    A step that lowers the likelihood is halved until it does not. Replicates that have arrived are left alone. `first`
    is the evaluation at the start, where it is at hand.
    """
    found, last = start.copy(), np.zeros(start.shape)
    converged = nobody(free.T)
    rows = np.flatnonzero(~converged)
    here = before = start[:, rows]
    best = np.full(len(rows), -np.inf)
    going, open_columns = (likelihood if len(rows) == start.shape[1] else likelihood.take(rows)), free[:, rows]
    for turn in range(MAX_STEPS if rows.size else 0):
        now = first if turn == 0 and first is not None and len(rows) == start.shape[1] else going.evaluate(here)
        worse = now.loglik < best - ROUNDING * np.abs(now.loglik)
        step = _capped(newton(now, open_columns), LONGEST_STEP * GROWTH**turn)
        step = np.where(worse, (before - here) / 2, step)
        best = np.where(worse, best, now.loglik)
        before, here = np.where(worse, before, here), here + step
        arrived = (np.abs(step).max(axis=0) < LAST_STEP) & ~worse
        if arrived.any():
            found[:, rows[arrived]], last[:, rows[arrived]] = here[:, arrived], step[:, arrived]
            converged[rows[arrived]] = True
            left = np.flatnonzero(~arrived)
            if left.size == 0:
                return Maximum(found, last, converged)
            rows, best, going, open_columns = rows[left], best[left], going.take(left), open_columns[:, left]
            here, before, step = here[:, left], before[:, left], step[:, left]
    found[:, rows], last[:, rows] = (here, step) if rows.size else (found[:, rows], last[:, rows])
    return Maximum(found, last, converged)


def newton(now: Evaluation, free: Mask) -> Floats:
    """Newton step of the free coefficients, 0 for the others."""
    lower = cholesky.factor(fixed(now, free), len(free))
    return cholesky.solve(lower, np.where(free, now.score, 0.0))


def inverse(now: Evaluation, free: Mask) -> Floats:
    """Inverse information of the free coefficients, (covariate, covariate, replicate)."""
    return cholesky.invert(cholesky.factor(fixed(now, free), len(free)))


def fixed(now: Evaluation, free: Mask) -> Floats:
    """The information with rows and columns that are not free put to those of the identity."""
    given = now.information.copy()
    for index, (j, k) in enumerate(cholesky.pairs(len(free))):
        if j == k:
            given[index] = np.maximum(given[index], LOST * np.abs(now.raw[index]) + LEAST)
        given[index] = np.where(free[j] & free[k], given[index], float(j == k))
    return given


def _capped(step: Floats, longest: float) -> Floats:
    length = np.abs(step).max(axis=0)
    return np.asarray(step * (longest / np.maximum(length, longest)), dtype=np.float64)
