"""Derivatives of covariance matrices at work: against a gradient, in traces, between inverses.

A basis holds the derivatives V_h of Sigma, shared by all patients of a group, (replicate or 1, h, visit, visit), or,
where every patient has times of their own, by block, (replicate, block, h, visit, visit).
"""

from __future__ import annotations

import numpy as np

from pivotal.stats.estimate import Floats


def against(slope: Floats, basis: Floats) -> Floats:
    """<sum_b S_b, V_h>, (replicate, ..., h), of gradients S in Sigma, (replicate, ..., block, visit, visit)."""
    if basis.ndim == 5:
        return np.asarray(np.einsum("r...bjk,rbhjk->r...h", slope, basis), dtype=np.float64)
    sums = slope.sum(axis=-3)
    flat = basis.reshape(*basis.shape[:2], -1)
    wide = sums.reshape(len(sums), -1, flat.shape[2])
    return np.asarray((wide @ np.swapaxes(flat, 1, 2)).reshape(*sums.shape[:-2], -1), dtype=np.float64)


def pairs(basis: Floats, left: Floats, right: Floats) -> Floats:
    """sum_b tr(V_h A_b V_k B_b) of symmetric matrices (replicate, block, visit, visit), (replicate, h, k)."""
    replicates, blocks, visits, _ = left.shape
    if basis.ndim == 5:
        ahead = (basis @ left[:, :, None]).reshape(replicates, blocks, basis.shape[2], -1)
        behind = np.swapaxes(basis @ right[:, :, None], 3, 4).reshape(ahead.shape)
        return np.asarray(np.einsum("rbhx,rbkx->rhk", ahead, behind), dtype=np.float64)
    outer = np.swapaxes(left.reshape(replicates, blocks, -1), 1, 2) @ right.reshape(replicates, blocks, -1)
    # (b, c), (a, d) -> (a, b), (c, d)
    outer = outer.reshape(replicates, visits, visits, visits, visits).transpose(0, 3, 1, 2, 4)
    flat = basis.reshape(*basis.shape[:2], -1)
    square = outer.reshape(replicates, visits * visits, visits * visits)
    return np.asarray(flat @ square @ np.swapaxes(flat, 1, 2), dtype=np.float64)


def sandwiched(inverse: Floats, basis: Floats) -> Floats:
    """W V_h W by block, (replicate, block, visit, h, visit)."""
    replicates, blocks, visits, _ = inverse.shape
    number = basis.shape[-3]
    wide = np.ascontiguousarray(np.swapaxes(basis, -3, -2)).reshape(*basis.shape[:-3], visits, number * visits)
    if basis.ndim == 4:
        wide = wide[:, None]
    half = (inverse @ wide).reshape(replicates, blocks, visits * number, visits)
    return np.asarray(half @ inverse, dtype=np.float64).reshape(replicates, blocks, visits, number, visits)


def curvature(slope: Floats, second: Floats) -> Floats:
    """<sum_b S_b, V_hk>, (replicate, h, k)."""
    if second.ndim == 6:
        return np.asarray(np.einsum("rbij,rbhkij->rhk", slope, second), dtype=np.float64)
    return np.asarray(np.einsum("rij,rhkij->rhk", slope.sum(axis=1), second), dtype=np.float64)
