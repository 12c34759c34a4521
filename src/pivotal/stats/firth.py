"""Firth's penalised logistic regression: finite where maximum likelihood is not, with limits of its own likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats import cholesky
from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.logistic import LogisticFit, structure
from pivotal.stats.logistic_newton import ROUNDING, Cells, Evaluation, empirical_start, fix
from pivotal.stats.normal import chi_square_p, two_sided_quantile
from pivotal.stats.roots import Rows, find_root
from pivotal.stats.sweep import determined
from pivotal.stats.tables import Mask, first_reason

# The step converges by a factor of about 1/patients-per-coefficient; after one below this the rest is rounding.
LAST_STEP = 1e-10
MAX_STEPS = 300
# Far from the maximum a step beyond this is more likely to leave the range than to help.
MAX_STEP = 5.0
# Doublings of the first reach, about 2 standard errors, until the bracket holds the limit.
DOUBLINGS = 12


def fit_firth(events: ArrayLike, totals: ArrayLike, design: ArrayLike, *, augmented: bool = False) -> LogisticFit:
    """Fit a logistic regression to counts in cells with Firth's penalty, in every replicate.

    Parameters
    ----------
    events, totals, design
        As in `fit_logistic`.
    augmented
        Take the covariance from the augmented data, as R's `logistf` from 1.24 on: each cell counts n + h patients.

    Returns
    -------
    LogisticFit
        `loglik` is the penalised one; `covariance` the inverse of the information of the patients. Coefficients
        are finite also under separation, without events and with events only; NaN with `Reason.ALIASED` where the
        patients do not determine them.

    Notes
    -----
    Maximises l(β) + ½ log|I(β)|: the score is Σ (x - nπ + h(½ - π)) d, h the leverage of the cell's patients together.
    Firth (1993), doi:10.1093/biomet/80.1.27; Heinze and Schemper (2002), doi:10.1002/sim.1047. As SAS `PROC LOGISTIC`
    `FIRTH` and R `logistf`. `wald` gives Wald limits from it; `firth` those of the penalised likelihood.

    Examples
    --------
    >>> fit = fit_firth([[5, 3]], [[5, 9]], [[1, 1], [1, 0]])
    >>> fit.coefficients[0].round(6).tolist()
    [-0.619039, 3.016934]
    """
    cells = Cells.of(events, totals, design)
    whole = structure(cells)
    top = _maximise(cells, empirical_start(cells, whole.kept), whole.kept, whole.kept)
    here = Evaluation.of(cells, top.coefficients)
    known = determined(whole)
    if augmented:
        information = fix(_Penalised.of(cells, top.coefficients, whole.kept).information, whole.kept)
        covariance = cholesky.invert(cholesky.factor(information, cells.size))
    else:
        covariance = cholesky.invert(here.factor(whole.kept))
    reasons = first_reason((~known, Reason.ALIASED), (~top.converged & known, Reason.NOT_CONVERGED))
    return LogisticFit(
        coefficients=np.where(known, top.coefficients, np.nan).T,
        covariance=np.moveaxis(np.where(known[:, None] & known[None], covariance, np.nan), -1, 0),
        loglik=top.loglik,
        converged=top.converged,
        reason=first_reason((cells.totals.sum(axis=0) == 0, Reason.TOO_FEW), (~top.converged, Reason.NOT_CONVERGED)),
        coefficient_reason=reasons.T,
    )


def firth(
    events: ArrayLike,
    totals: ArrayLike,
    design: ArrayLike,
    column: int,
    level: float = 0.95,
    *,
    augmented: bool = False,
) -> Estimate:
    """Estimate one coefficient of Firth's logistic regression with its penalised likelihood's limits and test.

    Parameters
    ----------
    events, totals, design
        As in `fit_logistic`.
    column
        Which column of the design.
    level
        Confidence level.
    augmented
        As in `fit_firth`; touches the standard error only.

    Returns
    -------
    Estimate
        (replicate,), estimate and limits on the LOG ODDS scale; `statistic` (chi-square), `df` = 1, `p`.
        NaN with `Reason.ALIASED` where the patients do not determine the coefficient.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    Test and limits from twice the fall of the penalised log likelihood, maximised over the other coefficients; the
    penalty stays that of the whole model. Heinze and Schemper (2002), doi:10.1002/sim.1047. As R `logistf(pl = TRUE)`
    and SAS `PROC LOGISTIC` `FIRTH CLPARM=PL`; SAS tests with Wald's statistic. Limits to about 1e-9.

    Examples
    --------
    >>> effect = firth([[5, 3]], [[5, 9]], [[1, 1], [1, 0]], 1)
    >>> [float(number[0].round(5)) for number in (effect.ci_low, effect.ci_high, effect.p)]
    [0.44146, 8.00581, 0.0186]
    """
    drop = two_sided_quantile(level) ** 2
    cells = Cells.of(events, totals, design)
    fit = fit_firth(events, totals, design, augmented=augmented)
    profile = _Profile.of(cells, fit, column)
    rows = np.flatnonzero(np.isfinite(fit.coefficients[:, column]) & fit.converged)
    statistic, low, high = np.full((3, cells.replicates), np.nan)
    statistic[rows] = np.maximum(profile.fall(np.zeros(rows.size), rows), 0.0)
    low[rows], high[rows] = profile.limit(rows, -1.0, drop), profile.limit(rows, 1.0, drop)
    return Estimate(
        estimate=fit.coefficients[:, column],
        se=np.sqrt(fit.covariance[:, column, column]),
        ci_low=low,
        ci_high=high,
        statistic=statistic,
        df=np.ones(statistic.shape),
        p=chi_square_p(statistic),
        reason=fit.coefficient_reason[:, column],
        converged=fit.converged,
    )


@dataclass(frozen=True, slots=True)
class _Penalised:
    """Penalised log likelihood, its score, and an information for the step, at some coefficients."""

    loglik: Floats
    score: Floats
    information: Floats

    @classmethod
    def of(cls, cells: Cells, coefficients: Floats, kept: Mask) -> _Penalised:
        plain = Evaluation.of(cells, coefficients)
        lower = plain.factor(kept)
        inverse = np.where(kept[:, None] & kept[None], cholesky.invert(lower), 0.0)
        p = plain.probability
        weight = p * (1 - p)
        leverage = cells.quadratic(inverse) * cells.totals * weight
        half_log = -np.sum([np.log(lower[j][j]) for j in range(cells.size)], axis=0)
        return cls(
            loglik=plain.loglik + half_log,
            score=plain.score + cells.score(leverage * (0.5 - p)),
            information=cells.information((cells.totals + leverage) * weight),
        )


@dataclass(frozen=True, slots=True)
class _Top:
    coefficients: Floats
    loglik: Floats
    converged: Mask


def _maximise(cells: Cells, start: Floats, free: Mask, kept: Mask) -> _Top:
    """Maximise the penalised likelihood over the free coefficients, steps halved where it falls."""
    found, best_found = start.copy(), np.full(cells.replicates, np.nan)
    converged = np.zeros(cells.replicates, dtype=np.bool_)
    rows = np.arange(cells.replicates)
    here = before = start
    best = np.full(cells.replicates, -np.inf)
    for _ in range(MAX_STEPS):
        now = _Penalised.of(cells, here, kept)
        worse = now.loglik < best - ROUNDING * np.abs(now.loglik)
        lower = cholesky.factor(fix(now.information, free), cells.size)
        step = cholesky.solve(lower, np.where(free, now.score, 0.0))
        step = np.clip(step, -MAX_STEP, MAX_STEP)
        step = np.where(worse, (before - here) / 2, step)
        best = np.where(worse, best, now.loglik)
        before, here = np.where(worse, before, here), here + step
        arrived = (np.abs(step).max(axis=0) < LAST_STEP) & ~worse
        found[:, rows], best_found[rows] = here, best
        if arrived.any():
            converged[rows[arrived]] = True
            going = ~arrived
            rows, cells, best = rows[going], cells.take(going), best[going]
            here, before, free, kept = here[:, going], before[:, going], free[:, going], kept[:, going]
        if rows.size == 0:
            break
    return _Top(found, best_found, converged)


@dataclass(frozen=True, slots=True)
class _Profile:
    """The penalised likelihood maximised over all coefficients but one, as a function of that one."""

    cells: Cells
    kept: Mask
    free: Mask
    column: int
    centre: Floats
    tangent: Floats
    se: Floats
    loglik: Floats

    @classmethod
    def of(cls, cells: Cells, fit: LogisticFit, column: int) -> _Profile:
        kept = structure(cells).kept
        free = kept.copy()
        free[column] = False
        covariance = np.nan_to_num(fit.covariance[:, :, column].T)
        variance = np.where(covariance[column] > 0, covariance[column], 1.0)
        centre = np.nan_to_num(fit.coefficients.T)
        return cls(cells, kept, free, column, centre, covariance / variance, np.sqrt(variance), fit.loglik)

    def fall(self, value: Floats, rows: Rows) -> Floats:
        """Twice the fall of the log likelihood."""
        start = self.centre[:, rows] + self.tangent[:, rows] * (value - self.centre[self.column, rows])
        start[self.column] = value
        top = _maximise(self.cells.take(rows), start, self.free[:, rows], self.kept[:, rows])
        return np.asarray(2 * (self.loglik[rows] - top.loglik), dtype=np.float64)

    def limit(self, rows: Rows, sign: float, drop: float) -> Floats:
        """Where the fall reaches `drop`, below or above the estimate."""
        centre = self.centre[self.column, rows]
        inner, outer = np.zeros(rows.size), 1.25 * np.sqrt(drop) * self.se[rows]
        going = np.arange(rows.size)
        for _ in range(DOUBLINGS):
            going = going[self.fall(centre[going] + sign * outer[going], rows[going]) < drop]
            if going.size == 0:
                break
            inner[going] = outer[going]
            outer[going] *= 2

        def room(distance: Floats, which: NDArray[np.intp]) -> Floats:
            return drop - self.fall(centre[which] + sign * distance, rows[which])

        limit = centre + sign * find_root(room, inner, outer)
        limit[going] = sign * np.inf
        return limit
