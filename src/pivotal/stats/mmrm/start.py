"""Where Newton's method starts, and what the data determine."""

from __future__ import annotations

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.mmrm import small
from pivotal.stats.mmrm.likelihood import Model, Moments, fill
from pivotal.stats.sweep import sweep
from pivotal.stats.tables import Mask

# Pivots this large beside a column's own sum of squares leave no doubt that it is independent (see `sweep.ALIASED`).
CLEAR = 1e-7
# Shares of the correlations kept when the matrix of moments is not positive definite.
SHRUNK = (0.9, 0.75, 0.5, 0.25, 0.0)
# A visit's variance this small beside the largest has too few outcomes to start from.
NO_SPREAD = 1e-8


def least_squares(moments: Moments) -> tuple[Floats, Floats, Mask]:
    """Ordinary least squares.

    Returns
    -------
    tuple
        Coefficients, 0 of aliased columns; sums of products of residuals by block; columns that are not aliased.
    """
    pairs = _pairs(moments)
    visits = moments.visits
    shape = (*moments.counts.shape, visits, visits)
    identity = np.ascontiguousarray(np.broadcast_to(np.eye(visits) * pairs, shape))
    gram = moments.gram(identity)
    kept = _independent(gram)
    right = np.where(kept, moments.cross(identity), 0.0)
    coefficients = np.asarray(np.linalg.solve(fill(gram, kept), right[:, :, None])[:, :, 0], dtype=np.float64)
    squares = moments.residual_squares(coefficients, moments.residual_cross(coefficients))
    return coefficients, pairs * squares, kept


def determined(moments: Moments, model: Model) -> Mask:
    """Parameters that some patient's outcomes depend on, (replicate, group * parameter)."""
    visits = moments.visits
    pairs = _pairs(moments) * (moments.counts > 0)[:, :, None, None]
    # at independence every parameter that a pair of visits depends on moves its covariance
    theta = model.structure.start(np.broadcast_to(np.eye(visits), (model.groups, visits, visits))).reshape(1, -1)
    found = []
    for basis, chosen in zip(model.bases(theta, moments), model.blocks(moments), strict=True):
        moves = (basis != 0).astype(np.float64)
        if basis.ndim == 5:
            found.append(np.einsum("rbjk,xbhjk->rh", pairs, moves) > 0)
        else:
            found.append(np.einsum("rjk,xhjk->rh", pairs[:, chosen].sum(axis=1), moves) > 0)
    return np.concatenate(found, axis=1)


def start(moments: Moments, model: Model, squares: Floats) -> Floats:
    """Parameters near the covariance matrices of least-squares residuals, (replicate, group * parameter)."""
    pairs = _pairs(moments) * moments.counts[:, :, None, None]
    theta = [
        model.structure.start(_usable(squares[:, chosen].sum(axis=1), pairs[:, chosen].sum(axis=1)))
        for chosen in model.blocks(moments)
    ]
    return np.concatenate(theta, axis=1)


def _pairs(moments: Moments) -> Floats:
    """Pairs of visits observed, (replicate, block, visit, visit)."""
    return (moments.mask[..., :, None] & moments.mask[..., None, :]).astype(np.float64)


def _independent(gram: Floats) -> Mask:
    """Columns that do not depend on earlier ones, (replicate, column); a quick look goes before the dear sweep."""
    try:
        pivots = np.einsum("rjj->rj", np.linalg.cholesky(gram)) ** 2
        if (pivots > CLEAR * np.einsum("rjj->rj", gram)).all():
            return np.ones(pivots.shape, dtype=np.bool_)
    except np.linalg.LinAlgError:
        pass
    return np.ascontiguousarray(sweep(np.ascontiguousarray(np.moveaxis(gram, 0, -1))).kept.T)


def _usable(sums: Floats, number: Floats) -> Floats:
    """A positive definite covariance matrix near sums of products over numbers of pairs."""
    moment = (sums + np.swapaxes(sums, 1, 2)) / (2 * np.maximum(number, 1.0))
    variance = np.einsum("rjj->rj", moment)
    typical = variance.max(axis=1, keepdims=True)
    spread = np.sqrt(np.where(variance > NO_SPREAD * typical, variance, np.where(typical > 0, typical, 1.0)))
    product = spread[:, :, None] * spread[:, None, :]
    one = np.eye(moment.shape[1]) > 0
    correlation = np.where(one, 1.0, moment / product)
    found, good = correlation, small.positive_definite(correlation)
    for share in SHRUNK:
        if good.all():
            break
        shrunk = np.where(one, 1.0, share * correlation)
        found = np.where(good[:, None, None], found, shrunk)
        good = good | small.positive_definite(shrunk)
    return np.asarray(found * product, dtype=np.float64)
