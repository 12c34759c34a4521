"""Likelihood-ratio tests of logistic regression, and the profile-likelihood limits that belong to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.logistic import LogisticFit, fit_logistic, structure
from pivotal.stats.logistic_newton import Cells, Evaluation, empirical_start, maximise
from pivotal.stats.normal import chi_square_p, two_sided_quantile
from pivotal.stats.profile_limit import profile_limit
from pivotal.stats.roots import Rows
from pivotal.stats.tables import Mask


def logistic_lr(events: ArrayLike, totals: ArrayLike, design: ArrayLike, column: int, level: float = 0.95) -> Estimate:
    """Estimate one coefficient of a grouped logistic regression with likelihood-ratio test and profile limits.

    Parameters
    ----------
    events, totals, design
        As in `fit_logistic`.
    column
        Which column of the design.
    level
        Confidence level.

    Returns
    -------
    Estimate
        (replicate,), estimate and limits on the LOG ODDS scale: exponentiate them for an odds ratio;
        `statistic` (chi-square), `df` = 1, `p`. Under separation the estimate is ±inf, the limit on that side
        infinite, the other limit and p ordinary numbers. With no events, or only events, the statistic is 0,
        p 1, the limits infinite.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    The limits are where twice the fall of the profile log likelihood reaches the chi-square quantile; Venzon and
    Moolgavkar (1988), doi:10.2307/2347496. Each is found by a bracketed search over refits, to about 1e-10. SAS
    `PROC LOGISTIC` `CLODDS=PL` stops at 1e-4 of the likelihood; R's `confint` (MASS) interpolates and is off by
    up to 1e-4.

    Examples
    --------
    >>> design = [[1, 0, 1], [1, 0, 0], [1, 1, 1], [1, 1, 0]]
    >>> effect = logistic_lr([[9, 20, 22, 30]], [[51, 58, 50, 60]], design, 1)
    >>> [float(number[0].round(6)) for number in (effect.ci_low, effect.ci_high, effect.statistic)]
    [0.347916, 1.491984, 10.136013]
    """
    drop = two_sided_quantile(level) ** 2
    fit = fit_logistic(events, totals, design)
    profile = _Profile.of(Cells.of(events, totals, design), fit, column, drop)
    reason = fit.coefficient_reason[:, column]
    flat = (reason == Reason.NO_EVENTS) | (reason == Reason.ALL_EVENTS)
    known = ~np.isnan(fit.coefficients[:, column])
    low, high = profile.limits(known)
    rows = np.flatnonzero(known | (reason == Reason.SEPARATION))
    statistic = np.where(flat, 0.0, np.nan)
    statistic[rows] = np.maximum(drop - profile.room(np.zeros(rows.size), rows), 0.0)
    return Estimate(
        estimate=fit.coefficients[:, column],
        ci_low=low,
        ci_high=high,
        statistic=statistic,
        df=np.ones(statistic.shape),
        p=chi_square_p(statistic),
        reason=reason,
        converged=fit.converged,
    )


@dataclass(frozen=True, slots=True)
class _Profile:
    """The likelihood maximised over all coefficients but one, as a function of that one.

    `tangent` (column, replicate) says how the others follow it near the estimate, `centre` where they start; `flat`
    where the profile is.
    """

    cells: Cells
    free: Mask
    column: int
    estimate: Floats
    se: Floats
    loglik: Floats
    centre: Floats
    tangent: Floats
    drop: float
    flat: Mask

    @classmethod
    def of(cls, cells: Cells, fit: LogisticFit, column: int, drop: float) -> _Profile:
        """Start from the fit where it is finite, from the empirical log odds elsewhere."""
        kept = structure(cells).kept
        regular = np.asarray(np.isfinite(fit.coefficients).all(axis=1), dtype=np.bool_)
        covariance = np.where(regular[:, None], fit.covariance[:, :, column], 0.0)
        variance = np.where(regular, fit.covariance[:, column, column], 1.0)
        free = kept.copy()
        free[column] = False
        centre = np.where(regular, np.where(regular[:, None], fit.coefficients, 0.0).T, empirical_start(cells, kept))
        estimate = fit.coefficients[:, column]
        se = np.where(np.isfinite(estimate), np.sqrt(fit.covariance[:, column, column]), 1.0)
        tangent = (covariance / variance[:, None]).T
        return cls(cells, free, column, estimate, se, fit.loglik, centre, tangent, drop, _flat(fit, column))

    def room(self, value: Floats, rows: Rows) -> Floats:
        """How much further twice the log likelihood may fall; 0 at a limit."""
        start = self.centre[:, rows] + self.tangent[:, rows] * (value - self.centre[self.column, rows])
        start[self.column] = value
        cells = self.cells.take(rows)
        top = maximise(cells, start, self.free[:, rows])
        here = Evaluation.of(cells, top.coefficients).loglik
        return np.asarray(self.drop - 2 * (self.loglik[rows] - here), dtype=np.float64)

    def limits(self, known: Mask) -> tuple[Floats, Floats]:
        """Both limits; infinite where the estimate is, NaN where it is not known."""
        low, high = np.full(known.shape, np.nan), np.full(known.shape, np.nan)
        low[np.isneginf(self.estimate) | self.flat] = -np.inf
        high[np.isposinf(self.estimate) | self.flat] = np.inf
        down = np.flatnonzero(known & (self.estimate > -np.inf))
        up = np.flatnonzero(known & (self.estimate < np.inf))
        reach = 1.25 * np.sqrt(self.drop) * self.se
        low[down] = profile_limit(self.room, self.estimate, reach, down, -1.0)
        high[up] = profile_limit(self.room, self.estimate, reach, up, 1.0)
        return low, high


def _flat(fit: LogisticFit, column: int) -> Mask:
    """Where the data say nothing of the coefficient: no variation, or several run away and it may go either way."""
    reasons = fit.coefficient_reason[:, column]
    unknown = np.isin(reasons, [Reason.NO_EVENTS, Reason.ALL_EVENTS, Reason.SEPARATION])
    return unknown & np.isnan(fit.coefficients[:, column])
