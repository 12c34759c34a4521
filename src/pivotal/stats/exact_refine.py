"""The conditional distributions by the faster kernel; where one tilt does not serve, more tilts are tried.

A tilt puts the fixed margins at their mean at one total of the arm. At totals far from it, in trials with arms
unbalanced over strata, the margins may lie far off their mean: the weight there is a small difference of large terms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.exact_kernel import Chunk, Weights, by_blocks
from pivotal.stats.exact_margins import Ints, Layout
from pivotal.stats.exact_two_arms import by_arms, by_tables

WEAK = 0.02
"""A total is weak where its margins are this much less probable than at the tilt's own total."""

FAINT = 1e-9
"""A total whose chance stays below this is taken for impossible."""

REACH = 4.0
"""Standard deviations beyond the observed total, and beyond its mirror image, that must not be weak."""

REFINEMENTS = 16
"""Most further tilts tried for a replicate."""


def kernel(chunk: Chunk) -> list[Weights]:
    """Weights of every active arm's total, by the faster way."""
    if chunk.events.shape[1] == 2:
        return [by_blocks(chunk)]
    return by_arms(chunk) if chunk.plan.blocks <= 2 else by_tables(chunk)


def distributions(x: Ints, n: Ints, plan: Layout, size: int) -> Iterator[tuple[Chunk, list[Weights]]]:
    """Chunks of at most `size` replicates in their order, and the weights of every active arm's total in each."""
    events, totals = x @ plan.merge, n @ plan.merge
    parts = [slice(start, start + size) for start in range(0, len(x), size)]
    chunks = [Chunk.of(events[part], totals[part], plan) for part in parts]
    found = [kernel(chunk) for chunk in chunks]
    for a in range(x.shape[1] - 1):
        for _ in range(REFINEMENTS):
            weak = [weak_points(weights[a], chunk, a + 1) for chunk, weights in zip(chunks, found, strict=True)]
            if not any(points.rows.size for points in weak):
                break
            again = _tilted_again(chunks, weak, a, size)
            for weights, points in zip(found, weak, strict=True):
                for at in range(points.rows.size):
                    merge(weights[a], next(again), points, at, a + 1)
    for chunk, weights in zip(chunks, found, strict=True):
        yield chunk, [cleaned(each) for each in weights]


@dataclass(frozen=True, slots=True)
class WeakPoints:
    """Replicates with weak totals.

    Attributes
    ----------
    rows
        Which, shape (row,).
    anchor
        The arms' responders that the next tilt is to be fitted to, shape (row, arm): a standard deviation beyond the
        weak total.
    total
        The weak total that is nearest to the observed one, shape (row,).
    """

    rows: Ints
    anchor: Floats
    total: Ints


def weak_points(weights: Weights, chunk: Chunk, arm: int) -> WeakPoints:
    """Look for weak totals among those that matter for the p-values and the limits."""
    observed = chunk.arm_events[:, arm]
    d = weights.low[:, None] + np.arange(weights.log.shape[1])
    centre = weights.low + weights.log.argmax(1)
    variance = chunk.tilt.variances[0].sum(2)
    spread = np.sqrt(variance[:, arm] * variance[:, 0] / np.maximum(variance[:, arm] + variance[:, 0], 1e-300))
    reach = np.abs(observed - centre) + REACH * spread
    weak = ~weights.settled & (weights.chance < WEAK) & (np.abs(d - centre[:, None]) <= reach[:, None])
    rows = np.flatnonzero(weak.any(1))
    away = np.where(weak, np.abs(d - observed[:, None]), np.inf)[rows]
    nearest = d[rows, away.argmin(1)]
    step = np.sign(nearest - observed[rows]) * np.round(spread[rows])
    both = observed + chunk.arm_events[:, 0]
    low, high = np.maximum(0, both - chunk.arm_totals[:, 0]), np.minimum(chunk.arm_totals[:, arm], both)
    inside = np.clip(nearest + step, low[rows], high[rows])
    anchor = chunk.arm_events[rows].astype(float)
    anchor[:, 0] -= inside - anchor[:, arm]
    anchor[:, arm] = inside
    return WeakPoints(rows, anchor, np.asarray(nearest))


def _tilted_again(chunks: list[Chunk], weak: list[WeakPoints], a: int, size: int) -> Iterator[Weights]:
    """Weights of active arm `a` under the next tilts, one replicate at a time; computed together."""
    pairs = list(zip(chunks, weak, strict=True))
    events = np.concatenate([chunk.events[points.rows] for chunk, points in pairs])
    totals = np.concatenate([chunk.totals[points.rows] for chunk, points in pairs])
    anchor = np.concatenate([points.anchor for points in weak])
    for start in range(0, len(events), size):
        part = slice(start, start + size)
        found = kernel(Chunk.of(events[part], totals[part], chunks[0].plan, anchor[part], a + 1))[a]
        for r in range(len(found.low)):
            yield Weights(found.low[r], found.log[r], found.chance[r], found.distance[r], found.settled[r])


def merge(weights: Weights, new: Weights, points: WeakPoints, at: int, arm: int) -> None:
    """Take every total from the tilt fitted nearest to it, in place, for the row `at` of the weak points.

    What lies from the weak total to the anchor is settled, whatever the new tilt gave.
    """
    row, anchor = points.rows[at], points.anchor[at, arm]
    size = weights.log.shape[1]
    source = weights.low[row] + np.arange(size) - new.low
    present = (source >= 0) & (source < new.log.size)
    source = np.clip(source, 0, new.log.size - 1)
    nearer = present & (new.distance[source] < weights.distance[row])
    weights.log[row, nearer] = new.log[source[nearer]]
    weights.chance[row, nearer] = new.chance[source[nearer]]
    weights.distance[row, nearer] = new.distance[source[nearer]]
    away = np.abs(weights.low[row] + np.arange(size) - anchor)
    weights.settled[row] |= away <= max(abs(points.total[at] - anchor), 1)


def cleaned(weights: Weights) -> Weights:
    """Without the totals that no tilt made likely: there the Fourier sums' truncation is all there is."""
    return replace(weights, log=np.where(weights.chance < FAINT, -np.inf, weights.log))
