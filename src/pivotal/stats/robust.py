"""Heteroscedasticity-consistent variances of a linear model, in every replicate."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.ancova import OlsFit
from pivotal.stats.estimate import Floats
from pivotal.stats.products import dots, replicates_first, times

Kind = Literal["HC0", "HC1", "HC2", "HC3"]
KINDS = ("HC0", "HC1", "HC2", "HC3")
# A leverage this near to one is one: rounding in the inverse leaves about 1e-13.
SATURATED = 1e-9


def hc_covariance(y: ArrayLike, x: ArrayLike, observed: ArrayLike, fit: OlsFit, kind: Kind = "HC3") -> Floats:
    """Estimate the covariance of the coefficients without assuming equal variances.

    Parameters
    ----------
    y, x, observed
        As in `cross_products`.
    fit
        Their fit by `fit_ols`.
    kind
        "HC0" squared residuals e²; "HC1" e² n/(n - p); "HC2" e²/(1 - h); "HC3" e²/(1 - h)².

    Returns
    -------
    Floats
        (replicate, column, column), for `ancova(..., covariance=)`. Zero in the rows and columns of aliased columns.
        NaN for HC2 and HC3 where a patient has leverage h = 1: `ancova` then says `Reason.LEVERAGE`.

    Raises
    ------
    ValueError
        If `kind` is none of the four.

    Notes
    -----
    (X'X)⁻ X' diag(w e²) X (X'X)⁻, h the diagonal of X(X'X)⁻X'. White (1980), doi:10.2307/1912934; MacKinnon and White
    (1985), doi:10.1016/0304-4076(85)90158-7; Long and Ervin (2000), doi:10.1080/00031305.2000.10474549, who advise HC3.
    As R `sandwich::vcovHC` and SAS `PROC REG` `HCCMETHOD=`; tests and limits with residual degrees of freedom, as
    SAS and `lmtest::coeftest(df = n - p)`.

    Examples
    --------
    >>> from pivotal.stats import ancova, cross_products, fit_ols
    >>> y, x, seen = [[1.0, 2.0, 4.0, 8.0]], [[1, 0], [1, 0], [1, 1], [1, 1]], [[True] * 4]
    >>> sums = cross_products(y, x, seen)
    >>> fit = fit_ols(sums.xtx, sums.xty, sums.yty, sums.n)
    >>> float(ancova(fit, [0, 1], covariance=hc_covariance(y, x, seen, fit, "HC2")).se[0].round(6))
    2.061553
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; {', '.join(map(repr, KINDS))} is allowed.")
    seen = np.asarray(observed, dtype=np.bool_)
    design = np.where(seen[..., None], np.asarray(x, dtype=np.float64), 0.0)
    outcome = np.where(seen, np.asarray(y, dtype=np.float64), 0.0)
    residual = outcome - times(design, fit.coefficients)
    across = design @ replicates_first(fit.swept.inverse)  # (replicate, patient, column)
    squares = np.where(seen, residual**2, 0.0) * _inflation(design, across, seen, fit, kind)
    return np.swapaxes(across, -1, -2) @ (across * squares[..., None])


def _inflation(design: Floats, across: Floats, seen: np.ndarray, fit: OlsFit, kind: Kind) -> Floats:
    """What a squared residual is multiplied with, (replicate, patient); NaN at leverage one."""
    if kind == "HC0":
        return np.ones(seen.shape)
    if kind == "HC1":
        size = seen.sum(axis=1) / np.where(fit.df > 0, fit.df, np.nan)
        return np.broadcast_to(size[:, None], seen.shape)
    rest = 1 - dots(design, across)
    rest = np.where(rest > SATURATED, rest, np.nan)
    return np.asarray(1 / rest if kind == "HC2" else 1 / rest**2, dtype=np.float64)
