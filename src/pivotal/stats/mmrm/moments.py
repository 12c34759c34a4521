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
        Visits observed, (block, visit).
    group
        The group of each block, (block,).
    xx, xy, yy
        Sums over patients: x x' (replicate, block, covariate * covariate), x y' (replicate, block, covariate, visit), y y'
        (replicate, block, visit, visit).
    columns
        (visit * covariate, column), of `VisitDesign.columns`.
    """

    counts: Floats
    mask: Mask
    group: NDArray[np.int64]
    xx: Floats
    xy: Floats
    yy: Floats
    columns: Floats
    plain: bool

    @property
    def replicates(self) -> int:
        """Number of replicates."""
        return len(self.counts)

    @property
    def visits(self) -> int:
        """Number of visits."""
        return self.mask.shape[1]

    @property
    def width(self) -> int:
        """Number of columns of the design."""
        return self.columns.shape[1]

    def take(self, rows: Rows) -> PatternMoments:
        """Some replicates."""
        return replace(self, counts=self.counts[rows], xx=self.xx[rows], xy=self.xy[rows], yy=self.yy[rows])

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
        return sums.reshape(len(sums), -1) @ self.columns

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
        wide = covariance if self.plain else self.columns @ covariance @ self.columns.T
        wide = wide.reshape(-1, visits, covariates, visits, covariates).transpose(0, 2, 4, 1, 3)
        flat = wide.reshape(len(covariance), covariates * covariates, visits * visits)
        return (self.xx @ flat).reshape(*self.xx.shape[:2], visits, visits)

    def scores(self, inverse: Floats, crossed: Floats, basis: Floats, blocks: NDArray[np.int64]) -> Floats:
        """Sum of X_i' W V_h W r_i over patients for every V_h of a basis, (replicate, h, column)."""
        visits, covariates = self.visits, self.xy.shape[2]
        weight = inverse[:, blocks]
        right = weight @ np.swapaxes(crossed[:, blocks], 2, 3)
        left = weight.reshape(*weight.shape[:2], visits * visits)
        sums = np.swapaxes(left, 1, 2) @ right.reshape(*right.shape[:2], visits * covariates)
        sums = sums.reshape(-1, visits, visits, visits, covariates).transpose(0, 2, 3, 1, 4)
        flat = basis.reshape(len(basis), -1, visits * visits)
        found = flat @ sums.reshape(len(sums), visits * visits, visits * covariates)
        return found if self.plain else found @ self.columns

    def _xx_beta(self, coefficients: Floats) -> Floats:
        covariates = self.xy.shape[2]
        square = self.xx.reshape(*self.xx.shape[:2], covariates, covariates)
        return square @ self._wide(coefficients)[:, None]

    def _wide(self, coefficients: Floats) -> Floats:
        """Coefficients as (replicate, covariate, visit)."""
        wide = coefficients if self.plain else coefficients @ self.columns.T
        return np.swapaxes(wide.reshape(len(wide), self.visits, -1), 1, 2)

    def _narrow(self, wide: Floats) -> Floats:
        return wide if self.plain else self.columns.T @ (wide @ self.columns)


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
    code = observed @ (1 << np.arange(visits, dtype=np.int64)) + (group << visits)
    found = np.unique(code)
    found = found[found % (1 << visits) > 0]
    member = (code[:, None, :] == found[:, None]) * frequency[:, None]  # (replicate, block, patient)
    mask = (found[:, None] >> np.arange(visits) & 1).astype(np.bool_)
    covariates = design.x.shape[-1]
    x = np.broadcast_to(design.x, (len(y), *design.x.shape[-2:])) if design.x.ndim == 3 else design.x
    columns = design.columns.reshape(visits * covariates, -1)
    return PatternMoments(
        counts=member.sum(axis=2),
        mask=mask,
        group=found >> visits,
        xx=_product_sums(member, x, x),
        xy=_product_sums(member, x, y).reshape(len(y), len(found), covariates, visits),
        yy=_product_sums(member, y, y).reshape(len(y), len(found), visits, visits),
        columns=columns,
        plain=columns.shape[0] == columns.shape[1] and bool((columns == np.eye(len(columns))).all()),
    )


def _product_sums(member: Floats, left: Floats, right: Floats) -> Floats:
    """Sums over the patients of each block of products left ⊗ right, (replicate, block, left * right)."""
    products = left[..., :, None] * right[..., None, :]
    return member @ products.reshape(*products.shape[:-2], -1)
