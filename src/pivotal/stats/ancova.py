"""Analysis of covariance in every replicate: least squares from cross-products, contrasts and LS means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.normal import tail
from pivotal.stats.products import dots, form, replicates_first, times
from pivotal.stats.sweep import Swept, sweep
from pivotal.stats.tables import Mask, divide, first_reason

# A residual sum of squares this small beside y'y is rounding: the model fits exactly.
EXACT = 1e-14


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossProducts:
    """What least squares needs of the data.

    Attributes
    ----------
    xtx, xty, yty, n
        X'X (replicate, column, column), X'y (replicate, column), y'y and the number of observations
        (replicate,).
    means
        Column means over the observations, (replicate, column).
    """

    xtx: Floats
    xty: Floats
    yty: Floats
    n: Floats
    means: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class OlsFit:
    """A least-squares fit in every replicate.

    Attributes
    ----------
    coefficients
        (replicate, column); 0 for a column dropped because it depends on earlier ones.
    sigma2, df
        Residual variance and its degrees of freedom, (replicate,); the variance NaN where df is 0.
    swept
        The generalised inverse of X'X, and which columns it kept.
    reason
        (replicate,) `Reason.TOO_FEW` without residual degrees of freedom, `Reason.CONSTANT` where the fit is
        exact.
    """

    coefficients: Floats
    sigma2: Floats
    df: Floats
    swept: Swept
    reason: Reasons


def cross_products(y: ArrayLike, x: ArrayLike, observed: ArrayLike) -> CrossProducts:
    """Sum squares and products over the observed patients.

    Parameters
    ----------
    y
        Outcomes, (replicate, patient); what is not observed may be NaN.
    x
        Design, (replicate, patient, column) or (patient, column) for all replicates, with its intercept column;
        rows of patients not observed may be NaN.
    observed
        Which patients enter, (replicate, patient).

    Returns
    -------
    CrossProducts

    Examples
    --------
    >>> sums = cross_products([[1.0, 2.0, np.nan]], [[1, 0], [1, 1], [1, 1]], [[True, True, False]])
    >>> sums.xtx[0].tolist(), sums.xty[0].tolist(), float(sums.n[0])
    ([[2.0, 1.0], [1.0, 1.0]], [3.0, 2.0], 2.0)
    """
    seen = np.asarray(observed, dtype=np.bool_)
    outcome = np.where(seen, np.asarray(y, dtype=np.float64), 0.0)
    design = np.where(seen[..., None], np.asarray(x, dtype=np.float64), 0.0)
    n = seen.sum(axis=-1).astype(np.float64)
    across = np.swapaxes(design, -1, -2)
    return CrossProducts(
        xtx=across @ design,
        xty=(across @ outcome[..., None])[..., 0],
        yty=(outcome * outcome).sum(axis=-1),
        n=n,
        means=divide(design.sum(axis=-2), n[..., None]),
    )


def fit_ols(xtx: ArrayLike, xty: ArrayLike, yty: ArrayLike, n: ArrayLike) -> OlsFit:
    """Fit a linear model in every replicate.

    Parameters
    ----------
    xtx, xty, yty, n
        As in `CrossProducts`.

    Returns
    -------
    OlsFit

    Notes
    -----
    Normal equations by the sweep operator (Goodnight 1979, doi:10.1080/00031305.1979.10482685), as SAS `PROC
    GLM`. R's `lm` has a QR decomposition, which keeps more digits when covariates are nearly collinear; centre
    such covariates. A column that depends on earlier ones is dropped, as in both.

    Examples
    --------
    >>> fit = fit_ols([[[4.0, 2.0], [2.0, 2.0]]], [[10.0, 7.0]], [30.0], [4.0])
    >>> fit.coefficients[0].tolist(), float(fit.sigma2[0]), float(fit.df[0])
    ([1.5, 2.0], 0.5, 2.0)
    """
    products = np.asarray(xtx, dtype=np.float64)
    cross = np.asarray(xty, dtype=np.float64)
    squares, size = np.asarray(yty, dtype=np.float64), np.asarray(n, dtype=np.float64)
    swept = sweep(np.ascontiguousarray(np.moveaxis(products, 0, -1)))
    coefficients = times(replicates_first(swept.inverse), cross)
    residual = squares - dots(coefficients, cross)
    df = size - swept.rank
    exact = residual <= EXACT * squares
    sigma2 = np.where(df > 0, divide(np.where(exact, 0.0, residual), np.maximum(df, 1)), np.nan)
    reason = first_reason((df <= 0, Reason.TOO_FEW), (exact, Reason.CONSTANT))
    return OlsFit(coefficients=coefficients, sigma2=sigma2, df=np.maximum(df, 0.0), swept=swept, reason=reason)


def ancova(fit: OlsFit, contrast: ArrayLike, level: float = 0.95, *, covariance: ArrayLike | None = None) -> Estimate:
    """Estimate and test a contrast of the coefficients.

    Parameters
    ----------
    fit
        From `fit_ols`.
    contrast
        (column,), or (replicate, column).
    level
        Confidence level.
    covariance
        Of the coefficients, (replicate, column, column), as `hc_covariance` gives it; None for that of equal variances.

    Returns
    -------
    Estimate
        (replicate,): `estimate`, `se`, limits, `statistic` (t), `df`, `p`. NaN with `Reason.ALIASED` where the
        patients do not determine the contrast (an arm without patients); NaN for se, limits and test with
        `Reason.TOO_FEW` without residual degrees of freedom, or with `Reason.LEVERAGE` where the given covariance does
        not exist. Where the model fits exactly se is 0, statistic and p are NaN, with `Reason.CONSTANT`.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    c'b ± t σ √(c'(X'X)⁻c). As SAS `PROC GLM` `ESTIMATE` and R `emmeans::contrast(adjust = "none")`.

    Examples
    --------
    >>> fit = fit_ols([[[4.0, 2.0], [2.0, 2.0]]], [[10.0, 7.0]], [30.0], [4.0])
    >>> effect = ancova(fit, [0, 1])
    >>> float(effect.estimate[0]), float(effect.se[0].round(6)), float(effect.p[0].round(6))
    (2.0, 0.707107, 0.105573)
    """
    weights = np.broadcast_to(np.asarray(contrast, dtype=np.float64), fit.coefficients.shape)
    known = fit.swept.estimable(weights.T)
    value = np.where(known, dots(weights, fit.coefficients), np.nan)
    if covariance is None:
        variance = fit.sigma2 * form(weights, replicates_first(fit.swept.inverse))
    else:
        given = np.where(fit.df > 0, 1.0, np.nan)[:, None, None] * np.asarray(covariance, dtype=np.float64)
        variance = form(weights, given)
    se = np.where(known, np.sqrt(np.maximum(variance, 0.0)), np.nan)
    return _student(fit, value, se, level, known)


def ls_means(fit: OlsFit, rows: ArrayLike, level: float = 0.95, *, covariance: ArrayLike | None = None) -> Estimate:
    """Estimate least-squares means: the outcome the model expects at given covariates.

    Parameters
    ----------
    fit
        From `fit_ols`.
    rows
        One row of the design per mean, (mean, column) or (replicate, mean, column); see `ls_means_rows`.
    level
        Confidence level.
    covariance
        As in `ancova`.

    Returns
    -------
    Estimate
        As `ancova`, each array (replicate, mean); the test is against 0.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    Searle, Speed and Milliken (1980), doi:10.1080/00031305.1980.10483031. With the rows of `ls_means_rows` the
    means of R `emmeans` (weights equal) and of SAS `LSMEANS`.

    Examples
    --------
    >>> fit = fit_ols([[[4.0, 2.0], [2.0, 2.0]]], [[10.0, 7.0]], [30.0], [4.0])
    >>> ls_means(fit, [[1, 0], [1, 1]]).estimate.tolist()
    [[1.5, 3.5]]
    """
    given = np.asarray(rows, dtype=np.float64)
    count = given.shape[-2]
    means = [ancova(fit, given[..., mean, :], level, covariance=covariance) for mean in range(count)]
    names = ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p")
    stacked = {name: np.stack([getattr(mean, name) for mean in means], axis=-1) for name in names}
    return Estimate(**stacked, reason=np.stack([mean.reason for mean in means], axis=-1))


def ls_means_rows(means: ArrayLike, arm_columns: Sequence[int], factors: Sequence[Sequence[int]] = ()) -> Floats:
    """Rows of the design at which LS means of the arms are taken.

    Covariates stand at their means, the levels of every other factor have equal weights. Models without
    products of columns only: an interaction column must be built by hand, or `LinearModel.ls_means_rows` be used.

    Parameters
    ----------
    means
        Column means, (column,) or (replicate, column), as `CrossProducts.means`.
    arm_columns
        Indicator columns of the arms other than the reference arm.
    factors
        For every other factor the indicator columns of its levels other than the first.

    Returns
    -------
    Floats
        (arm, column) or (replicate, arm, column); the reference arm first, then in the order of `arm_columns`.

    Examples
    --------
    >>> ls_means_rows([1.0, 0.6, 50.2, 0.3, 0.4], [1], [[3, 4]]).round(3).tolist()
    [[1.0, 0.0, 50.2, 0.333, 0.333], [1.0, 1.0, 50.2, 0.333, 0.333]]
    """
    centre = np.asarray(means, dtype=np.float64)
    rows = np.repeat(centre[..., None, :], len(arm_columns) + 1, axis=-2)
    for columns in factors:
        rows[..., list(columns)] = 1 / (len(columns) + 1)
    rows[..., list(arm_columns)] = 0.0
    for arm, column in enumerate(arm_columns, start=1):
        rows[..., arm, column] = 1.0
    return rows


def _student(fit: OlsFit, value: Floats, se: Floats, level: float, known: Mask) -> Estimate:
    df = np.maximum(fit.df, 1.0)
    half = -np.asarray(special.stdtrit(df, tail(level))) * se
    statistic = divide(value, se)
    p = 2 * special.stdtr(df, -np.abs(statistic))
    lost = first_reason((~known, Reason.ALIASED), (np.isnan(se), Reason.LEVERAGE))
    return Estimate(
        estimate=value,
        se=se,
        ci_low=value - half,
        ci_high=value + half,
        statistic=statistic,
        df=fit.df,
        p=np.asarray(p, dtype=np.float64),
        reason=np.where(fit.reason == Reason.TOO_FEW, fit.reason, np.maximum(lost, fit.reason * known)),
    )
