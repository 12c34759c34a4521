"""Random numbers, counter-based and keyed, so that the same seed gives the same bits on any number of workers."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

PATIENTS = 700_000
"""Patients in one block of replicates, at most: few calls, memory that stays small, and blocks enough to share."""

MAX_SEED = 2**64 - 1


class Stream(IntEnum):
    """What the random numbers are for."""

    REPLICATES = 0
    POPULATION = 1
    GRID = 2
    TRIAL = 3
    SCREEN = 8
    LONGTERM = 9


def generator(seed: int, stream: Stream, block: int) -> np.random.Generator:
    """The generator of one block of replicates.

    Parameters
    ----------
    seed
        The run's seed, 0 to 2**64 - 1.
    stream
        What the numbers are for; streams never overlap.
    block
        Index of the block.

    Notes
    -----
    Philox 4x64-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405), its 128-bit key made of the seed and of
    (stream, block). Scenarios of one run share random numbers, which makes their differences more precise.

    Examples
    --------
    >>> float(generator(1, Stream.REPLICATES, 0).random()) == float(generator(1, Stream.REPLICATES, 0).random())
    True
    """
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(f"seed is {seed}; a seed is a whole number from 0 to {MAX_SEED}. Choose one in that range.")
    key = np.array([seed, (int(stream) << 48) | block], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def block_size(patients: int) -> int:
    """Replicates that share a generator: a power of two, by the size of a trial.

    Part of what a seed means: changing it changes the numbers.

    Examples
    --------
    >>> block_size(330), block_size(10**7)
    (2048, 1)
    """
    return int(2 ** max(0, (PATIENTS // patients).bit_length() - 1))


def blocks(replicates: int, size: int) -> list[int]:
    """Sizes of the blocks that make up so many replicates.

    Examples
    --------
    >>> blocks(1100, 512)
    [512, 512, 76]
    """
    whole, rest = divmod(replicates, size)
    return [size] * whole + ([rest] if rest else [])
