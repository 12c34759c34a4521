"""Probability that correlated normals all lie between two bounds, in every replicate."""

from __future__ import annotations

import numpy as np
from scipy import special

from pivotal.stats.estimate import Floats
from pivotal.stats.tables import divide

POINTS, SHIFTS, SEED = 512, 8, 20140211
# What is left of a variable's variance, given the earlier ones, below which it is a combination of them.
DEPENDENT = 1e-8
# Keeps the inverse normal finite at the ends.
EDGE = 1e-15
# Replicates worked on at once: some 1 MB an array.
BATCH = 256


def box_probability(correlation: Floats, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Integrate the multivariate normal density over a cube.

    Genz's (1992, doi:10.1080/10618600.1992.10477010) transformation with a rank-1 lattice in the square roots of
    primes, shifted at random from a fixed seed `SHIFTS` times.

    Parameters
    ----------
    correlation
        (replicate, variable, variable); it may be singular.
    lower, upper
        (replicate,), the same for all variables.

    Returns
    -------
    tuple of Floats
        The probability, and the standard error of its integration, (replicate,).
    """
    size = correlation.shape[1]
    points = _lattice(size)
    value, error = np.zeros(len(correlation)), np.zeros(len(correlation))
    for start in range(0, len(correlation), BATCH):
        part = slice(start, start + BATCH)
        found = _genz(_factor(correlation[part]), lower[part], upper[part], points)
        by_shift = found.reshape(len(found), SHIFTS, POINTS).mean(axis=2)
        value[part], error[part] = by_shift.mean(axis=1), by_shift.std(axis=1, ddof=1) / np.sqrt(SHIFTS)
    return value, error


def _lattice(size: int) -> Floats:
    """Points of the unit cube, (variable - 1, point), all shifts one after another."""
    primes = np.array([2, 3, 5, 7, 11, 13, 17, 19, 23, 29][: max(size - 1, 0)], dtype=np.float64)
    if len(primes) < size - 1:
        raise ValueError(f"{size} tests are combined; at most 11 are. Leave some out.")
    steps = np.arange(1, POINTS + 1) * np.sqrt(primes)[:, None]
    shifts = np.random.default_rng(SEED).random((len(primes), SHIFTS))
    moved = (steps[:, None, :] + shifts[:, :, None]) % 1.0
    # the tent makes the integrand periodic
    return np.abs(2 * moved.reshape(len(primes), SHIFTS * POINTS) - 1)


def _factor(correlation: Floats) -> Floats:
    """Lower triangular factors, a zero pivot where a variable is a combination of earlier ones."""
    size = correlation.shape[1]
    lower = np.zeros(correlation.shape)
    for j in range(size):
        left = correlation[:, j, j] - (lower[:, j, :j] ** 2).sum(axis=1)
        pivot = np.sqrt(np.where(left > DEPENDENT, left, 0.0))
        lower[:, j, j] = pivot
        for i in range(j + 1, size):
            rest = correlation[:, i, j] - (lower[:, i, :j] * lower[:, j, :j]).sum(axis=1)
            lower[:, i, j] = np.nan_to_num(divide(rest, pivot))
    return lower


def _genz(factor: Floats, lower: Floats, upper: Floats, points: Floats) -> Floats:
    """The integrand at every point, (replicate, point)."""
    size = factor.shape[1]
    bound_by = _bound_by(factor)
    product = np.ones((len(factor), points.shape[1]))
    drawn: list[Floats] = []
    for k in range(size):
        low, high = np.full(product.shape, -np.inf), np.full(product.shape, np.inf)
        for i in range(k, size):
            mine = np.flatnonzero(bound_by[:, i] == k)
            if mine.size:
                ends = _ends(factor[mine, i], lower[mine], upper[mine], [y[mine] for y in drawn])
                low[mine], high[mine] = np.maximum(low[mine], ends[0]), np.minimum(high[mine], ends[1])
        below, above = special.ndtr(low), special.ndtr(high)
        share = np.maximum(above - below, 0.0)
        product *= share
        if k + 1 < size:
            drawn.append(special.ndtri(np.clip(below + points[k] * share, EDGE, 1 - EDGE)))
    return product


def _bound_by(factor: Floats) -> np.ndarray:
    """The last independent normal that each variable has a part of, (replicate, variable): it bounds that one."""
    parts = np.abs(factor) > np.sqrt(DEPENDENT)
    return np.asarray(factor.shape[2] - 1 - parts[:, :, ::-1].argmax(axis=2))


def _ends(row: Floats, lower: Floats, upper: Floats, drawn: list[Floats]) -> tuple[Floats, Floats]:
    """Between what values of the next independent normal a variable stays in its bounds, given the earlier ones."""
    k = len(drawn)
    mean = sum((row[:, j, None] * y for j, y in enumerate(drawn)), np.zeros((len(row), 1)))
    one, other = ((bound[:, None] - mean) / row[:, k, None] for bound in (lower, upper))
    return np.minimum(one, other), np.maximum(one, other)
