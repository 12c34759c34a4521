"""Two-by-two tables over replicates: their counts as arrays, safe quotients, and why a table is degenerate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.arrays import to_numpy
from pivotal.stats.estimate import Floats, Reason, Reasons

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TwoArms:
    """Events and patients of the active arm (1) and the control arm (0), all of one shape."""

    x1: Floats
    n1: Floats
    x0: Floats
    n0: Floats

    @classmethod
    def of(cls, x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike) -> TwoArms:
        """Bring the counts to NumPy's floats of a common shape, copied where they are another library's."""
        return cls(*np.broadcast_arrays(*(np.asarray(to_numpy(count), dtype=np.float64) for count in (x1, n1, x0, n0))))

    @property
    def total(self) -> Floats:
        """Patients in both arms."""
        return self.n1 + self.n0

    def summed(self) -> TwoArms:
        """Collapse the last axis, the strata."""
        return TwoArms(*(count.sum(axis=-1) for count in (self.x1, self.n1, self.x0, self.n0)))

    def swapped(self) -> TwoArms:
        """The same tables with the arms exchanged."""
        return TwoArms(self.x0, self.n0, self.x1, self.n1)

    def reason(self, *more: tuple[Mask, Reason]) -> Reasons:
        """Why a table is degenerate; `more` are further conditions, tried last."""
        events = self.x1 + self.x0
        return first_reason(
            ((self.n1 == 0) | (self.n0 == 0), Reason.ARM_EMPTY),
            (events == 0, Reason.NO_EVENTS),
            (events == self.total, Reason.ALL_EVENTS),
            *more,
        )


def first_reason(*conditions: tuple[Mask, Reason]) -> Reasons:
    """Give the reason of the first condition that holds, in each replicate."""
    masks = [mask for mask, _ in conditions]
    codes = [np.uint8(reason) for _, reason in conditions]
    return np.asarray(np.select(masks, codes, default=np.uint8(Reason.NONE)), dtype=np.uint8)


def divide(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """Quotient, NaN where the denominator is zero."""
    above, below = np.broadcast_arrays(
        np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    )
    quotient = np.full(above.shape, np.nan)
    np.divide(above, below, out=quotient, where=below != 0)
    return quotient
