"""Permuted blocks, stratified or not: blocks of one size, or of sizes mixed at random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.randomise.ratio import Arms, checked_count, checked_ratio, draw_below, in_words, one_round

Ints = NDArray[np.int64]

# Up to so many distinct arrangements of a block are listed in a table; beyond, every block is shuffled. A table of
# 100,000 rows costs a few MB and some ms, once a process.
TABLE_ROWS = 100_000

# Replicates are dealt with in batches of about so many patients a stratum: small enough that a batch's indices stay in
# the processor's cache and in memory that the allocator reuses, large enough that NumPy's calls do not count.
PER_STRATUM = 16_384


def allocate_blocks(
    stratum: ArrayLike,
    ratio: Sequence[int],
    block_sizes: Sequence[int],
    n_strata: int,
    rng: np.random.Generator,
) -> Arms:
    """Allocate patients in permuted blocks within strata.

    Every stratum of every replicate has its own sequence of blocks. A block of size b holds arm a
    ``b * ratio[a] / sum(ratio)`` times, in an order drawn with equal probability from all distinct orders. With
    several block sizes the size of each block is drawn first, every size with equal probability. Successive
    patients of a stratum take successive entries of its sequence; what remains of the last block is unused.

    Parameters
    ----------
    stratum
        Whole numbers of shape (replicate, patient), 0 to ``n_strata - 1``; patients in the order of enrolment.
        uint8 is fastest.
    ratio
        Whole number of at least 1 for every arm, in the order of the arms.
    block_sizes
        Block size, or the sizes to mix; each a multiple of ``sum(ratio)``, none twice.
    n_strata
        Number of strata, with or without patients.
    rng
        Source of randomness. What is drawn depends on the shape of `stratum`, `n_strata`, `ratio` and
        `block_sizes`, never on the values of `stratum`.

    Returns
    -------
    int8 array (replicate, patient)
        Arm of every patient, 0 to ``len(ratio) - 1``.

    Raises
    ------
    ValueError
        If a block size is no multiple of the ratio's sum, a stratum is out of range, or an argument has the wrong
        kind or shape.

    Notes
    -----
    SAS PROC PLAN and R's blockrand permute the entries of a block; all distinct orders of a block are equally
    probable there as here. blockrand mixes block sizes in the same way, with equal probabilities.

    References
    ----------
    Matts JP, Lachin JM (1988). Properties of permuted-block randomization in clinical trials. Controlled Clinical
    Trials 9:327-344. doi:10.1016/0197-2456(88)90047-5

    Examples
    --------
    >>> import numpy as np
    >>> stratum = np.zeros((1, 10), dtype=np.uint8)
    >>> arm = allocate_blocks(stratum, [2, 2, 1], [5], 1, np.random.default_rng(1))
    >>> np.bincount(arm[0, :5]).tolist(), np.bincount(arm[0, 5:]).tolist()
    ([2, 2, 1], [2, 2, 1])
    """
    parts = checked_ratio(ratio)
    sizes = checked_block_sizes(block_sizes, parts)
    strata = checked_count("n_strata", n_strata, 1)
    places = _checked_stratum(stratum, strata)
    blocks = draw_blocks(places.shape, strata, parts, sizes, rng)
    return deal(blocks, places, strata)


def checked_block_sizes(block_sizes: Sequence[int], ratio: tuple[int, ...]) -> tuple[int, ...]:
    """The block sizes, each a multiple of the ratio's sum; ValueError where one is not."""
    total = sum(ratio)
    found = tuple(block_sizes)
    if not found:
        raise ValueError(f"block_sizes is empty; it holds at least one size. Set block_sizes = [{total}].")
    for n, size in enumerate(found):
        whole = isinstance(size, (int, np.integer)) and not isinstance(size, bool)
        if not whole or size < 1 or size % total:
            raise ValueError(
                f"block_sizes[{n}] is {size!r}; with ratio {in_words(ratio)} a block size is a multiple of {total}. "
                f"Set block_sizes[{n}] = {total} or {2 * total}, or change the ratio."
            )
        if size in found[:n]:
            raise ValueError(
                f"block_sizes[{n}] is {size} again; sizes are mixed with equal probability, each named once. "
                f"Remove block_sizes[{n}]."
            )
    return tuple(int(size) for size in found)


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks drawn for a batch, laid end to end, replicate after replicate.

    Attributes
    ----------
    entries
        Arm of every place of every block.
    bounds
        Where the blocks begin in `entries`, and at the end where the last one ends.
    per_replicate
        Number of blocks that belong to each replicate.
    """

    entries: Arms
    bounds: Ints
    per_replicate: int


def draw_blocks(
    shape: tuple[int, int],
    n_strata: int,
    ratio: tuple[int, ...],
    sizes: tuple[int, ...],
    rng: np.random.Generator,
) -> Blocks:
    """As many blocks as the patients of `shape` (replicate, patient) can need, however they fall into strata."""
    replicates, patients = shape
    smallest = min(sizes)
    # A stratum with n patients uses at most ceil(n / smallest) <= (n + smallest - 1) / smallest blocks.
    per_replicate = (patients + n_strata * (smallest - 1)) // smallest
    n_blocks = replicates * per_replicate
    if len(sizes) == 1:
        entries = _arranged(n_blocks, ratio, smallest, rng).ravel()
        return Blocks(entries, np.arange(0, entries.size + 1, smallest), per_replicate)
    drawn = draw_below(len(sizes), n_blocks, rng)
    bounds = np.zeros(n_blocks + 1, dtype=np.int64)
    np.cumsum(np.array(sizes).take(drawn), out=bounds[1:])
    entries = np.empty(bounds[-1], dtype=np.int8)
    for n, size in enumerate(sizes):
        begins = bounds[:-1][drawn == n]
        entries[begins[:, None] + np.arange(size)] = _arranged(begins.size, ratio, size, rng)
    return Blocks(entries, bounds, per_replicate)


def _arranged(n_blocks: int, ratio: tuple[int, ...], size: int, rng: np.random.Generator) -> Arms:
    """Blocks of one size, (block, place), every distinct order equally probable."""
    block = tuple(part * size // sum(ratio) for part in ratio)
    if _n_arrangements(block) > TABLE_ROWS:
        return rng.permuted(np.tile(one_round(block), (n_blocks, 1)), axis=1)
    table = _arrangements(block)
    return table.take(draw_below(len(table), n_blocks, rng), axis=0)


def _n_arrangements(block: tuple[int, ...]) -> int:
    return math.factorial(sum(block)) // math.prod(map(math.factorial, block))


@lru_cache(maxsize=32)
def _arrangements(block: tuple[int, ...]) -> Arms:
    """All distinct orders of a block that holds arm a ``block[a]`` times, (order, place), in lexicographic order."""
    table = np.empty((1, 0), dtype=np.int8)
    left = np.array([block])  # (order, arm): how often the arm is still to come
    for _ in range(sum(block)):
        row, arm = np.nonzero(left)
        table = np.column_stack([table[row], arm.astype(np.int8)])
        left = left[row]
        left[np.arange(len(row)), arm] -= 1
    table.flags.writeable = False
    return table


def deal(blocks: Blocks, stratum: NDArray[np.unsignedinteger], n_strata: int) -> Arms:
    """Hand each replicate's blocks to its strata, and their entries to the stratum's patients in order.

    The first stratum begins with the replicate's first block, each further one with the first block that the
    stratum before it has left untouched. Blocks are independent and alike, so no share is better than another.
    """
    replicates, patients = stratum.shape
    arm = np.empty(stratum.shape, dtype=np.int8)
    step = max(1, PER_STRATUM * n_strata // max(1, patients))
    ramp = np.arange(min(step, replicates) * patients)
    for first in range(0, replicates, step):
        some = slice(first, first + step)
        begin = blocks.bounds[np.arange(replicates)[some] * blocks.per_replicate]
        for s in range(n_strata):
            begin = _deal_stratum(blocks, begin, stratum[some] == s, ramp, arm[some].reshape(-1))
    return arm


def _deal_stratum(blocks: Blocks, begin: Ints, member: NDArray[np.bool_], ramp: Ints, arm: Arms) -> Ints:
    """Fill in the arms of one stratum's members, (replicate, patient); gives where the next stratum begins."""
    count = member.sum(axis=1, dtype=np.uint32).astype(np.int64)
    before = count.cumsum() - count
    patient = np.flatnonzero(member)
    entry = np.repeat(begin - before, count)
    entry += ramp[: entry.size]
    arm[patient] = blocks.entries.take(entry)
    return next_block(blocks, begin + count)


def next_block(blocks: Blocks, place: Ints) -> Ints:
    """Where the first block begins of which nothing lies before `place`."""
    return blocks.bounds[np.searchsorted(blocks.bounds, place)]


def _checked_stratum(stratum: ArrayLike, n_strata: int) -> NDArray[np.unsignedinteger]:
    found = np.asarray(stratum)
    if found.ndim != 2 or found.dtype.kind not in "iu":
        raise ValueError(
            f"stratum is {found.dtype} of shape {found.shape}; it holds whole numbers of shape (replicate, patient). "
            "For one trial give stratum[None, :]."
        )
    if found.size and (found.min() < 0 or found.max() >= n_strata):
        wrong = found.min() if found.min() < 0 else found.max()
        raise ValueError(
            f"stratum holds {wrong}; with n_strata = {n_strata} a stratum is 0 to {n_strata - 1}. "
            "Number the strata from 0 or raise n_strata."
        )
    dtype = next(t for t in (np.uint8, np.uint16, np.uint32) if n_strata - 1 <= np.iinfo(t).max)
    return np.ascontiguousarray(found, dtype=dtype)
