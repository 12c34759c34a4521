"""Linear models of covariates, factors and their products: the design, and the rows at which LS means are taken."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Floats
from pivotal.stats.tables import divide

Weights = Literal["equal", "observed", "cells"]


@dataclass(frozen=True, slots=True)
class Covariate:
    """A number a patient.

    Attributes
    ----------
    values
        (patient,) for all replicates, or (replicate, patient).
    """

    values: ArrayLike

    def columns(self) -> Floats:
        """The values as one column, (..., patient, 1)."""
        return np.asarray(self.values, dtype=np.float64)[..., None]


@dataclass(frozen=True, slots=True)
class Factor:
    """A level a patient.

    Attributes
    ----------
    codes
        0, 1, ..., (patient,) for all replicates, or (replicate, patient). Level 0 is the reference.
    levels
        How many levels there are.
    """

    codes: ArrayLike
    levels: int

    def columns(self) -> Floats:
        """Indicators of the levels other than the reference, (..., patient, level - 1)."""
        return self.indicators()[..., 1:]

    def indicators(self) -> Floats:
        """Indicators of all levels, (..., patient, level)."""
        codes = np.asarray(self.codes)
        return np.asarray(codes[..., None] == np.arange(self.levels), dtype=np.float64)


Variable = Covariate | Factor


@dataclass(frozen=True, slots=True)
class LinearModel:
    """The right side of a linear model: an intercept, and terms that are variables or products of variables.

    Attributes
    ----------
    variables
        Covariates and factors.
    terms
        The variables of each term, by position: ``((0,), (1,), (0, 1))`` is two main effects and their interaction.

    Notes
    -----
    Factors have treatment contrasts (the first level is the reference), as in R; SAS `PROC GLM` has a column for every
    level and drops the last. Estimates, LS means and tests of contrasts do not depend on that. Within a product the
    first variable's columns run fastest, as in R.

    Examples
    --------
    >>> arm, base = Factor([0, 1, 1], 2), Covariate([4.0, 5.0, 7.0])
    >>> model = LinearModel((arm, base), ((0,), (1,), (0, 1)))
    >>> model.design().tolist()
    [[1.0, 0.0, 4.0, 0.0], [1.0, 1.0, 5.0, 5.0], [1.0, 1.0, 7.0, 7.0]]
    """

    variables: tuple[Variable, ...]
    terms: tuple[tuple[int, ...], ...]

    def design(self) -> Floats:
        """The design with its intercept column, (patient, column) or (replicate, patient, column)."""
        return _expand([variable.columns() for variable in self.variables], self.terms)

    def spans(self) -> list[slice]:
        """The columns of every term, in the order of `terms`."""
        found, start = [], 1
        for term in self.terms:
            width = int(np.prod([self._width(variable) for variable in term]))
            found.append(slice(start, start + width))
            start += width
        return found

    def ls_means_rows(self, of: int, included: ArrayLike, weights: Weights = "equal") -> Floats:
        """Rows of the design at which LS means of a factor's levels are taken.

        Covariates stand at their means over the patients included, products of covariates at the product of the means;
        over the combinations of the other factors' levels an average is taken.

        Parameters
        ----------
        of
            The factor, by its position among `variables`.
        included
            Which patients enter, (replicate, patient).
        weights
            How the combinations of the other factors' levels weigh: "equal"; "observed", as often as they are among
            all patients; "cells", as often as they are among the patients of the level itself.

        Returns
        -------
        Floats
            (replicate, level, column).

        Raises
        ------
        ValueError
            If `of` is not a factor, or `weights` is none of the three.

        Notes
        -----
        Searle, Speed and Milliken (1980), doi:10.1080/00031305.1980.10483031. "equal", "observed" and "cells" are
        `emmeans` weights "equal", "proportional" and "cells", and SAS `LSMEANS` without option, with `OM` and with
        `OM BYLEVEL` (SAS then takes covariates, too, at their means within the level; here, as in `emmeans`, they
        stay at the overall means). SAS takes a product of two covariates at the mean of the product, `emmeans` and
        this function at the product of the means.

        Examples
        --------
        >>> arm, region = Factor([0, 0, 1, 1], 2), Factor([0, 1, 1, 1], 2)
        >>> model = LinearModel((arm, region), ((0,), (1,)))
        >>> model.ls_means_rows(0, [[True] * 4]).tolist()
        [[[1.0, 0.0, 0.5], [1.0, 1.0, 0.5]]]
        >>> model.ls_means_rows(0, [[True] * 4], "observed").tolist()
        [[[1.0, 0.0, 0.75], [1.0, 1.0, 0.75]]]
        """
        seen = np.asarray(included, dtype=np.bool_)
        factor = self.variables[of]
        if not isinstance(factor, Factor):
            raise ValueError(f"of is {of}, a covariate; LS means are of a factor's levels. Name a factor.")
        if weights not in ("equal", "observed", "cells"):
            raise ValueError(f"weights is {weights!r}; 'equal', 'observed' or 'cells' is allowed.")
        others = [v for v in sorted({v for term in self.terms for v in term}) if v != of and self._is_factor(v)]
        rows = [self._level_row(of, level, others, seen, weights) for level in range(factor.levels)]
        return np.stack(rows, axis=1)

    def _level_row(self, of: int, level: int, others: list[int], seen: np.ndarray, weights: Weights) -> Floats:
        """Average of the grid's rows at one level, (replicate, column)."""
        group = seen & self._at(of, level) if weights == "cells" else seen
        total: Floats = np.zeros(1)
        for levels in product(*(range(self._levels(v)) for v in others)):
            chosen = dict(zip(others, levels, strict=True))
            weight = self._weight(chosen, group, equal=weights == "equal")
            row = self._grid_row({of: level, **chosen}, seen)
            total = total + weight[:, None] * row
        return total

    def _weight(self, chosen: dict[int, int], group: np.ndarray, *, equal: bool) -> Floats:
        if equal:
            return np.full(len(group), 1 / np.prod([self._levels(v) for v in chosen]))
        here = group
        for variable, level in chosen.items():
            here = here & self._at(variable, level)
        return divide(here.sum(axis=1), group.sum(axis=1))

    def _grid_row(self, at: dict[int, int], seen: np.ndarray) -> Floats:
        """The design at given levels, covariates at their means, (replicate, column)."""
        blocks: list[Floats] = []
        for position, variable in enumerate(self.variables):
            if isinstance(variable, Factor):
                blocks.append(np.eye(variable.levels)[None, at.get(position, 0), 1:])
            else:
                values = np.where(seen, np.asarray(variable.values, dtype=np.float64), 0.0)
                blocks.append(divide(values.sum(axis=1), seen.sum(axis=1))[:, None])
        return np.broadcast_to(row := _expand(blocks, self.terms), (len(seen), row.shape[-1]))

    def _at(self, position: int, level: int) -> np.ndarray:
        variable = self.variables[position]
        assert isinstance(variable, Factor)
        return np.asarray(np.asarray(variable.codes) == level)

    def _is_factor(self, position: int) -> bool:
        return isinstance(self.variables[position], Factor)

    def _levels(self, position: int) -> int:
        variable = self.variables[position]
        return variable.levels if isinstance(variable, Factor) else 1

    def _width(self, position: int) -> int:
        variable = self.variables[position]
        return variable.levels - 1 if isinstance(variable, Factor) else 1


def _expand(blocks: list[Floats], terms: tuple[tuple[int, ...], ...]) -> Floats:
    """Intercept and terms from the variables' columns, (..., column)."""
    shape = np.broadcast_shapes(*(block.shape[:-1] for block in blocks))
    columns = [np.ones((*shape, 1))]
    for term in terms:
        crossed = np.ones((*shape, 1))
        for variable in term:
            # (..., new, 1) x (..., 1, old): the earlier variables run fastest
            crossed = blocks[variable][..., :, None] * crossed[..., None, :]
            crossed = crossed.reshape(*crossed.shape[:-2], -1)
        columns.append(np.broadcast_to(crossed, (*shape, crossed.shape[-1])))
    return np.concatenate(columns, axis=-1)
