"""Generalised inverses of many small cross-product matrices, and what they leave estimable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.tables import Mask

# A column whose residual sum of squares on the earlier ones is this share of its own is aliased. Rounding
# leaves about 1e-15; a covariate of mean 1,000 and SD 1 keeps 1e-6. R's lm uses 1e-14 on this scale.
ALIASED = 1e-11
# A contrast this far from the null space of the model is estimable; coefficients of the null space are of order 1.
ESTIMABLE = 1e-7


@dataclass(frozen=True, slots=True)
class Swept:
    """A symmetric matrix swept on its independent columns; axes (column, column, replicate).

    Attributes
    ----------
    matrix
        Between kept columns the inverse; from a kept (row) to an aliased column the coefficient that makes the
        aliased one.
    kept
        Columns that are not combinations of earlier ones, (column, replicate).
    """

    matrix: Floats
    kept: Mask

    @property
    def inverse(self) -> Floats:
        """The generalised inverse: zero in the rows and columns of aliased columns."""
        return np.where(self.kept[:, None] & self.kept[None], self.matrix, 0.0)

    @property
    def rank(self) -> Floats:
        """Number of independent columns, (replicate,)."""
        return np.asarray(self.kept.sum(axis=0), dtype=np.float64)

    def estimable(self, contrast: Floats) -> Mask:
        """Whether c'β does not depend on how aliased columns are dropped; c is (column, replicate or 1)."""
        # the null space is spanned by e_a - Σ_k matrix[k, a] e_k over the aliased a
        used = np.where(self.kept, contrast, 0.0)
        along = contrast - np.einsum("kr,kar->ar", used, self.matrix)
        size = np.maximum(np.abs(contrast).max(axis=0), 1e-300)
        return np.asarray((self.kept | (np.abs(along) <= ESTIMABLE * size)).all(axis=0), dtype=np.bool_)


def sweep(gram: Floats) -> Swept:
    """Sweep every matrix on its columns in order, passing over those that depend on earlier ones.

    Goodnight (1979), doi:10.1080/00031305.1979.10482685, the operator of SAS `PROC GLM`.

    Parameters
    ----------
    gram
        Cross-products, positive semi-definite, (column, column, replicate).
    """
    matrix = gram.copy()
    own = np.diagonal(gram).T.copy()
    kept = np.zeros(own.shape, dtype=np.bool_)
    for k in range(gram.shape[0]):
        kept[k] = matrix[k, k] > ALIASED * own[k]
        matrix = np.where(kept[k], _pivot(matrix, k, np.where(kept[k], matrix[k, k], 1.0)), matrix)
    return Swept(matrix, kept)


def determined(swept: Swept) -> Mask:
    """Coefficients that do not hang on which aliased columns were dropped, (column, replicate)."""
    unit = np.eye(len(swept.kept))
    return np.stack([swept.estimable(unit[:, [column]]) for column in range(len(unit))])


def _pivot(matrix: Floats, k: int, pivot: Floats) -> Floats:
    row, column = matrix[k] / pivot, matrix[:, k]
    swept = np.asarray(matrix - column[:, None] * row[None], dtype=np.float64)
    swept[k] = row
    swept[:, k] = -column / pivot
    swept[k, k] = 1 / pivot
    return swept
