"""Bayesian boundaries: stop where the rate is above its limit with high posterior probability."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.monitoring.boundary import Boundary, above_zero, increasing, patients, share
from pivotal.stats.monitoring.crossing import crossing

HALVINGS = 60
"""Steps of the search for the threshold: its last bits decide nothing, as counts are whole."""


def beta_binomial_boundary(
    looks: ArrayLike, limit: float, *, prior: tuple[float, float] = (1.0, 1.0), threshold: float
) -> Boundary:
    """Give the boundary for events among patients that a beta prior and a posterior threshold make.

    Parameters
    ----------
    looks
        Patients observed at each look, (look,).
    limit
        The probability of the event that is acceptable.
    prior
        Beta prior of the event's probability: a, b; worth a + b patients.
    threshold
        Stop where P(probability > limit | data) is at least this.

    Returns
    -------
    Boundary
        `critical` is the threshold.

    Raises
    ------
    ValueError
        If a number is outside its range.

    Notes
    -----
    Posterior Beta(a + x, b + n - x); Thall and Simon (1994), doi:10.2307/2533377; Geller, Follmann, Leifer and Carter
    (2003). R `stoppingrule` with ``type = "BB"`` gives the same at the same threshold. Its frequentist properties are
    `crossing`'s; `beta_binomial_threshold` chooses the threshold by them.

    Examples
    --------
    >>> beta_binomial_boundary([10, 20, 30], 0.2, prior=(0.6, 2.4), threshold=0.963).stop_at.tolist()
    [5, 8, 11]
    """
    n, p = patients(looks), share(limit, "limit")
    a, b = above_zero(prior[0], "prior[0]"), above_zero(prior[1], "prior[1]")
    share(threshold, "threshold")
    x = np.arange(int(n[-1]) + 1)
    size = n[:, None]
    possible = x <= size
    above = special.betaincc(a + x, b + np.where(possible, size - x, 0), p)
    crossed = (above >= threshold) & possible
    stop = np.where(crossed.any(axis=1), crossed.argmax(axis=1), n + 1)
    return Boundary(n.astype(np.float64), stop.astype(np.int64), "binomial", float(threshold))


def beta_binomial_threshold(
    looks: ArrayLike, limit: float, *, prior: tuple[float, float] = (1.0, 1.0), alpha: float
) -> Boundary:
    """Choose the posterior threshold by its frequentist error.

    Parameters
    ----------
    looks, limit, prior
        As in `beta_binomial_boundary`.
    alpha
        Probability of crossing, at most, where the true probability is `limit`.

    Returns
    -------
    Boundary
        The lowest boundary of this prior whose probability of crossing does not exceed `alpha`.

    Raises
    ------
    ValueError
        If a number is outside its range.

    Examples
    --------
    >>> rule = beta_binomial_threshold(range(1, 31), 0.2, prior=(0.6, 2.4), alpha=0.1)
    >>> rule.stop_at[[2, 4, 6, 29]].tolist()
    [3, 4, 5, 11]
    """
    share(alpha, "alpha")
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        rule = beta_binomial_boundary(looks, limit, prior=prior, threshold=middle)
        too_often = float(crossing(rule, limit).probability) > alpha
        low, high = (middle, high) if too_often else (low, middle)
    return beta_binomial_boundary(looks, limit, prior=prior, threshold=min(high, float(np.nextafter(1.0, 0.0))))


def gamma_poisson_boundary(looks: ArrayLike, limit: float, *, prior: tuple[float, float], threshold: float) -> Boundary:
    """Give the boundary for events in time at risk that a gamma prior and a posterior threshold make.

    Parameters
    ----------
    looks
        Time at risk at each look, (look,), all patients together.
    limit
        Events per unit of time that are acceptable.
    prior
        Gamma prior of the rate: events, and the time they are worth.
    threshold
        Stop where P(rate > limit | data) is at least this.

    Returns
    -------
    Boundary
        `critical` is the threshold.

    Raises
    ------
    ValueError
        If a number is outside its range.

    Notes
    -----
    Posterior Gamma(events + x, time + T). For blinded data take `limit` from `blinded_rate`.

    Examples
    --------
    >>> gamma_poisson_boundary([50, 100, 150], 0.02, prior=(0.5, 25), threshold=0.95).stop_at.tolist()
    [4, 6, 7]
    """
    time, rate = increasing(looks), above_zero(limit, "limit")
    events, worth = above_zero(prior[0], "prior[0]"), above_zero(prior[1], "prior[1]")
    share(threshold, "threshold")
    mean = rate * (worth + time)
    reach = int(mean[-1] + 12 * np.sqrt(mean[-1]) + 40)  # beyond it the posterior probability is 1 but for rounding
    above = special.gammaincc(events + np.arange(reach + 1), mean[:, None])
    stop = (above >= threshold).argmax(axis=1)
    return Boundary(time, stop.astype(np.int64), "poisson", float(threshold))
