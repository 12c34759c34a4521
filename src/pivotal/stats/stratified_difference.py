"""A risk difference over strata: Klingenberg's limits, minimum-risk weights, stratified Newcombe."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.normal import two_sided_p, two_sided_quantile
from pivotal.stats.rates import wilson_limits_at
from pivotal.stats.risk_difference import sato_terms
from pivotal.stats.tables import Mask, TwoArms, divide

StratumWeights = Literal["mantel-haenszel", "minimum-risk"]


def klingenberg(x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike, level: float = 0.95) -> Estimate:
    """Estimate the Mantel-Haenszel risk difference with Klingenberg's score-like limits.

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
        Without the stratum axis: `estimate`, that of `mantel_haenszel`; `ci_low`, `ci_high`, whose middle is drawn
        towards 0; `statistic` (normal) and `p`, with Sato's variance at a difference of 0. Strata with an empty arm have
        no weight; `Reason.NO_INFORMATION` where no stratum has both arms.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    The limits are the roots of (δ - d)² = z² (δ ΣP + ΣQ)/(Σ n1 n0/N)², P and Q those of Sato's variance. Klingenberg
    (2014), doi:10.1002/sim.6122. As SAS `PROC FREQ` `COMMONRISKDIFF (CL=KLINGENBERG)`.

    Examples
    --------
    >>> result = klingenberg([[30, 22]], [[60, 50]], [[20, 9]], [[58, 51]])
    >>> float(result.ci_low[0].round(6)), float(result.ci_high[0].round(6))
    (0.07724, 0.325874)
    """
    strata = TwoArms.of(x1, n1, x0, n0)
    compared, difference, p, q = sato_terms(strata)
    z = two_sided_quantile(level)
    middle = difference + z**2 * divide(p, compared**2) / 2
    # below zero by rounding only
    half = np.sqrt(np.maximum(middle**2 - difference**2 + z**2 * divide(q, compared**2), 0.0))
    spread = np.sqrt(np.maximum(divide(q, compared**2), 0.0))
    statistic = np.where(spread == 0, np.where(difference == 0, 0.0, np.nan), divide(difference, spread))
    return Estimate(
        estimate=difference,
        ci_low=middle - half,
        ci_high=middle + half,
        statistic=statistic,
        p=two_sided_p(statistic),
        reason=strata.summed().reason((compared == 0, Reason.NO_INFORMATION)),
    )


def minimum_risk(
    x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike, level: float = 0.95, *, correction: bool = True
) -> Estimate:
    """Estimate a risk difference over strata with minimum-risk weights, and test it.

    Parameters
    ----------
    x1, n1
        Events and patients of the active arm, shape (replicate, ..., stratum).
    x0, n0
        Events and patients of the control arm, the same shape.
    level
        Confidence level.
    correction
        Take 3/16 of 1/Σ(n1 n0/N) from |estimate| in the test, at most what there is, and widen the limits by it.

    Returns
    -------
    Estimate
        Without the stratum axis: `estimate`, `se`, limits (not cut at ±1), `statistic` (normal), `p`. Strata with an
        empty arm have no weight; `Reason.NO_INFORMATION` where no stratum has both arms. The statistic is NaN where no
        stratum's outcome varies.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    The weights sum to 1 and minimise variance plus squared bias, Σ w² v + (Σ (w - f) d)², with f the stratum's share of
    the patients, d and v its difference and the variance of it (not pooled). The test's variance is pooled,
    Σ w² p(1-p)(1/n1 + 1/n0). Mehrotra and Railkar (2000), doi:10.1002/(SICI)1097-0258(20000330)19:6<811::AID-SIM390>
    3.0.CO;2-Z. As SAS `PROC FREQ` `COMMONRISKDIFF (CL=MR TEST=MR)`. A stratum in which v is 0 takes, for the weights
    only, the v it would have with half an event more and half a non-event more in each arm.

    Examples
    --------
    >>> result = minimum_risk([[30, 22]], [[60, 50]], [[20, 9]], [[58, 51]])
    >>> float(result.estimate[0].round(6)), float(result.p[0].round(6))
    (0.208119, 0.001539)
    """
    strata = TwoArms.of(x1, n1, x0, n0)
    weight = minimum_risk_weights(strata)
    d, v = _stratum_differences(strata)
    pooled = divide(strata.x1 + strata.x0, strata.total)
    v0 = pooled * (1 - pooled) * (divide(1, strata.n1) + divide(1, strata.n0))
    lost = ~_both(strata).any(axis=-1)
    difference, variance, null = (
        np.where(lost, np.nan, np.nansum(part, axis=-1)) for part in (weight * d, weight**2 * v, weight**2 * v0)
    )
    compared = np.nansum(divide(strata.n1 * strata.n0, strata.total), axis=-1)
    off = divide(3.0, 16 * compared) if correction else np.zeros(compared.shape)
    se = np.sqrt(variance)
    half = two_sided_quantile(level) * se + off
    reduced = np.sign(difference) * np.maximum(np.abs(difference) - off, 0.0)
    statistic = divide(reduced, np.sqrt(null))
    return Estimate(
        estimate=difference,
        se=se,
        ci_low=difference - half,
        ci_high=difference + half,
        statistic=statistic,
        p=two_sided_p(statistic),
        reason=strata.summed().reason((lost, Reason.NO_INFORMATION), (null == 0, Reason.ZERO_VARIANCE)),
    )


def stratified_newcombe(
    x1: ArrayLike,
    n1: ArrayLike,
    x0: ArrayLike,
    n0: ArrayLike,
    level: float = 0.95,
    *,
    weights: StratumWeights = "mantel-haenszel",
) -> Estimate:
    """Estimate a risk difference over strata with the stratified Newcombe interval.

    Parameters
    ----------
    x1, n1
        Events and patients of the active arm, shape (replicate, ..., stratum).
    x0, n0
        Events and patients of the control arm, the same shape.
    level
        Confidence level.
    weights
        "mantel-haenszel" (plans call them CMH weights), n1 n0/N; or "minimum-risk", those of `minimum_risk`.

    Returns
    -------
    Estimate
        Without the stratum axis: `estimate`, `ci_low`, `ci_high`. Strata with an empty arm have no weight;
        `Reason.NO_INFORMATION` where no stratum has both arms. One stratum gives `newcombe`.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1, or `weights` is neither name.

    Notes
    -----
    Yan and Su (2010), doi:10.1198/sbr.2009.0049: an arm's stratified Wilson limits are Σ w of the strata's Wilson limits
    at the quantile z √(Σ w² s²)/Σ w s, s² = p(1-p)/n; then d - z √(λ1 l1(1-l1) + λ0 u0(1-u0)) and
    d + z √(λ1 u1(1-u1) + λ0 l0(1-l0)), λ = Σ w²/n. As SAS `PROC FREQ` `COMMONRISKDIFF (CL=NEWCOMBE)` (or `NEWCOMBEMR`);
    R `tern::prop_diff_strat_nc` has the first with `weights_method = "cmh"`. Where every s is 0, s² = 1/n takes its
    place, the limit for one common rate; R gives NaN.

    Examples
    --------
    >>> result = stratified_newcombe([[30, 22]], [[60, 50]], [[20, 9]], [[58, 51]])
    >>> float(result.ci_low[0].round(6)), float(result.ci_high[0].round(6))
    (0.077369, 0.323941)
    """
    if weights not in ("mantel-haenszel", "minimum-risk"):
        raise ValueError(f"weights is {weights!r}; 'mantel-haenszel' or 'minimum-risk' is allowed. Change weights.")
    strata = TwoArms.of(x1, n1, x0, n0)
    share = minimum_risk_weights(strata) if weights == "minimum-risk" else mantel_haenszel_weights(strata)
    d, _ = _stratum_differences(strata)
    lost = ~_both(strata).any(axis=-1)
    difference = np.where(lost, np.nan, np.nansum(share * d, axis=-1))
    return Estimate(
        estimate=difference,
        ci_low=difference - _reach(strata, share, level),
        ci_high=difference + _reach(strata.swapped(), share, level),
        reason=strata.summed().reason((lost, Reason.NO_INFORMATION)),
    )


def mantel_haenszel_weights(strata: TwoArms) -> Floats:
    """n1 n0/N as shares, 0 for strata with an empty arm; NaN where all are such."""
    weight = np.nan_to_num(divide(strata.n1 * strata.n0, strata.total))
    return divide(weight, weight.sum(axis=-1, keepdims=True))


def minimum_risk_weights(strata: TwoArms) -> Floats:
    """Weights that minimise Σ w² v + (Σ (w - f) d)² and sum to 1; 0 for strata with an empty arm."""
    both = _both(strata)
    d, v = (np.nan_to_num(part) for part in _stratum_differences(strata))
    v = np.where(v > 0, v, _half_added(strata))
    precision = np.where(both, divide(1, v), 0.0)
    share = divide(strata.total * both, (strata.total * both).sum(axis=-1, keepdims=True))
    s0, s1, s2 = (_sum(precision * d**power) for power in (0, 1, 2))
    goal = _sum(share * d)
    # the bias at the minimum, from its two linear equations
    bias = divide(divide(s1, s0) - goal, 1 + s2 - divide(s1**2, s0))
    return divide(precision * (1 + bias * (s1 - s0 * d)), s0)


def _sum(part: Floats) -> Floats:
    return np.asarray(part.sum(axis=-1, keepdims=True), dtype=np.float64)


def _both(strata: TwoArms) -> Mask:
    return np.asarray((strata.n1 > 0) & (strata.n0 > 0), dtype=np.bool_)


def _stratum_differences(strata: TwoArms) -> tuple[Floats, Floats]:
    p1, p0 = divide(strata.x1, strata.n1), divide(strata.x0, strata.n0)
    return p1 - p0, divide(p1 * (1 - p1), strata.n1) + divide(p0 * (1 - p0), strata.n0)


def _half_added(strata: TwoArms) -> Floats:
    p1, p0 = (strata.x1 + 0.5) / (strata.n1 + 1), (strata.x0 + 0.5) / (strata.n0 + 1)
    return p1 * (1 - p1) / (strata.n1 + 1) + p0 * (1 - p0) / (strata.n0 + 1)


def _reach(strata: TwoArms, share: Floats, level: float) -> Floats:
    """How far the interval reaches below the difference."""
    low, _ = _stratified_wilson(strata.x1, strata.n1, share, level)
    _, high = _stratified_wilson(strata.x0, strata.n0, share, level)
    lambda1, lambda0 = (np.nansum(share**2 * divide(1, n), axis=-1) for n in (strata.n1, strata.n0))
    spread = lambda1 * low * (1 - low) + lambda0 * high * (1 - high)
    return two_sided_quantile(level) * np.sqrt(np.maximum(spread, 0.0))


def _stratified_wilson(x: Floats, n: Floats, share: Floats, level: float) -> tuple[Floats, Floats]:
    rate = divide(x, n)
    spread = np.nan_to_num(divide(rate * (1 - rate), n))
    none = (spread * share == 0).all(axis=-1, keepdims=True)
    spread = np.where(none, np.nan_to_num(divide(1, n)), spread)
    shrink = divide(np.sqrt((share**2 * spread).sum(axis=-1)), (share * np.sqrt(spread)).sum(axis=-1))
    low, high = wilson_limits_at(x, n, two_sided_quantile(level) * shrink[..., None])
    return np.nansum(share * low, axis=-1), np.nansum(share * high, axis=-1)
