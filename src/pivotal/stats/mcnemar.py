"""Paired proportions: McNemar's tests, and the difference with its Wald interval."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.normal import chi_square_p, two_sided_quantile
from pivotal.stats.rates import at_most
from pivotal.stats.tables import divide, first_reason

McNemarMethod = Literal["asymptotic", "corrected", "exact", "mid-p"]
METHODS = ("asymptotic", "corrected", "exact", "mid-p")


def mcnemar(
    both: ArrayLike,
    only_first: ArrayLike,
    only_second: ArrayLike,
    neither: ArrayLike,
    level: float = 0.95,
    *,
    method: McNemarMethod = "asymptotic",
) -> Estimate:
    """Test and estimate the difference of two proportions seen in the same patients, first minus second.

    Parameters
    ----------
    both, only_first, only_second, neither
        Patients by their two answers, of one shape (replicate, ...).
    level
        Confidence level.
    method
        "asymptotic": chi-square (b-c)²/(b+c). "corrected": (|b-c|-1)²/(b+c), at least 0. "exact": binomial, twice the
        smaller tail. "mid-p": the same, the observed count half.

    Returns
    -------
    Estimate
        `estimate` = (b-c)/N, `se`, Wald limits (not cut at ±1), `p`; `statistic` (chi-square) and `df` = 1 of the first
        two methods. Without discordant pairs the statistic is 0, p 1, and `Reason.ZERO_VARIANCE`; without patients NaN
        with `Reason.ARM_EMPTY`.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1, or `method` is none of the four.

    Notes
    -----
    b = only_first, c = only_second; se² = (b + c - (b-c)²/N)/N². McNemar (1947), doi:10.1007/BF02295996; the mid-p
    test: Fagerland, Lydersen and Laake (2013), doi:10.1186/1471-2288-13-91. As R `mcnemar.test` (which corrects by
    default) and `binom.test(b, b + c)`; SAS `PROC FREQ` `AGREE` (never corrects) with `EXACT MCNEM` (`/ MIDP`). R gives
    NaN where there are no discordant pairs.

    Examples
    --------
    >>> result = mcnemar([4], [2], [7], [1], method="exact")
    >>> float(result.p[0].round(6)), float(result.se[0].round(6))
    (0.179688, 0.191853)
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; {', '.join(map(repr, METHODS))} are allowed. Change method.")
    a, b, c, d = np.broadcast_arrays(
        *(np.asarray(count, dtype=np.float64) for count in (both, only_first, only_second, neither))
    )
    total, discordant = a + b + c + d, b + c
    difference = divide(b - c, total)
    se = np.sqrt(divide(discordant - (b - c) * difference, total**2))
    half = two_sided_quantile(level) * se
    statistic = None if method in ("exact", "mid-p") else _chi_square(b, c, total, corrected=method == "corrected")
    p = _binomial_p(b, c, total, mid=method == "mid-p") if statistic is None else chi_square_p(statistic)
    return Estimate(
        estimate=difference,
        se=se,
        ci_low=difference - half,
        ci_high=difference + half,
        statistic=statistic,
        df=None if statistic is None else np.ones(statistic.shape),
        p=p,
        reason=first_reason((total == 0, Reason.ARM_EMPTY), (discordant == 0, Reason.ZERO_VARIANCE)),
    )


def _chi_square(b: Floats, c: Floats, total: Floats, *, corrected: bool) -> Floats:
    apart = np.maximum(np.abs(b - c) - 1, 0.0) if corrected else np.abs(b - c)
    return np.where(total == 0, np.nan, np.where(b + c == 0, 0.0, divide(apart**2, b + c)))


def _binomial_p(b: Floats, c: Floats, total: Floats, *, mid: bool) -> Floats:
    smaller, discordant = np.minimum(b, c), b + c
    tail = at_most(smaller, discordant, 0.5)
    if mid:
        tail = (tail + at_most(smaller - 1, discordant, 0.5)) / 2
    return np.where(total == 0, np.nan, np.minimum(2 * tail, 1.0))
