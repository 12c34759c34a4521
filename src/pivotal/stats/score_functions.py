"""The score of a risk difference, risk ratio or odds ratio at any value of it, over strata."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.roots import Rows
from pivotal.stats.score_limits import restricted_rate
from pivotal.stats.tables import TwoArms, divide

Contrast = Literal["difference", "ratio", "odds ratio"]
Weights = Literal["mantel-haenszel", "inverse-variance", "miettinen-nurminen"]

# Miettinen and Nurminen's weights depend on the rates and these on the weights: a round changes them by a tenth at most.
WEIGHT_ROUNDS = 100
WEIGHT_CHANGE = 1e-13
# Below the variance of any rate that differs from 0 and 1 by more than the search resolves.
LEAST_VARIANCE = 1e-20


@dataclass(frozen=True, slots=True)
class Moments:
    """Score, its variance and third central moment of every stratum, (row, stratum)."""

    score: Floats
    variance: Floats
    skewness: Floats
    active: Floats
    control: Floats


def difference_moments(delta: Floats, arms: TwoArms) -> Moments:
    """p1 - p0 - δ at the rates that differ by δ."""
    p0 = restricted_rate(delta, arms)
    p1 = np.clip(p0 + delta, 0, 1)
    v1, v0 = p1 * (1 - p1) / arms.n1, p0 * (1 - p0) / arms.n0
    score = arms.x1 / arms.n1 - arms.x0 / arms.n0 - delta
    return Moments(score, v1 + v0, v1 * (1 - 2 * p1) / arms.n1 - v0 * (1 - 2 * p0) / arms.n0, p1, p0)


def ratio_moments(ratio: Floats, arms: TwoArms) -> Moments:
    """p1 - θ p0 at the rates of the ratio θ."""
    events = arms.x1 + arms.x0
    b = ratio * (arms.n1 + arms.x0) + arms.x1 + arms.n0
    root = np.sqrt(np.maximum(b**2 - 4 * ratio * arms.total * events, 0.0))
    p0 = np.clip(2 * events / (b + root), 0, np.minimum(1.0, 1 / ratio))
    p1 = np.clip(ratio * p0, 0, 1)
    v1, v0 = p1 * (1 - p1) / arms.n1, p0 * (1 - p0) / arms.n0
    score = arms.x1 / arms.n1 - ratio * arms.x0 / arms.n0
    third = v1 * (1 - 2 * p1) / arms.n1 - ratio**3 * v0 * (1 - 2 * p0) / arms.n0
    return Moments(score, v1 + ratio**2 * v0, third, p1, p0)


def odds_ratio_moments(odds: Floats, arms: TwoArms) -> Moments:
    """(x1 - n1 p1) times the variance 1/(n1 p1 q1) + 1/(n0 p0 q0), at the rates of the odds ratio θ."""
    events = arms.x1 + arms.x0
    inner = (events > 0) & (events < arms.total)
    p0 = np.where(inner, _control_rate(odds, events, arms), 0.5)
    q0 = np.where(inner, _control_rate(1 / odds, arms.total - events, arms), 0.5)
    p1, q1 = odds * p0 / (q0 + p0 * odds), q0 / (q0 + p0 * odds)
    v1, v0 = arms.n1 * p1 * q1, arms.n0 * p0 * q0
    variance = np.where(inner, 1 / v1 + 1 / v0, 0.0)
    third = np.where(inner, (q1 - p1) / v1**2 - (q0 - p0) / v0**2, 0.0)
    return Moments((arms.x1 - arms.n1 * p1) * variance, variance, third, p1, p0)


def _control_rate(odds: Floats, events: Floats, arms: TwoArms) -> Floats:
    """Positive root of n0 (θ-1) p² + b p - m = 0."""
    a = arms.n0 * (odds - 1)
    b = odds * (arms.n1 - events) + arms.n0 + events
    root = np.sqrt(np.maximum(b**2 + 4 * a * events, 0.0))
    # of the two ways to write it the one without cancellation; b < 0 only where θ > 1
    plain = divide(root - b, np.where(b < 0, 2 * a, 1.0))
    return np.where(b >= 0, divide(2 * events, b + root), plain)


def odds_ratio_bias(at: Moments, arms: TwoArms) -> Floats:
    """Expected value of that score, to second order: the rates are estimated with the total's error."""
    spread = arms.n1 * at.active * (1 - at.active) + arms.n0 * at.control * (1 - at.control)
    return np.where(at.variance > 0, divide(at.active - at.control, np.where(spread > 0, spread, 1.0)), 0.0)


MOMENTS: dict[str, Callable[[Floats, TwoArms], Moments]] = {
    "difference": difference_moments,
    "ratio": ratio_moments,
    "odds ratio": odds_ratio_moments,
}


@dataclass(frozen=True, slots=True)
class ScoreFunction:
    """The standardised score of many tables, a function that falls with the contrast.

    `arms` is (row, stratum), every arm with patients or the stratum's `present` 0 and its counts harmless.
    """

    arms: TwoArms
    present: Floats
    contrast: Contrast
    weights: Weights
    skewness: bool
    inflated: bool
    unbiased: bool

    def at(self, value: Floats, rows: Rows) -> Floats:
        """Its value, for the tables `rows`; a normal quantile under the contrast given."""
        arms = TwoArms(self.arms.x1[rows], self.arms.n1[rows], self.arms.x0[rows], self.arms.n0[rows])
        moments = MOMENTS[self.contrast](value[:, None], arms)
        factor = divide(arms.total, arms.total - 1) if self.inflated else np.ones(arms.total.shape)
        variance = moments.variance * factor
        weight = self._weights(moments, variance, arms) * self.present[rows]
        bias = odds_ratio_bias(moments, arms) if self.unbiased and self.contrast == "odds ratio" else 0.0
        score = (weight * (moments.score - bias)).sum(axis=1)
        spread = (weight**2 * variance).sum(axis=1)
        standard = np.where(spread > 0, divide(score, np.sqrt(spread)), np.sign(score) * 1e9)
        if not self.skewness:
            return standard
        third = np.nan_to_num(divide((weight**3 * moments.skewness).sum(axis=1), 6 * spread**1.5))
        inside = np.maximum(1 + 4 * third * (third + standard), 0.0)
        return np.asarray(2 * (third + standard) / (1 + np.sqrt(inside)), dtype=np.float64)

    def _weights(self, moments: Moments, variance: Floats, arms: TwoArms) -> Floats:
        plain = arms.n1 * arms.n0 / arms.total
        if self.weights == "inverse-variance":
            # a stratum whose rates are fixed, as at a difference of -1, has no variance: it decides
            return divide(1, np.maximum(variance, LEAST_VARIANCE))
        if self.weights == "mantel-haenszel" or arms.n1.shape[1] == 1:
            return plain
        weight = plain
        for _ in range(WEIGHT_ROUNDS):
            share = weight / weight.sum(axis=1, keepdims=True)
            p1 = (share * moments.active).sum(axis=1, keepdims=True)
            p0 = (share * moments.control).sum(axis=1, keepdims=True)
            odds = divide(p1 * (1 - p1), p0 * (1 - p0))
            new = np.where(np.isfinite(odds), 1 / (np.nan_to_num(odds) / arms.n1 + 1 / arms.n0), plain)
            change = np.abs(new / weight - 1).max(initial=0.0)
            weight = new
            if change < WEIGHT_CHANGE:
                break
        return weight
