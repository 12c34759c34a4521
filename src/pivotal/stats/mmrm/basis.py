"""Derivatives of covariance matrices at work: against a gradient, in traces, between inverses.

A basis holds the derivatives V_h of Sigma, shared by all patients of a group, (replicate or 1, h, visit, visit), or,
where every patient has times of their own, by block, (replicate, block, h, visit, visit).
"""

from __future__ import annotations

import numpy as np

from pivotal.stats.arrays import contiguous, namespace
from pivotal.stats.estimate import Floats


def against(slope: Floats, basis: Floats) -> Floats:
    """<sum_b S_b, V_h>, (replicate, ..., h), of gradients S in Sigma, (replicate, ..., block, visit, visit)."""
    if basis.ndim == 5:
        return np.asarray(np.einsum("r...bjk,rbhjk->r...h", slope, basis), dtype=np.float64)
    xp = namespace(slope)
    sums = xp.sum(slope, axis=-3)
    flat = xp.reshape(basis, (*basis.shape[:2], -1))
    wide = xp.reshape(sums, (sums.shape[0], -1, flat.shape[2]))
    found: Floats = xp.reshape(wide @ xp.matrix_transpose(flat), (*sums.shape[:-2], -1))
    return found


def pairs(basis: Floats, left: Floats, right: Floats) -> Floats:
    """sum_b tr(V_h A_b V_k B_b) of symmetric matrices (replicate, block, visit, visit), (replicate, h, k)."""
    replicates, blocks, visits, _ = left.shape
    if basis.ndim == 5:
        ahead = (basis @ left[:, :, None]).reshape(replicates, blocks, basis.shape[2], -1)
        behind = np.swapaxes(basis @ right[:, :, None], 3, 4).reshape(ahead.shape)
        return np.asarray(np.einsum("rbhx,rbkx->rhk", ahead, behind), dtype=np.float64)
    xp = namespace(left)
    wide = (replicates, blocks, visits * visits)
    outer = xp.matrix_transpose(xp.reshape(left, wide)) @ xp.reshape(right, wide)
    # (b, c), (a, d) -> (a, b), (c, d)
    outer = xp.permute_dims(xp.reshape(outer, (replicates, visits, visits, visits, visits)), (0, 3, 1, 2, 4))
    flat = xp.reshape(basis, (*basis.shape[:2], -1))
    square = xp.reshape(outer, (replicates, visits * visits, visits * visits))
    found: Floats = flat @ square @ xp.matrix_transpose(flat)
    return found


def sandwiched(inverse: Floats, basis: Floats) -> Floats:
    """W V_h W by block, (replicate, block, visit, h, visit)."""
    replicates, blocks, visits, _ = inverse.shape
    number = basis.shape[-3]
    xp = namespace(inverse)
    turned = contiguous(xp.moveaxis(basis, -3, -2))
    wide = xp.reshape(turned, (*basis.shape[:-3], visits, number * visits))
    if basis.ndim == 4:
        wide = wide[:, None, ...]
    half = xp.reshape(inverse @ wide, (replicates, blocks, visits * number, visits))
    found: Floats = xp.reshape(half @ inverse, (replicates, blocks, visits, number, visits))
    return found


def curvature(slope: Floats, second: Floats) -> Floats:
    """<sum_b S_b, V_hk>, (replicate, h, k)."""
    if second.ndim == 6:
        return np.asarray(np.einsum("rbij,rbhkij->rhk", slope, second), dtype=np.float64)
    xp = namespace(slope)
    flat = xp.reshape(second, (*second.shape[:3], -1))
    sums = xp.reshape(xp.sum(slope, axis=1), (slope.shape[0], 1, -1, 1))
    found: Floats = (flat @ sums)[..., 0]
    return found
