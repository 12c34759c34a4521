"""Risk ratio and odds ratio, active against control: from the logarithm's standard error, and over strata."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.normal import two_sided_p, two_sided_quantile
from pivotal.stats.tables import Mask, TwoArms, divide


def wald_risk_ratio(x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike, level: float = 0.95) -> Estimate:
    """Estimate a risk ratio with the Wald interval and test of its logarithm.

    Parameters
    ----------
    x1, n1
        Events and patients of the active arm, shape (replicate, ...).
    x0, n0
        Events and patients of the control arm.
    level
        Confidence level.

    Returns
    -------
    Estimate
        `estimate`, `ci_low` and `ci_high` on the RATIO scale; `se` of the LOG ratio; `statistic` = log(estimate)/se
        (normal) and `p`. An estimate of 0 or ∞ comes with limits 0 and ∞, `Reason.SEPARATION`, and NaN for se, statistic
        and p; without events the estimate is NaN, too. With events only the estimate is 1, se 0, statistic and p NaN.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    se² = 1/x1 - 1/n1 + 1/x0 - 1/n0; Katz, Baptista, Azen and Pike (1978), doi:10.2307/2530610. As SAS `PROC FREQ`
    `RELRISK` and R `epitools::riskratio.wald`. Nothing is added to empty cells.

    Examples
    --------
    >>> result = wald_risk_ratio([49], [134], [7], [65])
    >>> [float(number[0].round(6)) for number in (result.estimate, result.ci_low, result.ci_high)]
    [3.395522, 1.629075, 7.077374]
    """
    arms = TwoArms.of(x1, n1, x0, n0)
    variance = divide(1, arms.x1) - divide(1, arms.n1) + divide(1, arms.x0) - divide(1, arms.n0)
    return _ratio(arms, divide(arms.x1, arms.n1), divide(arms.x0, arms.n0), variance, level)


def wald_odds_ratio(x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike, level: float = 0.95) -> Estimate:
    """Estimate an odds ratio with the Wald interval and test of its logarithm.

    Parameters
    ----------
    x1, n1
        Events and patients of the active arm, shape (replicate, ...).
    x0, n0
        Events and patients of the control arm.
    level
        Confidence level.

    Returns
    -------
    Estimate
        As `wald_risk_ratio`, on the ODDS RATIO scale; with events only NaN and `Reason.ALL_EVENTS`.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    se² = 1/x1 + 1/(n1-x1) + 1/x0 + 1/(n0-x0); Woolf (1955), doi:10.1111/j.1469-1809.1955.tb01348.x. As SAS `PROC FREQ`
    `RELRISK`, and a logistic regression on the arm alone. Nothing is added to empty cells.

    Examples
    --------
    >>> result = wald_odds_ratio([49], [134], [7], [65])
    >>> [float(number[0].round(6)) for number in (result.estimate, result.ci_low, result.ci_high)]
    [4.776471, 2.022394, 11.281022]
    """
    arms = TwoArms.of(x1, n1, x0, n0)
    y1, y0 = arms.n1 - arms.x1, arms.n0 - arms.x0
    variance = divide(1, arms.x1) + divide(1, y1) + divide(1, arms.x0) + divide(1, y0)
    empty = (arms.n1 == 0) | (arms.n0 == 0)
    r, s = (np.where(empty, np.nan, product) for product in (arms.x1 * y0, arms.x0 * y1))
    return _ratio(arms, r, s, variance, level)


def mantel_haenszel_risk_ratio(
    x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike, level: float = 0.95
) -> Estimate:
    """Estimate the common risk ratio over strata, active against control.

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
        As `wald_risk_ratio`, without the stratum axis. Strata with an empty arm have no weight;
        `Reason.NO_INFORMATION` where no stratum has both arms.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    Σ x1 n0/N / Σ x0 n1/N with the variance of Greenland and Robins (1985), doi:10.2307/2530643, of its logarithm:
    Σ (n1 n0 m - x1 x0 N)/N² / (Σ x1 n0/N · Σ x0 n1/N). As SAS `PROC FREQ` `CMH` (cohort, column 1) and R
    `metafor::rma.mh(measure = "RR")`.

    Examples
    --------
    >>> result = mantel_haenszel_risk_ratio([[30, 22]], [[60, 50]], [[20, 9]], [[58, 51]])
    >>> [float(number[0].round(6)) for number in (result.estimate, result.ci_low, result.ci_high)]
    [1.767849, 1.225754, 2.54969]
    """
    strata = TwoArms.of(x1, n1, x0, n0)
    events = strata.x1 + strata.x0
    r, s = divide(strata.x1 * strata.n0, strata.total), divide(strata.x0 * strata.n1, strata.total)
    spread = divide(strata.n1 * strata.n0 * events - strata.x1 * strata.x0 * strata.total, strata.total**2)
    both = (strata.n1 > 0) & (strata.n0 > 0)
    lost = ~both.any(axis=-1)
    above, below = (np.where(lost, np.nan, np.where(both, part, 0.0).sum(axis=-1)) for part in (r, s))
    variance = divide(np.where(both, spread, 0.0).sum(axis=-1), above * below)
    return _ratio(strata.summed(), above, below, variance, level, lost)


def _ratio(
    arms: TwoArms, above: Floats, below: Floats, variance: Floats, level: float, lost: Mask | None = None
) -> Estimate:
    """The ratio above/below with limits from the variance of its logarithm; NaN in both where an arm is empty."""
    finite = (above > 0) & (below > 0)
    infinite = (above > 0) & (below == 0)
    known = ~np.isnan(above) & ~np.isnan(below)
    estimate = np.where(infinite, np.inf, divide(above, below))
    log = np.log(np.where(finite, estimate, 1.0))
    # the variance can fall below zero by rounding where it is zero
    se = np.where(finite, np.sqrt(np.maximum(np.nan_to_num(variance), 0.0)), np.nan)
    half = two_sided_quantile(level) * np.where(finite, se, 0.0)
    statistic = np.where(finite, divide(log, se), np.nan)
    nothing = np.zeros(finite.shape, dtype=np.bool_) if lost is None else lost
    return Estimate(
        estimate=estimate,
        se=se,
        ci_low=np.where(finite, np.exp(log - half), np.where(known, 0.0, np.nan)),
        ci_high=np.where(finite, np.exp(log + half), np.where(known, np.inf, np.nan)),
        statistic=statistic,
        p=two_sided_p(statistic),
        reason=arms.reason((nothing, Reason.NO_INFORMATION), (~finite, Reason.SEPARATION)),
    )
