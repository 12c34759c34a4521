"""Pooled Wald test of several quantities at once (D1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Floats, Reason, Reasons
from pivotal.stats.tables import first_reason

# A mean within-imputation covariance matrix whose smallest eigenvalue is this share of the largest tells nothing apart.
SINGULAR = 1e-13


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledWald:
    """A joint test of k quantities over imputations; arrays are (replicate,) unless said otherwise.

    Attributes
    ----------
    estimate
        Means over imputations, (replicate, quantity).
    covariance
        (1 + r) W, (replicate, quantity, quantity), the covariance matrix that the test uses.
    riv
        Average relative increase in variance, r = (1 + 1/M) tr(B W^-1) / k.
    statistic, df1, df2, p
        The F statistic D1, its degrees of freedom, its p-value.
    reason
        `Reason` code.
    """

    estimate: Floats
    covariance: Floats
    riv: Floats
    statistic: Floats
    df1: Floats
    df2: Floats
    p: Floats
    reason: Reasons


def pool_wald(
    estimates: ArrayLike, covariances: ArrayLike, *, df_complete: ArrayLike = np.inf, null: ArrayLike = 0.0
) -> PooledWald:
    """Test several quantities jointly over imputations.

    Parameters
    ----------
    estimates
        (replicate, imputation, quantity)
    covariances
        (replicate, imputation, quantity, quantity)
    df_complete
        Degrees of freedom of the denominator without missing data, (replicate,); inf for a chi-square reference.
    null
        The values tested, (quantity,).

    Returns
    -------
    PooledWald
        NaN with `Reason.IMPUTATIONS_TOO_FEW` with one imputation, with `Reason.IMPUTATION_FAILED` where an estimate is
        not finite, with `Reason.ALIASED` where the covariance matrix within imputations is singular.

    Raises
    ------
    ValueError
        If shapes do not fit.

    Notes
    -----
    D1 = (q - q0)' W^-1 (q - q0) / (k (1 + r)) of Li, Raghunathan and Rubin (1991), doi:10.1080/01621459.1991.10475152;
    denominator degrees of freedom theirs where `df_complete` is infinite, else of Reiter (2007),
    doi:10.1093/biomet/asm028. With k (M - 1) of at most 4, where Reiter's do not exist, theirs throughout. It assumes
    the share of missing information to be about the same in all directions, as it must with few imputations. R's
    ``mice::D1`` and SAS `PROC MIANALYZE` ``TEST / MULT`` give the same (SAS without Reiter's degrees of freedom).

    Examples
    --------
    >>> test = pool_wald([[[1.0, 0.5], [1.2, 0.4], [0.9, 0.7]]], [[np.eye(2) * 0.2] * 3])
    >>> float(test.statistic[0].round(4)), float(test.df2[0].round(2)), float(test.p[0].round(4))
    (2.9255, 165.55, 0.0564)
    """
    given = np.asarray(estimates, dtype=np.float64)
    spread = np.asarray(covariances, dtype=np.float64)
    if given.ndim != 3 or spread.shape != (*given.shape, given.shape[-1]):
        raise ValueError(
            f"estimates are {given.shape}, covariances {spread.shape}; they are (replicate, imputation, quantity) and "
            "(replicate, imputation, quantity, quantity). Give one trial as estimates[None]."
        )
    number, k = given.shape[1:]
    finite = np.isfinite(given).all(axis=(1, 2)) & np.isfinite(spread).all(axis=(1, 2, 3))
    failed = np.asarray(~finite, dtype=np.bool_)
    sound = np.where(failed[:, None, None], 0.0, given)
    within = np.where(failed[:, None, None], np.eye(k), np.where(failed[:, None, None, None], 0.0, spread).mean(axis=1))
    mean = sound.mean(axis=1)
    away = sound - mean[:, None]
    between = np.swapaxes(away, 1, 2) @ away / max(number - 1, 1)
    values = np.linalg.eigvalsh(within)
    flat = values[:, 0] <= SINGULAR * np.abs(values[:, -1])
    solvable = np.where(flat[:, None, None], np.eye(k), within)
    riv = (1 + 1 / number) * np.einsum("rii->r", np.linalg.solve(solvable, between)) / k
    distance = mean - np.asarray(null, dtype=np.float64)
    square = np.einsum("ri,ri->r", distance, np.linalg.solve(solvable, distance[..., None])[..., 0])
    statistic = square / (k * (1 + riv))
    df2 = _denominator(riv, k, number, np.broadcast_to(np.asarray(df_complete, dtype=np.float64), riv.shape))
    few = np.full(failed.shape, number < 2)
    gone = failed | flat | few
    return PooledWald(
        estimate=np.where(failed[:, None], np.nan, mean),
        covariance=np.where(gone[:, None, None], np.nan, (1 + riv)[:, None, None] * within),
        riv=np.where(gone, np.nan, riv),
        statistic=np.where(gone, np.nan, statistic),
        df1=np.full(riv.shape, float(k)),
        df2=np.where(gone, np.nan, df2),
        p=np.where(gone, np.nan, _upper(statistic, k, df2)),
        reason=first_reason(
            (failed, Reason.IMPUTATION_FAILED), (few, Reason.IMPUTATIONS_TOO_FEW), (flat, Reason.ALIASED)
        ),
    )


def _denominator(riv: Floats, k: int, number: int, complete: Floats) -> Floats:
    """Denominator degrees of freedom."""
    t = k * (number - 1)
    if t == 0:
        return np.full(riv.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        if t <= 4:
            return np.asarray(t * (1 + 1 / k) * (1 + 1 / riv) ** 2 / 2, dtype=np.float64)
        large = 4 + (t - 4) * (1 + (1 - 2 / t) / riv) ** 2
        return np.asarray(np.where(np.isinf(complete), large, _reiter(riv, t, complete)), dtype=np.float64)


def _reiter(riv: Floats, t: int, complete: Floats) -> Floats:
    """Reiter (2007), equation 3; its c's and z."""
    a = riv * t / (t - 2)
    v = complete * (complete + 1) / (complete + 3)
    c0, c1, c2 = 1 / (t - 4), v - 2 * (1 + a), v - 4 * (1 + a)
    z = 1 / c2 + c0 * (a**2 * c1 / ((1 + a) ** 2 * c2))
    z = z + c0 * (8 * a**2 * c1 / ((1 + a) * c2**2) + 4 * a**2 / ((1 + a) * c2))
    z = z + c0 * (4 * a**2 / (c2 * c1) + 16 * a**2 * c1 / c2**3) + c0 * (8 * a**2 / c2**2)
    return np.asarray(4 + 1 / z, dtype=np.float64)


def _upper(statistic: Floats, k: int, df2: Floats) -> Floats:
    """Upper tail of F, of chi-square / k where df2 is infinite."""
    endless = np.isinf(df2)
    sound = np.where(endless | np.isnan(df2) | (df2 <= 0), 1.0, df2)
    return np.asarray(
        np.where(endless, special.chdtrc(k, k * statistic), special.fdtrc(k, sound, statistic)), dtype=np.float64
    )
