"""Cochran-Mantel-Haenszel: one test and one odds ratio over strata of two-by-two tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.normal import chi_square_p, two_sided_p, two_sided_quantile
from pivotal.stats.tables import Mask, TwoArms, divide


def cochran_mantel_haenszel(
    x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike, *, correction: bool = False
) -> Estimate:
    """Test that the arms do not differ within strata.

    Parameters
    ----------
    x1, n1
        Events and patients of the active arm, shape (replicate, ..., stratum).
    x0, n0
        Events and patients of the control arm, the same shape.
    correction
        Take 0.5 from |Σ(x1 - E)| where it is at least 0.5, as R does by default. SAS never does.

    Returns
    -------
    Estimate
        `statistic` (chi-square), `df` = 1, `p`, without the stratum axis. Empty strata and those with one
        outcome or one arm only add nothing; where all are such, NaN with the reason.

    Notes
    -----
    Q = (Σ(x1 - n1 m1/N))² / Σ n1 n0 m1 m0 / (N²(N-1)), m1 and m0 the events and non-events of the stratum.
    Mantel and Haenszel (1959), doi:10.1093/jnci/22.4.719. As SAS `PROC FREQ` `CMH` (any of its three statistics
    in 2x2 tables) and R `mantelhaen.test`.

    Examples
    --------
    >>> result = cochran_mantel_haenszel([[30, 22]], [[60, 50]], [[20, 9]], [[58, 51]])
    >>> float(result.statistic[0].round(6)), float(result.p[0].round(6))
    (9.939593, 0.001618)
    """
    strata = TwoArms.of(x1, n1, x0, n0)
    events = strata.x1 + strata.x0
    total = strata.total
    margins = strata.n1 * strata.n0 * events * (total - events)
    variance = np.nansum(divide(margins, total**2 * np.maximum(total - 1, 1)), axis=-1)
    excess = np.abs(np.nansum(divide(strata.x1 * strata.n0 - strata.x0 * strata.n1, total), axis=-1))
    if correction:
        excess = np.where(excess >= 0.5, excess - 0.5, excess)
    statistic = divide(excess**2, variance)
    return Estimate(
        statistic=statistic,
        df=np.ones(statistic.shape),
        p=chi_square_p(statistic),
        reason=strata.summed().reason((variance == 0, Reason.NO_INFORMATION)),
    )


def mantel_haenszel_odds_ratio(
    x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike, level: float = 0.95
) -> Estimate:
    """Estimate the common odds ratio over strata, active against control.

    Parameters
    ----------
    x1, n1
        Events and patients of the active arm, shape (replicate, ..., stratum).
    x0, n0
        Events and patients of the control arm, the same shape.
    level
        Confidence level.

    Returns
    -------
    Estimate
        `estimate`, `ci_low` and `ci_high` on the ODDS RATIO scale; `se` is of the LOG odds ratio; `statistic`
        = log(estimate)/se (normal) and `p`. An estimate of 0 or ∞ comes with limits 0 and ∞,
        `Reason.SEPARATION`, and NaN for se, statistic and p.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    Σ x1 y0/N / Σ x0 y1/N, y the non-events (Mantel and Haenszel 1959), with the variance of Robins, Breslow and
    Greenland (1986), doi:10.2307/2531052, as R `mantelhaen.test` and SAS `PROC FREQ` `CMH` give; they add no
    Wald test of it.

    Examples
    --------
    >>> result = mantel_haenszel_odds_ratio([[30, 22]], [[60, 50]], [[20, 9]], [[58, 51]])
    >>> [float(number[0].round(6)) for number in (result.estimate, result.ci_low, result.ci_high)]
    [2.481536, 1.402809, 4.389777]
    """
    strata = TwoArms.of(x1, n1, x0, n0)
    r, s, variance = _robins_breslow_greenland(strata)
    infinite = (s == 0) & (r > 0)
    finite = (s > 0) & (r > 0)
    estimate = np.where(infinite, np.inf, divide(r, s))
    log = np.log(np.where(finite, estimate, 1.0))
    se = np.where(finite, np.sqrt(variance), np.nan)
    half = two_sided_quantile(level) * np.where(finite, se, 0.0)
    statistic = np.where(finite, divide(log, se), np.nan)
    return Estimate(
        estimate=estimate,
        se=se,
        ci_low=_limit(log - half, finite, np.isfinite(estimate) | infinite, 0.0),
        ci_high=_limit(log + half, finite, np.isfinite(estimate) | infinite, np.inf),
        statistic=statistic,
        p=two_sided_p(statistic),
        reason=strata.summed().reason(((r == 0) & (s == 0), Reason.NO_INFORMATION), (~finite, Reason.SEPARATION)),
    )


def _robins_breslow_greenland(strata: TwoArms) -> tuple[Floats, Floats, Floats]:
    """R and S of the odds ratio R/S, and the variance of its logarithm (NaN where R or S is 0)."""
    y1, y0 = strata.n1 - strata.x1, strata.n0 - strata.x0
    r, s = divide(strata.x1 * y0, strata.total), divide(strata.x0 * y1, strata.total)
    p, q = divide(strata.x1 + y0, strata.total), divide(strata.x0 + y1, strata.total)
    total_r, total_s = np.nansum(r, axis=-1), np.nansum(s, axis=-1)
    variance = (
        divide(np.nansum(p * r, axis=-1), 2 * total_r**2)
        + divide(np.nansum(p * s + q * r, axis=-1), 2 * total_r * total_s)
        + divide(np.nansum(q * s, axis=-1), 2 * total_s**2)
    )
    return total_r, total_s, variance


def _limit(log: Floats, finite: Mask, exists: Mask, end: float) -> Floats:
    return np.where(finite, np.exp(log), np.where(exists, end, np.nan))
