"""F tests of a linear model: several contrasts at once, and the sequential table; sigma and R squared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.ancova import CrossProducts, OlsFit, fit_ols
from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.products import dots, form, replicates_first, times
from pivotal.stats.sweep import sweep
from pivotal.stats.tables import divide, first_reason


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceTable:
    """A sequential (Type I) analysis of variance, the last row the residual.

    Attributes
    ----------
    ss, df
        Sums of squares and degrees of freedom, (replicate, row).
    f, p
        (replicate, row); NaN for the residual, and where it is 0 or has no degrees of freedom.
    r_squared
        (replicate,), 1 - residual / total about the mean; NaN where the outcome does not vary.
    reason
        (replicate,), that of the fit: `Reason.TOO_FEW`, `Reason.CONSTANT`.
    """

    ss: Floats
    df: Floats
    f: Floats
    p: Floats
    r_squared: Floats
    reason: Reasons


def anova(sums: CrossProducts, spans: Sequence[slice]) -> VarianceTable:
    """Attribute the sum of squares to the terms one after the other.

    Parameters
    ----------
    sums
        Of a design whose column 0 is the intercept.
    spans
        The columns of each term, in order and without gaps, as `LinearModel.spans`.

    Returns
    -------
    VarianceTable

    Notes
    -----
    Type I: each term given those before it. As R `anova(lm)` and SAS `PROC GLM` `SS1`. Tests given *all* other terms
    are `joint_test` of the term's contrasts.

    Examples
    --------
    >>> from pivotal.stats import cross_products
    >>> sums = cross_products([[1.0, 2.0, 4.0, 8.0]], [[1, 0], [1, 0], [1, 1], [1, 1]], [[True] * 4])
    >>> table = anova(sums, [slice(1, 2)])
    >>> table.ss[0].tolist(), table.df[0].tolist(), float(table.p[0, 0].round(6))
    ([20.25, 8.5], [1.0, 2.0], 0.160746)
    """
    stops = [1, *(span.stop for span in spans)]
    fits = [fit_ols(sums.xtx[:, :k, :k], sums.xty[:, :k], sums.yty, sums.n) for k in stops]
    left = np.stack([_residual(sums, fit, k) for fit, k in zip(fits, stops, strict=True)], axis=1)
    spare = np.stack([sums.n - fit.swept.rank for fit in fits], axis=1)
    ss, df = -np.diff(left, axis=1), -np.diff(spare, axis=1)
    rest = np.maximum(spare[:, -1:], 0.0)
    f = divide(divide(ss, df), fits[-1].sigma2[:, None])
    return VarianceTable(
        ss=np.concatenate([ss, left[:, -1:]], axis=1),
        df=np.concatenate([df, rest], axis=1),
        f=_with_residual(f),
        p=_with_residual(np.asarray(special.fdtrc(df, np.maximum(rest, 1), f), dtype=np.float64)),
        r_squared=1 - divide(left[:, -1], np.where(fits[0].reason == Reason.CONSTANT, 0.0, left[:, 0])),
        reason=fits[-1].reason,
    )


def joint_test(fit: OlsFit, contrasts: ArrayLike, *, covariance: ArrayLike | None = None) -> Estimate:
    """Test that several contrasts are all zero.

    Parameters
    ----------
    fit
        From `fit_ols`.
    contrasts
        (contrast, column), or (replicate, contrast, column). Rows that depend on others are left out.
    covariance
        As in `ancova`.

    Returns
    -------
    Estimate
        (replicate,): `statistic` (F), `df` (the numerator's; the denominator's is `fit.df`), `p`. NaN with
        `Reason.ALIASED` where the patients do not determine a contrast, else with the reason of the fit.

    Notes
    -----
    F = (Lb)'(LVL')⁻(Lb) / rank. With L that singles out a term in every cell of the design alike, SAS's Type III test
    and R's `emmeans::joint_tests`.

    Examples
    --------
    >>> from pivotal.stats import fit_ols
    >>> fit = fit_ols([[[4.0, 2.0], [2.0, 2.0]]], [[10.0, 7.0]], [30.0], [4.0])
    >>> test = joint_test(fit, [[0, 1]])
    >>> float(test.statistic[0].round(6)), float(test.p[0].round(6))
    (8.0, 0.105573)
    """
    given = np.asarray(contrasts, dtype=np.float64)
    rows = np.broadcast_to(given, (len(fit.df), *given.shape[-2:]))
    each = [fit.swept.estimable(rows[:, k].T) for k in range(rows.shape[1])]
    known = np.asarray(np.all(each, axis=0), dtype=np.bool_)
    spread = replicates_first(fit.swept.inverse) if covariance is None else np.asarray(covariance, dtype=np.float64)
    scale = fit.sigma2 if covariance is None else np.ones(len(fit.df))
    usable = known & (fit.df > 0) & (scale > 0) & np.isfinite(spread).all(axis=(1, 2))
    of = np.where(usable[:, None, None], rows @ spread @ np.swapaxes(rows, -1, -2), 0.0)
    swept = sweep(np.ascontiguousarray(np.moveaxis(of, 0, -1)))
    distance = form(times(rows, fit.coefficients), replicates_first(swept.inverse))
    f = divide(divide(distance, swept.rank), np.where(usable, scale, 0.0))
    reason = first_reason((~known, Reason.ALIASED), (fit.df <= 0, Reason.TOO_FEW), (scale <= 0, Reason.CONSTANT))
    odd = (reason == Reason.NONE) & np.isnan(f)
    return Estimate(
        statistic=f,
        df=swept.rank,
        p=np.asarray(special.fdtrc(np.maximum(swept.rank, 1), np.maximum(fit.df, 1), f), dtype=np.float64),
        reason=np.where(odd, np.uint8(Reason.LEVERAGE if covariance is not None else Reason.NO_INFORMATION), reason),
    )


def _residual(sums: CrossProducts, fit: OlsFit, columns: int) -> Floats:
    explained = dots(fit.coefficients, sums.xty[:, :columns])
    exact = fit.reason == Reason.CONSTANT
    return np.where(exact, 0.0, np.maximum(sums.yty - explained, 0.0))


def _with_residual(values: Floats) -> Floats:
    return np.concatenate([values, np.full((len(values), 1), np.nan)], axis=1)
