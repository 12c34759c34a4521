"""Exact permutation distributions of rank sums."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.batches import rounds
from pivotal.stats.estimate import Floats

Ints = NDArray[np.int64]

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
    return np.array([count / below[-1] for count in below], dtype=np.float64)


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

    Notes
    -----
    Patients are taken in one after the other, each with a probability of n1/N; the joint distribution of how many were
    taken and their rank sum, given n1 of them, is the permutation distribution (Streitberg and Röhmel's shift algorithm
    in probabilities: every term is positive). Work and memory grow as n1 N².
    """
    lower, upper = np.empty(len(ranks)), np.empty(len(ranks))
    doubled, down, up = _doubled(ranks), _doubled(low), _doubled(high)
    for rows in rounds(len(ranks), (int(n1.max(initial=0)) + 1) * (int(doubled.sum(axis=1).max(initial=0)) + 1)):
        law = _sampled(doubled[rows], n1[rows])
        lower[rows], upper[rows] = _tails(law, down[rows], up[rows])
    return lower, upper


def critical_rank_sum(ranks: Floats, n1: Ints, outside: float) -> Floats:
    """The greatest possible rank sum s with P(S <= s) at most `outside`; NaN where even the least has more."""
    critical = np.full(len(ranks), np.nan)
    doubled = _doubled(ranks)
    for rows in rounds(len(ranks), (int(n1.max(initial=0)) + 1) * (int(doubled.sum(axis=1).max(initial=0)) + 1)):
        law = _sampled(doubled[rows], n1[rows])
        within = (law > 0) & (np.cumsum(law, axis=1) <= outside)
        last = law.shape[1] - 1 - np.argmax(within[:, ::-1], axis=1)
        critical[rows] = np.where(within.any(axis=1), last / DOUBLE, np.nan)
    return critical


def signed_rank_tails(ranks: Floats, statistic: Floats) -> tuple[Floats, Floats]:
    """P(V <= v) and P(V >= v) of the sum V of the ranks whose sign is positive, given all ranks.

    `ranks` (replicate, pair) are mid-ranks, 0 for pairs that do not count; `statistic` (replicate,). Signs are tossed
    independently.
    """
    lower, upper = np.empty(len(ranks)), np.empty(len(ranks))
    doubled, target = _doubled(ranks), _doubled(statistic)
    for rows in rounds(len(ranks), int(doubled.sum(axis=1).max(initial=0)) + 1):
        law = _tossed(doubled[rows])
        lower[rows], upper[rows] = _tails(law, target[rows], target[rows])
    return lower, upper


def _sampled(doubled: Ints, n1: Ints) -> Floats:
    """Distribution of the doubled rank sum, (replicate, sum)."""
    most, size = int(n1.max(initial=0)), int(doubled.sum(axis=1).max(initial=0)) + 1
    counted = (doubled > 0).sum(axis=1)
    share = np.where(counted > 0, n1 / np.maximum(counted, 1), 0.0)[:, None, None]
    law = np.zeros((len(doubled), most + 1, size))
    law[:, 0, 0] = 1.0
    at = np.arange(size)
    for patient in range(doubled.shape[1]):
        rank = doubled[:, patient, None, None]
        enters = rank > 0
        source = at - rank
        moved = np.take_along_axis(law[:, :-1], np.broadcast_to(np.maximum(source, 0), (len(law), most, size)), axis=2)
        taken = np.where(source >= 0, moved, 0.0) * share
        stays = np.where(enters, 1 - share, 1.0)
        law *= stays
        law[:, 1:] += np.where(enters, taken, 0.0)
    drawn = np.take_along_axis(law, n1[:, None, None], axis=1)[:, 0]
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True), dtype=np.float64)


def _tossed(doubled: Ints) -> Floats:
    size = int(doubled.sum(axis=1).max(initial=0)) + 1
    law = np.zeros((len(doubled), size))
    law[:, 0] = 1.0
    at = np.arange(size)
    for pair in range(doubled.shape[1]):
        rank = doubled[:, pair, None]
        source = at - rank
        moved = np.where(source >= 0, np.take_along_axis(law, np.maximum(source, 0), axis=1), 0.0)
        law = np.where(rank > 0, (law + moved) / 2, law)
    return law


def _doubled(ranks: Floats) -> Ints:
    return np.rint(DOUBLE * ranks).astype(np.int64)


def _tails(law: Floats, low: Ints, high: Ints) -> tuple[Floats, Floats]:
    at = np.arange(law.shape[1])
    lower = np.where(at <= low[:, None], law, 0.0).sum(axis=1)
    upper = np.where(at >= high[:, None], law, 0.0).sum(axis=1)
    return np.minimum(lower, 1.0), np.minimum(upper, 1.0)
