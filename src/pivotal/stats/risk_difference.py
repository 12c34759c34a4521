"""The difference of two proportions, active minus control: unstratified and Mantel-Haenszel."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.normal import two_sided_p, two_sided_quantile
from pivotal.stats.rates import wilson_limits
from pivotal.stats.score_limits import score_limits
from pivotal.stats.tables import Mask, TwoArms, divide

Variance = Literal["sato", "greenland-robins"]


def wald(x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike, level: float = 0.95) -> Estimate:
    """Estimate a risk difference with the Wald interval and test, variance not pooled.

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
        `estimate` = x1/n1 - x0/n0, `se`, limits (not cut at ±1), `statistic` (normal), `p`. Where the variance
        is zero the interval has no width, statistic and p are NaN, and `reason` says so; an empty arm gives
        NaN throughout.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    se² = p1(1-p1)/n1 + p0(1-p0)/n0, as SAS `PROC FREQ` `RISKDIFF (CL=WALD)`; Fleiss, Levin and Paik (2003),
    doi:10.1002/0471445428. R's `prop.test` has this interval but tests with the pooled variance.

    Examples
    --------
    >>> result = wald([49], [134], [7], [65])
    >>> [round(float(number[0]), 6) for number in (result.estimate, result.se, result.ci_low)]
    [0.257979, 0.056652, 0.146944]
    """
    arms = TwoArms.of(x1, n1, x0, n0)
    p1, p0 = divide(arms.x1, arms.n1), divide(arms.x0, arms.n0)
    se = np.sqrt(divide(p1 * (1 - p1), arms.n1) + divide(p0 * (1 - p0), arms.n0))
    return _from_se(arms, p1 - p0, se, level)


def newcombe(x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike, level: float = 0.95) -> Estimate:
    """Estimate a risk difference with Newcombe's interval (his method 10), from two Wilson intervals.

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
        `estimate`, `ci_low`, `ci_high`. There are numbers wherever both arms have patients; `reason` still
        records that there were no events or only events.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    d - √((p1-l1)² + (u0-p0)²), d + √((u1-p1)² + (p0-l0)²). Newcombe (1998),
    doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I. As SAS `RISKDIFF (CL=NEWCOMBE)` without
    correction.

    Examples
    --------
    >>> result = newcombe([49], [134], [7], [65])
    >>> float(result.ci_low[0].round(6)), float(result.ci_high[0].round(6))
    (0.133253, 0.358326)
    """
    arms = TwoArms.of(x1, n1, x0, n0)
    difference = divide(arms.x1, arms.n1) - divide(arms.x0, arms.n0)
    return Estimate(
        estimate=difference,
        ci_low=difference - _newcombe_reach(arms, level),
        ci_high=difference + _newcombe_reach(arms.swapped(), level),
        reason=arms.reason(),
    )


def _newcombe_reach(arms: TwoArms, level: float) -> Floats:
    """How far the interval reaches below the difference: from p1 down to l1, from p0 up to u0."""
    low, _ = wilson_limits(arms.x1, arms.n1, level)
    _, high = wilson_limits(arms.x0, arms.n0, level)
    reach = np.hypot(divide(arms.x1, arms.n1) - low, high - divide(arms.x0, arms.n0))
    return np.asarray(reach, dtype=np.float64)


def miettinen_nurminen(x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike, level: float = 0.95) -> Estimate:
    """Estimate a risk difference with the score interval of Miettinen and Nurminen and the score test.

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
        `estimate`, `ci_low`, `ci_high`, `statistic` (normal, the score at difference 0), `p`. With no events or
        only events the interval is ordinary, the statistic 0 and p 1, and `reason` says so.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    The limits solve (d - δ)² = z² V(δ) N/(N-1), V the variance at the maximum-likelihood rates that differ by δ
    (closed form), to 1e-14 by a bracketed search. Miettinen and Nurminen (1985), doi:10.1002/sim.4780040211. As
    SAS `RISKDIFF (CL=MN)` and R `ratesci::scoreci(skew = FALSE)`; `PropCIs::diffscoreci` is this too. SAS
    prints no test with it; the test here is Pearson's chi-square times (N-1)/N.

    Examples
    --------
    >>> result = miettinen_nurminen([49], [134], [7], [65])
    >>> float(result.ci_low[0].round(6)), float(result.ci_high[0].round(6)), float(result.p[0].round(6))
    (0.135713, 0.362707, 0.000153)
    """
    arms = TwoArms.of(x1, n1, x0, n0)
    return _score(arms, level, divide(arms.total, arms.total - 1))


def mee(x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike, level: float = 0.95) -> Estimate:
    """Estimate a risk difference with Mee's score interval: Miettinen-Nurminen without the factor N/(N-1).

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
        As `miettinen_nurminen`; the test is Pearson's chi-square, as z.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    Mee (1984), doi:10.2307/2531174. SAS calls it `RISKDIFF (CL=MN(CORRECT=NO))`; R has it as
    `ratesci::scoreci(skew = FALSE, bcf = FALSE)`.

    Examples
    --------
    >>> result = mee([49], [134], [7], [65])
    >>> float(result.ci_low[0].round(6)), float(result.ci_high[0].round(6))
    (0.136052, 0.362456)
    """
    arms = TwoArms.of(x1, n1, x0, n0)
    return _score(arms, level, np.ones(arms.total.shape))


def _score(arms: TwoArms, level: float, factor: Floats) -> Estimate:
    difference = divide(arms.x1, arms.n1) - divide(arms.x0, arms.n0)
    low, high = score_limits(arms, factor, two_sided_quantile(level))
    pooled = divide(arms.x1 + arms.x0, arms.total)
    variance = factor * pooled * (1 - pooled) * (divide(1, arms.n1) + divide(1, arms.n0))
    # without events, or with nothing else, the rates are equal and speak for no difference
    statistic = np.where(variance == 0, 0.0, divide(difference, np.sqrt(variance)))
    return Estimate(
        estimate=difference,
        ci_low=low,
        ci_high=high,
        statistic=statistic,
        p=two_sided_p(statistic),
        reason=arms.reason(),
    )


def mantel_haenszel(
    x1: ArrayLike,
    n1: ArrayLike,
    x0: ArrayLike,
    n0: ArrayLike,
    level: float = 0.95,
    *,
    variance: Variance = "sato",
) -> Estimate:
    """Estimate the common risk difference over strata with Mantel-Haenszel weights.

    Parameters
    ----------
    x1, n1
        Events and patients of the active arm, shape (replicate, ..., stratum).
    x0, n0
        Events and patients of the control arm, the same shape.
    level
        Confidence level.
    variance
        "sato": valid for few large and for many small strata. "greenland-robins": for large strata only.

    Returns
    -------
    Estimate
        Arrays without the stratum axis: `estimate`, `se`, limits (not cut at ±1), `statistic` (normal), `p`.
        Strata with an empty arm have no weight; `Reason.NO_INFORMATION` where no stratum has both arms.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1, or `variance` is neither name.

    Notes
    -----
    Weights n1 n0/N. Greenland and Robins (1985), doi:10.2307/2530643; Sato (1989), doi:10.2307/2531689. SAS
    `PROC FREQ` `COMMONRISKDIFF (CL=MH)` and R `metafor::rma.mh(measure = "RD")` use Sato's variance.

    Examples
    --------
    >>> result = mantel_haenszel([[30, 22]], [[60, 50]], [[20, 9]], [[58, 51]])
    >>> float(result.estimate[0].round(6)), float(result.se[0].round(6))
    (0.20515, 0.063402)
    """
    if variance not in ("sato", "greenland-robins"):
        raise ValueError(
            f"variance is {variance!r}; 'sato' or 'greenland-robins' is allowed. Change variance to one of them."
        )
    strata = TwoArms.of(x1, n1, x0, n0)
    compared, difference, p, q = sato_terms(strata)
    spread = difference * p + q if variance == "sato" else _greenland_robins(strata)
    # Sato's variance can fall below zero by rounding where it is zero
    se = np.sqrt(np.maximum(divide(spread, compared**2), 0.0))
    return _from_se(strata.summed(), difference, se, level, lost=compared == 0)


def sato_terms(strata: TwoArms) -> tuple[Floats, Floats, Floats, Floats]:
    """Sum of the weights, Mantel-Haenszel difference, and the sums of P and Q of Sato (1989); strata collapsed."""
    x1, n1, x0, n0, total = strata.x1, strata.n1, strata.x0, strata.n0, strata.total
    weight = divide(n1 * n0, total)
    compared = np.nan_to_num(weight).sum(axis=-1)
    both = np.where(np.nan_to_num(weight) > 0, 1.0, 0.0)
    shift = divide(x1 * n0 - x0 * n1, total)
    difference = divide(np.nansum(shift * both, axis=-1), compared)
    p = divide(n1**2 * x0 - n0**2 * x1 + n1 * n0 * (n0 - n1) / 2, total**2)
    q = divide(x1 * (n0 - x0) + x0 * (n1 - x1), 2 * total)
    return compared, difference, np.nansum(p * both, axis=-1), np.nansum(q * both, axis=-1)


def _greenland_robins(strata: TwoArms) -> Floats:
    x1, n1, x0, n0, total = strata.x1, strata.n1, strata.x0, strata.n0, strata.total
    terms = divide(x1 * (n1 - x1) * n0**3 + x0 * (n0 - x0) * n1**3, n1 * n0 * total**2)
    return np.asarray(np.nansum(terms, axis=-1), dtype=np.float64)


def _from_se(arms: TwoArms, difference: Floats, se: Floats, level: float, *, lost: Mask | None = None) -> Estimate:
    half = two_sided_quantile(level) * se
    statistic = divide(difference, se)
    nothing = np.zeros(se.shape, dtype=bool) if lost is None else lost
    return Estimate(
        estimate=difference,
        se=se,
        ci_low=difference - half,
        ci_high=difference + half,
        statistic=statistic,
        p=two_sided_p(statistic),
        reason=arms.reason((nothing, Reason.NO_INFORMATION), (se == 0, Reason.ZERO_VARIANCE)),
    )
