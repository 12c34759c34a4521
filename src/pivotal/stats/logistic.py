"""Logistic regression of grouped data in every replicate: maximum likelihood, Wald tests, separation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats import cholesky
from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.logistic_newton import Cells, Evaluation, Maximum, empirical_start, maximise
from pivotal.stats.normal import two_sided_p, two_sided_quantile
from pivotal.stats.sweep import Swept, sweep
from pivotal.stats.tables import Mask, divide, first_reason

# Fitted this near to 0 or 1 when Newton has not arrived, a cell is running away; from one half it takes 14 steps.
BOUNDARY = 1e-6
# Where several coefficients run away, one that moves less than this share of the fastest has no sure direction.
DIRECTION = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticFit:
    """A grouped logistic regression fitted in every replicate, on the LOG ODDS scale.

    Attributes
    ----------
    coefficients
        (replicate, column). ±inf where the likelihood rises without end in it; NaN where the patients do not
        determine it. `coefficient_reason` says which.
    covariance
        (replicate, column, column), the inverse information; NaN in rows and columns of coefficients that are
        not finite. Under separation that of the limiting model, in which the cells fitted exactly take no part.
    loglik
        (replicate,), at the maximum, or its supremum under separation.
    converged
        (replicate,)
    reason, coefficient_reason
        (replicate,), of the fit as a whole (a column dropped as aliased is no matter); (replicate, column).
    """

    coefficients: Floats
    covariance: Floats
    loglik: Floats
    converged: Mask
    reason: Reasons
    coefficient_reason: Reasons


def fit_logistic(events: ArrayLike, totals: ArrayLike, design: ArrayLike) -> LogisticFit:
    """Fit a logistic regression to counts in cells, in every replicate.

    Parameters
    ----------
    events, totals
        Events and patients of each cell, (replicate, cell). A cell without patients takes no part.
    design
        Covariates of the cells with the intercept's column, (cell, column) or (replicate, cell, column).

    Returns
    -------
    LogisticFit

    Notes
    -----
    Newton's method from weighted empirical log odds, steps halved where the likelihood falls. A column that
    depends on others in the cells with patients is left out in that replicate, and every coefficient whose
    meaning would hang on that choice is NaN with `Reason.ALIASED`; R's `glm` would report those under the choice
    it made, SAS sets them to 0 with a note. Separation (Albert and Anderson 1984, doi:10.1093/biomet/71.1.1) is
    seen when Newton runs on; the cells it fits exactly are then set aside and the finite coefficients taken
    from the rest, which is their limit. R's `glm` reports whatever the last step gave; SAS `PROC LOGISTIC` warns.
    The log likelihood is that of single patients, without binomial coefficients.

    Examples
    --------
    >>> fit = fit_logistic([[9, 20, 22, 30]], [[51, 58, 50, 60]], [[1, 0, 1], [1, 0, 0], [1, 1, 1], [1, 1, 0]])
    >>> fit.coefficients[0].round(6).tolist()
    [-0.78773, 0.912287, -0.518862]
    """
    cells = Cells.of(events, totals, design)
    whole = structure(cells)
    varies = (cells.events.sum(axis=0) > 0) & (cells.events.sum(axis=0) < cells.totals.sum(axis=0))
    free = whole.kept & varies
    top = maximise(cells, empirical_start(cells, free), free)
    solution = _Solution.at(cells, free, top, _determined(whole) & varies)
    stuck = np.flatnonzero(~top.converged)
    if stuck.size:
        solution.replace(stuck, _limit(cells.take(stuck), top, stuck, solution))
    return solution.finish(cells, whole, varies)


def logistic_wald(
    events: ArrayLike, totals: ArrayLike, design: ArrayLike, column: int, level: float = 0.95
) -> Estimate:
    """Estimate one coefficient of a grouped logistic regression with its Wald interval and test.

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
        As `wald`.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    As SAS `PROC LOGISTIC` and R `summary(glm(family = binomial))` with `confint.default`. For several columns fit
    once and call `wald` on the fit.

    Examples
    --------
    >>> design = [[1, 0, 1], [1, 0, 0], [1, 1, 1], [1, 1, 0]]
    >>> effect = logistic_wald([[9, 20, 22, 30]], [[51, 58, 50, 60]], design, 1)
    >>> [float(number[0].round(6)) for number in (effect.estimate, effect.se, effect.p)]
    [0.912287, 0.291196, 0.001731]
    """
    return wald(fit_logistic(events, totals, design), column, level)


class Fitted(Protocol):
    """What `wald` needs of a fit: each array as in `LogisticFit`."""

    @property
    def coefficients(self) -> Floats:
        """(replicate, column)."""

    @property
    def covariance(self) -> Floats:
        """(replicate, column, column)."""

    @property
    def converged(self) -> Mask:
        """(replicate,)."""

    @property
    def coefficient_reason(self) -> Reasons:
        """(replicate, column)."""


def wald(fit: Fitted, column: int, level: float = 0.95, *, covariance: ArrayLike | None = None) -> Estimate:
    """Estimate one coefficient of a fit with its Wald interval and test.

    Parameters
    ----------
    fit
        From `fit_logistic`, `fit_poisson`, `fit_negative_binomial` or `fit_proportional_odds`.
    column
        Which column of the design.
    level
        Confidence level.
    covariance
        Another one than the fit's, (replicate, column, column), as `PoissonFit.robust`.

    Returns
    -------
    Estimate
        (replicate,), estimate and limits on the fit's scale, LOG odds or LOG rate: exponentiate them for a ratio. Under
        separation the estimate is ±inf (NaN where it could go either way, as between two arms without events),
        the limits -inf and inf, and se, statistic and p NaN. A coefficient
        that the patients do not determine is NaN throughout.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Examples
    --------
    >>> fit = fit_logistic([[5, 3]], [[5, 9]], [[1, 1], [1, 0]])
    >>> effect = wald(fit, 1)
    >>> float(effect.estimate[0]), float(effect.ci_low[0]), Reason(effect.reason[0]).name
    (inf, -inf, 'SEPARATION')
    """
    estimate = fit.coefficients[:, column]
    spread = fit.covariance if covariance is None else np.asarray(covariance, dtype=np.float64)
    se = np.sqrt(spread[:, column, column])
    finite = np.where(np.isfinite(estimate), estimate, np.nan)
    half = two_sided_quantile(level) * se
    statistic = divide(finite, se)
    reason = fit.coefficient_reason[:, column]
    unbounded = reason == Reason.SEPARATION
    return Estimate(
        estimate=estimate,
        se=se,
        ci_low=np.where(unbounded, -np.inf, finite - half),
        ci_high=np.where(unbounded, np.inf, finite + half),
        statistic=statistic,
        p=two_sided_p(statistic),
        reason=reason,
        converged=fit.converged,
    )


@dataclass(slots=True)
class _Solution:
    """A fit in the making: replicates last, coefficients not determined still finite."""

    coefficients: Floats
    covariance: Floats
    loglik: Floats
    converged: Mask
    finite: Mask
    infinite: Mask

    @classmethod
    def at(cls, cells: Cells, free: Mask, top: Maximum, finite: Mask) -> _Solution:
        """Evaluate covariance and likelihood where Newton ended."""
        here = Evaluation.of(cells, top.coefficients)
        covariance = cholesky.invert(here.factor(free))
        nowhere = np.zeros(finite.shape, dtype=np.bool_)
        return cls(top.coefficients.copy(), covariance, here.loglik, top.converged.copy(), finite, nowhere)

    def replace(self, rows: np.ndarray, other: _Solution) -> None:
        """Take some replicates from another solution."""
        for name in self.__slots__:
            getattr(self, name)[..., rows] = getattr(other, name)

    def finish(self, cells: Cells, whole: Swept, varies: Mask) -> LogisticFit:
        """Name what is not a number, and put the replicates first."""
        no_events, all_events = cells.events.sum(axis=0) == 0, ~varies
        known = _determined(whole)
        lost = self.converged & ~self.finite & ~self.infinite
        reasons = first_reason(
            (~known, Reason.ALIASED),
            (no_events & known, Reason.NO_EVENTS),
            (all_events & known, Reason.ALL_EVENTS),
            (~self.converged & known, Reason.NOT_CONVERGED),
            (self.infinite | lost, Reason.SEPARATION),
        )
        coefficients = np.where(self.finite, self.coefficients, np.nan)
        coefficients[self.infinite] = np.copysign(np.inf, self.coefficients[self.infinite])
        shown = self.finite[:, None] & self.finite[None]
        return LogisticFit(
            coefficients=coefficients.T,
            covariance=np.moveaxis(np.where(shown, self.covariance, np.nan), -1, 0),
            loglik=np.where(varies, self.loglik, 0.0),
            converged=self.converged,
            reason=self._fit_reason(cells, varies, reasons),
            coefficient_reason=reasons.T,
        )

    def _fit_reason(self, cells: Cells, varies: Mask, reasons: Reasons) -> Reasons:
        return first_reason(
            (cells.totals.sum(axis=0) == 0, Reason.TOO_FEW),
            ((cells.events.sum(axis=0) == 0), Reason.NO_EVENTS),
            (~varies, Reason.ALL_EVENTS),
            (~self.converged, Reason.NOT_CONVERGED),
            ((reasons == Reason.SEPARATION).any(axis=0), Reason.SEPARATION),
        )


def _limit(cells: Cells, top: Maximum, rows: np.ndarray, whole: _Solution) -> _Solution:
    """The fit that diverging replicates tend to: cells fitted exactly set aside, the rest fitted again."""
    probability = Evaluation.of(cells, top.coefficients[:, rows]).probability
    none, every = cells.events == 0, cells.events == cells.totals
    gone = (none & (probability < BOUNDARY)) | (every & (probability > 1 - BOUNDARY))
    separated = (gone & (cells.totals > 0)).any(axis=0)
    rest = cells.without(gone)
    left = structure(rest)
    inner = maximise(rest, empirical_start(rest, left.kept), left.kept)
    determined = whole.finite[:, rows]
    limit = _Solution.at(rest, left.kept, inner, determined & _determined(left))
    limit.converged &= separated
    limit.finite &= limit.converged
    step = top.step[:, rows]
    running = np.abs(step) > DIRECTION * np.abs(step).max(axis=0)
    limit.infinite = determined & ~limit.finite & running & limit.converged
    limit.coefficients[limit.infinite] = step[limit.infinite]
    return limit


def structure(cells: Cells) -> Swept:
    """Which columns the cells with patients tell apart; one replicate stands for all where all cells have some."""
    filled = cells.totals > 0
    if cells.columns.ndim == 2 and filled.all():
        filled = filled[:, :1]
    packed = cells.information(filled.astype(np.float64))
    gram = np.empty((cells.size, cells.size, packed.shape[1]))
    for index, (i, j) in enumerate(cholesky.pairs(cells.size)):
        gram[i, j] = gram[j, i] = packed[index]
    swept = sweep(gram)
    if packed.shape[1] == cells.replicates:
        return swept
    return Swept(
        np.broadcast_to(swept.matrix, (*swept.matrix.shape[:2], cells.replicates)),
        np.broadcast_to(swept.kept, (cells.size, cells.replicates)),
    )


def _determined(swept: Swept) -> Mask:
    """Coefficients that do not hang on which aliased columns were dropped, (column, replicate)."""
    unit = np.eye(len(swept.kept))
    return np.stack([swept.estimable(unit[:, [column]]) for column in range(len(unit))])
