"""Where one tilt does not centre the fixed margins at every total that matters, another one is tried."""

from __future__ import annotations

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.exact_kernel import Chunk, Weights
from pivotal.stats.exact_margins import Ints

WEAK = 0.02
"""A total is weak where its margins are this much less probable than at the best total."""

REACH = 4.0
"""Standard deviations beyond the observed total, and beyond its mirror image, that must not be weak."""


def weak_points(weights: Weights, chunk: Chunk, arm: int) -> tuple[Ints, Floats]:
    """Replicates with weak totals, and for each the arms' responders that the next tilt is to be fitted to."""
    observed = chunk.arm_events[:, arm]
    d = weights.low[:, None] + np.arange(weights.log.shape[1])
    centre = weights.low + weights.log.argmax(1)
    variance = chunk.tilt.variances[0].sum(2)
    spread = np.sqrt(variance[:, arm] * variance[:, 0] / np.maximum(variance[:, arm] + variance[:, 0], 1e-300))
    reach = np.abs(observed - centre) + REACH * spread
    judged = np.where(np.isfinite(weights.chance), weights.chance, 0.0)
    weak = (weights.chance < WEAK * judged.max(1, keepdims=True)) & (np.abs(d - centre[:, None]) <= reach[:, None])
    rows = np.flatnonzero(weak.any(1))
    away = np.where(weak, np.abs(d - observed[:, None]), np.inf)[rows]
    nearest = d[rows, away.argmin(1)]
    step = np.sign(nearest - observed[rows]) * np.round(spread[rows])
    inside = np.clip(nearest + step, weights.low[rows], np.where(weights.chance < np.inf, d, 0).max(1)[rows])
    anchor = chunk.arm_events[rows].astype(float)
    anchor[:, 0] -= inside - anchor[:, arm]
    anchor[:, arm] = inside
    return rows, anchor


def merged(old: Weights, new: Weights, rows: Ints, anchor: Floats) -> Weights:
    """Every total from the tilt fitted nearest to it; totals about the new anchor are settled, whatever they gave."""
    size = old.log.shape[1]
    own = min(size, new.log.shape[1])
    log, chance, distance = old.log.copy(), old.chance.copy(), old.distance.copy()
    new_log, new_chance = np.full((rows.size, size), -np.inf), np.zeros((rows.size, size))
    new_log[:, :own], new_chance[:, :own] = new.log[:, :own], new.chance[:, :own]
    away = np.abs(old.low[rows, None] + np.arange(size) - anchor[:, None])
    nearer = away < distance[rows]
    log[rows] = np.where(nearer, new_log, log[rows])
    distance[rows] = np.where(nearer, away, distance[rows])
    new_chance[away <= 1] = np.inf
    chance[rows] = np.where(nearer, new_chance, chance[rows])
    return Weights(old.low, log, chance, distance)
