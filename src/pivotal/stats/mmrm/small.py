"""Many small covariance matrices, each restricted to the visits observed: their inverses and determinants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.tables import Mask

# A pivot of the Cholesky factor this small beside its variance means a correlation of 1 up to rounding.
SINGULAR = 1e-10


@dataclass(frozen=True, slots=True)
class Inverses:
    """Inverses of covariance matrices restricted to visits observed.

    Attributes
    ----------
    matrix
        (..., visit, visit), zero in rows and columns of visits not observed; the identity on the visits observed
        where the matrix is not positive definite.
    logdet
        Logarithm of the determinant, (...).
    positive
        Whether the matrix is positive definite, (...).
    """

    matrix: Floats
    logdet: Floats
    positive: Mask


def invert(sigma: Floats, mask: Mask) -> Inverses:
    """Invert symmetric matrices on the visits of a mask.

    The visits are looped over and everything else is one array operation, which for matrices of a few visits is
    several times faster than a call of LAPACK for each.

    Parameters
    ----------
    sigma
        (..., visit, visit)
    mask
        Visits observed, (..., visit).
    """
    shape = np.broadcast_shapes(sigma.shape[:-1], mask.shape)
    size = shape[-1]
    seen = np.ascontiguousarray(np.moveaxis(np.broadcast_to(mask, shape), -1, 0))
    full = np.moveaxis(np.broadcast_to(sigma, (*shape, size)), (-2, -1), (0, 1))
    factor, positive = _factor(full, seen)
    logdet = 2 * np.log(np.einsum("jj...->j...", factor)).sum(axis=0)
    inverse = _square(_invert_lower(factor))
    for visit in range(size):
        inverse[visit, visit] *= seen[visit]
    return Inverses(np.ascontiguousarray(np.moveaxis(inverse, (0, 1), (-2, -1))), logdet, positive)


def positive_definite(sigma: Floats) -> Mask:
    """Whether symmetric matrices are positive definite."""
    full = np.moveaxis(sigma, (-2, -1), (0, 1))
    return _factor(full, np.ones(full.shape[1:], dtype=np.bool_))[1]


def cholesky(sigma: Floats) -> Floats:
    """Lower Cholesky factors; the identity where a matrix is not positive definite."""
    full = np.moveaxis(sigma, (-2, -1), (0, 1))
    factor, _ = _factor(full, np.ones(full.shape[1:], dtype=np.bool_))
    return np.ascontiguousarray(np.moveaxis(factor, (0, 1), (-2, -1)))


def _factor(full: Floats, seen: Mask) -> tuple[Floats, Mask]:
    """Cholesky factors with the axes (row, column, ...); unobserved visits get a row of the identity."""
    size = len(seen)
    factor = np.zeros(full.shape)
    positive = np.ones(full.shape[2:], dtype=np.bool_)
    for j in range(size):
        column = full[j:, j] * (seen[j:] & seen[j])
        if j:
            column = column - (factor[j:, :j] * factor[j, :j]).sum(axis=1)
        pivot = np.where(seen[j], column[0], 1.0)
        good = pivot > SINGULAR * np.where(seen[j], full[j, j], 1.0)
        positive &= good
        root = np.sqrt(np.where(good, pivot, 1.0))
        factor[j, j] = root
        factor[j + 1 :, j] = column[1:] / root
    if not positive.all():
        factor = np.where(positive, factor, np.eye(size).reshape(size, size, *(1,) * positive.ndim))
    return factor, positive


def _invert_lower(factor: Floats) -> Floats:
    inverse = np.zeros(factor.shape)
    for i in range(len(factor)):
        scale = 1 / factor[i, i]
        inverse[i, i] = scale
        if i:
            inverse[i, :i] = -scale * (factor[i, :i, None] * inverse[:i, :i]).sum(axis=0)
    return inverse


def _square(lower: Floats) -> Floats:
    """L'L of lower triangular L."""
    product = np.zeros(lower.shape)
    for k in range(len(lower)):
        row = lower[k, : k + 1]
        product[: k + 1, : k + 1] += row[:, None] * row[None]
    return product
