"""Sandwich covariance matrices of the coefficients, with patients as clusters, and their degrees of freedom.

With W_i = L_i L_i', rows X~_i = L_i' X_i, residuals e~_i = L_i' r_i and H_ii = X~_i Phi X~_i',

    C = Phi {sum_i X~_i' A_i e~_i e~_i' A_i X~_i} Phi,   A_i = I (CR0), (I - H_ii)^-1/2 (CR2), (I - H_ii)^-1 (CR3).

Bell and McCaffrey (2002); CR2 and CR3 as McCaffrey and Bell (2003), without the factor (n - 1) / n of the jackknife.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.mmrm import small
from pivotal.stats.mmrm.fit import Part
from pivotal.stats.tables import Mask

Correction = Literal["CR0", "CR2", "CR3"]
# An eigenvalue of I - H_ii this near to 0 belongs to a combination that the patient alone decides: its residual is 0.
DECIDED = 1e-10


@dataclass(frozen=True, slots=True)
class Sandwich:
    """A sandwich covariance matrix and what its degrees of freedom need.

    Attributes
    ----------
    covariance
        (replicate, column, column)
    rows, adjusted
        X~_i and A_i X~_i by patient, (replicate, patient, visit, column).
    counts
        How often each patient counts, (replicate, patient).
    phi
        Phi, (replicate, column, column).
    """

    covariance: Floats
    rows: Floats
    adjusted: Floats
    counts: Floats
    phi: Floats

    def df(self, contrasts: Floats) -> Floats:
        """Satterthwaite degrees of freedom of contrasts (replicate, contrast, column), (replicate, contrast).

        (sum lambda)^2 / sum lambda^2 of the eigenvalues of the matrix with the elements g_i' g_j, g_i = (I - H)_i' A_i
        X~_i Phi c. I - H is a projection, so that g_i' g_j = 1(i = j) a_i' a_i - b_i' Phi b_j with a_i = A_i X~_i Phi c
        and b_i = X~_i' a_i, and the sums need no matrix over patients.
        """
        along = np.swapaxes(contrasts @ self.phi, 1, 2)[:, None]
        a = self.adjusted @ along  # (replicate, patient, visit, contrast)
        b = np.moveaxis(np.swapaxes(self.rows, 2, 3) @ a, 3, 1)  # (replicate, contrast, patient, column)
        a = np.moveaxis(a, 3, 1)
        counts = self.counts[:, None]
        own = (a * a).sum(axis=3)
        turned = b @ self.phi[:, None]
        shared = (turned * b).sum(axis=3)
        trace = (counts * (own - shared)).sum(axis=2)
        total = np.swapaxes(b * counts[..., None], 2, 3) @ turned
        squares = (counts * (own * own - 2 * own * shared)).sum(axis=2) + np.einsum("rkcd,rkdc->rk", total, total)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(trace * trace / squares, dtype=np.float64)


def sandwich(part: Part, correction: Correction) -> Sandwich:
    """Compute a sandwich covariance matrix from the data patient by patient."""
    patients = part.data.by_patient()
    inverse = _by_patient(part, patients.mask)
    phi = part.at.covariance
    residual = patients.residual_cross(part.at.coefficients)
    factor = np.swapaxes(_root(inverse, patients.mask), 2, 3)  # L_i'
    rows = factor @ patients.x
    adjusted = _adjust(rows @ phi[:, None] @ np.swapaxes(rows, 2, 3), correction) @ rows
    scores = np.einsum("rijc,rij->ric", adjusted, (factor @ residual[..., None])[..., 0])
    meat = np.swapaxes(scores * patients.counts[..., None], 1, 2) @ scores
    return Sandwich(covariance=phi @ meat @ phi, rows=rows, adjusted=adjusted, counts=patients.counts, phi=phi)


def _by_patient(part: Part, mask: Mask) -> Floats:
    """W_i, (replicate, patient, visit, visit)."""
    if part.model.distances is not None:
        return part.at.inverse
    group = np.broadcast_to(part.data.group, mask.shape[:2])
    sigma = part.model.sigma(part.theta, part.moments.visits)
    own = np.take_along_axis(sigma, group[:, :, None, None], axis=1)
    return small.invert(own, mask).matrix


def _root(inverse: Floats, mask: Mask) -> Floats:
    """L_i with W_i = L_i L_i', zero in rows and columns of visits not observed."""
    seen = mask[..., :, None] & mask[..., None, :]
    identity = np.eye(inverse.shape[-1]) * ~mask[..., None]
    return np.where(seen, small.cholesky(inverse + identity), 0.0)


def _adjust(leverage: Floats, correction: Correction) -> Floats:
    """A_i from H_ii."""
    size = leverage.shape[-1]
    if correction == "CR0":
        return np.broadcast_to(np.eye(size), leverage.shape)
    values, vectors = np.linalg.eigh(np.eye(size) - leverage)
    sound = values > DECIDED
    power = -0.5 if correction == "CR2" else -1.0
    scaled = np.where(sound, np.where(sound, values, 1.0) ** power, 0.0)
    found: Floats = (vectors * scaled[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    return found
