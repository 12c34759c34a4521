"""Mid-ranks within rows, and the sums over them that rank tests are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Floats
from pivotal.stats.tables import Mask, divide


def mid_ranks(values: Floats, seen: Mask) -> Floats:
    """Ranks 1, 2, ... of the values seen in each row, tied ones sharing their mean rank; 0 where not seen.

    Parameters
    ----------
    values, seen
        (replicate, patient).

    Examples
    --------
    >>> mid_ranks(np.array([[3.0, 1.0, 3.0, 9.0]]), np.array([[True, True, True, False]])).tolist()
    [[2.5, 1.0, 2.5, 0.0]]
    """
    count = values.shape[1]
    held = np.where(seen, values, np.nan)  # NaN sorts last
    order = np.argsort(held, axis=1, kind="stable")
    ordered = np.take_along_axis(held, order, axis=1)
    place = np.arange(count)
    begins = np.ones(ordered.shape, dtype=np.bool_)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.maximum.accumulate(np.where(begins, place, 0), axis=1)
    ends = np.ones(ordered.shape, dtype=np.bool_)
    ends[:, :-1] = begins[:, 1:]
    last = np.minimum.accumulate(np.where(ends, place, count)[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty(ordered.shape)
    np.put_along_axis(ranks, order, (first + last) / 2 + 1, axis=1)
    return np.where(seen, ranks, 0.0)


@dataclass(frozen=True, slots=True)
class RankSum:
    """The rank sum of the active arm in every replicate, about its expectation, with its permutation variance.

    Attributes
    ----------
    n1, n0
        Patients of the active and the control arm.
    u
        Pairs in which the active patient has more, ties counting one half: R's W, the Mann-Whitney count.
    variance
        n₁n₀/(N(N - 1)) Σ(r - r̄)²; 0 where all are tied or an arm is empty.
    ranks
        Mid-ranks, (replicate, patient); 0 for who does not enter.
    """

    n1: Floats
    n0: Floats
    u: Floats
    variance: Floats
    ranks: Floats

    @classmethod
    def of(cls, values: Floats, active: Mask, seen: Mask) -> RankSum:
        """Rank the patients seen; all arrays (replicate, patient)."""
        ranks = mid_ranks(values, seen)
        n1 = (active & seen).sum(axis=1).astype(np.float64)
        total = seen.sum(axis=1).astype(np.float64)
        n0 = total - n1
        rank_sum = np.where(active, ranks, 0.0).sum(axis=1)
        spread = np.where(seen, ranks - (total[:, None] + 1) / 2, 0.0)
        variance = divide(n1 * n0 * (spread**2).sum(axis=1), total * (total - 1))
        return cls(n1, n0, rank_sum - n1 * (n1 + 1) / 2, np.nan_to_num(variance), ranks)

    @property
    def excess(self) -> Floats:
        """The count of pairs less its expectation."""
        return self.u - self.n1 * self.n0 / 2


def rows_of(y: ArrayLike, included: ArrayLike | None) -> tuple[Floats, Mask]:
    """Outcomes as floats, and who is seen: included and not NaN, both (replicate, patient)."""
    values = np.asarray(y, dtype=np.float64)
    seen = ~np.isnan(values)
    return values, seen if included is None else seen & np.asarray(included, dtype=np.bool_)
