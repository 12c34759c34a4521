"""Exact permutation distributions of rank sums."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Floats

Ints = NDArray[np.int64]
Rows = NDArray[np.intp]

# Sums of mid-ranks that are equal on paper are equal here: doubled mid-ranks are whole numbers.
DOUBLE = 2


@lru_cache(maxsize=512)
def mann_whitney_cdf(n1: int, n0: int) -> Floats:
    """P(U <= 0), P(U <= 1), ..., P(U <= n1 n0) for untied samples.

    The number of arrangements with U = u is the coefficient of q^u in the Gaussian binomial of n1 + n0 over n1, built
    up factor by factor (Mann and Whitney 1947, doi:10.1214/aoms/1177730491) in whole numbers of any length.
    """
    few, many = sorted((n1, n0))
    size = few * many + 1
    counts = np.zeros(size, dtype=object)
    counts[0] = 1
    for step in range(1, few + 1):
        factor = counts.copy()
        factor[many + step :] -= counts[: size - many - step]
        counts = _divide(factor, step)
    below = np.add.accumulate(counts)
    cdf = np.array([count / below[-1] for count in below], dtype=np.float64)
    cdf.flags.writeable = False  # it is shared by all who ask
    return cdf


def _divide(series: NDArray[np.object_], step: int) -> NDArray[np.object_]:
    """The power series divided by 1 - q^step: running sums at that stride."""
    padded = np.zeros(-(-len(series) // step) * step, dtype=object)
    padded[: len(series)] = series
    summed: NDArray[np.object_] = np.add.accumulate(padded.reshape(-1, step), axis=0).ravel()
    return summed[: len(series)]


def rank_sum_tails(ranks: Floats, n1: Ints, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """P(S <= low) and P(S >= high) of the rank sum S of n1 patients drawn at random, given all mid-ranks.

    Parameters
    ----------
    ranks
        (replicate, patient), mid-ranks of who enters and 0 for who does not.
    n1
        Patients of the active arm, (replicate,).
    low, high
        Rank sums, (replicate,).
    """
    down, up = _doubled(low), _doubled(high)
    lower, upper = np.empty(len(ranks)), np.empty(len(ranks))
    for law, rows in _laws(ranks, n1):
        lower[rows], upper[rows] = _tails(law, down[rows], up[rows])
    return lower, upper


def critical_rank_sum(ranks: Floats, n1: Ints, outside: float) -> Floats:
    """The greatest possible rank sum s with P(S <= s) at most `outside`; NaN where even the least has more."""
    critical = np.full(len(ranks), np.nan)
    for law, rows in _laws(ranks, n1):
        within = np.flatnonzero((law > 0) & (np.cumsum(law) <= outside))
        if within.size:
            critical[rows] = within[-1] / DOUBLE
    return critical


def signed_rank_tails(ranks: Floats, statistic: Floats) -> tuple[Floats, Floats]:
    """P(V <= v) and P(V >= v) of the sum V of the ranks whose sign is positive, given all ranks.

    `ranks` (replicate, pair) are mid-ranks, 0 for pairs that do not count; `statistic` (replicate,). Signs are tossed
    independently.
    """
    target = _doubled(statistic)
    lower, upper = np.empty(len(ranks)), np.empty(len(ranks))
    for pattern, rows in _patterns(_doubled(ranks)):
        lower[rows], upper[rows] = _tails(_tossed(pattern[pattern > 0]), target[rows], target[rows])
    return lower, upper


def _laws(ranks: Floats, n1: Ints) -> Iterator[tuple[Floats, Rows]]:
    """The distribution of the doubled rank sum for every pattern of ranks, and the replicates that have it."""
    for pattern, rows in _patterns(np.concatenate([n1[:, None], _doubled(ranks)], axis=1), fixed=1):
        drawn, entered = pattern[0], pattern[1:]
        yield _sampled(entered[entered > 0], int(drawn)), rows


def _patterns(numbers: Ints, fixed: int = 0) -> Iterator[tuple[Ints, Rows]]:
    """The distinct rows of a table, the order of their columns after the first `fixed` aside, and where they are.

    One pattern is worked on at a time: its distribution stays in the cache, which makes this some twenty times as fast
    as a batch, and replicates without ties share theirs.
    """
    ordered = np.concatenate([numbers[:, :fixed], np.sort(numbers[:, fixed:], axis=1)], axis=1)
    distinct, back = np.unique(ordered, axis=0, return_inverse=True)
    order = np.argsort(back.ravel(), kind="stable")
    stops = np.cumsum(np.bincount(back.ravel(), minlength=len(distinct)))
    for pattern, start, stop in zip(distinct, np.concatenate([[0], stops[:-1]]), stops, strict=True):
        yield pattern, order[start:stop]


def _sampled(doubled: Ints, drawn: int) -> Floats:
    """Distribution of the sum of `drawn` of the doubled ranks.

    Patients are taken in one after the other, each with a probability of n1/N; the joint distribution of how many were
    taken and their rank sum, given n1 of them, is the permutation distribution (the shift algorithm of Streitberg and
    Röhmel in probabilities: every term is positive). Work grows as n1 N³.
    """
    law = np.zeros((drawn + 1, int(doubled.sum()) + 1))
    law[0, 0] = 1.0
    share = drawn / max(doubled.size, 1)
    for rank in doubled:
        taken = share * law[:-1, : law.shape[1] - rank]
        law *= 1 - share
        law[1:, rank:] += taken
    return np.asarray(law[drawn] / law[drawn].sum(), dtype=np.float64)


def _tossed(doubled: Ints) -> Floats:
    """Distribution of the sum of the doubled ranks, each in or out by the toss of a coin."""
    law = np.zeros(int(doubled.sum()) + 1)
    law[0] = 1.0
    for rank in doubled:
        taken = law[: law.size - rank] / 2
        law /= 2
        law[rank:] += taken
    return law


def _doubled(ranks: Floats) -> Ints:
    return np.rint(DOUBLE * ranks).astype(np.int64)


def _tails(law: Floats, low: Ints, high: Ints) -> tuple[Floats, Floats]:
    """P(S <= low) and P(S >= high)."""
    below = np.concatenate([[0.0], np.cumsum(law)])
    above = np.concatenate([np.cumsum(law[::-1])[::-1], [0.0]])
    lower = below[np.clip(low + 1, 0, law.size)]
    upper = above[np.clip(high, 0, law.size)]
    return np.minimum(lower, 1.0), np.minimum(upper, 1.0)
