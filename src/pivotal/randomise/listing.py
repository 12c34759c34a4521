"""The randomisation list of one trial, as a statistician hands it to a randomisation system."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pivotal.randomise.blocks import Blocks, checked_block_sizes, draw_blocks, next_block
from pivotal.randomise.ratio import checked_count, checked_ratio
from pivotal.randomise.simple import allocate_simple


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomisationList:
    """The list of one trial: columns of equal length, a row an entry, and what it was made with.

    Attributes
    ----------
    number
        Entry of the list, from 1.
    stratum
        Label of the entry's stratum.
    number_in_stratum
        Entry of the stratum, from 1: the stratum's patients take them in this order.
    block
        Block, from 1, through the whole list; 0 where there are no blocks.
    position
        Place in the block, from 1; 0 where there are no blocks.
    block_size
        Size of the block; 0 where there are no blocks.
    arm
        Name of the arm.
    arms, ratio, block_sizes, strata, per_stratum, seed
        The settings that it was made with; no block sizes for simple randomisation.
    generator, numpy_version
        Bit generator and NumPy version: with the settings they reproduce the list.
    """

    number: tuple[int, ...]
    stratum: tuple[str, ...]
    number_in_stratum: tuple[int, ...]
    block: tuple[int, ...]
    position: tuple[int, ...]
    block_size: tuple[int, ...]
    arm: tuple[str, ...]
    arms: tuple[str, ...]
    ratio: tuple[int, ...]
    block_sizes: tuple[int, ...]
    strata: tuple[str, ...]
    per_stratum: int
    seed: int
    generator: str
    numpy_version: str

    def __len__(self) -> int:
        return len(self.number)

    def columns(self) -> dict[str, tuple[Any, ...]]:
        """The columns by name, ready for a data frame."""
        names = ("number", "stratum", "number_in_stratum", "block", "position", "block_size", "arm")
        return {name: getattr(self, name) for name in names}

    def deal(self, stratum: Sequence[str]) -> tuple[str, ...]:
        """Arms of patients who enrol in this order of strata.

        Parameters
        ----------
        stratum
            Label of each patient's stratum, in the order of enrolment.

        Returns
        -------
        tuple of str
            Each patient's arm.

        Raises
        ------
        ValueError
            If a stratum is unknown or has no entries left.
        """
        entries: dict[str, list[str]] = defaultdict(list)
        for label, arm in zip(self.stratum, self.arm, strict=True):
            entries[label].append(arm)
        taken: Counter[str] = Counter()
        dealt = []
        for n, label in enumerate(stratum):
            if label not in entries:
                raise ValueError(
                    f"stratum[{n}] is {label!r}; the list's strata are {', '.join(self.strata)}. Correct the stratum."
                )
            taken[label] += 1
            if taken[label] > len(entries[label]):
                raise ValueError(
                    f"stratum[{n}] is {label!r}, number {taken[label]} of it; the list has "
                    f"{len(entries[label])} entries for it. Make the list with a larger per_stratum."
                )
            dealt.append(entries[label][taken[label] - 1])
        return tuple(dealt)


def randomisation_list(
    arms: Sequence[str],
    ratio: Sequence[int],
    *,
    per_stratum: int,
    seed: int,
    block_sizes: Sequence[int] | None = None,
    strata: Sequence[str] = ("all",),
) -> RandomisationList:
    """The randomisation list of one trial: permuted blocks within strata, or simple randomisation.

    The list is one replicate of the simulation's kernel: it is what `allocate_blocks` (or `allocate_simple`) gives,
    with ``numpy.random.Generator(numpy.random.Philox(seed))``, to patients who enrol stratum after stratum,
    `per_stratum` in each; the last block of every stratum is then completed.

    Parameters
    ----------
    arms
        Names of the arms.
    ratio
        Whole number of at least 1 for every arm.
    per_stratum
        Entries for each stratum, at least; as many more as complete its last block.
    seed
        Whole number of at least 0; keep it, and the list, from those who enrol patients.
    block_sizes
        Block size, or the sizes to mix with equal probability; None for simple randomisation.
    strata
        Labels of the strata.

    Returns
    -------
    RandomisationList
        The list, with its settings.

    Raises
    ------
    ValueError
        If an argument has the wrong kind, length or range.

    References
    ----------
    Matts JP, Lachin JM (1988). Properties of permuted-block randomization in clinical trials. Controlled Clinical
    Trials 9:327-344. doi:10.1016/0197-2456(88)90047-5

    Examples
    --------
    >>> made = randomisation_list(["high", "low", "vehicle"], [2, 2, 1], block_sizes=[5], strata=["IGA 2", "IGA 3"],
    ...                           per_stratum=8, seed=20240501)
    >>> len(made), made.block[:6], made.position[:6], made.number_in_stratum[9:11]
    (20, (1, 1, 1, 1, 1, 2), (1, 2, 3, 4, 5, 1), (10, 1))
    >>> sorted(made.arm[:5])
    ['high', 'high', 'low', 'low', 'vehicle']
    """
    parts = checked_ratio(ratio)
    names = checked_labels("arms", arms, len(parts))
    labels = checked_labels("strata", strata)
    length = checked_count("per_stratum", per_stratum, 1)
    sizes = () if block_sizes is None else checked_block_sizes(block_sizes, parts)
    rng = np.random.Generator(np.random.Philox(checked_count("seed", seed, 0)))
    rows = _block_rows(len(labels), length, parts, sizes, rng) if sizes else _rows(len(labels), length, parts, rng)
    stratum, number_in_stratum, block, position, block_size, arm = rows.T.tolist()
    return RandomisationList(
        number=tuple(range(1, len(rows) + 1)),
        stratum=tuple(labels[s] for s in stratum),
        number_in_stratum=tuple(number_in_stratum),
        block=tuple(block),
        position=tuple(position),
        block_size=tuple(block_size),
        arm=tuple(names[a] for a in arm),
        arms=names,
        ratio=parts,
        block_sizes=sizes,
        strata=labels,
        per_stratum=length,
        seed=int(seed),
        generator="Philox",
        numpy_version=np.__version__,
    )


def checked_labels(name: str, labels: Sequence[str], count: int | None = None) -> tuple[str, ...]:
    """Labels, each once, as many as `count`; ValueError naming them otherwise."""
    found = tuple(labels)
    if isinstance(labels, str) or not found:
        raise ValueError(f"{name} is {labels!r}; it is a list of at least one label. Set {name} = ['A', 'B'].")
    if count is not None and len(found) != count:
        raise ValueError(f"{name} has {len(found)} labels; ratio has {count} parts. Give one label a part.")
    for n, label in enumerate(found):
        if label in found[:n]:
            raise ValueError(f"{name}[{n}] is {label!r} again; every label is given once. Rename or remove it.")
    return found


Rows = np.ndarray[tuple[int, int], np.dtype[np.int64]]


def _rows(n_strata: int, length: int, ratio: tuple[int, ...], rng: np.random.Generator) -> Rows:
    """Rows of simple randomisation: stratum, number in it, no block (three zeros), arm."""
    stratum, number = np.divmod(np.arange(n_strata * length), length)
    none = np.zeros_like(stratum)
    return np.column_stack([stratum, number + 1, none, none, none, allocate_simple(stratum.size, ratio, rng)])


def _block_rows(
    n_strata: int, length: int, ratio: tuple[int, ...], sizes: tuple[int, ...], rng: np.random.Generator
) -> Rows:
    """Rows of permuted blocks: stratum, number in it, block, place in it, its size, arm."""
    blocks = draw_blocks((1, n_strata * length), n_strata, ratio, sizes, rng)
    bounds = [0]  # of the strata, as `deal` shares them out
    for _ in range(n_strata):
        bounds.append(int(next_block(blocks, np.array(bounds[-1] + length))))
    entry = np.arange(bounds[-1])
    stratum = np.searchsorted(bounds, entry, side="right") - 1
    return np.column_stack([stratum, entry - np.take(bounds, stratum) + 1, _places(blocks, entry)])


def _places(blocks: Blocks, entry: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Rows:
    block = np.searchsorted(blocks.bounds, entry, side="right") - 1
    size = np.diff(blocks.bounds).take(block)
    return np.column_stack([block + 1, entry - blocks.bounds.take(block) + 1, size, blocks.entries.take(entry)])
