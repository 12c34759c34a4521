"""Where one tilt does not centre the fixed margins at every total that matters, another one is tried."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.exact_kernel import Chunk, Weights
from pivotal.stats.exact_margins import Ints

WEAK = 0.02
"""A total is weak where its margins are this much less probable than at the tilt's own total."""

FAINT = 1e-9
"""A total whose chance stays below this is taken for impossible."""

REACH = 4.0
"""Standard deviations beyond the observed total, and beyond its mirror image, that must not be weak."""


def weak_points(weights: Weights, chunk: Chunk, arm: int) -> tuple[Ints, Floats, Ints]:
    """Replicates with weak totals; the arms' responders that the next tilt is to be fitted to; the nearest weak total.

    The new tilt is fitted a standard deviation beyond the weak total that is nearest to the observed one.
    """
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
    high = np.minimum(chunk.arm_totals[:, arm], observed + chunk.arm_events[:, 0])
    inside = np.clip(nearest + step, weights.low[rows], high[rows])
    anchor = chunk.arm_events[rows].astype(float)
    anchor[:, 0] -= inside - anchor[:, arm]
    anchor[:, arm] = inside
    return rows, anchor, np.asarray(nearest)


def merged(old: Weights, new: Weights, rows: Ints, anchor: Floats, weak: Ints) -> Weights:
    """Every total from the tilt fitted nearest to it; what lies from the weak total to the anchor is settled."""
    size = old.log.shape[1]
    own = min(size, new.log.shape[1])
    log, chance, distance = old.log.copy(), old.chance.copy(), old.distance.copy()
    new_log, new_chance = np.full((rows.size, size), -np.inf), np.zeros((rows.size, size))
    new_log[:, :own], new_chance[:, :own] = new.log[:, :own], new.chance[:, :own]
    new_distance = np.full((rows.size, size), np.inf)
    new_distance[:, :own] = new.distance[:, :own]
    away = np.abs(old.low[rows, None] + np.arange(size) - anchor[:, None])
    nearer = new_distance < distance[rows]
    log[rows] = np.where(nearer, new_log, log[rows])
    distance[rows] = np.where(nearer, new_distance, distance[rows])
    chance[rows] = np.where(nearer, new_chance, chance[rows])
    settled = old.settled.copy()
    settled[rows] |= away <= np.maximum(np.abs(weak - anchor), 1)[:, None]
    return Weights(old.low, log, chance, distance, settled)


def cleaned(weights: Weights) -> Weights:
    """Without the totals that no tilt made likely: there the Fourier sums' truncation is all there is."""
    return replace(weights, log=np.where(weights.chance < FAINT, -np.inf, weights.log))
