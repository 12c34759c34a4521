"""Missing values of a multivariate normal given the observed ones: their mean, or a draw."""

from __future__ import annotations

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.imputation.strategies import Whole
from pivotal.stats.mmrm import small
from pivotal.stats.tables import Mask


def regressions(sigma: Floats, seen: Mask) -> Floats:
    """Coefficients of every visit on the visits seen: Sigma W with W the inverse on those visits, zero elsewhere.

    Parameters
    ----------
    sigma
        (..., visit, visit)
    seen
        (..., visit)

    Returns
    -------
    Floats
        (..., visit, visit); the rows of visits seen are those of the identity.
    """
    return np.asarray(sigma @ small.invert(sigma, seen).matrix, dtype=np.float64)


def complete(y: Floats, seen: Mask, mean: Floats, sigma: Floats, kind: Whole, normals: Floats | None = None) -> Floats:
    """Fill in what is missing.

    Parameters
    ----------
    y
        Outcomes, (replicate, patient, visit); any finite number where not seen.
    seen
        (replicate, patient, visit)
    mean
        (replicate, draw, patient, visit)
    sigma
        Covariance matrices, (replicate, draw, kind, visit, visit); one kind serves all patients.
    kind
        Which of them a patient has, together with the visits seen: patients of a kind have seen the same visits.
        (replicate, patient).
    normals
        Standard normal numbers, (replicate, draw, patient, visit); the conditional mean is filled in if None.

    Returns
    -------
    Floats
        (replicate, draw, patient, visit)

    Notes
    -----
    With e ~ N(0, Sigma) the missing part of mu + e + Sigma_mo Sigma_oo^-1 (y_o - mu_o - e_o) has the conditional
    distribution of the missing values given the observed ones: one factor of Sigma serves every pattern.
    """
    kinds = int(kind.max(initial=0)) + 1
    masks = np.zeros((kinds, y.shape[-1]), dtype=np.bool_)
    masks[kind] = seen
    each = np.broadcast_to(sigma, (*sigma.shape[:2], kinds, *sigma.shape[3:]))
    slope = regressions(each, masks)
    base = mean
    if normals is not None:
        base = mean + _correlated(normals, sigma, kind)
    away = np.where(seen[:, None], y[:, None] - base, 0.0)
    filled = base + _times(slope, away, kind)
    return np.where(seen[:, None], y[:, None], filled)


def _correlated(normals: Floats, sigma: Floats, kind: Whole) -> Floats:
    factor = small.cholesky(sigma)
    if sigma.shape[2] == 1:
        return np.asarray(normals @ np.swapaxes(factor[:, :, 0], -1, -2), dtype=np.float64)
    return _times(factor, normals, kind)


def _times(matrices: Floats, vectors: Floats, kind: Whole) -> Floats:
    """Multiply every patient's vector (replicate, draw, patient, visit) by the matrix of the patient's kind."""
    if len(kind) == 1:
        found = np.empty_like(vectors)
        for number in range(matrices.shape[2]):
            rows = np.flatnonzero(kind[0] == number)
            if rows.size:
                found[:, :, rows] = vectors[:, :, rows] @ np.swapaxes(matrices[:, :, number], -1, -2)
        return found
    chosen = matrices[np.arange(len(kind))[:, None], :, kind]  # (replicate, patient, draw, visit, visit)
    return np.asarray(np.einsum("rnmjk,rmnk->rmnj", chosen, vectors), dtype=np.float64)
