"""The conditional distributions by the faster kernel; where one tilt does not serve, more tilts are tried.

A tilt puts the fixed margins at their mean at one total of the arm. At totals far from it, in trials with arms
unbalanced over strata, the margins may lie far off their mean: the weight there is a small difference of large terms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.exact_kernel import Chunk, Weights, by_blocks
from pivotal.stats.exact_margins import Ints, Layout
from pivotal.stats.exact_two_arms import by_tables

ELEMENTS = 400_000
"""Complex numbers in one temporary of a chunk of replicates: 6 MB."""

WEAK = 0.02
"""A total is weak where its margins are this much less probable than at the tilt's own total."""

FAINT = 1e-9
"""A total whose chance stays below this is taken for impossible."""

REACH = 4.0
"""Standard deviations beyond the observed total, and beyond its mirror image, that must not be weak."""

REFINEMENTS = 16
"""Most further tilts tried for a replicate."""


def kernel(whole: Chunk) -> list[Weights]:
    """Weights of every active arm's total, computed for some replicates at a time."""
    one = whole.events.shape[1] == 2
    size = _chunk_size(whole)
    parts = [whole.part(slice(start, start + size)) for start in range(0, len(whole.events), size)]
    found = [[by_blocks(chunk)] if one else by_tables(chunk) for chunk in parts]
    return [_stacked(list(arm)) for arm in zip(*found, strict=True)]


def _chunk_size(whole: Chunk) -> int:
    """Replicates that keep the temporaries of a chunk within `ELEMENTS`."""
    arms, margins = whole.events.shape[1], whole.plan.margin.shape[1]
    width = min(int(whole.arm_totals.max(initial=1)), int(whole.events.sum((1, 2)).max(initial=1))) + 1
    return int(np.clip(ELEMENTS // (width * arms * 18**margins), 1, 128))


def _stacked(parts: list[Weights]) -> Weights:
    """One after the other, padded to the widest with totals that are no support."""
    width = max(part.log.shape[1] for part in parts)

    def padded(values: list[NDArray[Any]], fill: float) -> NDArray[Any]:
        return np.concatenate(
            [np.pad(each, ((0, 0), (0, width - each.shape[1])), constant_values=fill) for each in values]
        )

    return Weights(
        low=np.concatenate([part.low for part in parts]),
        log=padded([part.log for part in parts], -np.inf),
        chance=padded([part.chance for part in parts], np.inf),
        distance=padded([part.distance for part in parts], np.inf),
        settled=padded([part.settled for part in parts], True),
    )


def distributions(x: Ints, n: Ints, plan: Layout) -> list[Weights]:
    """Weights of every active arm's total; replicates with similar totals side by side save work."""
    whole = Chunk.of(x @ plan.merge, n @ plan.merge, plan)
    found = kernel(whole)
    for a, weights in enumerate(found):
        for _ in range(REFINEMENTS):
            points = weak_points(weights, whole, a + 1)
            if not points.rows.size:
                break
            events, totals = whole.events[points.rows], whole.totals[points.rows]
            again = kernel(Chunk.of(events, totals, plan, points.anchor, a + 1))[a]
            for at in range(points.rows.size):
                merge(weights, again, points, at, a + 1)
    return [cleaned(each) for each in found]


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


def merge(weights: Weights, new: Weights, points: WeakPoints, at: int, arm: int) -> None:
    """Take every total from the tilt fitted nearest to it, in place, for the row `at` of the weak points and of `new`.

    What lies from the weak total to the anchor is settled, whatever the new tilt gave.
    """
    row, anchor = points.rows[at], points.anchor[at, arm]
    size = weights.log.shape[1]
    source = weights.low[row] + np.arange(size) - new.low[at]
    present = (source >= 0) & (source < new.log.shape[1])
    source = np.clip(source, 0, new.log.shape[1] - 1)
    nearer = present & (new.distance[at, source] < weights.distance[row])
    weights.log[row, nearer] = new.log[at, source[nearer]]
    weights.chance[row, nearer] = new.chance[at, source[nearer]]
    weights.distance[row, nearer] = new.distance[at, source[nearer]]
    away = np.abs(weights.low[row] + np.arange(size) - anchor)
    weights.settled[row] |= away <= max(abs(points.total[at] - anchor), 1)


def cleaned(weights: Weights) -> Weights:
    """Without the totals that no tilt made likely: there the Fourier sums' truncation is all there is."""
    return replace(weights, log=np.where(weights.chance < FAINT, -np.inf, weights.log))
