"""Exact operating characteristics of a boundary: no simulation, the law of the count among those who go on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Floats
from pivotal.stats.monitoring.boundary import Boundary


@dataclass(frozen=True, slots=True)
class Crossing:
    """What a boundary does at given true rates.

    Attributes
    ----------
    by_look
        Probability that the boundary is first crossed at each look, (..., look).
    probability
        Probability that it is crossed at any, (...).
    early
        Probability that it is crossed before the last look, (...).
    expected_look
        Mean of what is known when the trial stops or ends (patients, time at risk), (...).
    expected_events
        Mean number of events then, (...).
    """

    by_look: Floats
    probability: Floats
    early: Floats
    expected_look: Floats
    expected_events: Floats


def crossing(boundary: Boundary, rate: ArrayLike) -> Crossing:
    """Compute exactly how often, and when, a boundary is crossed.

    Parameters
    ----------
    boundary
        The boundary.
    rate
        True probabilities of the event, or events per unit of time, of any shape.

    Returns
    -------
    Crossing
        With the shape of `rate`.

    Raises
    ------
    ValueError
        If a rate is negative or not finite or, of a binomial count, above 1.

    Notes
    -----
    With p_k(x) the probability of x events at look k and no crossing before it,
    p_k(x) = sum over y below the boundary of p_{k-1}(y) f(x - y), f the law of the events between two looks (Jennison
    and Turnbull, Group Sequential Methods, 2000, chapter 12). As R `clinfun::bdrycross.prob`.

    Examples
    --------
    >>> from pivotal.stats import binomial_boundary
    >>> rule = binomial_boundary([20, 40, 60, 75], 0.2, alpha=0.1)
    >>> rule.stop_at.tolist(), crossing(rule, [0.2, 0.35]).probability.round(3).tolist()
    ([8, 13, 18, 22], [0.088, 0.911])
    """
    true = np.asarray(rate, dtype=np.float64)
    _check(boundary, true)
    rates = true.reshape(-1)
    size = int(boundary.stop_at.max()) if boundary.law == "poisson" else int(boundary.looks[-1]) + 1
    going = np.zeros((rates.size, size))
    going[:, 0] = 1.0
    crossed, events = np.zeros((rates.size, boundary.looks.size)), np.zeros(rates.size)
    for k, (step, stop) in enumerate(zip(np.diff(boundary.looks, prepend=0.0), boundary.stop_at, strict=True)):
        before, mean = going.sum(axis=1), going @ np.arange(size)
        law = _law(boundary, rates, float(step), size)
        going = _convolved(going, law)
        reach = min(int(stop), size)
        kept = going[:, :reach].sum(axis=1)
        crossed[:, k] = np.maximum(before - kept, 0.0)
        # what goes on and what stops share the events of those who were going on
        expected = mean + before * rates * step
        events += expected - going[:, :reach] @ np.arange(reach)
        going[:, reach:] = 0.0
    events += going @ np.arange(size)
    total = crossed.sum(axis=1)
    last = boundary.looks[-1]
    known = crossed @ boundary.looks + (1 - total) * last
    shape = true.shape
    return Crossing(
        by_look=crossed.reshape(*shape, -1),
        probability=total.reshape(shape),
        early=crossed[:, :-1].sum(axis=1).reshape(shape),
        expected_look=known.reshape(shape),
        expected_events=events.reshape(shape),
    )


def _law(boundary: Boundary, rates: Floats, step: float, size: int) -> Floats:
    """Probabilities of 0, 1, ... events between two looks, (rate, count)."""
    if boundary.law == "poisson":
        x = np.arange(size)
        mean = (rates * step)[:, None]
        return np.asarray(np.exp(special.xlogy(x, mean) - mean - special.gammaln(x + 1)))
    n = round(step)
    x = np.arange(n + 1)
    p = rates[:, None]
    choose = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    return np.asarray(np.exp(choose + special.xlogy(x, p) + special.xlog1py(n - x, -p)))


def _convolved(going: Floats, law: Floats) -> Floats:
    """The law of the sum, (rate, count); counts beyond the last are dropped, their probability is what is missing."""
    size = going.shape[1]
    after = np.zeros_like(going)
    for x in range(min(law.shape[1], size)):
        after[:, x:] += going[:, : size - x] * law[:, x : x + 1]
    return after


def _check(boundary: Boundary, rates: Floats) -> None:
    most = 1.0 if boundary.law == "binomial" else np.inf
    wrong = rates[~((rates >= 0) & (rates <= most) & np.isfinite(rates))]
    if wrong.size:
        allowed = "a probability lies between 0 and 1" if boundary.law == "binomial" else "a rate is a number from 0"
        raise ValueError(f"rate is {float(wrong[0])}; {allowed}.")
