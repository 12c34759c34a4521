"""The allocation ratio: checked once at the door, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arms = NDArray[np.int8]

MAX_ARMS = int(np.iinfo(np.int8).max)


def checked_ratio(ratio: Sequence[int]) -> tuple[int, ...]:
    """The ratio as whole numbers, one an arm; ValueError where it is none."""
    found = tuple(ratio)
    if not 2 <= len(found) <= MAX_ARMS:
        raise ValueError(
            f"ratio has {len(found)} arms; randomisation is between 2 and {MAX_ARMS} arms. "
            "Give ratio one whole number an arm, such as [2, 2, 1]."
        )
    for arm, part in enumerate(found):
        if not _is_whole(part) or part < 1:
            raise ValueError(
                f"ratio[{arm}] is {part!r}; a ratio is a whole number of at least 1. "
                f"Remove the arm or set ratio[{arm}] = 1."
            )
    return tuple(int(part) for part in found)


def checked_count(name: str, found: Any, least: int) -> int:
    """A whole number of at least `least`; ValueError naming it otherwise."""
    if not _is_whole(found) or found < least:
        raise ValueError(
            f"{name} is {found!r}; {name} is a whole number of at least {least}. Set {name} = {least} or more."
        )
    return int(found)


def in_words(ratio: Sequence[int]) -> str:
    """The ratio as it is spoken: 2:2:1."""
    return ":".join(map(str, ratio))


def one_round(ratio: Sequence[int]) -> Arms:
    """Every arm as often as its part of the ratio: 2:2:1 gives [0, 0, 1, 1, 2]."""
    return np.repeat(np.arange(len(ratio), dtype=np.int8), ratio)


def draw_below(bound: int, size: int | tuple[int, ...], rng: np.random.Generator) -> NDArray[Any]:
    """Equiprobable whole numbers below `bound`, in the smallest type that holds them (small types draw faster)."""
    dtype = next(t for t in (np.uint8, np.uint16, np.uint32, np.uint64) if bound - 1 <= np.iinfo(t).max)
    return rng.integers(0, bound, size, dtype=dtype)


def _is_whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
