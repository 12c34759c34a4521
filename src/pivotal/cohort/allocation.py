"""How enrolled patients come to their arms: strata read from baseline variables, then the study's method."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.errors import UsageError
from pivotal.randomise import allocate_blocks, allocate_minimisation, allocate_simple
from pivotal.study.model import Level, Stratum, Study

Array = NDArray[Any]
Codes = NDArray[np.uint8]
NO_LEVEL = 255


@dataclass(frozen=True)
class Allocation:
    """The study's randomisation."""

    method: str
    strata: tuple[Stratum, ...]
    ratio: tuple[int, ...]
    block_sizes: tuple[int, ...]
    probability: float

    @property
    def variables(self) -> set[str]:
        """Variables that the strata read."""
        return {stratum.variable for stratum in self.strata}

    @property
    def n_strata(self) -> int:
        """Number of strata, all factors crossed."""
        return math.prod(len(stratum.levels) for stratum in self.strata)

    def stratum(self, columns: Mapping[str, Array], categories: Mapping[str, tuple[str, ...]]) -> Codes:
        """Stratum of each patient, of the columns' shape; the last factor runs fastest."""
        codes: Codes | None = None
        for one in self.strata:
            own = level_codes(one, columns[one.variable], categories.get(one.variable))
            codes = own if codes is None else codes * np.uint8(len(one.levels)) + own
        if codes is None:
            raise ValueError("there are no strata")
        return codes

    def allocate(
        self,
        rng: np.random.Generator,
        shape: tuple[int, int],
        columns: Mapping[str, Array],
        categories: Mapping[str, tuple[str, ...]],
    ) -> NDArray[np.int8]:
        """Arms of enrolled patients, (replicate, subject)."""
        if self.method == "stratified permuted blocks":
            stratum = self.stratum(columns, categories) if self.strata else np.zeros(shape, dtype=np.uint8)
            return self.in_blocks(rng, stratum)
        if self.method == "minimisation" and self.strata:
            return self._minimised(rng, columns, categories)
        return allocate_simple(shape, self.ratio, rng)

    def in_blocks(self, rng: np.random.Generator, stratum: Codes) -> NDArray[np.int8]:
        """Permuted blocks within strata."""
        return allocate_blocks(stratum, self.ratio, self.block_sizes or (sum(self.ratio),), max(self.n_strata, 1), rng)

    def _minimised(
        self, rng: np.random.Generator, columns: Mapping[str, Array], categories: Mapping[str, tuple[str, ...]]
    ) -> NDArray[np.int8]:
        factors = [level_codes(s, columns[s.variable], categories.get(s.variable)) for s in self.strata]
        levels = [len(stratum.levels) for stratum in self.strata]
        return allocate_minimisation(np.stack(factors, axis=-1), self.ratio, levels, rng, probability=self.probability)

    def in_turn(self, shape: tuple[int, int]) -> NDArray[np.int8]:
        """Arms in the ratio's order, patient after patient: a population with the ratio, not randomised."""
        one = np.repeat(np.arange(len(self.ratio), dtype=np.int8), self.ratio)
        return np.resize(one, shape[0] * shape[1]).reshape(shape)


def allocation(study: Study) -> Allocation:
    """The allocation of a study; "as recorded" is simulated as simple randomisation."""
    how = study.randomisation
    return Allocation(how.method, how.strata, tuple(a.ratio for a in study.arms), how.block_sizes, how.probability)


def level_codes(stratum: Stratum, values: Array, labels: tuple[str, ...] | None) -> Codes:
    """Level of a factor for each patient.

    Raises
    ------
    UsageError
        If a value belongs to no level.
    """
    codes = np.full(values.shape, NO_LEVEL, dtype=np.uint8)
    for code, level in enumerate(stratum.levels):
        np.copyto(codes, np.uint8(code), where=_within(level, values, labels))
    if codes.size and codes.max() == NO_LEVEL:
        odd = values.ravel()[codes.ravel().argmax()]
        raise UsageError(f"stratum {stratum.name}: no level holds {stratum.variable} {odd}; add a level for it.")
    return codes


def _within(level: Level, values: Array, labels: tuple[str, ...] | None) -> NDArray[np.bool_]:
    holds: NDArray[np.bool_] | None = None
    if level.any_of is not None:
        wanted = [labels.index(str(v)) for v in level.any_of] if labels else [_like(values, v) for v in level.any_of]
        holds = np.asarray(values == wanted[0])
        for value in wanted[1:]:
            holds |= values == value
    for bound, compare in (
        (level.at_least, np.greater_equal), (level.at_most, np.less_equal),
        (level.above, np.greater), (level.below, np.less),
    ):  # fmt: skip
        if bound is not None:
            found = compare(values, _like(values, bound))
            holds = found if holds is None else holds & found
    return np.ones(values.shape, dtype=np.bool_) if holds is None else holds


def _like(values: Array, bound: float | str) -> Any:
    """A bound as a whole number for whole-number columns, so that they need not be widened to compare."""
    number = float(bound)
    return int(number) if values.dtype.kind in "iu" and number.is_integer() else number
