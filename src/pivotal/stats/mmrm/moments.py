"""What the likelihood needs of the data, where covariates do not change over time: cross-products by pattern.

The observed visits of a patient are a pattern. All patients of a pattern (and of a group, where groups have their own
covariance matrix) share one covariance matrix, so that the likelihood and its derivatives need no more of them than the
sums of squares and products of their covariates and outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.arrays import beside, contiguous, namespace, on_host, pick
from pivotal.stats.estimate import Floats
from pivotal.stats.mmrm.design import VisitDesign
from pivotal.stats.tables import Mask

Rows = NDArray[np.int64] | slice


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternMoments:
    """Cross-products of the patients of each block (a pattern of visits within a group).

    Arrays of any library that follows the array API standard; `group` is always NumPy's.

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
        xp = namespace(self.counts)
        observed: Floats = xp.sum(self.counts * xp.sum(xp.astype(self.mask, self.counts.dtype), axis=2), axis=1)
        return observed

    @property
    def visits(self) -> int:
        """Number of visits."""
        return int(self.mask.shape[2])

    def take(self, rows: Rows) -> PatternMoments:
        """Some replicates."""
        own = ("counts", "mask", "xx", "xy", "yy")
        return replace(self, **{name: pick(getattr(self, name), rows, 0) for name in own})

    def on_host(self) -> PatternMoments:
        """The same as NumPy's arrays."""
        if isinstance(self.counts, np.ndarray):
            return self
        copied = {name: on_host(getattr(self, name)) for name in ("counts", "xx", "xy", "yy", "columns")}
        picked = None if self.picked is None else on_host(self.picked).astype(np.int64)
        return replace(self, **copied, mask=on_host(self.mask).astype(np.bool_), picked=picked)

    def gram(self, weight: Floats) -> Floats:
        """Sum of X_i' W X_i over patients; `weight` is (replicate, block, visit, visit)."""
        xp, visits, covariates = namespace(weight), self.visits, self.xy.shape[2]
        flat = xp.reshape(weight, (*weight.shape[:2], visits * visits))
        sums = xp.reshape(xp.matrix_transpose(flat) @ self.xx, (-1, visits, visits, covariates, covariates))
        size = visits * covariates
        return self._narrow(xp.reshape(xp.permute_dims(sums, (0, 1, 3, 2, 4)), (-1, size, size)))

    def grams(self, weights: Floats, blocks: NDArray[np.int64]) -> Floats:
        """The same for several weights, (replicate, block, visit, weight, visit) -> (replicate, weight, ...)."""
        xp, visits, covariates, number = namespace(weights), self.visits, self.xy.shape[2], weights.shape[3]
        flat = xp.reshape(weights, (*weights.shape[:2], -1))
        sums = xp.matrix_transpose(flat) @ pick(self.xx, blocks, 1)
        sums = xp.reshape(sums, (-1, visits, number, visits, covariates, covariates))
        size = visits * covariates
        return self._narrow(xp.reshape(xp.permute_dims(sums, (0, 2, 1, 4, 3, 5)), (-1, number, size, size)))

    def cross(self, weight: Floats) -> Floats:
        """Sum of X_i' W y_i over patients."""
        xp = namespace(weight)
        sums = xp.sum(weight @ xp.matrix_transpose(self.xy), axis=1)
        found: Floats = xp.reshape(sums, (sums.shape[0], -1)) @ self.columns
        return found

    def residual_cross(self, coefficients: Floats) -> Floats:
        """Sum of x r' over patients, r the residuals, (replicate, block, covariate, visit)."""
        return self.xy - self._xx_beta(coefficients)

    def residual_squares(self, coefficients: Floats, crossed: Floats) -> Floats:
        """Sum of r r' over patients, (replicate, block, visit, visit)."""
        beta = self._wide(coefficients)
        # r r' = y y' - y (x'b)' - (x'b) r'
        xp = namespace(beta)
        fitted = xp.matrix_transpose(self.xy) @ beta[:, None, ...]
        squares: Floats = self.yy - fitted - xp.matrix_transpose(beta)[:, None, ...] @ crossed
        return squares

    def spread(self, covariance: Floats) -> Floats:
        """Sum of X_i C X_i' over patients for a covariance C of the coefficients, (replicate, block, visit, visit)."""
        xp, visits, covariates = namespace(covariance), self.visits, self.xy.shape[2]
        wide = xp.reshape(self._widen(covariance), (-1, visits, covariates, visits, covariates))
        flat = xp.reshape(xp.permute_dims(wide, (0, 2, 4, 1, 3)), (-1, covariates * covariates, visits * visits))
        found: Floats = xp.reshape(self.xx @ flat, (*self.xx.shape[:2], visits, visits))
        return found

    def spreads(self, vectors: Floats) -> Floats:
        """Sum of X_i z z' X_i' for vectors z, (replicate, vector, column): (replicate, vector, block, visit, visit)."""
        xp, visits, covariates = namespace(vectors), self.visits, self.xy.shape[2]
        wide = xp.reshape(vectors @ xp.matrix_transpose(self.columns), (*vectors.shape[:2], visits, covariates))
        # (vector, covariate, covariate, visit, visit)
        turned = xp.matrix_transpose(wide)
        outer = turned[:, :, :, None, :, None] * turned[:, :, None, :, None, :]
        flat = xp.reshape(outer, (*vectors.shape[:2], covariates**2, visits**2))
        found: Floats = xp.reshape(self.xx[:, None, ...] @ flat, (*vectors.shape[:2], -1, visits, visits))
        return found

    def scores(self, inverse: Floats, crossed: Floats, basis: Floats, blocks: NDArray[np.int64]) -> Floats:
        """Sum of X_i' W V_h W r_i over patients for every V_h of a basis, (replicate, h, column)."""
        xp, visits, covariates = namespace(inverse), self.visits, self.xy.shape[2]
        weight = pick(inverse, blocks, 1)
        right = weight @ xp.matrix_transpose(pick(crossed, blocks, 1))
        left = xp.reshape(weight, (*weight.shape[:2], visits * visits))
        sums = xp.matrix_transpose(left) @ xp.reshape(right, (*right.shape[:2], visits * covariates))
        sums = xp.permute_dims(xp.reshape(sums, (-1, visits, visits, visits, covariates)), (0, 2, 3, 1, 4))
        flat = xp.reshape(basis, (*basis.shape[:2], visits * visits))
        found: Floats = flat @ xp.reshape(sums, (-1, visits * visits, visits * covariates))
        return found @ self.columns if self.picked is None else xp.take(found, self.picked, axis=-1)

    def _xx_beta(self, coefficients: Floats) -> Floats:
        covariates = self.xy.shape[2]
        square = namespace(coefficients).reshape(self.xx, (*self.xx.shape[:2], covariates, covariates))
        product: Floats = square @ self._wide(coefficients)[:, None, ...]
        return product

    def _wide(self, coefficients: Floats) -> Floats:
        """Coefficients as (replicate, covariate, visit)."""
        xp = namespace(coefficients)
        wide = coefficients @ xp.matrix_transpose(self.columns)
        found: Floats = xp.matrix_transpose(xp.reshape(wide, (wide.shape[0], self.visits, -1)))
        return found

    def _narrow(self, wide: Floats) -> Floats:
        """L' A L for A over (visit, covariate)."""
        if self.picked is not None:
            return _submatrix(wide, self.picked)
        found: Floats = namespace(wide).matrix_transpose(self.columns) @ (wide @ self.columns)
        return found

    def _widen(self, narrow: Floats) -> Floats:
        """L A L' for A over columns."""
        xp = namespace(narrow)
        if self.picked is not None and self.picked.shape[0] == self.columns.shape[0]:
            return _submatrix(narrow, xp.argsort(self.picked))
        found: Floats = self.columns @ narrow @ xp.matrix_transpose(self.columns)
        return found


def _submatrix(matrix: Floats, rows: NDArray[np.int64]) -> Floats:
    xp, size, number = namespace(matrix), matrix.shape[-1], rows.shape[0]
    flat = xp.reshape(matrix, (*matrix.shape[:-2], size * size))
    places = xp.reshape(rows[:, None] * size + rows[None, :], (-1,))
    found: Floats = xp.reshape(xp.take(flat, places, axis=-1), (*matrix.shape[:-2], number, number))
    return found


def pattern_moments(
    y: Floats, design: VisitDesign, observed: Mask, frequency: Floats, group: NDArray[np.int64]
) -> PatternMoments:
    """Sum cross-products by pattern and group.

    Parameters
    ----------
    y
        (replicate, patient, visit), zero where not observed; of any library. The sums are made where it is; the other
        arguments are NumPy's.
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
    xp = namespace(y)
    here, there = beside(code, y), beside(found, y)
    belongs = (here[:, None, :] == there[:, :, None]) & (there[:, :, None] > 0)
    if len(own) > 1:
        belongs = belongs & beside(group[:, None, :] == groups[:, None], y)
    member = xp.where(belongs, beside(frequency, y)[:, None, :], 0.0)  # (replicate, block, patient)
    mask = (found[..., None] >> np.arange(visits) & 1).astype(np.bool_)
    covariates = design.x.shape[-1]
    # the patient's axis last, where the sums run
    x, outcomes = beside(design.x, y), contiguous(xp.matrix_transpose(y))
    x = contiguous(xp.matrix_transpose(x))
    columns = design.columns.reshape(visits * covariates, -1)
    picked = _picked(columns)
    return PatternMoments(
        counts=xp.sum(member, axis=2),
        mask=beside(mask, y),
        group=groups,
        xx=xp.reshape(_symmetric_sums(member, x), (*found.shape, -1)),
        xy=xp.reshape(_product_sums(member, x, outcomes), (*found.shape, covariates, visits)),
        yy=_symmetric_sums(member, outcomes),
        columns=beside(columns, y),
        picked=None if picked is None else beside(picked, y),
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
    xp = namespace(left)
    products = left[..., :, None, :] * right[..., None, :, :]
    flat = xp.reshape(products, (*products.shape[:-3], -1, products.shape[-1]))
    sums: Floats = member @ xp.matrix_transpose(flat)
    return sums


def _symmetric_sums(member: Floats, values: Floats) -> Floats:
    """Sums over the patients of each block of products of values with themselves, (replicate, block, value, value)."""
    size = values.shape[-2]
    xp: Any = namespace(values)
    rows, columns = np.tril_indices(size)
    products = pick(values, rows, -2) * pick(values, columns, -2)
    sums = member @ xp.matrix_transpose(products)
    place = np.empty((size, size), dtype=np.int64)
    place[rows, columns] = place[columns, rows] = np.arange(len(rows))
    found: Floats = xp.reshape(pick(sums, place.ravel(), -1), (*sums.shape[:-1], size, size))
    return found
