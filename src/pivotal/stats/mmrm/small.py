"""Many small covariance matrices, each restricted to the visits observed: their inverses and determinants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pivotal.stats.arrays import contiguous, namespace
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
    xp = namespace(sigma)
    shape = np.broadcast_shapes(tuple(sigma.shape[:-1]), tuple(mask.shape))
    size = shape[-1]
    seen = contiguous(xp.moveaxis(xp.broadcast_to(mask, shape), -1, 0))
    full = xp.moveaxis(xp.broadcast_to(sigma, (*shape, size)), (-2, -1), (0, 1))
    factor, positive = _factor(full, seen)
    logdet = 2 * xp.sum(xp.log(xp.stack([factor[j, j, ...] for j in range(size)])), axis=0)
    inverse = _square(_invert_lower(factor))
    for visit in range(size):
        inverse[visit, visit, ...] = xp.where(seen[visit, ...], inverse[visit, visit, ...], 0.0)
    return Inverses(contiguous(xp.moveaxis(inverse, (0, 1), (-2, -1))), logdet, positive)


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
    xp, size = namespace(full), seen.shape[0]
    factor = xp.zeros(full.shape, dtype=full.dtype, device=full.device)
    positive = xp.ones_like(seen[0, ...])
    for j in range(size):
        here = seen[j, ...]
        column = xp.where(seen[j:, ...] & here, full[j:, j, ...], 0.0)
        if j:
            column = column - xp.sum(factor[j:, :j, ...] * factor[j, :j, ...], axis=1)
        pivot = xp.where(here, column[0, ...], 1.0)
        good = pivot > SINGULAR * xp.where(here, full[j, j, ...], 1.0)
        positive = positive & good
        root = xp.sqrt(xp.where(good, pivot, 1.0))
        factor[j, j, ...] = root
        factor[j + 1 :, j, ...] = column[1:, ...] / root
    if not xp.all(positive):
        one = xp.reshape(xp.eye(size, dtype=full.dtype, device=full.device), (size, size, *(1,) * positive.ndim))
        factor = xp.where(positive, factor, one)
    return factor, positive


def _invert_lower(factor: Floats) -> Floats:
    xp: Any = namespace(factor)
    inverse = xp.zeros_like(factor)
    for i in range(factor.shape[0]):
        scale = 1 / factor[i, i, ...]
        inverse[i, i, ...] = scale
        if i:
            inverse[i, :i, ...] = -scale * xp.sum(factor[i, :i, None, ...] * inverse[:i, :i, ...], axis=0)
    found: Floats = inverse
    return found


def _square(lower: Floats) -> Floats:
    """L'L of lower triangular L."""
    product: Floats = namespace(lower).zeros_like(lower)
    for k in range(lower.shape[0]):
        row = lower[k, : k + 1, ...]
        product[: k + 1, : k + 1, ...] += row[:, None, ...] * row[None, ...]
    return product
