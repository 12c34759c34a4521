"""Whether a partial likelihood rises without end: a direction in which every event is the extreme of its risk set."""

from __future__ import annotations

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.survival.ordering import Ordered
from pivotal.stats.tables import Mask

# Where several coefficients run away, one that moves less than this share of the fastest has no sure direction.
DIRECTION = 1e-3
# How far an event may fall short of the largest of its risk set, as a share of the covariate's range: the rounding, and
# what is left of a step's error after 30 of Newton's.
SHORT = 1e-6


def running_away(step: Floats) -> Mask:
    """Coefficients that the last step still moves in earnest, (covariate, replicate)."""
    return np.asarray(np.abs(step) > DIRECTION * np.abs(step).max(axis=0), dtype=np.bool_)


def is_monotone(ordered: Ordered, x: Floats, direction: Floats, discrete: bool) -> Mask:
    """Check a direction, (replicate,).

    The likelihood never falls along it where at every event time the patients with the event have the largest x'δ of
    those at risk (Bryson and Johnson 1981, doi:10.2307/1268065), or, where tied events are compared as a set
    (`discrete`), none smaller than a patient's without.

    Parameters
    ----------
    ordered
        The patients.
    x
        Covariates, (covariate, row, position).
    direction
        δ, (covariate, replicate).
    discrete
        Whether the likelihood is the conditional one.
    """
    by_row = np.repeat(direction, ordered.strata, axis=1)
    along = np.einsum("krp,kr->rp", x, by_row)
    along = np.where(ordered.present, along, -np.inf)
    m = ordered.moments
    if not len(m.end):
        return np.zeros(ordered.replicates, dtype=np.bool_)
    largest = np.maximum.accumulate(np.where(ordered.event, -np.inf, along) if discrete else along, axis=1)
    bound = largest.ravel()[m.end]
    if discrete:
        bound = np.maximum(bound, _before(ordered, along))
    least = np.minimum.reduceat(along.ravel()[m.position], m.first)
    low = np.where(ordered.present, along, np.inf).min(axis=1)
    reach = np.maximum(along.max(axis=1) - low, 0.0)[m.row]
    short = ordered.total((bound > least + SHORT * reach).astype(np.float64), m.row)
    return np.asarray((short == 0) & (np.abs(direction).max(axis=0) > 0), dtype=np.bool_)


def _before(ordered: Ordered, along: Floats) -> Floats:
    """The largest value among those with later times than each moment's; -inf for the latest."""
    m = ordered.moments
    ends = np.flatnonzero(ordered.last)
    which = np.searchsorted(ends, m.end)
    previous = ends[np.maximum(which - 1, 0)]
    largest = np.maximum.accumulate(along, axis=1).ravel()[previous]
    same_row = (which > 0) & (previous // ordered.width == m.row)
    return np.where(same_row, largest, -np.inf)
