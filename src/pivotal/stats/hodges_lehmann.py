"""Shift between two arms: the Hodges-Lehmann estimate with distribution-free limits."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.batches import rounds
from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.exact_ranks import critical_rank_sum, mann_whitney_cdf
from pivotal.stats.normal import tail, two_sided_quantile
from pivotal.stats.ranks import RankSum, rows_of
from pivotal.stats.tables import Mask, first_reason

Limits = Literal["exact", "exact-ties", "moses", "inverted", "inverted-corrected"]
LIMITS = ("exact", "exact-ties", "moses", "inverted", "inverted-corrected")


def hodges_lehmann(
    y: ArrayLike,
    active: ArrayLike,
    included: ArrayLike | None = None,
    *,
    limits: Limits = "exact",
    level: float = 0.95,
) -> Estimate:
    """Estimate by how much outcomes in the active arm are shifted, with confidence limits.

    Parameters
    ----------
    y, active, included
        As in `rank_sum`.
    limits
        Which of the ordered differences D(1) <= ... <= D(K), K = n₁n₀, are the limits D(k) and D(K + 1 - k):
        "exact", the greatest k with P(U < k) <= α/2 in untied samples; "exact-ties", k = ⌊u⌋ + 1 with u the greatest
        possible count of pairs for which P(U <= u) <= α/2 given the ties; "moses", k = ⌊K/2 - z SD⌋ with the SD given
        the ties; "inverted", where the z of the rank-sum test, with the variance that ties within arms leave, crosses
        ±z; "inverted-corrected", the same with continuity correction.
    level
        Confidence level.

    Returns
    -------
    Estimate
        (replicate,): `estimate`, the median of all differences, active minus control; `ci_low`, `ci_high`. NaN with
        `Reason.ARM_EMPTY`. Infinite limits with `Reason.LEVEL_OUT_OF_REACH` where even the extreme differences do not
        reach the level.

    Raises
    ------
    ValueError
        If `limits` or `level` is not allowed.

    Notes
    -----
    Hodges and Lehmann (1963), doi:10.1214/aoms/1177704172; limits: Moses, as in Hollander, Wolfe and Chicken (2014),
    doi:10.1002/9781119196037, section 4.3. "exact" is R `wilcox.test(exact = TRUE, conf.int = TRUE)`, which shows the
    extreme differences with a warning where the level is out of reach. "moses" is SAS `PROC NPAR1WAY HL` and
    "exact-ties" its `EXACT HL`: the documentation leaves open how ties enter, its examples are met so.
    "inverted-corrected" and "inverted" are R's `exact = FALSE` with and without `correct`: R looks for the root of a
    step function, whose jump is the difference given here, and finds it as nearly as its `tol.root` (by default
    1e-4). R's estimate then is such a root too, anywhere on the flat stretch between the two middle differences where
    K is even; here it is the median always.

    Examples
    --------
    >>> y = [[1.1, 2.4, 3.0, 4.1, 0.2, 0.9, 1.7, 2.0]]
    >>> shift = hodges_lehmann(y, [True] * 4 + [False] * 4)
    >>> [float(number[0].round(6)) for number in (shift.estimate, shift.ci_low, shift.ci_high)]
    [1.4, -0.9, 3.9]
    """
    if limits not in LIMITS:
        raise ValueError(f"limits is {limits!r}; {', '.join(map(repr, LIMITS))} is allowed.")
    z = two_sided_quantile(level)
    values, seen = rows_of(y, included)
    arm = np.broadcast_to(np.asarray(active, dtype=np.bool_), seen.shape)
    n1, n0 = (seen & arm).sum(axis=1), (seen & ~arm).sum(axis=1)
    if limits in ("inverted", "inverted-corrected"):
        below = _crossing(values, arm, seen, z, 0.5 if limits == "inverted-corrected" else 0.0)
    elif limits == "moses":
        below = np.floor(n1 * n0 / 2 - z * np.sqrt(RankSum.of(values, arm, seen).variance))
    elif limits == "exact-ties":
        below = _tied_order(RankSum.of(values, arm, seen), tail(level))
    else:
        below = _exact_order(n1, n0, tail(level))
    order = np.where(n1 * n0 > 0, below, 0.0).astype(np.int64)
    estimate, low, high = (np.full(len(values), np.nan) for _ in range(3))
    for rows in rounds(len(values), int(n1.max(initial=0)) * int(n0.max(initial=0))):
        ordered = _differences(values[rows], seen[rows] & arm[rows], seen[rows] & ~arm[rows])
        count = (n1 * n0)[rows]
        estimate[rows] = (_at(ordered, (count + 1) // 2, count) + _at(ordered, count // 2 + 1, count)) / 2
        low[rows] = _at(ordered, order[rows], count)
        high[rows] = _at(ordered, count + 1 - order[rows], count)
    empty = n1 * n0 == 0
    beyond = ~empty & (order < 1)
    return Estimate(
        estimate=estimate,
        ci_low=np.where(beyond, -np.inf, low),
        ci_high=np.where(beyond, np.inf, high),
        reason=first_reason((empty, Reason.ARM_EMPTY), (beyond, Reason.LEVEL_OUT_OF_REACH)),
    )


def _exact_order(n1: NDArray[np.int64], n0: NDArray[np.int64], outside: float) -> Floats:
    """The greatest k with P(U < k) <= α/2; 0 where there is none."""
    sizes = np.stack([n1, n0], axis=1)
    order = np.zeros(len(sizes))
    for one, other in np.unique(sizes[(sizes > 0).all(axis=1)], axis=0):
        cdf = mann_whitney_cdf(int(one), int(other))
        order[(sizes == (one, other)).all(axis=1)] = np.searchsorted(cdf, outside, side="right")
    return order


def _tied_order(sums: RankSum, outside: float) -> Floats:
    least = sums.n1 * (sums.n1 + 1) / 2
    critical = critical_rank_sum(sums.ranks, sums.n1.astype(np.int64), outside) - least
    return np.where(np.isnan(critical), 0.0, np.floor(np.nan_to_num(critical)) + 1)


def _crossing(values: Floats, arm: Mask, seen: Mask, z: float, correction: float) -> Floats:
    """How many differences lie at or below the jump over which the z of the shifted samples falls below the quantile.

    Between two differences no active patient is tied with a control one, so that the variance is that of the ties
    within arms, the same everywhere; k differences below make (K/2 - k - correction) / SD.
    """
    apart = np.where(arm, np.nan_to_num(values), 0.0)
    low, high = np.nan_to_num(values).min(axis=1, initial=0.0), np.nan_to_num(values).max(axis=1, initial=0.0)
    # beyond the range of all outcomes the arms do not overlap
    moved = np.where(arm, apart + 2 * (high - low + 1)[:, None], values)
    sums = RankSum.of(moved, arm, seen)
    reach = z * np.sqrt(sums.variance) + correction
    pairs = sums.n1 * sums.n0
    order = np.floor(pairs / 2 - reach) + 1
    return np.where(pairs / 2 - reach > 0, order, 0.0)


def _differences(values: Floats, one: Mask, other: Mask) -> Floats:
    """All differences of a patient of one arm and one of the other, ordered, NaN behind, (replicate, pair)."""
    left, right = _packed(values, one), _packed(values, other)
    pairs = left[:, :, None] - right[:, None, :]
    return np.sort(pairs.reshape(len(values), -1), axis=1)


def _packed(values: Floats, chosen: Mask) -> Floats:
    """The values chosen, in front; NaN behind, as wide as the fullest row."""
    width = int(chosen.sum(axis=1).max(initial=0))
    return np.sort(np.where(chosen, values, np.nan), axis=1)[:, :width]


def _at(ordered: Floats, place: NDArray[np.int64], count: NDArray[np.int64]) -> Floats:
    """The value of that place (the first is 1) in each row; NaN where there is none."""
    if ordered.shape[1] == 0:
        return np.full(len(ordered), np.nan)
    inside = (place >= 1) & (place <= count)
    index = np.clip(place - 1, 0, ordered.shape[1] - 1)
    return np.where(inside, np.take_along_axis(ordered, index[:, None], axis=1)[:, 0], np.nan)
