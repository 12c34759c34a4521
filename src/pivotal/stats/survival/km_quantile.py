"""Quantiles of survival time, the median among them, with limits from the curve's own (Brookmeyer and Crowley)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.survival.kaplan_meier import KaplanMeier
from pivotal.stats.survival.km_limits import limits
from pivotal.stats.tables import first_reason

# S(t) is a product: 10/20 may come out as 0.5000000000000001. R's tolerance is 1.5e-8; two different values of S
# from fewer than 10,000 patients differ by more than this.
LEVEL = 1e-9

FLAT_RULES = ("midpoint", "midpoint between events", "first at or below", "first below")


def survival_quantile(
    curve: KaplanMeier,
    probabilities: ArrayLike = (0.5,),
    *,
    flat: str = "midpoint",
    conf_type: str = "log-log",
    level: float = 0.95,
) -> Estimate:
    """Estimate the times by which given shares of patients have had the event.

    Parameters
    ----------
    curve
        From `kaplan_meier`.
    probabilities
        Shares with the event, (probability,): 0.5 is the median, 0.25 the time by which a quarter have had it.
    flat
        What to take where S(t) is exactly 1 - p on a stretch: ``midpoint`` of the stretch; ``midpoint between events``,
        the same where an event ends it, and not reached where none does; ``first at or below``, the
        first time with S(t) <= 1 - p, its start; ``first below``, the first with S(t) < 1 - p, its end.
    conf_type
        Scale of the limits, as in `survival_at`.
    level
        Confidence level.

    Returns
    -------
    Estimate
        (replicate, probability): `estimate` and limits. NaN with `Reason.NOT_REACHED` where the curve does not fall
        so far, its upper limit then inf. An upper limit is inf where the upper curve does not fall so far; a lower
        limit is NaN where the lower curve does not (only when S(t) drops to 0, where the curve has no limits).

    Raises
    ------
    ValueError
        If a probability, `flat`, `conf_type` or `level` is not known.

    Notes
    -----
    The limits are the times at which the pointwise limits of S(t) cross 1 - p, by the same rule (Brookmeyer and Crowley
    1982, doi:10.2307/2530286, with a transformation of S). A stretch that the follow-up ends is taken to end at the
    longest follow-up, as in R; SAS finds no quantile there (``midpoint between events``). R takes the midpoint for
    limits too, which matters only with limits on the plain scale; the same is done here. SAS's limits are on the
    log-log scale, R's on the log scale.

    Examples
    --------
    >>> from pivotal.stats.survival.kaplan_meier import kaplan_meier
    >>> curve = kaplan_meier([[1.0, 2.0, 4.0, 7.0]], [[1, 1, 1, 1]])
    >>> float(survival_quantile(curve).estimate[0, 0])
    3.0
    >>> float(survival_quantile(curve, flat="first at or below").estimate[0, 0])
    2.0
    """
    if flat not in FLAT_RULES:
        raise ValueError(f"flat is {flat!r}; it is one of {', '.join(FLAT_RULES)}.")
    shares = np.atleast_1d(np.asarray(probabilities, dtype=np.float64))
    if not ((shares > 0) & (shares < 1)).all():
        raise ValueError(f"probabilities are {shares.tolist()}; each lies between 0 and 1, the median is 0.5.")
    low, high = limits(curve.survival, curve.hazard_variance, conf_type, level)
    value = _crossing(curve, curve.survival, shares, flat)
    lower, upper = _crossing(curve, low, shares, flat), _crossing(curve, high, shares, flat)
    empty = np.broadcast_to((curve.patients == 0)[:, None], value.shape)
    none = np.broadcast_to((curve.reason == Reason.NO_EVENT)[:, None], value.shape)
    missed = np.isnan(value)
    return Estimate(
        estimate=value,
        ci_low=lower,
        ci_high=np.where(np.isnan(upper) & ~empty, np.inf, upper),
        reason=first_reason((empty, Reason.ARM_EMPTY), (none, Reason.NO_EVENT), (missed, Reason.NOT_REACHED)),
    )


def _crossing(curve: KaplanMeier, height: Floats, shares: Floats, rule: str) -> Floats:
    """Where a step function falls to 1 - p, (replicate, probability)."""
    found = np.full((len(height), len(shares)), np.nan)
    for column, share in enumerate(shares):
        start = _first(curve.time, height <= 1 - share + LEVEL)
        below = _first(curve.time, height < 1 - share - LEVEL)
        end = np.where(np.isnan(below) & ~np.isnan(start), _end(curve, height, share), below)
        choice = {
            "midpoint": (start + end) / 2,
            "midpoint between events": (start + below) / 2,
            "first at or below": start,
            "first below": below,
        }
        found[:, column] = choice[rule]
    return found


def _end(curve: KaplanMeier, height: Floats, share: float) -> Floats:
    """End of a stretch that nothing lower follows: the last time at which the height is known."""
    known = np.where(np.isnan(height), -np.inf, curve.time)
    return np.asarray(np.where(np.isfinite(known.max(axis=1)), known.max(axis=1), np.nan), dtype=np.float64)


def _first(time: Floats, met: np.ndarray) -> Floats:
    position = met.argmax(axis=1)[:, None]
    here = np.take_along_axis(time, position, axis=1)[:, 0]
    return np.where(met.any(axis=1), here, np.nan)
