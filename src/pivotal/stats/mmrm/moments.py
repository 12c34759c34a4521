"""What the likelihood needs of the data, where covariates do not change over time: cross-products by pattern.

The observed visits of a patient are a pattern. All patients of a pattern (and of a group, where groups have their own
covariance matrix) share one covariance matrix, so that the likelihood and its derivatives need no more of them than the
sums of squares and products of their covariates and outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.mmrm.design import VisitDesign
from pivotal.stats.tables import Mask

Rows = NDArray[np.int64] | slice


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternMoments:
    """Cross-products of the patients of each block (a pattern of visits within a group).

    Attributes
    ----------
    counts
        Patients, (replicate, block).
    mask
        Visits observed, (replicate, block, visit); none of a block that the replicate does not have.
    group
        The group of each block, (block,).
    xx, xy, yy
        Sums over patients: x x' (replicate, block, covariate * covariate), x y' (replicate, block, covariate, visit),
        y y' (replicate, block, visit, visit).
    columns
        (visit * covariate, column), of `VisitDesign.columns`.
    picked
        Where every column is one covariate at one visit, its row in `columns`; else None.
    """

    counts: Floats
    mask: Mask
    group: NDArray[np.int64]
    xx: Floats
    xy: Floats
    yy: Floats
    columns: Floats
    picked: NDArray[np.int64] | None

    @property
    def n_obs(self) -> Floats:
        """Outcomes observed, (replicate,)."""
        return np.asarray((self.counts * self.mask.sum(axis=2)).sum(axis=1), dtype=np.float64)

    @property
    def visits(self) -> int:
        """Number of visits."""
        return int(self.mask.shape[2])

    def take(self, rows: Rows) -> PatternMoments:
        """Some replicates."""
        return replace(
            self, counts=self.counts[rows], mask=self.mask[rows], xx=self.xx[rows], xy=self.xy[rows], yy=self.yy[rows]
        )

    def gram(self, weight: Floats) -> Floats:
        """Sum of X_i' W X_i over patients; `weight` is (replicate, block, visit, visit)."""
        visits, covariates = self.visits, self.xy.shape[2]
        flat = weight.reshape(*weight.shape[:2], visits * visits)
        sums = np.swapaxes(flat, 1, 2) @ self.xx
        sums = sums.reshape(-1, visits, visits, covariates, covariates).transpose(0, 1, 3, 2, 4)
        return self._narrow(sums.reshape(-1, visits * covariates, visits * covariates))

    def grams(self, weights: Floats, blocks: NDArray[np.int64]) -> Floats:
        """The same for several weights, (replicate, block, visit, weight, visit) -> (replicate, weight, ...)."""
        visits, covariates, number = self.visits, self.xy.shape[2], weights.shape[3]
        flat = weights.reshape(*weights.shape[:2], -1)
        sums = np.swapaxes(flat, 1, 2) @ self.xx[:, blocks]
        sums = sums.reshape(-1, visits, number, visits, covariates, covariates).transpose(0, 2, 1, 4, 3, 5)
        size = visits * covariates
        return self._narrow(sums.reshape(-1, number, size, size))

    def cross(self, weight: Floats) -> Floats:
        """Sum of X_i' W y_i over patients."""
        sums = (weight @ np.swapaxes(self.xy, 2, 3)).sum(axis=1)
        found: Floats = sums.reshape(len(sums), -1) @ self.columns
        return found

    def residual_cross(self, coefficients: Floats) -> Floats:
        """Sum of x r' over patients, r the residuals, (replicate, block, covariate, visit)."""
        return self.xy - self._xx_beta(coefficients)

    def residual_squares(self, coefficients: Floats, crossed: Floats) -> Floats:
        """Sum of r r' over patients, (replicate, block, visit, visit)."""
        beta = self._wide(coefficients)
        # r r' = y y' - y (x'b)' - (x'b) r'
        return self.yy - np.swapaxes(self.xy, 2, 3) @ beta[:, None] - np.swapaxes(beta, 1, 2)[:, None] @ crossed

    def spread(self, covariance: Floats) -> Floats:
        """Sum of X_i C X_i' over patients for a covariance C of the coefficients, (replicate, block, visit, visit)."""
        visits, covariates = self.visits, self.xy.shape[2]
        wide = self._widen(covariance).reshape(-1, visits, covariates, visits, covariates)
        flat = wide.transpose(0, 2, 4, 1, 3).reshape(len(covariance), covariates * covariates, visits * visits)
        return (self.xx @ flat).reshape(*self.xx.shape[:2], visits, visits)

    def spreads(self, vectors: Floats) -> Floats:
        """Sum of X_i z z' X_i' for vectors z, (replicate, vector, column): (replicate, vector, block, visit, visit)."""
        visits, covariates = self.visits, self.xy.shape[2]
        wide = (vectors @ self.columns.T).reshape(*vectors.shape[:2], visits, covariates)
        outer = np.einsum("rvja,rvkb->rvabjk", wide, wide).reshape(*vectors.shape[:2], covariates**2, visits**2)
        return np.asarray(self.xx[:, None] @ outer).reshape(*outer.shape[:2], -1, visits, visits)

    def scores(self, inverse: Floats, crossed: Floats, basis: Floats, blocks: NDArray[np.int64]) -> Floats:
        """Sum of X_i' W V_h W r_i over patients for every V_h of a basis, (replicate, h, column)."""
        visits, covariates = self.visits, self.xy.shape[2]
        weight = inverse[:, blocks]
        right = weight @ np.swapaxes(crossed[:, blocks], 2, 3)
        left = weight.reshape(*weight.shape[:2], visits * visits)
        sums = np.swapaxes(left, 1, 2) @ right.reshape(*right.shape[:2], visits * covariates)
        sums = sums.reshape(-1, visits, visits, visits, covariates).transpose(0, 2, 3, 1, 4)
        flat = basis.reshape(*basis.shape[:2], visits * visits)
        found: Floats = flat @ sums.reshape(len(sums), visits * visits, visits * covariates)
        return found @ self.columns if self.picked is None else found[..., self.picked]

    def _xx_beta(self, coefficients: Floats) -> Floats:
        covariates = self.xy.shape[2]
        square = self.xx.reshape(*self.xx.shape[:2], covariates, covariates)
        product: Floats = square @ self._wide(coefficients)[:, None]
        return product

    def _wide(self, coefficients: Floats) -> Floats:
        """Coefficients as (replicate, covariate, visit)."""
        wide = coefficients @ self.columns.T
        return np.swapaxes(wide.reshape(len(wide), self.visits, -1), 1, 2)

    def _narrow(self, wide: Floats) -> Floats:
        """L' A L for A over (visit, covariate)."""
        if self.picked is not None:
            return _submatrix(wide, self.picked)
        found: Floats = self.columns.T @ (wide @ self.columns)
        return found

    def _widen(self, narrow: Floats) -> Floats:
        """L A L' for A over columns."""
        if self.picked is not None and len(self.picked) == len(self.columns):
            return _submatrix(narrow, np.argsort(self.picked))
        found: Floats = self.columns @ narrow @ self.columns.T
        return found


def _submatrix(matrix: Floats, rows: NDArray[np.int64]) -> Floats:
    size = matrix.shape[-1]
    flat = matrix.reshape(*matrix.shape[:-2], size * size)
    places = (rows[:, None] * size + rows[None]).ravel()
    found: Floats = np.take(flat, places, axis=-1).reshape(*matrix.shape[:-2], len(rows), len(rows))
    return found


def pattern_moments(
    y: Floats, design: VisitDesign, observed: Mask, frequency: Floats, group: NDArray[np.int64]
) -> PatternMoments:
    """Sum cross-products by pattern and group.

    Parameters
    ----------
    y
        (replicate, patient, visit), zero where not observed.
    design
        The design.
    observed
        (replicate, patient, visit)
    frequency
        How often each patient counts, (replicate or 1, patient).
    group
        (replicate or 1, patient)
    """
    visits = y.shape[2]
    code = observed @ (1 << np.arange(visits, dtype=np.int64))
    own = np.arange(int(group.max(initial=0)) + 1)
    tables = [_distinct(np.where(group == number, code, 0)) for number in own]
    found = np.concatenate(tables, axis=1)  # (replicate, block), 0 where a replicate has fewer
    groups = np.repeat(own, [table.shape[1] for table in tables])
    member = (code[:, None, :] == found[:, :, None]) & (found[:, :, None] > 0)
    if len(own) > 1:
        member &= group[:, None, :] == groups[:, None]
    member = member * frequency[:, None]  # (replicate, block, patient)
    mask = (found[..., None] >> np.arange(visits) & 1).astype(np.bool_)
    covariates = design.x.shape[-1]
    # the patient's axis last, where the sums run
    x, outcomes = np.ascontiguousarray(np.swapaxes(design.x, -1, -2)), np.ascontiguousarray(np.swapaxes(y, 1, 2))
    columns = design.columns.reshape(visits * covariates, -1)
    return PatternMoments(
        counts=member.sum(axis=2),
        mask=mask,
        group=groups,
        xx=_symmetric_sums(member, x).reshape(*found.shape, -1),
        xy=_product_sums(member, x, outcomes).reshape(*found.shape, covariates, visits),
        yy=_symmetric_sums(member, outcomes),
        columns=columns,
        picked=_picked(columns),
    )


def _distinct(code: NDArray[np.int64]) -> NDArray[np.int64]:
    """The different positive codes of every row, filled up with 0."""
    ordered = np.sort(code, axis=1)
    new = np.concatenate([ordered[:, :1] > 0, ordered[:, 1:] > np.maximum(ordered[:, :-1], 0)], axis=1)
    place = np.cumsum(new, axis=1)
    found = np.zeros((len(code), max(1, int(place[:, -1:].max(initial=0)))), dtype=np.int64)
    row, column = np.nonzero(new)
    found[row, place[row, column] - 1] = ordered[row, column]
    return found


def _picked(columns: Floats) -> NDArray[np.int64] | None:
    simple = ((columns == 0) | (columns == 1)).all() and (columns.sum(axis=0) == 1).all()
    return np.argmax(columns, axis=0) if simple and (columns.sum(axis=1) <= 1).all() else None


def _product_sums(member: Floats, left: Floats, right: Floats) -> Floats:
    """Sums over the patients of each block of products left ⊗ right, (replicate, block, left * right)."""
    products = left[..., :, None, :] * right[..., None, :, :]
    flat = products.reshape(*products.shape[:-3], -1, products.shape[-1])
    sums: Floats = member @ np.swapaxes(flat, -1, -2)
    return sums


def _symmetric_sums(member: Floats, values: Floats) -> Floats:
    """Sums over the patients of each block of products of values with themselves, (replicate, block, value, value)."""
    size = values.shape[-2]
    rows, columns = np.tril_indices(size)
    products = values[..., rows, :] * values[..., columns, :]
    sums = member @ np.swapaxes(products, -1, -2)
    place = np.empty((size, size), dtype=np.int64)
    place[rows, columns] = place[columns, rows] = np.arange(len(rows))
    return np.asarray(sums[..., place], dtype=np.float64)
