"""The design of a regression with replicates last: predictors, scores and informations of patients or cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats import cholesky
from pivotal.stats.estimate import Floats
from pivotal.stats.roots import Rows
from pivotal.stats.tables import Mask


@dataclass(frozen=True, slots=True)
class Units:
    """Columns of the design: (column, unit) for all replicates, or (column, unit, replicate)."""

    columns: Floats

    @classmethod
    def of(cls, design: ArrayLike) -> Units:
        """From (unit, column) or (replicate, unit, column)."""
        model = np.asarray(design, dtype=np.float64)
        return cls(np.ascontiguousarray(model.T if model.ndim == 2 else np.transpose(model, (2, 1, 0))))

    @property
    def size(self) -> int:
        """Number of columns."""
        return len(self.columns)

    def take(self, rows: Rows | Mask) -> Units:
        """Some replicates."""
        return self if self.columns.ndim == 2 else Units(self.columns[..., rows])

    def predictor(self, coefficients: Floats) -> Floats:
        """Columns times coefficients, (unit, replicate)."""
        if self.columns.ndim == 2:
            return np.asarray(self.columns.T @ coefficients, dtype=np.float64)
        total = self.columns[0] * coefficients[0]
        for column, coefficient in zip(self.columns[1:], coefficients[1:], strict=True):
            total = total + column * coefficient
        return np.asarray(total, dtype=np.float64)

    def score(self, residual: Floats) -> Floats:
        """Columns times residuals (unit, replicate), (column, replicate)."""
        if self.columns.ndim == 2:
            return np.asarray(self.columns @ residual, dtype=np.float64)
        return np.stack([(column * residual).sum(axis=0) for column in self.columns])

    def information(self, weight: Floats) -> Floats:
        """Weighted cross-products, (pair, replicate) in the order of `cholesky.pairs`."""
        pairs = cholesky.pairs(self.size)
        if self.columns.ndim == 2:
            return np.stack([self.columns[i] * self.columns[j] for i, j in pairs]) @ weight
        weighted = [column * weight for column in self.columns]
        return np.stack([(weighted[i] * self.columns[j]).sum(axis=0) for i, j in pairs])


def unpack(packed: Floats, size: int) -> Floats:
    """A symmetric matrix from its upper triangle, (column, column, replicate)."""
    full = np.empty((size, size, packed.shape[1]))
    for index, (i, j) in enumerate(cholesky.pairs(size)):
        full[i, j] = full[j, i] = packed[index]
    return full


def pack(full: Floats) -> Floats:
    """The upper triangle of a symmetric matrix, (pair, replicate)."""
    return np.stack([full[i, j] for i, j in cholesky.pairs(len(full))])
