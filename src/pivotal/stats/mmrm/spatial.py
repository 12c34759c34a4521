"""Spatial exponential covariance: correlations that decay with the distance between two times.

sigma^2 rho^d with theta = (log sigma^2, logit rho), as in mmrm. Times common to all patients make an ordinary
structure; times of each patient's own make a covariance matrix for each patient.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from pivotal.stats.estimate import Floats
from pivotal.stats.mmrm.structures import Structure


def distances(coordinates: Floats) -> Floats:
    """Euclidean distances between visits of coordinates (..., visit) or, with several, (..., visit, coordinate)."""
    points = coordinates[..., None] if coordinates.ndim < 3 else coordinates
    gaps = points[..., :, None, :] - points[..., None, :, :]
    return np.asarray(np.sqrt((gaps * gaps).sum(axis=-1)), dtype=np.float64)


def spatial_structure(distance: Floats) -> Structure:
    """The structure for distances common to all patients, (visit, visit)."""
    return Structure(
        "sp_exp",
        "spatial exponential",
        lambda visits: 2,
        lambda theta, visits: spatial_sigma(theta, distance[None])[:, 0],
        lambda theta, visits: spatial_first(theta, distance[None])[:, 0],
        lambda theta, visits: spatial_second(theta, distance[None])[:, 0],
        lambda moment: spatial_start(moment, distance),
    )


def spatial_sigma(theta: Floats, distance: Floats) -> Floats:
    """Covariance matrices, (replicate, patient, visit, visit)."""
    log_rho = -np.logaddexp(0.0, -theta[:, 1])
    return np.asarray(np.exp(theta[:, 0, None, None, None] + log_rho[:, None, None, None] * distance), dtype=np.float64)


def spatial_first(theta: Floats, distance: Floats) -> Floats:
    """First derivatives, (replicate, patient, parameter, visit, visit)."""
    sigma = spatial_sigma(theta, distance)
    # d log rho / d logit rho = 1 - rho
    left = _left(theta)
    return np.stack([sigma, sigma * distance * left], axis=2)


def spatial_second(theta: Floats, distance: Floats) -> Floats:
    """Second derivatives, (replicate, patient, parameter, parameter, visit, visit)."""
    sigma, left = spatial_sigma(theta, distance), _left(theta)
    mixed = sigma * distance * left
    bent = sigma * (distance * distance * left * left - distance * left * (1 - left))
    return np.stack([np.stack([sigma, mixed], axis=2), np.stack([mixed, bent], axis=2)], axis=2)


def spatial_start(moment: Floats, distance: Floats) -> Floats:
    """Parameters from a covariance matrix by moments, with a correlation of at least 0.05 at the median distance."""
    variance = np.einsum("rjj->rj", moment)
    spread = np.sqrt(variance)
    apart = np.tril_indices(moment.shape[-1], -1)
    correlation = (moment / (spread[:, :, None] * spread[:, None, :]))[:, apart[0], apart[1]]
    typical = float(np.median(distance[..., apart[0], apart[1]])) or 1.0
    log_rho = np.log(np.clip(correlation.mean(axis=1), 0.05, 0.95)) / typical
    return np.stack([np.log(variance.mean(axis=1)), log_rho - np.log(-np.expm1(log_rho))], axis=1)


def _left(theta: Floats) -> Floats:
    """1 - rho, (replicate, 1, 1, 1)."""
    return np.asarray(special.expit(-theta[:, 1]), dtype=np.float64)[:, None, None, None]
