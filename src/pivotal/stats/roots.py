"""Bracketed roots of many functions at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Floats

Rows = NDArray[np.intp]
Function = Callable[[Floats, Rows], Floats]

# The width of the last bracket: absolute near zero, relative elsewhere; two orders above the rounding error.
WIDTH = 1e-14
# Bisection alone would need 60 halvings of the widest bracket used here; the method never needs twice that.
MAX_STEPS = 120


@dataclass(slots=True)
class _Bracket:
    """Newest point, the point across the root, and the one before, of every replicate still at work."""

    x1: Floats
    f1: Floats
    x2: Floats
    f2: Floats
    x3: Floats
    f3: Floats

    def take(self, keep: NDArray[np.bool_]) -> _Bracket:
        """Keep some replicates."""
        return _Bracket(*(getattr(self, name)[keep] for name in self.__slots__))

    def add(self, x: Floats, f: Floats) -> None:
        """Take in a new point, so that the newest and the opposite still enclose the root."""
        same = np.sign(f) == np.sign(self.f1)
        self.x3 = np.where(same, self.x1, self.x2)
        self.f3 = np.where(same, self.f1, self.f2)
        self.x2 = np.where(same, self.x2, self.x1)
        self.f2 = np.where(same, self.f2, self.f1)
        self.x1, self.f1 = x, f

    def best(self) -> tuple[Floats, Floats]:
        """The end nearer to the root, by its function value."""
        newest = np.abs(self.f1) < np.abs(self.f2)
        return np.where(newest, self.x1, self.x2), np.where(newest, self.f1, self.f2)

    def fraction(self) -> Floats:
        """Where to look next, as a fraction of the bracket: inverse quadratic if that is safe, else the middle."""
        with np.errstate(all="ignore"):
            xi = (self.x1 - self.x2) / (self.x3 - self.x2)
            phi = (self.f1 - self.f2) / (self.f3 - self.f2)
            safe = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
            t = self.f1 / (self.f2 - self.f1) * self.f3 / (self.f2 - self.f3)
            t += (
                (self.x3 - self.x1)
                / (self.x2 - self.x1)
                * self.f1
                / (self.f3 - self.f1)
                * self.f2
                / (self.f3 - self.f2)
            )
        return np.where(safe & np.isfinite(t), t, 0.5)


def find_root(function: Function, low: Floats, high: Floats) -> Floats:
    """Root of each of many decreasing functions, by Chandrupatla's bracketing method.

    Parameters
    ----------
    function
        Called with points and the rows (indices into `low`) they belong to, so that replicates already solved
        cost nothing. Positive at `low`; at `high` it counts as negative, even where it is zero there.
    low, high
        Ends of the brackets, shape (row,).

    Returns
    -------
    Floats
        The roots; `low` where the function is not positive there.

    Notes
    -----
    Chandrupatla (1997), doi:10.1016/S0965-9978(96)00051-8: inverse quadratic interpolation where three points
    allow it, bisection elsewhere; the bracket is never lost.
    """
    rows = np.arange(low.size)
    at_low, at_high = function(low, rows), function(high, rows)
    root = low.copy()
    rows = rows[at_low > 0]
    at_low, at_high = at_low[rows], at_high[rows]
    beyond = np.where(at_high < 0, at_high, -at_low)
    bracket = _Bracket(low[rows], at_low, high[rows], beyond, low[rows], at_low)
    fraction = np.full(rows.size, 0.5)
    for _ in range(MAX_STEPS):
        if rows.size == 0:
            break
        x = bracket.x1 + fraction * (bracket.x2 - bracket.x1)
        bracket.add(x, function(x, rows))
        best, value = bracket.best()
        root[rows] = best
        narrowest = WIDTH * (1 + np.abs(best)) / np.maximum(np.abs(bracket.x2 - bracket.x1), 1e-300)
        open_ = (narrowest <= 0.5) & (value != 0)
        rows, bracket, narrowest = rows[open_], bracket.take(open_), narrowest[open_]
        fraction = np.clip(bracket.fraction(), narrowest, 1 - narrowest)
    return root
