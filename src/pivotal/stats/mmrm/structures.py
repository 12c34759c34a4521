"""Covariance structures: one table from name to parameters, matrix, derivatives and start.

Every structure maps an unconstrained parameter theta to a matrix Sigma over the visits. The parametrisation is that of
the R package mmrm (vignette "Covariance structures", Apache-2.0), so that theta can be compared and the full
Kenward-Roger adjustment, which depends on the parametrisation, means the same. Only the unstructured matrix is *fitted*
in another one, its own elements, in which its derivatives are constants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.mmrm import correlations, small
from pivotal.stats.mmrm.correlations import Correlations

# A start from moments keeps correlations this far inside their range, where every structure is positive definite.
WITHIN = 0.95


@dataclass(frozen=True, slots=True)
class Structure:
    """A covariance structure.

    Attributes
    ----------
    name, text
        Its name in mmrm and in words.
    size
        Number of parameters for a number of visits.
    sigma
        theta (replicate, parameter), visits -> Sigma (replicate, visit, visit).
    first
        -> first derivatives (replicate or 1, parameter, visit, visit).
    second
        -> second derivatives (replicate, parameter, parameter, visit, visit); None where they vanish.
    start
        A covariance matrix estimated by moments (replicate, visit, visit) -> theta.
    """

    name: str
    text: str
    size: Callable[[int], int]
    sigma: Callable[[Floats, int], Floats]
    first: Callable[[Floats, int], Floats]
    second: Callable[[Floats, int], Floats] | None
    start: Callable[[Floats], Floats]


# -- unstructured, in its own elements and by its Cholesky factor ------------------------------------------------------


@cache
def lower(visits: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the lower triangle, row by row."""
    rows, columns = np.tril_indices(visits)
    return rows.astype(np.int64), columns.astype(np.int64)


def unvech(theta: Floats, visits: int) -> Floats:
    """Make symmetric matrices of their lower triangles."""
    rows, columns = lower(visits)
    sigma = np.empty((len(theta), visits, visits))
    sigma[:, rows, columns] = theta
    sigma[:, columns, rows] = theta
    return sigma


def vech(sigma: Floats) -> Floats:
    """Lower triangles of symmetric matrices, row by row."""
    rows, columns = lower(sigma.shape[-1])
    return np.asarray(sigma[..., rows, columns], dtype=np.float64)


def _vech_basis(theta: Floats, visits: int) -> Floats:
    return _unit_basis(visits)


@cache
def _unit_basis(visits: int) -> Floats:
    return unvech(np.eye(visits * (visits + 1) // 2), visits)[None]


def _strict_lower(visits: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows, columns = np.tril_indices(visits, -1)
    return rows.astype(np.int64), columns.astype(np.int64)


def _factor(theta: Floats, visits: int) -> Floats:
    """L = diag(exp(theta_1..m)) U with U unit lower triangular, its elements row by row."""
    unit = np.zeros((len(theta), visits, visits)) + np.eye(visits)
    rows, columns = _strict_lower(visits)
    unit[:, rows, columns] = theta[:, visits:]
    return np.exp(theta[:, :visits])[:, :, None] * unit


def _factor_first(theta: Floats, visits: int) -> Floats:
    factor = _factor(theta, visits)
    scale = np.exp(theta[:, :visits])
    found = np.zeros((len(theta), theta.shape[1], visits, visits))
    for visit in range(visits):
        found[:, visit, visit] = factor[:, visit]
    for number, (i, j) in enumerate(zip(*_strict_lower(visits), strict=True)):
        found[:, visits + number, i, j] = scale[:, i]
    return found


def _factor_second(theta: Floats, visits: int) -> Floats:
    first = _factor_first(theta, visits)
    size = theta.shape[1]
    found = np.zeros((len(theta), size, size, visits, visits))
    for visit in range(visits):
        found[:, visit, :, visit] = first[:, :, visit]
        found[:, :, visit, visit] = first[:, :, visit]
    return found


def _cholesky_sigma(theta: Floats, visits: int) -> Floats:
    factor = _factor(theta, visits)
    return factor @ np.swapaxes(factor, 1, 2)


def _cholesky_first(theta: Floats, visits: int) -> Floats:
    half = _factor_first(theta, visits) @ np.swapaxes(_factor(theta, visits), 1, 2)[:, None]
    return half + np.swapaxes(half, 2, 3)


def cholesky_second(theta: Floats, visits: int) -> Floats:
    """Second derivatives of Sigma in the parameters of its Cholesky factor."""
    factor = _factor(theta, visits)
    first = _factor_first(theta, visits)
    half = _factor_second(theta, visits) @ np.swapaxes(factor, 1, 2)[:, None, None]
    half += first[:, :, None] @ np.swapaxes(first, 2, 3)[:, None]
    return half + np.swapaxes(half, 3, 4)


def _cholesky_start(sigma: Floats) -> Floats:
    factor = small.cholesky(sigma)
    diagonal = np.einsum("rjj->rj", factor)
    rows, columns = _strict_lower(sigma.shape[-1])
    return np.concatenate([np.log(diagonal), (factor / diagonal[:, :, None])[:, rows, columns]], axis=1)


# -- standard deviations times correlations ----------------------------------------------------------------------------


def _scaled(name: str, text: str, family: Correlations, *, by_visit: bool) -> Structure:
    """Sigma_ij = exp(tau_i + tau_j) rho_ij, the tau by visit or common to all, in front of the correlations'."""

    def taus(visits: int) -> int:
        return visits if by_visit else 1

    def size(visits: int) -> int:
        return taus(visits) + family.size(visits)

    def scale(theta: Floats, visits: int) -> Floats:
        tau = np.broadcast_to(theta[:, : taus(visits)], (len(theta), visits))
        return np.exp(tau[:, :, None] + tau[:, None, :])

    def sigma(theta: Floats, visits: int) -> Floats:
        return scale(theta, visits) * family.value(theta[:, taus(visits) :], visits)

    def first(theta: Floats, visits: int) -> Floats:
        powers = _powers(visits, by_visit)
        in_tau = powers * sigma(theta, visits)[:, None]
        in_rho = scale(theta, visits)[:, None] * family.first(theta[:, taus(visits) :], visits)
        return np.concatenate([in_tau, in_rho], axis=1)

    def second(theta: Floats, visits: int) -> Floats:
        number, powers = taus(visits), _powers(visits, by_visit)
        one = first(theta, visits)
        found = np.empty((len(theta), size(visits), size(visits), visits, visits))
        found[:, :number] = powers[None, :, None] * one[:, None]
        found[:, number:, :number] = np.swapaxes(found[:, :number, number:], 1, 2)
        in_rho = family.second(theta[:, number:], visits)
        found[:, number:, number:] = scale(theta, visits)[:, None, None] * in_rho
        return found

    def start(moment: Floats) -> Floats:
        variance = np.einsum("rjj->rj", moment)
        spread = np.sqrt(variance)
        correlation = moment / (spread[:, :, None] * spread[:, None, :])
        tau = np.log(variance if by_visit else variance.mean(axis=1, keepdims=True)) / 2
        return np.concatenate([tau, family.start(correlation * WITHIN)], axis=1)

    return Structure(name, text, size, sigma, first, second, start)


def _powers(visits: int, by_visit: bool) -> Floats:
    """How often each tau stands in the exponent of each element, (tau, visit, visit)."""
    if not by_visit:
        return np.full((1, visits, visits), 2.0)
    unit = np.eye(visits)
    return unit[:, :, None] + unit[:, None, :]


UNSTRUCTURED = Structure("us", "unstructured", lambda m: m * (m + 1) // 2, unvech, _vech_basis, None, vech)
CHOLESKY = Structure(
    "us",
    "unstructured, by its Cholesky factor",
    lambda m: m * (m + 1) // 2,
    _cholesky_sigma,
    _cholesky_first,
    cholesky_second,
    _cholesky_start,
)
STRUCTURES: Mapping[str, Structure] = MappingProxyType(
    {
        "us": UNSTRUCTURED,
        "toep": _scaled("toep", "Toeplitz", correlations.TOEPLITZ, by_visit=False),
        "toeph": _scaled("toeph", "heterogeneous Toeplitz", correlations.TOEPLITZ, by_visit=True),
        "ar1": _scaled("ar1", "first-order autoregressive", correlations.AUTOREGRESSIVE, by_visit=False),
        "ar1h": _scaled("ar1h", "heterogeneous autoregressive", correlations.AUTOREGRESSIVE, by_visit=True),
        "cs": _scaled("cs", "compound symmetry", correlations.EXCHANGEABLE, by_visit=False),
        "csh": _scaled("csh", "heterogeneous compound symmetry", correlations.EXCHANGEABLE, by_visit=True),
        "ad": _scaled("ad", "ante-dependence", correlations.ANTEDEPENDENCE, by_visit=False),
        "adh": _scaled("adh", "heterogeneous ante-dependence", correlations.ANTEDEPENDENCE, by_visit=True),
    }
)
"""By the name that mmrm has for it; `sp_exp` needs times and stands in `spatial`."""


def reported(structure: Structure) -> Structure:
    """The structure in mmrm's parametrisation."""
    return CHOLESKY if structure.name == "us" else structure
