"""Restricted mean survival time in every replicate, and its difference and ratio between two arms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.normal import two_sided_p, two_sided_quantile
from pivotal.stats.survival.kaplan_meier import KaplanMeier
from pivotal.stats.survival.ordering import TIE
from pivotal.stats.tables import divide, first_reason

HORIZON_RULES = ("last time", "last event")


def rmst_horizon(curves: Sequence[KaplanMeier], rule: str = "last time") -> Floats:
    """Choose the time to which all arms' means are restricted.

    Parameters
    ----------
    curves
        One an arm, from `kaplan_meier`.
    rule
        ``last time``: the shortest of the arms' longest follow-ups, events or censored (survRM2's default). ``last
        event``: the shortest of the arms' last event times.

    Returns
    -------
    Floats
        (replicate,); NaN where an arm has no patients, or no events under ``last event``.

    Raises
    ------
    ValueError
        If `rule` is not known.

    Notes
    -----
    A horizon that the data choose is random, and its estimand changes with it: a protocol names one. With few patients
    at risk before it the variance is too small.

    Examples
    --------
    >>> from pivotal.stats.survival.kaplan_meier import kaplan_meier
    >>> arms = [kaplan_meier([[1.0, 4.0, 6.0]], [[1, 1, 0]]), kaplan_meier([[2.0, 5.0, 9.0]], [[1, 1, 0]])]
    >>> float(rmst_horizon(arms)[0]), float(rmst_horizon(arms, "last event")[0])
    (6.0, 4.0)
    """
    if rule not in HORIZON_RULES:
        raise ValueError(f"rule is {rule!r}; it is one of {', '.join(HORIZON_RULES)}.")
    if rule == "last time":
        return np.asarray(np.min([curve.last_time for curve in curves], axis=0), dtype=np.float64)
    return np.asarray(np.min([_last_event(curve) for curve in curves], axis=0), dtype=np.float64)


def rmst(curve: KaplanMeier, horizon: ArrayLike, level: float = 0.95, *, corrected: bool = False) -> Estimate:
    """Estimate the mean survival time restricted to a horizon.

    Parameters
    ----------
    curve
        From `kaplan_meier`.
    horizon
        The time τ, one for all replicates or (replicate,).
    level
        Confidence level.
    corrected
        Whether the variance is multiplied by m/(m - 1), m the number of events up to τ, as SAS does for the mean.

    Returns
    -------
    Estimate
        (replicate,): `estimate`, `se`, limits. NaN with `Reason.BEYOND_FOLLOW_UP` where τ is beyond the longest
        follow-up and the curve has not reached 0; with `Reason.ARM_EMPTY` without patients. Without events up to τ the
        mean is τ and the se 0, with `Reason.NO_EVENT`.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    The area under S(t) up to τ; its variance is the sum over event times up to τ of A(t)² d / (n (n - d)), A(t) the
    area from t to τ (Klein and Moeschberger 2003, section 4.5; Royston and Parmar 2013,
    doi:10.1186/1471-2288-13-152). As R ``print(survfit, rmean =)`` and survRM2, without correction.

    Examples
    --------
    >>> from pivotal.stats.survival.kaplan_meier import kaplan_meier
    >>> mean = rmst(kaplan_meier([[2.0, 3.0, 4.0, 5.0]], [[1, 1, 0, 0]]), 4)
    >>> float(mean.estimate[0]), float(mean.se[0].round(6))
    (3.25, 0.414578)
    """
    replicates = len(curve.time)
    tau = np.broadcast_to(np.asarray(horizon, dtype=np.float64), (replicates,))
    area, after = _areas(curve, tau)
    n, d = np.nan_to_num(curve.at_risk), np.nan_to_num(curve.events)
    growth = np.where(n > d, divide(d, n * (n - d)), 0.0)
    within = curve.time <= (tau * (1 + TIE))[:, None]
    variance = np.where(within, after**2 * np.nan_to_num(growth), 0.0).sum(axis=1)
    count = np.where(within, d, 0.0).sum(axis=1)
    if corrected:
        variance = variance * np.where(count > 1, divide(count, count - 1), 1.0)
    end = np.nanmin(np.where(np.isnan(curve.survival), 1.0, curve.survival), axis=1, initial=1.0)
    empty = curve.patients == 0
    beyond = ~empty & (tau > np.nan_to_num(curve.last_time) * (1 + TIE)) & (end > 0)
    gone = empty | beyond | np.isnan(tau)
    value, se = np.where(gone, np.nan, area), np.where(gone, np.nan, np.sqrt(variance))
    half = two_sided_quantile(level) * se
    reason = first_reason(
        (empty, Reason.ARM_EMPTY), (beyond, Reason.BEYOND_FOLLOW_UP), (np.isnan(tau) | (count == 0), Reason.NO_EVENT)
    )
    return Estimate(estimate=value, se=se, ci_low=value - half, ci_high=value + half, reason=reason)


def rmst_difference(
    active: KaplanMeier, control: KaplanMeier, horizon: ArrayLike, level: float = 0.95, *, corrected: bool = False
) -> Estimate:
    """Compare two arms' restricted means by their difference, active less control.

    Parameters
    ----------
    active, control
        From `kaplan_meier`.
    horizon, level, corrected
        As in `rmst`.

    Returns
    -------
    Estimate
        (replicate,): estimate, se, limits, `statistic` (z), p. Where an arm has no restricted mean NaN and that arm's
        reason; with no event in either arm the difference is 0 and the test NaN, with `Reason.NO_EVENT`.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Examples
    --------
    >>> from pivotal.stats.survival.kaplan_meier import kaplan_meier
    >>> arms = [kaplan_meier([[2.0, 5.0, 9.0]], [[1, 1, 0]]), kaplan_meier([[1.0, 4.0, 6.0]], [[1, 1, 0]])]
    >>> difference = rmst_difference(*arms, 6)
    >>> float(difference.estimate[0].round(6)), float(difference.p[0].round(4))
    (0.666667, 0.665)
    """
    one, two = (rmst(curve, horizon, level, corrected=corrected) for curve in (active, control))
    value, se = _value(one) - _value(two), np.hypot(_se(one), _se(two))
    half, statistic = two_sided_quantile(level) * se, divide(value, se)
    return Estimate(
        estimate=value,
        se=se,
        ci_low=value - half,
        ci_high=value + half,
        statistic=statistic,
        p=two_sided_p(statistic),
        reason=_both(one, two, se == 0),
    )


def rmst_ratio(
    active: KaplanMeier, control: KaplanMeier, horizon: ArrayLike, level: float = 0.95, *, corrected: bool = False
) -> Estimate:
    """Compare two arms' restricted means by their ratio, active over control.

    Parameters
    ----------
    active, control
        From `kaplan_meier`.
    horizon, level, corrected
        As in `rmst`.

    Returns
    -------
    Estimate
        (replicate,): the ratio, its limits by the delta method on the log scale, `se` of the LOG ratio, z and p.
        Reasons as `rmst_difference`; NaN with `Reason.ZERO_VARIANCE` where a mean is 0.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    As survRM2.

    Examples
    --------
    >>> from pivotal.stats.survival.kaplan_meier import kaplan_meier
    >>> arms = [kaplan_meier([[2.0, 5.0, 9.0]], [[1, 1, 0]]), kaplan_meier([[1.0, 4.0, 6.0]], [[1, 1, 0]])]
    >>> float(rmst_ratio(*arms, 6).estimate[0].round(6))
    1.181818
    """
    one, two = (rmst(curve, horizon, level, corrected=corrected) for curve in (active, control))
    nought = (_value(one) == 0) | (_value(two) == 0)
    ratio = np.where(nought, np.nan, divide(_value(one), _value(two)))
    log = np.log(ratio)
    se = np.hypot(divide(_se(one), _value(one)), divide(_se(two), _value(two)))
    half, statistic = two_sided_quantile(level) * se, divide(log, se)
    return Estimate(
        estimate=ratio,
        se=se,
        ci_low=np.exp(log - half),
        ci_high=np.exp(log + half),
        statistic=statistic,
        p=two_sided_p(statistic),
        reason=np.where(nought, np.uint8(Reason.ZERO_VARIANCE), _both(one, two, se == 0)).astype(np.uint8),
    )


def _areas(curve: KaplanMeier, tau: Floats) -> tuple[Floats, Floats]:
    """Area under S up to τ, (replicate,), and from each step to τ, (replicate, step)."""
    clipped = np.minimum(np.where(np.isnan(curve.time), np.inf, curve.time), tau[:, None])
    first = np.zeros((len(tau), 1))
    edges = np.concatenate([first, clipped, tau[:, None]], axis=1)
    heights = np.concatenate([first + 1, np.nan_to_num(curve.survival)], axis=1)
    pieces = heights * np.diff(edges, axis=1)
    area = pieces.sum(axis=1)
    after = np.cumsum(pieces[:, :0:-1], axis=1)[:, ::-1]
    return area, after


def _last_event(curve: KaplanMeier) -> Floats:
    timed = np.where(np.nan_to_num(curve.events) > 0, curve.time, -np.inf).max(axis=1)
    return np.asarray(np.where(np.isfinite(timed), timed, np.nan), dtype=np.float64)


def _both(one: Estimate, two: Estimate, flat: np.ndarray) -> np.ndarray:
    """The reason of the arm that has no mean; that there is no event only where neither arm has one."""
    blocking = [np.where(part.reason == Reason.NO_EVENT, np.uint8(0), part.reason) for part in (one, two)]
    lost = np.where(blocking[0] > 0, blocking[0], blocking[1])
    neither = (one.reason == Reason.NO_EVENT) & (two.reason == Reason.NO_EVENT)
    codes = np.select(
        [lost > 0, neither, flat],
        [lost, np.full(lost.shape, np.uint8(Reason.NO_EVENT)), np.full(lost.shape, np.uint8(Reason.ZERO_VARIANCE))],
        default=np.uint8(0),
    )
    return np.asarray(codes, dtype=np.uint8)


def _value(part: Estimate) -> Floats:
    assert part.estimate is not None
    return part.estimate


def _se(part: Estimate) -> Floats:
    assert part.se is not None
    return part.se
