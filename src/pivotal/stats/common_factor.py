"""Multivariate normal and t tails for correlations that one common factor makes, as with a common control."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from pivotal.stats.estimate import Floats

# The rules below keep what they leave out, at either end and between nodes, under e^-33 = 5e-15.
EXPONENT = 33.0
# Half-width of the factor's range: 4e-28 of the normal distribution lies beyond.
REACH = 11.0
# The chi density is analytic in log s for |Im| < pi/4; its rule has this step at most.
CHI_STEP = 2 * np.pi * (np.pi / 4) / EXPONENT
# Of chi, e^-45 = 3e-20 is left out at either end, so that p-values above 1e-14 keep their digits.
CHI_TAIL = float(np.exp(-45.0))
# Loadings are kept under this (500,000 patients to one in the control arm): the rule's nodes grow with 1/sqrt(1 - λ²).
LARGEST = 1 - 1e-6
# Elements of the largest temporary array (32 MB).
ELEMENTS = 4_000_000


def control_loadings(n: ArrayLike, n_control: ArrayLike) -> Floats:
    """Loadings of comparisons with one control: `sqrt(n / (n + n_control))`.

    Parameters
    ----------
    n
        Patients of the active arms, (..., arm).
    n_control
        Patients of the control arm, (...).

    Returns
    -------
    Floats
        (..., arm); the correlation of two comparisons is the product of their loadings.

    Notes
    -----
    Dunnett (1955), doi:10.1080/01621459.1955.10501294. Known from the allocation; nothing is estimated. An arm without
    patients has loading 0, and so has any where the control has none.

    Examples
    --------
    >>> control_loadings([50, 100], 50).round(4).tolist()
    [0.7071, 0.8165]
    """
    active = np.asarray(n, dtype=np.float64)
    control = np.asarray(n_control, dtype=np.float64)[..., None]
    both = active + control
    share = np.divide(active, both, out=np.zeros(both.shape), where=control > 0)
    return np.asarray(np.minimum(np.sqrt(share), LARGEST), dtype=np.float64)


def control_correlation(n: ArrayLike, n_control: float) -> Floats:
    """Correlations of the comparisons of several arms with one control, from the allocation.

    Parameters
    ----------
    n
        Patients, or the ratio, of every active arm, (arm,).
    n_control
        The same of the control.

    Returns
    -------
    Floats
        (arm, arm): ``sqrt(n_i / (n_i + n_0)) sqrt(n_j / (n_j + n_0))``, 1 on the diagonal.

    Examples
    --------
    >>> control_correlation([1, 1], 1).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    loadings = control_loadings(n, n_control)
    correlation = np.outer(loadings, loadings)
    np.fill_diagonal(correlation, 1.0)
    return np.asarray(correlation.round(15), dtype=np.float64)


def any_beyond(bounds: ArrayLike, loadings: ArrayLike, df: ArrayLike = np.inf, *, two_sided: bool = False) -> Floats:
    """Probability that at least one of the statistics goes beyond its bound.

    Parameters
    ----------
    bounds
        (replicate, statistic); infinite ones are allowed. For `two_sided` not negative.
    loadings
        Of the statistics on the common factor, (statistic,) or (replicate, statistic), each between -1 and 1: the
        correlation of two is the product of theirs.
    df
        Degrees of freedom of the t statistics, () or (replicate,); infinite for normal ones.
    two_sided
        Whether the absolute values count.

    Returns
    -------
    Floats
        (replicate,): P(T_i > b_i for some i), or of |T_i|.

    Notes
    -----
    With Z_i = λ_i U + sqrt(1 - λ_i²) E_i and T_i = Z_i / S, the statistics are independent given the factor U and
    S = chi_df / sqrt(df), which leaves a double integral (Dunnett and Sobel 1955, doi:10.1093/biomet/42.1-2.258).
    Both integrands are analytic, U's on the line and S's in log s, so the trapezoidal rule converges geometrically
    (Trefethen and Weideman 2014, doi:10.1137/130932132): about 1e-13 absolute for any loadings, and small
    probabilities keep their digits because what lies beyond is summed, not what lies within. Deterministic;
    R `mvtnorm::pmvt` and SAS `PROBMC` come within their own error (1e-3 to 1e-6).

    Examples
    --------
    >>> float(any_beyond([[2.0, 2.0]], [0.5**0.5, 0.5**0.5])[0].round(10))
    0.0414473177
    """
    bound = np.asarray(bounds, dtype=np.float64)
    loading = np.broadcast_to(np.clip(np.asarray(loadings, dtype=np.float64), -LARGEST, LARGEST), bound.shape)
    freedom = np.broadcast_to(np.asarray(df, dtype=np.float64), bound.shape[:1])
    if not bound.shape[1]:
        return np.zeros(len(bound))
    return _by_freedom(bound, loading, freedom, two_sided)


def _by_freedom(bound: Floats, loading: Floats, df: Floats, two_sided: bool) -> Floats:
    found = np.empty(len(bound))
    known, row = np.unique(df, return_inverse=True)
    for position, value in enumerate(known):
        rows = np.flatnonzero(row == position)
        scale, weight = _chi_rule(float(value))
        step = max(1, ELEMENTS // (scale.size * _factor_rule(loading)[0].size))
        for first in range(0, rows.size, step):
            chunk = rows[first : first + step]
            scaled = scale[None, :, None] * bound[chunk, None, :]  # (replicate, scale, statistic)
            beyond = _normal(scaled, loading[chunk, None, :], two_sided)
            found[chunk] = np.minimum(beyond @ weight, 1.0)
    return found


def _normal(bound: Floats, loading: Floats, two_sided: bool) -> Floats:
    """The same for normal statistics: bounds (..., statistic) to (...)."""
    factor, weight = _factor_rule(loading)
    spread = np.sqrt(1 - loading * loading)
    beyond = np.zeros((*bound.shape[:-1], factor.size))
    for k in range(bound.shape[-1]):
        centre = loading[..., k, None] * factor
        outside = special.ndtr((centre - bound[..., k, None]) / spread[..., k, None])
        if two_sided:
            outside += special.ndtr((-centre - bound[..., k, None]) / spread[..., k, None])
            np.minimum(outside, 1.0, out=outside)
        beyond += outside * (1 - beyond)
    return np.asarray(beyond @ weight, dtype=np.float64)


def _factor_rule(loading: Floats) -> tuple[Floats, Floats]:
    """Nodes and weights for the factor: the nearer a loading is to 1, the steeper the integrand, the finer the rule.

    At distance y from the real line the integrand grows like exp(y² (1 + Σ λ²/(1-λ²)) / 2), so step h leaves out
    exp(-2π² / (h² (1 + Σ...))).
    """
    squares = loading * loading
    steepness = 1 + float((squares / (1 - squares)).sum(axis=-1).max(initial=0.0))
    step = np.sqrt(2 * np.pi**2 / (EXPONENT * steepness))
    half = int(np.ceil(REACH / step))
    node = step * np.arange(-half, half + 1)
    return node, step * np.exp(-node * node / 2) / np.sqrt(2 * np.pi)


def _chi_rule(df: float) -> tuple[Floats, Floats]:
    """Nodes and weights for chi_df / sqrt(df), in its logarithm; one node for normal statistics."""
    if not df > 0:
        return np.ones(1), np.full(1, np.nan)
    if np.isinf(df):
        return np.ones(1), np.ones(1)
    low = np.log(np.sqrt(stats.chi2.ppf(CHI_TAIL, df) / df))
    high = np.log(np.sqrt(stats.chi2.isf(CHI_TAIL, df) / df))
    # For many degrees of freedom the density is a narrow normal one, of standard deviation 1/sqrt(2 df).
    step = min(CHI_STEP / 1.5, np.sqrt(np.pi**2 / (2 * EXPONENT * df)))
    log_s = low + step * np.arange(int(np.ceil((high - low) / step)) + 1)
    log_density = np.log(2) + df / 2 * np.log(df / 2) - special.gammaln(df / 2) + df * log_s
    weight = step * np.exp(log_density - df / 2 * np.exp(2 * log_s))
    return np.exp(log_s), np.asarray(weight / weight.sum(), dtype=np.float64)
