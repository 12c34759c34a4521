"""The search for a profile-likelihood limit, whatever the likelihood."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.roots import Rows, find_root

# Doublings of the first reach, about 2 standard errors, until the bracket holds the limit.
DOUBLINGS = 12

Room = Callable[[Floats, Rows], Floats]
"""How much further twice the log likelihood may fall at a value of the coefficient, in some replicates."""


def profile_limit(room: Room, estimate: Floats, reach: Floats, rows: Rows, sign: float) -> Floats:
    """Where the room is used up, below (`sign` -1) or above (1) the estimate; infinite where the profile is flat.

    Parameters
    ----------
    room
        0 at a limit, positive inside.
    estimate, reach
        The estimate, perhaps infinite, and the first distance to try, (replicate,).
    rows
        Which replicates.
    sign
        Which side.
    """
    inside = _inside(room, estimate[rows], rows, sign)
    inner, outer = np.zeros(rows.size), reach[rows]
    going = np.arange(rows.size)
    for _ in range(DOUBLINGS):
        going = going[room(inside[going] + sign * outer[going], rows[going]) > 0]
        if going.size == 0:
            break
        inner[going] = outer[going]
        outer[going] *= 2
    held = np.setdiff1d(np.arange(rows.size), going)

    def at(distance: Floats, which: NDArray[np.intp]) -> Floats:
        here = held[which]
        return room(inside[here] + sign * distance, rows[here])

    limit = inside.copy()
    limit[going] = sign * np.inf  # several coefficients run away together
    limit[held] += sign * find_root(at, inner[held], outer[held])
    return limit


def _inside(room: Room, estimate: Floats, rows: Rows, sign: float) -> Floats:
    """A point within the interval: the estimate, or if it is infinite one far enough towards it."""
    point = np.where(np.isfinite(estimate), estimate, 0.0)
    going = np.flatnonzero(~np.isfinite(estimate))
    step = 1.0
    for _ in range(DOUBLINGS):
        going = going[room(point[going], rows[going]) <= 0]
        if going.size == 0:
            break
        point[going] = -sign * step
        step *= 2
    return point
