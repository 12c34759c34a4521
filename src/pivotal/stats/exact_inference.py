"""From an exact conditional distribution to the estimate, its limits and the p-values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.exact_margins import Ints

TIE = 1e-7
"""Probabilities, or distances from the mean, differing relatively by less are tied, as in R's `fisher.test`."""

STEP = 1e-13
"""Newton ends when a step of the log odds ratio is smaller than this, relative to 1 + its size."""

ITERATIONS = 80


@dataclass(frozen=True, slots=True)
class Inference:
    """Log odds ratio, limits, standard error, p-values; every array has the shape (replicate,)."""

    estimate: Floats
    se: Floats
    low: Floats
    high: Floats
    p: Floats
    p_greater: Floats
    p_less: Floats
    p_mid: Floats
    p_score: Floats
    p_probability: Floats
    mean: Floats
    median_unbiased: NDArray[np.bool_]
    degenerate: NDArray[np.bool_]
    converged: NDArray[np.bool_]


def infer(logs: Floats, low: Ints, observed: Ints, level: float) -> Inference:
    """Everything about the tilted family f(t) exp(beta t); `logs` is log f at t = low + index."""
    d = (low[:, None] + np.arange(logs.shape[1]) - observed[:, None]).astype(float)
    logs = logs - logs.max(1, keepdims=True)
    f = np.exp(logs)
    below, above = (f * (d < 0)).sum(1), (f * (d > 0)).sum(1)
    degenerate = (below == 0) & (above == 0)
    at_low, at_high = (below == 0) & ~degenerate, (above == 0) & ~degenerate
    p_greater, p_less, p_mid, p_score, p_probability, mean = _p_values(f, d)
    beta, se, good = _maximum(logs, d, ~(at_low | at_high | degenerate))
    start = np.where(np.isfinite(beta), beta, 0.0)
    z = np.where(np.isfinite(se), 2 * se, 1.0)
    tail = np.log((1 - level) / 2) - np.log((1 + level) / 2)
    lower, good_low = _tail_root(logs, d, start - z, tail, ~(at_low | degenerate))
    upper, good_high = _tail_root(logs, -d, -start - z, tail, ~(at_high | degenerate))
    median_high, good_a = _tail_root(logs, d, start, 0.0, at_high)
    median_low, good_b = _tail_root(logs, -d, start, 0.0, at_low)
    beta = np.where(at_high, median_high, np.where(at_low, -median_low, beta))
    lower = np.where(at_low | degenerate, -np.inf, lower)
    upper = np.where(at_high | degenerate, np.inf, -upper)
    return Inference(
        estimate=beta, se=se, low=lower, high=upper, p=np.minimum(1.0, 2 * np.minimum(p_greater, p_less)),
        p_greater=p_greater, p_less=p_less, p_mid=p_mid, p_score=p_score, p_probability=p_probability,
        mean=mean + observed, median_unbiased=at_low | at_high, degenerate=degenerate,
        converged=good & good_low & good_high & good_a & good_b,
    )  # fmt: skip


def _p_values(f: Floats, d: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Both tails, twice the smaller one at mid-p, score, probability; and the mean less the observed total."""
    total = f.sum(1)
    greater, less = (f * (d >= 0)).sum(1) / total, (f * (d <= 0)).sum(1) / total
    mean = (f * d).sum(1) / total
    here = (f * (d == 0)).sum(1)
    far = np.abs(d - mean[:, None]) >= np.abs(mean)[:, None] * (1 - TIE)
    rare = f <= here[:, None] * (1 + TIE)
    return (
        np.minimum(1.0, greater),
        np.minimum(1.0, less),
        np.minimum(1.0, 2 * np.minimum(greater, less) - here / total),
        np.minimum(1.0, (f * far).sum(1) / total),
        np.minimum(1.0, (f * rare).sum(1) / total),
        mean,
    )


def _maximum(logs: Floats, d: Floats, wanted: NDArray[np.bool_]) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Conditional maximum likelihood: the beta at which the mean of d is 0, by bracketed Newton."""
    estimate, se = np.full(len(logs), np.nan), np.full(len(logs), np.nan)
    converged = np.ones(len(logs), dtype=bool)
    rows = np.flatnonzero(wanted)
    logs, d = logs[rows], d[rows]
    beta = np.zeros(rows.size)
    left, right = np.full(rows.size, -np.inf), np.full(rows.size, np.inf)
    for _ in range(ITERATIONS):
        if not rows.size:
            return estimate, se, converged
        mean, variance = _moments(logs, d, beta)
        left, right = np.where(mean < 0, beta, left), np.where(mean > 0, beta, right)
        new = beta - np.clip(mean / np.maximum(variance, 1e-300), -2, 2)
        closed = np.isfinite(left) & np.isfinite(right)
        middle = np.add(left, right, out=2 * new, where=closed) / 2
        new = np.where(closed & ((new <= left) | (new >= right)), middle, new)
        done = (np.abs(new - beta) <= STEP * (1 + np.abs(beta))) | (mean == 0)
        estimate[rows], se[rows] = np.where(mean == 0, beta, new), 1 / np.sqrt(np.maximum(variance, 1e-300))
        go = ~done
        rows, logs, d, beta, left, right = rows[go], logs[go], d[go], new[go], left[go], right[go]
    converged[rows] = False
    return estimate, se, converged


def _moments(logs: Floats, d: Floats, beta: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of d under f exp(beta d)."""
    power = logs + beta[:, None] * d
    w = np.exp(power - power.max(1, keepdims=True))
    wd = w * d
    total = w.sum(1)
    mean = wd.sum(1) / total
    return mean, np.maximum((wd * d).sum(1) / total - mean**2, 0.0)


def _tail_root(
    logs: Floats, d: Floats, start: Floats, target: float, wanted: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.bool_]]:
    """The beta at which the log odds of d >= 0 are `target`, by bracketed Newton.

    The derivative, the difference of the means above and below, is at least 1, which brackets the root.
    """
    root, converged = np.full(len(logs), np.nan), np.ones(len(logs), dtype=bool)
    rows = np.flatnonzero(wanted)
    logs, d, beta = logs[rows], d[rows], start[rows]
    left, right = np.full(rows.size, -np.inf), np.full(rows.size, np.inf)
    for _ in range(ITERATIONS):
        if not rows.size:
            return root, converged
        odds, slope = _tail_odds(logs, d, beta)
        gap = target - odds
        left = np.maximum(left, np.where(gap > 0, beta, beta + gap))
        right = np.minimum(right, np.where(gap > 0, beta + gap, beta))
        new = beta + gap / np.maximum(slope, 1.0)
        outside = (new < left) | (new > right)
        new = np.where(outside, (left + right) / 2, new)
        done = np.abs(new - beta) <= STEP * (1 + np.abs(beta))
        root[rows] = new
        go = ~done
        rows, logs, d, beta, left, right = rows[go], logs[go], d[go], new[go], left[go], right[go]
    converged[rows] = False
    return root, converged


def _tail_odds(logs: Floats, d: Floats, beta: Floats) -> tuple[Floats, Floats]:
    """Log odds of d >= 0, log P(d >= 0) - log P(d < 0) under f exp(beta d), and its derivative."""
    power = logs + beta[:, None] * d
    upper = d >= 0
    top = np.where(upper, power, -np.inf).max(1)
    bottom = np.where(upper, -np.inf, power).max(1)
    w = np.exp(power - np.where(upper, top[:, None], bottom[:, None]))
    wd, wu = w * d, w * upper
    high, low = wu.sum(1), (w - wu).sum(1)
    wdu = wd * upper
    slope = wdu.sum(1) / high - (wd - wdu).sum(1) / low
    return top - bottom + np.log(high) - np.log(low), slope
