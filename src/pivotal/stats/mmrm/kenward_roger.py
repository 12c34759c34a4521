"""Kenward and Roger's covariance matrix of the coefficients, adjusted for the estimation of the variances.

Phi_A = Phi + 2 Phi {sum_hk W_hk (Q_hk - P_h Phi P_k - R_hk / 4)} Phi with

    P_h = X'V^-1 V_h V^-1 X,  Q_hk = X'V^-1 V_h V^-1 V_k V^-1 X,  R_hk = X'V^-1 V_hk V^-1 X

and W the inverse observed information of the covariance parameters. (P_h here is minus that of the paper, which does
not matter.) The linear variant leaves R out; it is the full one in any parametrisation in which Sigma is linear, and,
unlike the full one, does not depend on the parametrisation.
"""

from __future__ import annotations

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.mmrm.basis import sandwiched
from pivotal.stats.mmrm.fit import Part
from pivotal.stats.mmrm.likelihood import Blocks
from pivotal.stats.mmrm.structures import CHOLESKY, cholesky_second, vech


def kenward_roger(part: Part, *, linear: bool) -> Floats:
    """The adjusted covariance matrix, (replicate, column, column), zero for aliased columns.

    Parameters
    ----------
    part
        A fit.
    linear
        Leave out the second derivatives of Sigma.

    Notes
    -----
    Kenward and Roger (1997), doi:10.2307/2533558. Full, the second derivatives are those of the parametrisation of R's
    mmrm (see `structures`).
    """
    spread = part.theta_covariance()
    inner = _quadratic(part, spread) if linear else _quadratic(part, spread) - 0.25 * _bent(part, spread)
    phi = part.at.covariance
    found: Floats = phi + 2 * phi @ (part.moments.gram(inner) - _projected(part, spread)) @ phi
    return found


def _bases(part: Part) -> list[tuple[Floats, Blocks]]:
    bases = part.model.bases(part.theta, part.moments)
    return list(zip(bases, part.model.blocks(part.moments), strict=True))


def _projected(part: Part, spread: Floats) -> Floats:
    """sum_hk W_hk P_h Phi P_k."""
    p = part.projections()
    replicates, number, size, _ = p.shape
    weighed = (spread @ p.reshape(replicates, number, -1)).reshape(replicates, number * size, size)
    ahead = np.swapaxes(p @ part.at.covariance[:, None], 1, 2).reshape(replicates, size, number * size)
    found: Floats = ahead @ weighed
    return found


def _quadratic(part: Part, spread: Floats) -> Floats:
    """sum_hk W_hk W_i V_h W_i V_k W_i by block, (replicate, block, visit, visit)."""
    inverse = part.at.inverse
    found = np.zeros_like(inverse)
    size = part.model.structure.size(part.moments.visits)
    for number, (basis, chosen) in enumerate(_bases(part)):
        own = spread[:, number * size : (number + 1) * size, number * size : (number + 1) * size]
        half = sandwiched(inverse[:, chosen], basis)  # (replicate, block, visit, h, visit)
        if basis.ndim == 5:
            right = np.einsum("rhk,rbkij->rbhij", own, basis)
            middle = np.einsum("rbihj,rbhjl->rbil", half, right)
        else:
            flat = (own @ basis.reshape(*basis.shape[:2], -1)).reshape(-1, size, *basis.shape[2:])
            visits = half.shape[2]
            stacked = flat.reshape(len(flat), 1, size * visits, visits)
            middle = half.reshape(*half.shape[:3], size * visits) @ stacked
        found[:, chosen] = middle @ inverse[:, chosen]
    return found


def _bent(part: Part, spread: Floats) -> Floats:
    """sum_hk W_hk W_i V_hk W_i by block, in mmrm's parametrisation."""
    inverse, model, moments = part.at.inverse, part.model, part.moments
    visits = moments.visits
    size = model.structure.size(visits)
    found = np.zeros_like(inverse)
    for number, chosen in enumerate(model.blocks(moments)):
        own = slice(number * size, (number + 1) * size)
        here = spread[:, own, own]
        if model.structure.name == "us":
            bend = _unstructured_bend(model.sigma(part.theta, visits)[:, number], here)
        else:
            second = model.seconds(part.theta, moments)[number]
            assert second is not None
            bend = np.asarray(np.einsum("rhk,r...hkij->r...ij", here, second), dtype=np.float64)
        bend = bend if bend.ndim == 4 else bend[:, None]
        found[:, chosen] = inverse[:, chosen] @ bend @ inverse[:, chosen]
    return found


def _unstructured_bend(sigma: Floats, spread: Floats) -> Floats:
    """sum_hk W_hk V_hk for the Cholesky parametrisation from W of the elements of Sigma, (replicate, visit, visit)."""
    visits = sigma.shape[-1]
    theta = CHOLESKY.start(sigma)
    slope = vech(CHOLESKY.first(theta, visits))  # (replicate, parameter, element)
    back = np.linalg.inv(slope)
    own = np.swapaxes(back, 1, 2) @ spread @ back
    return np.asarray(np.einsum("rhk,rhkij->rij", own, cholesky_second(theta, visits)), dtype=np.float64)
