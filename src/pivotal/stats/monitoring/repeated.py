"""Frequentist boundaries: an exact test of the event's rate against its limit, repeated at every look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Floats
from pivotal.stats.monitoring.boundary import Boundary, Counts, Law, above_zero, increasing, patients, share
from pivotal.stats.monitoring.crossing import crossing

Shape = Literal["pocock", "o'brien-fleming"]
HALVINGS = 60
"""Steps of the search for the level: its last bits decide nothing, as counts are whole."""


def binomial_boundary(looks: ArrayLike, limit: float, *, alpha: float, shape: Shape | float = "pocock") -> Boundary:
    """Choose a boundary for events among patients, by repeated exact tests.

    Parameters
    ----------
    looks
        Patients observed at each look, (look,): 1, 2, 3, ... for continuous monitoring.
    limit
        The probability of the event that is acceptable.
    alpha
        Probability of crossing, at most, where the true probability is `limit`.
    shape
        ``pocock`` tests at one level throughout; ``o'brien-fleming`` harder at early looks; a number between 0 (pocock)
        and 0.5 (o'brien-fleming) is the exponent between them.

    Returns
    -------
    Boundary
        The lowest one whose probability of crossing does not exceed `alpha`; `critical` is the level at the last look.

    Raises
    ------
    ValueError
        If a number is outside its range, or even the hardest level crosses more often than `alpha`.

    Notes
    -----
    At look k stop where P(X >= x; n_k, limit) <= 1 - Φ(c (n_k/n_K)^(-shape)) (Wang and Tsiatis 1987,
    doi:10.2307/2531959; Ivanova, Qaqish and Schell 2005, doi:10.1111/j.1541-0420.2005.00311.x). c is searched for, the
    probability of crossing is exact. R `clinfun::toxbdry` gives the boundary just above `alpha` and the one just below
    it: this is the second; its numbers are the largest acceptable ones, one less than `stop_at`. R `stoppingrule`,
    ``type = "Pocock"`` gives the same.

    With `looks` counted in events and `limit` the share that one arm is expected to have of them (`treated_share`),
    this is the boundary for two unblinded arms.

    Examples
    --------
    >>> binomial_boundary(range(1, 31), 0.2, alpha=0.1).stop_at[[2, 4, 29]].tolist()
    [3, 4, 11]
    """
    n, p = patients(looks), share(limit, "limit")

    def at(levels: Floats) -> Counts:
        return np.array([_binomial_count(int(size), p, level) for size, level in zip(n, levels, strict=True)])

    return _search(n.astype(np.float64), p, alpha, shape, at, "binomial")


def poisson_boundary(looks: ArrayLike, limit: float, *, alpha: float, shape: Shape | float = "pocock") -> Boundary:
    """Choose a boundary for events in time at risk, by repeated exact tests.

    Parameters
    ----------
    looks
        Time at risk at each look, (look,), all patients together.
    limit
        Events per unit of time that are acceptable.
    alpha, shape
        As in `binomial_boundary`.

    Returns
    -------
    Boundary
        The lowest one whose probability of crossing does not exceed `alpha`.

    Raises
    ------
    ValueError
        As in `binomial_boundary`.

    Notes
    -----
    As `binomial_boundary`, with P(X >= x; limit T_k) of the Poisson law. Events of one patient after another count as
    independent; first events with time until them are the usual choice.

    Examples
    --------
    >>> poisson_boundary([50, 100, 150], 0.02, alpha=0.05).stop_at.tolist()
    [4, 6, 7]
    """
    time, rate = increasing(looks), above_zero(limit, "limit")

    def at(levels: Floats) -> Counts:
        return np.array([_poisson_count(rate * t, level) for t, level in zip(time, levels, strict=True)])

    return _search(time, rate, alpha, shape, at, "poisson")


def repeated_boundary(
    planned: Boundary, looks: ArrayLike, limit: float, *, shape: Shape | float = "pocock"
) -> Boundary:
    """Give the boundary of planned repeated exact tests at looks that were not planned.

    Parameters
    ----------
    planned
        From `binomial_boundary` or `poisson_boundary`.
    looks
        What is known when one looks: patients, time at risk or events, (look,).
    limit, shape
        As the boundary was planned with.

    Returns
    -------
    Boundary
        At a planned look the planned number of events. After the last look the level stays that of the last.

    Raises
    ------
    ValueError
        If a number is outside its range.

    Notes
    -----
    The level at look n is 1 - Φ(c (n/n_K)^(-shape)) with c = Φ⁻¹(1 - critical) and n_K the last planned look: nothing
    is read off between two planned numbers of events. A look more adds to the probability of crossing; `crossing` of
    all looks together tells by how much.

    Examples
    --------
    >>> planned = poisson_boundary([50, 100, 150], 0.02, alpha=0.05)
    >>> repeated_boundary(planned, [50, 75], 0.02).stop_at.tolist()
    [4, 5]
    """
    poisson = planned.law == "poisson"
    seen = (increasing(looks) if poisson else patients(looks)).astype(np.float64)
    rate = above_zero(limit, "limit") if poisson else share(limit, "limit")
    c, last = -special.ndtri(planned.critical), planned.looks[-1]
    levels = special.ndtr(-c * np.minimum(seen / last, 1.0) ** -_exponent(shape))
    # where a look was planned its count stands: c lies within rounding of a level at which a count changes
    known = dict(zip(planned.looks.tolist(), planned.stop_at.tolist(), strict=True))
    stop = [
        known[n] if n in known else _poisson_count(rate * n, level) if poisson else _binomial_count(int(n), rate, level)
        for n, level in zip(seen.tolist(), levels, strict=True)
    ]
    return Boundary(seen, np.array(stop, dtype=np.int64), planned.law, planned.critical)


def _exponent(shape: Shape | float) -> float:
    exponent = {"pocock": 0.0, "o'brien-fleming": 0.5}.get(shape, shape) if isinstance(shape, str) else float(shape)
    if isinstance(exponent, str) or not 0 <= exponent <= 0.5:
        raise ValueError(f"shape is {shape!r}; it is pocock, o'brien-fleming or a number from 0 to 0.5.")
    return exponent


def _search(
    looks: Floats,
    limit: float,
    alpha: float,
    shape: Shape | float,
    at: Callable[[Floats], Counts],
    law: Law,
) -> Boundary:
    """The lowest boundary that is crossed with probability `alpha` at most, by halving an interval."""
    share(alpha, "alpha")
    factor = (looks / looks[-1]) ** -_exponent(shape)

    def boundary(c: float) -> Boundary:
        levels = special.ndtr(-c * factor)
        return Boundary(looks, at(levels), law, float(levels[-1]))

    def crosses(c: float) -> bool:
        return float(crossing(boundary(c), limit).probability) > alpha

    low, high = 0.0, 8.0
    if crosses(high):
        raise ValueError(f"alpha is {alpha}; no boundary with these looks is crossed so rarely. Take fewer looks.")
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if crosses(middle) else (low, middle)
    return boundary(high)


def _binomial_count(n: int, p: float, level: float) -> int:
    """The smallest count whose upper tail is at most `level`; n + 1 where none is."""
    x = np.arange(1, n + 1)
    tails = special.betainc(x, n - x + 1, p)
    below = np.flatnonzero(tails <= level)
    return int(x[below[0]]) if below.size else n + 1


def _poisson_count(mean: float, level: float) -> int:
    """The smallest count whose upper tail is at most `level`."""
    reach = int(mean + 12 * np.sqrt(mean) + 40)
    while special.gammainc(reach, mean) > level:  # an early look of a steep shape has a level of 1e-80, or of 0
        reach *= 2
    x = np.arange(1, reach + 1)
    return int(x[np.flatnonzero(special.gammainc(x, mean) <= level)[0]])
