"""Limits of the score interval for a risk difference, from the rates that maximise the likelihood under it."""

from __future__ import annotations

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.roots import Rows, find_root
from pivotal.stats.tables import Mask, TwoArms


def score_limits(arms: TwoArms, factor: Floats, z: float) -> tuple[Floats, Floats]:
    """Solve (d - δ)² = z² V(δ) `factor` for δ on either side of d; NaN where an arm is empty.

    The upper limit is minus the lower limit of the tables with the arms swapped: both are one search.
    """
    usable = (arms.n1 > 0) & (arms.n0 > 0)
    low, high = np.full(usable.shape, np.nan), np.full(usable.shape, np.nan)
    chosen = _select(arms, usable)
    both = TwoArms(*(np.concatenate(pair) for pair in zip(_fields(chosen), _fields(chosen.swapped()), strict=True)))
    limits = _lower_limit(both, np.tile(factor[usable], 2), z)
    low[usable], high[usable] = limits[: chosen.n1.size], -limits[chosen.n1.size :]
    return low, high


def _lower_limit(arms: TwoArms, factor: Floats, z: float) -> Floats:
    difference = arms.x1 / arms.n1 - arms.x0 / arms.n0

    def excess(delta: Floats, rows: Rows) -> Floats:
        spread = factor[rows] * restricted_variance(delta, _select(arms, rows))
        return np.asarray(difference[rows] - delta - z * np.sqrt(spread), dtype=np.float64)

    return find_root(excess, np.full(difference.shape, -1.0), difference)


def restricted_variance(delta: Floats, arms: TwoArms) -> Floats:
    """Variance of the observed difference where the true rates differ by δ and are otherwise most likely."""
    control = restricted_rate(delta, arms)
    active = np.clip(control + delta, 0, 1)
    return np.asarray(active * (1 - active) / arms.n1 + control * (1 - control) / arms.n0, dtype=np.float64)


def restricted_rate(delta: Floats, arms: TwoArms) -> Floats:
    """Most likely control rate given that the active rate is δ higher (Miettinen and Nurminen 1985, appendix)."""
    x0, n1, n0, events = arms.x0, arms.n1, arms.n0, arms.x1 + arms.x0
    l3 = arms.total
    l2 = (n1 + 2 * n0) * delta - l3 - events
    l1 = (n0 * delta - l3 - 2 * x0) * delta + events
    l0 = x0 * delta * (1 - delta)
    third = l2 / (3 * l3)
    q = third**3 - l1 * l2 / (6 * l3**2) + l0 / (2 * l3)
    p = np.copysign(np.sqrt(np.maximum(third**2 - l1 / (3 * l3), 0.0)), q)
    cosine = np.clip(np.divide(q, p**3, out=np.zeros_like(p), where=p**3 != 0), -1.0, 1.0)
    rate = 2 * p * np.cos((np.pi + np.arccos(cosine)) / 3) - third
    # one Newton step on the cubic takes back what the arc cosine lost near its ends
    value = ((l3 * rate + l2) * rate + l1) * rate + l0
    slope = (3 * l3 * rate + 2 * l2) * rate + l1
    steep = np.abs(slope) > 1e-6 * l3
    rate = rate - np.divide(value, slope, out=np.zeros_like(rate), where=steep)
    return np.asarray(np.clip(rate, np.maximum(0.0, -delta), np.minimum(1.0, 1.0 - delta)), dtype=np.float64)


def _fields(arms: TwoArms) -> tuple[Floats, Floats, Floats, Floats]:
    return arms.x1, arms.n1, arms.x0, arms.n0


def _select(arms: TwoArms, chosen: Rows | Mask) -> TwoArms:
    return TwoArms(*(count[chosen] for count in _fields(arms)))
