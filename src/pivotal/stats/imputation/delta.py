"""Delta adjustment: imputed values made worse by so much, and how much it takes to lose the conclusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.ancova import ancova, fit_ols
from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.imputation.pooling import DegreesOfFreedom, Pooled, rubin
from pivotal.stats.normal import tail
from pivotal.stats.tables import first_reason

# Bisection halves the range so often that it is exact to rounding.
HALVINGS = 55
# Analyses done at a time.
CHUNK_FITS = 2**16


def delta_shifts(
    missing: ArrayLike,
    deltas: ArrayLike,
    arm: ArrayLike,
    *,
    event: ArrayLike | None = None,
    lag: Sequence[float] | None = None,
) -> Floats:
    """What is added to each imputed value.

    Parameters
    ----------
    missing
        What was imputed, (replicate, patient, visit).
    deltas
        By arm and visit, (arm, visit); (visit,) for all arms.
    arm
        0, 1, ..., (patient,) or (replicate, patient).
    event
        First visit at or after the intercurrent event, (patient,) or (replicate, patient): only what is missing from
        then on is shifted. Everything imputed if None.
    lag
        Weights of the visits since the event, the event's own first, and with them shifts that add up: at visit j the
        sum over the visits k from the event to j of deltas[k] * lag[k - event]. (1, 1, 1, ...) accumulates the deltas,
        (1, 0, 0, ...) keeps that of the event's visit. If None every visit has its own delta.

    Returns
    -------
    Floats
        (replicate, patient, visit); 0 where nothing was imputed.

    Raises
    ------
    ValueError
        If shapes do not fit, or `lag` is given without `event`.

    Notes
    -----
    `lag` is ``dlag`` of R's ``rbmi::delta_template``. SAS `PROC MI` ``MNAR ADJUST(... / SHIFT=)`` shifts while it
    imputes, so that a shift at one visit moves later ones too; here later visits are imputed first.

    Examples
    --------
    >>> missing = [[[False, True, True], [False, False, True]]]
    >>> delta_shifts(missing, [1.0, 1.0, 1.0], [0, 0]).tolist()
    [[[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]]
    >>> delta_shifts(missing, [1.0, 1.0, 1.0], [0, 0], event=[1, 2], lag=[1, 1, 1]).tolist()
    [[[0.0, 1.0, 2.0], [0.0, 0.0, 1.0]]]
    """
    where = np.asarray(missing, dtype=np.bool_)
    replicates, patients, visits = where.shape
    arms = np.broadcast_to(np.asarray(arm, dtype=np.int64), (replicates, patients))
    table = np.asarray(deltas, dtype=np.float64)
    table = np.broadcast_to(table, (int(arms.max(initial=0)) + 1, visits)) if table.ndim == 1 else table
    if table.shape[-1] != visits or len(table) <= arms.max(initial=0):
        raise ValueError(f"deltas have the shape {table.shape}; they are (arm, visit) with {visits} visits.")
    amount = table[arms]
    if event is None:
        if lag is not None:
            raise ValueError("lag counts visits from the event; give event.")
        return np.where(where, amount, 0.0)
    first = np.broadcast_to(np.asarray(event, dtype=np.int64), (replicates, patients))[..., None]
    since = np.arange(visits) - first
    if lag is not None:
        weights = np.concatenate([np.asarray(lag, dtype=np.float64), np.zeros(visits)])
        amount = np.cumsum(np.where(since >= 0, amount * weights[np.maximum(since, 0)], 0.0), axis=2)
    return np.where(where & (since >= 0), amount, 0.0)


@dataclass(frozen=True, slots=True)
class _Shifted:
    """An analysis of covariance of completed data, as a function of shifts of the imputed values.

    Sums of squares and products of outcomes and shifts serve every size of the shifts: (replicate, imputation, ...).
    """

    gram: Floats
    cross: Floats
    square: Floats
    shift_cross: Floats
    mixed: Floats
    shift_square: Floats
    patients: int
    contrast: Floats

    @classmethod
    def of(cls, y: ArrayLike, shifts: ArrayLike, x: ArrayLike, contrast: ArrayLike) -> _Shifted:
        outcome = np.asarray(y, dtype=np.float64)
        given = np.asarray(shifts, dtype=np.float64)
        design = np.asarray(x, dtype=np.float64)
        if outcome.ndim != 3 or given.ndim != 3 or given.shape[1:] != (len(outcome), outcome.shape[2]):
            raise ValueError(
                f"y has the shape {outcome.shape}, shifts {given.shape}; they are (replicate, imputation, patient) "
                "at one visit, and (direction, replicate, patient)."
            )
        design = design if design.ndim == 3 else np.broadcast_to(design, (len(outcome), *design.shape))
        weights = np.asarray(contrast, dtype=np.float64)
        return cls(
            gram=np.swapaxes(design, 1, 2) @ design,
            cross=outcome @ design,
            square=(outcome * outcome).sum(axis=2),
            shift_cross=np.einsum("drn,rnp->drp", given, design),
            mixed=np.einsum("drn,rmn->drm", given, outcome),
            shift_square=np.einsum("drn,ern->der", given, given),
            patients=outcome.shape[2],
            contrast=np.broadcast_to(weights, (len(outcome), design.shape[2])),
        )

    def analysed(self, sizes: Floats) -> tuple[Floats, Floats, Floats]:
        """Estimates and variances (replicate, imputation, point), degrees of freedom (replicate,).

        `sizes` of the shifts are (replicate, point, direction).
        """
        replicates, imputations = self.square.shape
        points, width = sizes.shape[1], self.gram.shape[1]
        cross = self.cross[:, :, None] + np.einsum("rkd,drp->rkp", sizes, self.shift_cross)[:, None]
        square = self.square[:, :, None] + 2 * np.einsum("rkd,drm->rmk", sizes, self.mixed)
        square = square + np.einsum("rkd,der,rke->rk", sizes, self.shift_square, sizes)[:, None]
        shape = (replicates, imputations, points)
        gram = np.broadcast_to(self.gram[:, None, None], (*shape, width, width)).reshape(-1, width, width)
        number = np.full(gram.shape[0], float(self.patients))
        fit = fit_ols(gram, cross.reshape(-1, width), square.reshape(-1), number)
        weights = np.broadcast_to(self.contrast[:, None, None], (*shape, width)).reshape(-1, width)
        found = ancova(fit, weights)
        values = [np.asarray(part).reshape(shape) for part in (found.estimate, found.se)]
        return values[0], values[1] ** 2, fit.df.reshape(shape)[:, 0, 0]

    def pooled(self, sizes: Floats, level: float, df: DegreesOfFreedom) -> Pooled:
        """Pooled over imputations, (replicate, point)."""
        each = max(1, CHUNK_FITS // max(1, self.square.size))
        parts = [self.analysed(sizes[:, first : first + each]) for first in range(0, sizes.shape[1], each)]
        estimates, variances = (np.concatenate([part[place] for part in parts], axis=2) for place in (0, 1))
        return rubin(estimates, variances, df_complete=parts[0][2][:, None], level=level, df=df)


def delta_grid(
    y: ArrayLike,
    shifts: ArrayLike,
    x: ArrayLike,
    contrast: ArrayLike,
    sizes: ArrayLike,
    *,
    level: float = 0.95,
    df: DegreesOfFreedom = "barnard-rubin",
) -> Pooled:
    """Analyse completed data by ANCOVA at one visit under many sizes of delta, and pool each.

    Parameters
    ----------
    y
        Completed outcomes at one visit, (replicate, imputation, patient).
    shifts
        Directions in which imputed values are moved, (direction, replicate, patient): for a grid over two arms, the
        imputed values of one arm moved by 1, and of the other.
    x
        The analysis's design with its intercept column, (patient, column) or (replicate, patient, column).
    contrast
        Of its coefficients, (column,) or (replicate, column).
    sizes
        Multiples of the shifts, (point, direction).
    level, df
        As in `rubin`.

    Returns
    -------
    Pooled
        (replicate, point)

    Raises
    ------
    ValueError
        If shapes do not fit, or `level` is not between 0 and 1.

    Notes
    -----
    Least squares needs sums of squares and products only, which are quadratic in the sizes: a grid costs no pass over
    the patients.

    Examples
    --------
    >>> y = np.array([[[1.0, 2.0, 4.0, 5.0], [1.5, 2.0, 4.0, 4.5]]])
    >>> shifts = np.array([[[1.0, 0, 0, 0]], [[0.0, 0, 0, 1.0]]])  # the first patient's value, the last one's
    >>> x = [[1, 0], [1, 0], [1, 1], [1, 1]]
    >>> delta_grid(y, shifts, x, [0, 1], [[0, 0], [1, 0], [0, -1]]).estimate.round(3).tolist()
    [[2.75, 2.25, 2.25]]
    """
    shifted = _Shifted.of(y, shifts, x, contrast)
    wanted = np.asarray(sizes, dtype=np.float64)
    return shifted.pooled(np.broadcast_to(wanted, (len(shifted.square), *wanted.shape)), level, df)


def tipping_point(
    y: ArrayLike,
    shifts: ArrayLike,
    x: ArrayLike,
    contrast: ArrayLike,
    *,
    most: float,
    level: float = 0.95,
    df: DegreesOfFreedom = "barnard-rubin",
) -> Estimate:
    """Find how far imputed values must be moved until the pooled interval reaches 0.

    Parameters
    ----------
    y, x, contrast, level, df
        As in `delta_grid`.
    shifts
        The direction, (replicate, patient): how much each imputed value moves when the delta is 1 (0 where nothing was
        imputed). It must make the effect smaller.
    most
        The largest delta tried.

    Returns
    -------
    Estimate
        (replicate,): `estimate` is the delta; 0 where the interval includes 0 without any, with `Reason.NONE`; inf with
        `Reason.NOT_TIPPED` where it excludes 0 even at `most`; NaN where pooling fails.

    Raises
    ------
    ValueError
        If shapes do not fit, `most` is not positive, or `level` is not between 0 and 1.

    Notes
    -----
    Campbell, Pennello and Yue (2011), doi:10.1080/10543406.2011.550094. By bisection on the limit nearer to 0, not on a
    grid. Where the limit is no monotone function of the delta (it nearly always is) one of its crossings is found.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> arm = np.repeat([0, 1], 50)
    >>> y = rng.normal(size=(1, 20, 100)) / 10 + rng.normal(size=100) + arm
    >>> imputed = (np.arange(100) % 3 == 0) & (arm == 1)
    >>> x = np.stack([np.ones(100), arm], axis=1)
    >>> found = tipping_point(y, -1.0 * imputed[None], x, [0, 1], most=10.0)
    >>> bool(0 < found.estimate[0] < 10)
    True
    """
    if not most > 0:
        raise ValueError(f"most is {most}; the largest delta tried is positive. Change most.")
    quantile_tail = tail(level)
    shifted = _Shifted.of(y, np.asarray(shifts, dtype=np.float64)[None], x, contrast)
    replicates = len(shifted.square)

    def margin(delta: Floats) -> tuple[Floats, Floats]:
        pooled = shifted.pooled(delta[:, None, None], level, df)
        freedom = pooled.df[:, 0]
        some = np.where(np.isfinite(freedom) & (freedom > 0), freedom, 1.0)
        quantile = np.where(np.isinf(freedom), special.ndtri(quantile_tail), special.stdtrit(some, quantile_tail))
        return pooled.estimate[:, 0], pooled.se[:, 0] * -quantile

    at, half = margin(np.zeros(replicates))
    sign = np.sign(at)
    end, end_half = margin(np.full(replicates, most))
    open_, held = sign * at - half > 0, sign * end - end_half > 0
    low, high = np.zeros(replicates), np.full(replicates, most)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        here, width = margin(middle)
        above = sign * here - width > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    failed = np.isnan(half) | np.isnan(end_half)
    reason = first_reason((failed, Reason.IMPUTATION_FAILED), (open_ & held, Reason.NOT_TIPPED))
    delta = np.where(open_, np.where(held, np.inf, high), 0.0)
    return Estimate(estimate=np.where(failed, np.nan, delta), reason=reason)
