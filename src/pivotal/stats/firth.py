"""Firth's penalised logistic regression: finite where maximum likelihood is not, with limits of its own likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats import cholesky
from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.logistic import LogisticFit, structure
from pivotal.stats.logistic_newton import Cells, Evaluation, empirical_start
from pivotal.stats.newton import Maximum, fix, maximise
from pivotal.stats.normal import chi_square_p, two_sided_quantile
from pivotal.stats.profile_limit import profile_limit
from pivotal.stats.roots import Rows
from pivotal.stats.sweep import determined
from pivotal.stats.tables import Mask, first_reason

# The step converges by a factor of about 1/patients-per-coefficient; after one below this the rest is rounding.
LAST_STEP = 1e-10
MAX_STEPS = 300
# Far from the maximum a step beyond this is more likely to leave the range than to help.
MAX_STEP = 5.0


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
    penalised = _Penalised(cells, whole.kept)
    top, loglik = penalised.top(empirical_start(cells, whole.kept), whole.kept)
    here = Evaluation.of(cells, top.coefficients)
    known = determined(whole)
    if augmented:
        information = fix(penalised.evaluate(top.coefficients).information, whole.kept)
        covariance = cholesky.invert(cholesky.factor(information, cells.size))
    else:
        covariance = cholesky.invert(here.factor(whole.kept))
    reasons = first_reason((~known, Reason.ALIASED), (~top.converged & known, Reason.NOT_CONVERGED))
    return LogisticFit(
        coefficients=np.where(known, top.coefficients, np.nan).T,
        covariance=np.moveaxis(np.where(known[:, None] & known[None], covariance, np.nan), -1, 0),
        loglik=loglik,
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


def firth_lr_test(events: ArrayLike, totals: ArrayLike, design: ArrayLike, columns: int | Sequence[int]) -> Estimate:
    """Test that some coefficients of Firth's logistic regression are 0 by the penalised likelihood ratio.

    Parameters
    ----------
    events, totals, design
        As in `fit_logistic`.
    columns
        The columns of the design to test, one or several.

    Returns
    -------
    Estimate
        (replicate,): `statistic` (chi-square), `df` (columns tested that are not aliased), `p`. NaN with
        `Reason.ALIASED` where all of them are.

    Notes
    -----
    The penalty stays that of the whole model, as in R `logistf::logistftest`. Heinze and Schemper (2002),
    doi:10.1002/sim.1047.

    Examples
    --------
    >>> design = [[1, 0, 1], [1, 0, 0], [1, 1, 1], [1, 1, 0]]
    >>> test = firth_lr_test([[9, 20, 22, 30]], [[51, 58, 50, 60]], design, [1, 2])
    >>> float(test.statistic[0].round(6)), float(test.df[0])
    (13.129385, 2.0)
    """
    cells = Cells.of(events, totals, design)
    whole = structure(cells)
    tested = np.zeros(whole.kept.shape, dtype=np.bool_)
    tested[np.atleast_1d(np.asarray(columns, dtype=np.intp))] = True
    penalised = _Penalised(cells, whole.kept)
    top, most = penalised.top(empirical_start(cells, whole.kept), whole.kept)
    free = whole.kept & ~tested
    null, less = penalised.top(empirical_start(cells, free), free)
    df = (whole.kept & tested).sum(axis=0).astype(np.float64)
    # a tested column that earlier ones make is dropped; one that later columns hang on is not a test of its own
    known = (df > 0) & (determined(whole) | ~tested | ~whole.kept).all(axis=0)
    converged = top.converged & null.converged
    statistic = np.where(known & converged, np.maximum(2 * (most - less), 0.0), np.nan)
    p = np.where(known & converged, special.chdtrc(np.maximum(df, 1), np.nan_to_num(statistic)), np.nan)
    reason = first_reason((~known, Reason.ALIASED), (~converged, Reason.NOT_CONVERGED))
    return Estimate(statistic=statistic, df=df, p=p, reason=reason, converged=converged)


@dataclass(frozen=True, slots=True)
class _Near:
    """Penalised log likelihood, its score, and an information for the step, at some coefficients."""

    loglik: Floats
    score: Floats
    information: Floats

    def newton(self, free: Mask) -> Floats:
        """Newton step of the free coefficients, not too long."""
        lower = cholesky.factor(fix(self.information, free), len(free))
        step = cholesky.solve(lower, np.where(free, self.score, 0.0))
        return np.asarray(np.clip(step, -MAX_STEP, MAX_STEP), dtype=np.float64)

    def arrived(self, step: Floats) -> Mask:
        """Whether the step is the last."""
        return np.asarray(np.abs(step).max(axis=0) < LAST_STEP, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class _Penalised:
    """The penalised likelihood of cells; the penalty is of the columns kept, (column, replicate)."""

    cells: Cells
    kept: Mask

    @property
    def replicates(self) -> int:
        """Number of replicates."""
        return self.cells.replicates

    def take(self, rows: Rows | Mask) -> _Penalised:
        """Some replicates."""
        return _Penalised(self.cells.take(rows), self.kept[:, rows])

    def evaluate(self, coefficients: Floats) -> _Near:
        """The likelihood near (column, replicate)."""
        cells, kept = self.cells, self.kept
        plain = Evaluation.of(cells, coefficients)
        lower = plain.factor(kept)
        inverse = np.where(kept[:, None] & kept[None], cholesky.invert(lower), 0.0)
        p = plain.probability
        weight = p * (1 - p)
        leverage = cells.quadratic(inverse) * cells.totals * weight
        half_log = -np.sum([np.log(lower[j][j]) for j in range(cells.size)], axis=0)
        return _Near(
            loglik=plain.loglik + half_log,
            score=plain.score + cells.score(leverage * (0.5 - p)),
            information=cells.information((cells.totals + leverage) * weight),
        )

    def top(self, start: Floats, free: Mask) -> tuple[Maximum, Floats]:
        """The maximum over the free coefficients, and the log likelihood there."""
        top = maximise(self, start, free, MAX_STEPS)
        return top, self.evaluate(top.coefficients).loglik


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
        _, loglik = _Penalised(self.cells, self.kept).take(rows).top(start, self.free[:, rows])
        return np.asarray(2 * (self.loglik[rows] - loglik), dtype=np.float64)

    def limit(self, rows: Rows, sign: float, drop: float) -> Floats:
        """Where the fall reaches `drop`, below or above the estimate."""
        reach = 1.25 * np.sqrt(drop) * self.se
        return profile_limit(
            lambda value, which: drop - self.fall(value, which), self.centre[self.column], reach, rows, sign
        )
