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
from pivotal.study.model import Stratum, Study
from pivotal.study.rules import level_codes

Array = NDArray[Any]
Codes = NDArray[np.uint8]


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
            own = _codes(one, columns[one.variable], categories.get(one.variable))
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
        factors = [_codes(s, columns[s.variable], categories.get(s.variable)) for s in self.strata]
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


def _codes(stratum: Stratum, values: Array, labels: tuple[str, ...] | None) -> Codes:
    """Level of a factor for each patient; a value that belongs to none is the study file's fault."""
    codes = level_codes(stratum, values, labels)
    if codes.size and codes.min() < 0:
        odd = values.ravel()[codes.ravel().argmin()]
        raise UsageError(f"stratum {stratum.name}: no level holds {stratum.variable} {odd}; add a level for it.")
    return codes.view(np.uint8)
