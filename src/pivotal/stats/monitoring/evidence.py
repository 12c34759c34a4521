"""What the events so far say against a limit: an exact p-value, or a posterior probability."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Floats
from pivotal.stats.monitoring.boundary import Law, above_zero, share


def exact_tail(events: ArrayLike, information: ArrayLike, limit: float, *, law: Law = "binomial") -> Floats:
    """Give the probability of at least so many events where the rate is at its limit.

    Parameters
    ----------
    events
        Events so far, of any shape.
    information
        Patients (binomial), or time at risk (Poisson), that they are of; broadcast with `events`.
    limit
        The acceptable probability, or events per unit of time.
    law
        Which of the two.

    Returns
    -------
    Floats
        P(X >= events), one-sided; 1 where there is no event. NaN where `events` or `information` is.

    Raises
    ------
    ValueError
        If the limit is outside its range, or there are more events than patients.

    Notes
    -----
    One look alone, not adjusted for others: a repeated exact test compares it with the level of its look. As R
    ``binom.test(x, n, p, alternative = "greater")`` and ``poisson.test(x, T, r, alternative = "greater")``.

    Examples
    --------
    >>> exact_tail([0, 3], 20, 0.05).round(4).tolist()
    [1.0, 0.0755]
    >>> exact_tail(4, 50, 0.02, law="poisson").round(4).tolist()
    0.019
    """
    x, seen = np.broadcast_arrays(np.asarray(events, dtype=np.float64), np.asarray(information, dtype=np.float64))
    some = np.where(x > 0, x, 1.0)
    if law == "poisson":
        tail = special.gammainc(some, above_zero(limit, "limit") * seen)
    else:
        share(limit, "limit")
        _at_most(x, seen)
        tail = special.betainc(some, np.maximum(seen, some) - some + 1, limit)
    return np.where(np.isnan(x) | np.isnan(seen), np.nan, np.where(x > 0, tail, 1.0))


def posterior_above(
    events: ArrayLike, information: ArrayLike, limit: float, *, prior: tuple[float, float], law: Law = "binomial"
) -> Floats:
    """Give the posterior probability that the rate is above its limit.

    Parameters
    ----------
    events, information, limit, law
        As in `exact_tail`.
    prior
        Beta: a, b. Gamma (Poisson): events, and the time that they are worth.

    Returns
    -------
    Floats
        P(rate > limit | data), broadcast; the prior's where nothing is known yet; NaN where a number is.

    Raises
    ------
    ValueError
        If the limit or the prior is outside its range, or there are more events than patients.

    Notes
    -----
    Of Beta(a + x, b + n - x), or Gamma(events + x, time + T): what `beta_binomial_boundary` and
    `gamma_poisson_boundary` compare with their threshold.

    Examples
    --------
    >>> posterior_above([4, 5], 10, 0.2, prior=(0.6, 2.4)).round(4).tolist()
    [0.8863, 0.966]
    """
    x, seen = np.broadcast_arrays(np.asarray(events, dtype=np.float64), np.asarray(information, dtype=np.float64))
    a, b = above_zero(prior[0], "prior[0]"), above_zero(prior[1], "prior[1]")
    if law == "poisson":
        return np.asarray(special.gammaincc(a + x, above_zero(limit, "limit") * (b + seen)))
    share(limit, "limit")
    _at_most(x, seen)
    return np.asarray(special.betaincc(a + x, b + seen - x, limit))


def _at_most(events: Floats, patients: Floats) -> None:
    if (events > patients).any():
        raise ValueError(f"there are {events.max():g} events among {patients.max():g} patients; a patient counts once.")
