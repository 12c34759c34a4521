"""Likelihood-ratio tests of one coefficient, and the profile-likelihood limits that belong to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.likelihood_fit import RegressionFit
from pivotal.stats.newton import Likelihood, maximise
from pivotal.stats.normal import chi_square_p, two_sided_quantile
from pivotal.stats.profile_limit import profile_limit
from pivotal.stats.roots import Rows
from pivotal.stats.tables import Mask


@dataclass(frozen=True, slots=True)
class Profile:
    """A likelihood maximised over all coefficients but one, as a function of that one.

    Attributes
    ----------
    likelihood
        Of every replicate.
    start
        Where the other coefficients start, (column, replicate).
    tangent
        How they follow the one near the estimate, (column, replicate).
    free
        Which coefficients the patients determine, (column, replicate).
    column
        Which coefficient.
    estimate, se, loglik
        The fit, (replicate,).
    drop
        By how much twice the log likelihood may fall.
    """

    likelihood: Likelihood
    start: Floats
    tangent: Floats
    free: Mask
    column: int
    estimate: Floats
    se: Floats
    loglik: Floats
    drop: float

    def room(self, value: Floats, rows: Rows) -> Floats:
        """How much further twice the log likelihood may fall; 0 at a limit."""
        start = self.start[:, rows] + self.tangent[:, rows] * (value - self.start[self.column, rows])
        start[self.column] = value
        free = self.free[:, rows].copy()
        free[self.column] = False
        part = self.likelihood.take(rows)
        here = part.evaluate(maximise(part, start, free).coefficients).loglik
        return np.asarray(self.drop - 2 * (self.loglik[rows] - here), dtype=np.float64)

    def limits(self, known: Mask) -> tuple[Floats, Floats]:
        """Both limits; infinite where the estimate is, NaN where it is not known."""
        low, high = np.full(known.shape, np.nan), np.full(known.shape, np.nan)
        low[known & np.isneginf(self.estimate)] = -np.inf
        high[known & np.isposinf(self.estimate)] = np.inf
        down = np.flatnonzero(known & (self.estimate > -np.inf))
        up = np.flatnonzero(known & (self.estimate < np.inf))
        reach = 1.25 * np.sqrt(self.drop) * self.se
        low[down] = profile_limit(self.room, self.estimate, reach, down, -1.0)
        high[up] = profile_limit(self.room, self.estimate, reach, up, 1.0)
        return low, high


def likelihood_ratio(
    likelihood: Likelihood, fit: RegressionFit, start: Floats, free: Mask, column: int, level: float
) -> Estimate:
    """Test and profile limits of one coefficient.

    Parameters
    ----------
    likelihood
        What `fit` maximises.
    fit
        Its maximum; coefficients beyond those of the fit (as a dispersion) only take part as others.
    start, free
        As in `Profile`.
    column, level
        Which coefficient; the confidence level.
    """
    drop = two_sided_quantile(level) ** 2
    estimate = fit.coefficients[:, column]
    variance = fit.covariance[:, column, column]
    regular = np.isfinite(variance) & (variance > 0)
    tangent = np.zeros(start.shape)
    size = fit.coefficients.shape[1]
    slopes = fit.covariance[:, :, column] / np.where(regular, variance, 1.0)[:, None]
    tangent[:size] = np.where(np.isfinite(slopes) & regular[:, None], slopes, 0.0).T
    se = np.where(regular, np.sqrt(np.where(regular, variance, 1.0)), 1.0)
    profile = Profile(likelihood, start, tangent, free, column, estimate, se, fit.loglik, drop)
    known = ~np.isnan(estimate) & fit.converged
    low, high = profile.limits(known)
    silent = fit.coefficient_reason[:, column] == Reason.NO_EVENTS
    statistic = np.where(silent, 0.0, np.nan)
    rows = np.flatnonzero(known)
    statistic[rows] = np.maximum(drop - profile.room(np.zeros(rows.size), rows), 0.0)
    return Estimate(
        estimate=estimate,
        ci_low=np.where(silent, -np.inf, low),
        ci_high=np.where(silent, np.inf, high),
        statistic=statistic,
        df=np.ones(statistic.shape),
        p=chi_square_p(statistic),
        reason=fit.coefficient_reason[:, column],
        converged=fit.converged,
    )
