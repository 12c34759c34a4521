"""What the likelihood needs of the data, patient by patient: every patient is a block of its own.

For weights, times that differ between patients, and covariates that change over time so much that cross-products by
pattern would be larger than the data. The numbers are those of `PatternMoments` where both apply.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.mmrm.basis import sandwiched
from pivotal.stats.tables import Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientMoments:
    """The data, one block a patient; the methods are those of `PatternMoments`.

    Attributes
    ----------
    counts
        How often each patient counts, 0 for one without outcomes, (replicate, patient).
    mask
        (replicate, patient, visit)
    group
        (patient,)
    x, y
        Design (replicate or 1, patient, visit, column) and outcomes (replicate, patient, visit), zero where not
        observed.
    """

    counts: Floats
    mask: Mask
    group: NDArray[np.int64]
    x: Floats
    y: Floats

    @property
    def n_obs(self) -> Floats:
        """Outcomes observed, (replicate,)."""
        return np.asarray((self.counts * self.mask.sum(axis=2)).sum(axis=1), dtype=np.float64)

    @property
    def visits(self) -> int:
        """Number of visits."""
        return int(self.mask.shape[2])

    def take(self, rows: NDArray[np.int64] | slice) -> PatientMoments:
        """Some replicates."""
        x = self.x if len(self.x) == 1 else self.x[rows]
        return replace(self, counts=self.counts[rows], mask=self.mask[rows], x=x, y=self.y[rows])

    def on_host(self) -> PatientMoments:
        """Themselves: they are NumPy's arrays."""
        return self

    def gram(self, weight: Floats) -> Floats:
        """Sum of X_i' W X_i."""
        return self._some_gram(weight, np.arange(self.counts.shape[1]))

    def grams(self, weights: Floats, blocks: NDArray[np.int64]) -> Floats:
        """The same for several weights, (replicate, block, visit, weight, visit)."""
        found = [self._some_gram(weights[:, :, :, h], blocks) for h in range(weights.shape[3])]
        return np.stack(found, axis=1)

    def cross(self, weight: Floats) -> Floats:
        """Sum of X_i' W y_i."""
        return self._along((weight @ self.y[..., None])[..., 0])

    def residual_cross(self, coefficients: Floats) -> Floats:
        """The residuals, (replicate, patient, visit)."""
        return np.where(self.mask, self.y - (self.x @ coefficients[:, None, :, None])[..., 0], 0.0)

    def residual_squares(self, coefficients: Floats, crossed: Floats) -> Floats:
        """Products r r', as often as a patient counts."""
        return self.counts[:, :, None, None] * crossed[..., :, None] * crossed[..., None, :]

    def spread(self, covariance: Floats) -> Floats:
        """X_i C X_i', as often as a patient counts."""
        half = self.x @ covariance[:, None]
        return self.counts[:, :, None, None] * (half @ np.swapaxes(self.x, 2, 3))

    def spreads(self, vectors: Floats) -> Floats:
        """X_i z z' X_i' for vectors z (replicate, vector, column), as often as a patient counts."""
        along = self.x[:, None] @ vectors[:, :, None, :, None]
        return self.counts[:, None, :, None, None] * (along @ np.swapaxes(along, 3, 4))

    def scores(self, inverse: Floats, crossed: Floats, basis: Floats, blocks: NDArray[np.int64]) -> Floats:
        """Sum of X_i' W V_h W r_i, (replicate, h, column)."""
        middle = sandwiched(inverse[:, blocks], basis)
        residuals = crossed[:, blocks]
        moved = np.einsum("rbjhk,rbk->rhbj", middle, residuals * self.counts[:, blocks, None])
        flat = moved.reshape(*moved.shape[:2], -1)
        found: Floats = flat @ self._stack(self.x[:, blocks])
        return found

    def _some_gram(self, weight: Floats, blocks: NDArray[np.int64]) -> Floats:
        x = self.x[:, blocks]
        right = weight @ (x * self.counts[:, blocks, None, None])
        return np.swapaxes(self._stack(x), 1, 2) @ self._stack(right)

    def _along(self, values: Floats) -> Floats:
        flat = (values * self.counts[:, :, None]).reshape(len(values), 1, -1)
        return (flat @ self._stack(self.x))[:, 0]

    @staticmethod
    def _stack(rows: Floats) -> Floats:
        return rows.reshape(len(rows), -1, rows.shape[-1])
