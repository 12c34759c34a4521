"""One proportion and its confidence interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.arrays import to_numpy
from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.normal import tail, two_sided_quantile
from pivotal.stats.tables import Mask, divide, first_reason

# On the log scale; R's binom.test counts as tied what exceeds the observed probability by this share from rounding.
TIES = 1e-7


def clopper_pearson(x: ArrayLike, n: ArrayLike, level: float = 0.95) -> Estimate:
    """Estimate a proportion with its exact (Clopper-Pearson) interval.

    Parameters
    ----------
    x, n
        Events and patients, 0 <= x <= n, of any shape, broadcast against each other.
    level
        Confidence level.

    Returns
    -------
    Estimate
        `estimate` = x/n, `ci_low`, `ci_high`; NaN with `Reason.ARM_EMPTY` where n = 0.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    The limits are quantiles of the beta distribution, B(α/2; x, n-x+1) and B(1-α/2; x+1, n-x).
    Clopper and Pearson (1934), doi:10.1093/biomet/26.4.404. The same numbers as R `binom.test` and SAS
    `PROC FREQ` with `BINOMIAL (CLOPPERPEARSON)`.

    Examples
    --------
    >>> interval = clopper_pearson([0, 7], [18, 65])
    >>> interval.ci_low.round(6).tolist(), interval.ci_high.round(6).tolist()
    ([0.0, 0.044409], [0.185302, 0.209382])
    """
    events, patients = _counts(x, n)
    outside = tail(level)
    some, rest = np.maximum(events, 0.5), np.maximum(patients - events, 0.5)
    low = np.where(events == 0, 0.0, special.betaincinv(some, patients - events + 1, outside))
    high = np.where(events == patients, 1.0, special.betainccinv(events + 1, rest, outside))
    return _proportion(events, patients, low, high)


def wilson(x: ArrayLike, n: ArrayLike, level: float = 0.95, *, correction: ArrayLike = 0.0) -> Estimate:
    """Estimate a proportion with Wilson's score interval.

    Parameters
    ----------
    x, n
        Events and patients, 0 <= x <= n, of any shape, broadcast against each other.
    level
        Confidence level.
    correction
        Continuity correction in events, 0 for none, 0.5 for Newcombe's; a number or an array as `x`.

    Returns
    -------
    Estimate
        `estimate` = x/n, `ci_low`, `ci_high`; NaN with `Reason.ARM_EMPTY` where n = 0.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    The limits are the roots of |x/n - π| - c/n = z √(π(1-π)/n), c the correction. Wilson (1927),
    doi:10.1080/01621459.1927.10502953; Newcombe (1998),
    doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E. c = 0 is R `prop.test(correct = FALSE)` and
    SAS `PROC FREQ` with `BINOMIAL (WILSON)`; c = 0.5 is SAS `BINOMIAL (WILSON(CORRECT))`. R `prop.test(correct = TRUE)`
    has c = min(0.5, |x - n/2|), since it corrects a test of one half: at x = n/2 its interval is not corrected at all.

    Examples
    --------
    >>> interval = wilson([0, 7], [18, 65])
    >>> interval.ci_low.round(6).tolist(), interval.ci_high.round(6).tolist()
    ([0.0, 0.053154], [0.175879, 0.206013])
    """
    events, patients = _counts(x, n)
    moved = np.asarray(correction, dtype=np.float64)
    low, _ = wilson_limits(np.maximum(events - moved, 0.0), patients, level)
    _, high = wilson_limits(np.minimum(events + moved, patients), patients, level)
    return _proportion(events, patients, np.where(events == 0, 0.0, low), np.where(events == patients, 1.0, high))


def jeffreys(x: ArrayLike, n: ArrayLike, level: float = 0.95) -> Estimate:
    """Estimate a proportion with Jeffreys' equal-tailed interval.

    Parameters
    ----------
    x, n
        Events and patients, 0 <= x <= n, of any shape, broadcast against each other.
    level
        Confidence level.

    Returns
    -------
    Estimate
        `estimate` = x/n, `ci_low`, `ci_high`; NaN with `Reason.ARM_EMPTY` where n = 0.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    Quantiles of the beta distribution B(x + 1/2, n - x + 1/2), the posterior under Jeffreys' prior; the lower limit
    is 0 where x = 0, the upper 1 where x = n. Brown, Cai and DasGupta (2001), doi:10.1214/ss/1009213286. As SAS
    `PROC FREQ` with `BINOMIAL (JEFFREYS)`; R `DescTools::BinomCI(method = "jeffreys")`.

    Examples
    --------
    >>> interval = jeffreys([0, 7], [18, 65])
    >>> interval.ci_low.round(6).tolist(), interval.ci_high.round(6).tolist()
    ([0.0, 0.049481], [0.128558, 0.19983])
    """
    events, patients = _counts(x, n)
    outside = tail(level)
    yes, no = events + 0.5, patients - events + 0.5
    low = np.where(events == 0, 0.0, special.betaincinv(yes, no, outside))
    high = np.where(events == patients, 1.0, special.betainccinv(yes, no, outside))
    return _proportion(events, patients, low, high)


def binomial_test(x: ArrayLike, n: ArrayLike, rate: float = 0.5, level: float = 0.95) -> Estimate:
    """Test a proportion exactly against a fixed rate.

    Parameters
    ----------
    x, n
        Events and patients, 0 <= x <= n, of any shape, broadcast against each other.
    rate
        The rate of the null hypothesis, between 0 and 1.
    level
        Confidence level of the Clopper-Pearson interval.

    Returns
    -------
    Estimate
        As `clopper_pearson`, and `p`, two-sided: the probability of all counts no more likely than x (ties to a
        relative 1e-7, as in R). NaN with `Reason.ARM_EMPTY` where n = 0.

    Raises
    ------
    ValueError
        If `level` or `rate` is not between 0 and 1.

    Notes
    -----
    As R `binom.test`. SAS `PROC FREQ` `EXACT BINOMIAL` doubles the smaller tail instead. Test and interval belong to
    different rules: seldom, p < 1 - level though the interval holds the rate.

    Examples
    --------
    >>> binomial_test([5, 0], [20, 18]).p.round(6).tolist()
    [0.041389, 8e-06]
    """
    if not 0 < rate < 1:
        raise ValueError(f"rate is {rate}; a rate to test lies between 0 and 1, as 0.5. Change rate.")
    interval = clopper_pearson(x, n, level)
    events, patients = _counts(x, n)
    p = np.where(patients == 0, np.nan, _by_probability(events, patients, rate))
    return replace(interval, p=p)


def _by_probability(events: Floats, patients: Floats, rate: float) -> Floats:
    """Probability of the counts no more likely than the observed one: its own tail, and part of the other."""
    observed = _log_binomial(events, patients, rate) + TIES
    mean = patients * rate
    low, high = events <= mean, events >= mean
    # counts beyond the mode fall in probability: search the far tail's first that is as unlikely
    mode = np.floor((patients + 1) * rate)
    far_high = _first(mode, patients + 1, lambda k: _log_binomial(k, patients, rate) <= observed)
    far_low = -_first(-mode, np.ones(mode.shape), lambda k: _log_binomial(-k, patients, rate) <= observed)
    below = np.where(low, events, far_low)
    above = np.where(high, events, far_high)
    both = at_most(below, patients, rate) + _at_least(above, patients, rate)
    return np.where((above <= below) | (low & high), 1.0, np.minimum(both, 1.0))


def _first(start: Floats, end: Floats, holds: Callable[[Floats], Mask]) -> Floats:
    """First whole number from `start` on for which a condition holds, that holds from there on and at `end`."""
    low, high = start - 1, np.broadcast_to(end, start.shape).copy()
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        yes = holds(middle)
        low, high = np.where(yes | (high - low <= 1), low, middle), np.where(yes & (high - low > 1), middle, high)
    return high


def _log_binomial(k: Floats, n: Floats, rate: float) -> Floats:
    inside = (k >= 0) & (k <= n)
    k = np.clip(k, 0, n)
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return np.where(inside, ways + k * np.log(rate) + (n - k) * np.log1p(-rate), -np.inf)


def at_most(k: Floats, n: Floats, rate: float) -> Floats:
    """P(X <= k) of a binomial count."""
    inner = np.clip(k, 0, np.maximum(n - 1, 0))
    return np.where(k < 0, 0.0, np.where(k >= n, 1.0, special.betainc(np.maximum(n - inner, 1), inner + 1, 1 - rate)))


def _at_least(k: Floats, n: Floats, rate: float) -> Floats:
    return at_most(n - k, n, 1 - rate)


def wilson_limits(events: Floats, patients: Floats, level: float) -> tuple[Floats, Floats]:
    """Wilson's limits alone, for the methods built on them; NaN where there are no patients."""
    return wilson_limits_at(events, patients, two_sided_quantile(level))


def wilson_limits_at(events: Floats, patients: Floats, z: float | Floats) -> tuple[Floats, Floats]:
    """Wilson's limits at a normal quantile."""
    centre = events + z * z / 2
    half = z * np.sqrt(divide(events * (patients - events), patients) + z * z / 4)
    # the ends 0 and 1 are exact where all patients agree, not 1e-17 off
    low = np.where(events == 0, 0.0, (centre - half) / (patients + z * z))
    high = np.where(events == patients, 1.0, (centre + half) / (patients + z * z))
    return np.where(patients == 0, np.nan, low), np.where(patients == 0, np.nan, high)


def _counts(x: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    events, patients = np.broadcast_arrays(*(np.asarray(to_numpy(count), dtype=np.float64) for count in (x, n)))
    return events, patients


def _proportion(events: Floats, patients: Floats, low: Floats, high: Floats) -> Estimate:
    empty = patients == 0
    return Estimate(
        estimate=divide(events, patients),
        ci_low=np.where(empty, np.nan, low),
        ci_high=np.where(empty, np.nan, high),
        reason=first_reason((empty, Reason.ARM_EMPTY)),
    )
