"""What a regression fitted by maximum likelihood gives, and what it says where the likelihood has no maximum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pivotal.stats.estimate import Floats, Reason, Reasons
from pivotal.stats.newton import Likelihood, Local, Maximum, maximise
from pivotal.stats.roots import Rows
from pivotal.stats.sweep import determined, sweep
from pivotal.stats.tables import Mask, first_reason
from pivotal.stats.units import unpack

# Without a maximum the likelihood is flat by the time Newton gives up: a step would gain less than this.
FLAT = 1e-6
# Where several coefficients run away, one that moves less than this share of the fastest has no sure direction.
DIRECTION = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionFit:
    """A regression fitted in every replicate.

    Attributes
    ----------
    coefficients
        (replicate, column). ±inf where the likelihood rises without end in it; NaN where the patients do not
        determine it. `coefficient_reason` says which.
    covariance
        (replicate, column, column); NaN in rows and columns of coefficients that are not finite.
    loglik
        (replicate,), at the maximum, or its supremum under separation.
    converged
        (replicate,)
    reason, coefficient_reason
        (replicate,), of the fit as a whole; (replicate, column).
    """

    coefficients: Floats
    covariance: Floats
    loglik: Floats
    converged: Mask
    reason: Reasons
    coefficient_reason: Reasons


class Scored(Local, Protocol):
    """A likelihood near some coefficients, with its score."""

    @property
    def score(self) -> Floats:
        """(column, replicate)."""


class Regression(Likelihood, Protocol):
    """A likelihood whose information tells which coefficients are determined."""

    def evaluate(self, coefficients: Floats) -> Scored:
        """The likelihood near (column, replicate)."""

    def rest(self, coefficients: Floats) -> Floats:
        """The information, packed, without the units that are fitted exactly."""

    def take(self, rows: Rows | Mask) -> Regression:
        """Some replicates."""


@dataclass(slots=True)
class Settled:
    """A fit with replicates last.

    `coefficients` (column, replicate) is where the likelihood was taken, far out in a coefficient that runs away;
    `free` those that belong to its information, `finite` those that are estimates, `away` +1 or -1 for those that run
    away, else 0.
    """

    coefficients: Floats
    free: Mask
    finite: Mask
    away: Floats
    loglik: Floats
    converged: Mask

    def shown(self) -> Floats:
        """Coefficients with infinities and NaN, (replicate, column)."""
        shown = np.where(self.finite, self.coefficients, np.nan)
        runs = self.away != 0
        shown[runs] = np.copysign(np.inf, self.away[runs])
        return shown.T

    def part(self, chosen: slice) -> Settled:
        """Some of the coefficients."""
        values, away = self.coefficients[chosen], self.away[chosen]
        return Settled(values, self.free[chosen], self.finite[chosen], away, self.loglik, self.converged)

    def mask(self, covariance: Floats) -> Floats:
        """A covariance (column, column, replicate), replicates first, NaN where a coefficient is not finite."""
        return np.moveaxis(np.where(self.finite[:, None] & self.finite[None], covariance, np.nan), -1, 0)

    def reasons(self, determined: Mask) -> Reasons:
        """Why a coefficient is not a finite number, (column, replicate)."""
        return first_reason(
            (~determined, Reason.ALIASED),
            (np.broadcast_to(~self.converged, determined.shape), Reason.NOT_CONVERGED),
            (~self.finite, Reason.SEPARATION),
        )


def settle(likelihood: Regression, top: Maximum, free: Mask, known: Mask) -> Settled:
    """Look at what Newton's method left: where it did not arrive on a flat likelihood, coefficients run away.

    The runaways are held where they are, far out, and what the units not fitted exactly still determine is maximised
    again: its limit. The rest is lost.
    """
    loglik = likelihood.evaluate(top.coefficients).loglik.copy()
    finite, away = free & known & top.converged, np.zeros(free.shape)
    fit = Settled(top.coefficients.copy(), free.copy(), finite, away, loglik, top.converged.copy())
    stuck = np.flatnonzero(~top.converged & free.any(axis=0))
    if stuck.size == 0:
        return fit
    part, at = likelihood.take(stuck), top.coefficients[:, stuck]
    here = part.evaluate(at)
    step = here.newton(free[:, stuck])
    flat = np.isfinite(here.loglik) & (np.abs((step * here.score).sum(axis=0)) < FLAT)
    running = free[:, stuck] & (np.abs(step) > DIRECTION * np.abs(step).max(axis=0)) & flat
    left = sweep(unpack(part.rest(at), len(free)))
    held = free[:, stuck] & ~running & left.kept
    limit = maximise(part, at, held)
    fit.converged[stuck] = flat & limit.converged
    fit.coefficients[:, stuck] = limit.coefficients
    fit.free[:, stuck] = held
    fit.finite[:, stuck] = held & known[:, stuck] & determined(left) & fit.converged[stuck]
    fit.away[:, stuck] = np.where(running & known[:, stuck] & fit.converged[stuck], np.sign(step), 0.0)
    fit.loglik[stuck] = part.evaluate(limit.coefficients).loglik
    return fit
