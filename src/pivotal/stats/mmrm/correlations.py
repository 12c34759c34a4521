"""Families of correlation matrices over visits, with their first and second derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from pivotal.stats.estimate import Floats

# A start does not lie nearer to the ends of a correlation's range.
MOST = 0.99


@dataclass(frozen=True, slots=True)
class Correlations:
    """A family of correlation matrices.

    Attributes
    ----------
    size
        Number of parameters for a number of visits.
    value, first, second
        phi (replicate, parameter), visits -> the matrices (replicate, visit, visit), their first derivatives
        (replicate, parameter, visit, visit), their second ones.
    start
        A correlation matrix (replicate, visit, visit) -> phi near it.
    """

    size: Callable[[int], int]
    value: Callable[[Floats, int], Floats]
    first: Callable[[Floats, int], Floats]
    second: Callable[[Floats, int], Floats]
    start: Callable[[Floats], Floats]


# -- rho = phi / sqrt(1 + phi^2) ---------------------------------------------------------------------------------------


def to_rho(phi: Floats) -> Floats:
    """The correlation of a parameter."""
    return phi / np.sqrt(1 + phi * phi)


def from_rho(rho: Floats) -> Floats:
    """The parameter of a correlation, to start from: not nearer to -1 and 1 than `MOST`."""
    inside = np.clip(rho, -MOST, MOST)
    return np.asarray(inside / np.sqrt(1 - inside * inside), dtype=np.float64)


def _rho_first(phi: Floats) -> Floats:
    return np.asarray((1 + phi * phi) ** -1.5, dtype=np.float64)


def _rho_second(phi: Floats) -> Floats:
    return np.asarray(-3 * phi * (1 + phi * phi) ** -2.5, dtype=np.float64)


def _lags(visits: int) -> Floats:
    place = np.arange(visits)
    return np.asarray(np.abs(place[:, None] - place[None]), dtype=np.float64)


def _lag_means(correlation: Floats) -> Floats:
    """Mean correlation at every lag but 0, (replicate, lag)."""
    visits = correlation.shape[-1]
    means = [np.diagonal(correlation, lag, 1, 2).mean(axis=-1) for lag in range(1, visits)]
    return np.stack(means, axis=1) if means else np.zeros((len(correlation), 0))


# -- Toeplitz: a correlation for each lag ------------------------------------------------------------------------------


def _by_lag(of_lag: Floats, visits: int, diagonal: float) -> Floats:
    """Put values of lags 1, 2, ... (..., lag) on their diagonals."""
    lag = _lags(visits).astype(np.int64)
    padded = np.concatenate([np.full((*of_lag.shape[:-1], 1), diagonal), of_lag], axis=-1)
    return np.asarray(padded[..., lag], dtype=np.float64)


def _toeplitz_first(phi: Floats, visits: int) -> Floats:
    return _by_lag(_rho_first(phi)[:, :, None] * np.eye(visits - 1), visits, 0.0)


def _toeplitz_second(phi: Floats, visits: int) -> Floats:
    unit = np.eye(visits - 1)
    return _by_lag(_rho_second(phi)[:, :, None, None] * unit[:, :, None] * unit[:, None, :], visits, 0.0)


TOEPLITZ = Correlations(
    size=lambda visits: visits - 1,
    value=lambda phi, visits: _by_lag(to_rho(phi), visits, 1.0),
    first=_toeplitz_first,
    second=_toeplitz_second,
    start=lambda correlation: from_rho(_lag_means(correlation)),
)


# -- autoregressive: rho^lag -------------------------------------------------------------------------------------------


def _power(base: Floats, exponent: Floats) -> Floats:
    """Base to a power, 0 where the exponent is negative (its factor is 0 there); (replicate, visit, visit)."""
    return np.where(exponent < 0, 0.0, base[:, :, None] ** np.maximum(exponent, 0.0))


def _autoregressive_first(phi: Floats, visits: int) -> Floats:
    lag = _lags(visits)
    return (lag * _power(to_rho(phi), lag - 1) * _rho_first(phi)[:, :, None])[:, None]


def _autoregressive_second(phi: Floats, visits: int) -> Floats:
    lag, rho = _lags(visits), to_rho(phi)
    bent = lag * (lag - 1) * _power(rho, lag - 2) * (_rho_first(phi) ** 2)[:, :, None]
    return (bent + lag * _power(rho, lag - 1) * _rho_second(phi)[:, :, None])[:, None, None]


AUTOREGRESSIVE = Correlations(
    size=lambda visits: 1,
    value=lambda phi, visits: _power(to_rho(phi), _lags(visits)),
    first=_autoregressive_first,
    second=_autoregressive_second,
    start=lambda correlation: from_rho(_lag_means(correlation)[:, :1]),
)


# -- exchangeable: one rho, above -1 / (visits - 1) --------------------------------------------------------------------


def _expit(phi: Floats) -> Floats:
    return np.asarray(special.expit(phi), dtype=np.float64)


def _off_diagonal(rho: Floats, visits: int, diagonal: float) -> Floats:
    return np.where(np.eye(visits) > 0, diagonal, rho[:, :, None])


def _exchangeable_value(phi: Floats, visits: int) -> Floats:
    least = 1 / (visits - 1)
    return _off_diagonal(_expit(phi) * (1 + least) - least, visits, 1.0)


def _exchangeable_first(phi: Floats, visits: int) -> Floats:
    share = _expit(phi)
    return _off_diagonal(share * (1 - share) * (1 + 1 / (visits - 1)), visits, 0.0)[:, None]


def _exchangeable_second(phi: Floats, visits: int) -> Floats:
    share = _expit(phi)
    bent = share * (1 - share) * (1 - 2 * share) * (1 + 1 / (visits - 1))
    return _off_diagonal(bent, visits, 0.0)[:, None, None]


def _exchangeable_start(correlation: Floats) -> Floats:
    visits = correlation.shape[-1]
    least = 1 / (visits - 1)
    mean = (correlation.sum(axis=(1, 2)) - np.einsum("rjj->r", correlation)) / (visits * (visits - 1))
    share = (np.maximum(mean, -0.9 * least) + least) / (1 + least)
    return np.asarray(np.log(share / (1 - share))[:, None], dtype=np.float64)


EXCHANGEABLE = Correlations(
    size=lambda visits: 1,
    value=_exchangeable_value,
    first=_exchangeable_first,
    second=_exchangeable_second,
    start=_exchangeable_start,
)


# -- ante-dependence: the product of the correlations of neighbours in between -----------------------------------------


def _between(visits: int) -> Floats:
    """Whether step k lies between visits i and j, (visit, visit, step)."""
    place = np.arange(visits)
    low, high = np.minimum(place[:, None], place[None]), np.maximum(place[:, None], place[None])
    step = np.arange(visits - 1)
    return ((step >= low[..., None]) & (step < high[..., None])).astype(np.float64)


def _chain(steps: Floats, visits: int) -> Floats:
    """Product over the steps between two visits; `steps` is (..., step)."""
    between = _between(visits)
    return np.asarray(np.where(between > 0, steps[..., None, None, :], 1.0).prod(axis=-1), dtype=np.float64)


def _replaced(phi: Floats, which: Floats) -> Floats:
    """The product with derivatives of order `which` (parameter..., step) in place of the correlations."""
    visits = phi.shape[1] + 1
    orders = np.stack([to_rho(phi), _rho_first(phi), _rho_second(phi)], axis=1)  # (replicate, order, step)
    chosen = np.take_along_axis(
        orders.reshape(len(phi), 3, *(1,) * (which.ndim - 1), visits - 1), which.astype(np.int64)[None, None], axis=1
    )[:, 0]
    # a step differentiated outside the pair's own makes the derivative vanish
    touched = (_between(visits) @ np.moveaxis((which > 0).astype(np.float64), -1, 0).reshape(visits - 1, -1)).reshape(
        visits, visits, *which.shape[:-1]
    )
    wanted = (which > 0).sum(axis=-1)
    inside = np.moveaxis(touched, (0, 1), (-2, -1)) == wanted[..., None, None]
    return np.where(inside, _chain(chosen, visits), 0.0)


def _antedependence_first(phi: Floats, visits: int) -> Floats:
    return _replaced(phi, np.eye(visits - 1))


def _antedependence_second(phi: Floats, visits: int) -> Floats:
    unit = np.eye(visits - 1)
    return _replaced(phi, unit[:, None] + unit[None])


ANTEDEPENDENCE = Correlations(
    size=lambda visits: visits - 1,
    value=lambda phi, visits: _chain(to_rho(phi), visits),
    first=_antedependence_first,
    second=_antedependence_second,
    start=lambda correlation: from_rho(np.diagonal(correlation, 1, 1, 2)),
)
