"""Pearson's chi-square of a two-by-two table."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Estimate
from pivotal.stats.normal import chi_square_p
from pivotal.stats.tables import TwoArms, divide


def pearson_chi_square(
    x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike, *, correction: bool = False
) -> Estimate:
    """Test that two proportions are equal by Pearson's chi-square, with Yates' correction if wanted.

    Parameters
    ----------
    x1, n1
        Events and patients of the active arm, shape (replicate, ...).
    x0, n0
        Events and patients of the control arm.
    correction
        Take N/2 from |x1 n0 - x0 n1|, at most what there is of it.

    Returns
    -------
    Estimate
        `statistic` (chi-square), `df` = 1, `p`. NaN, with the reason, for an empty arm, no events or only events.

    Notes
    -----
    N (x1 n0 - x0 n1)² / (n1 n0 m1 m0), m1 and m0 the events and non-events; Pearson (1900),
    doi:10.1080/14786440009463897, Yates (1934), doi:10.2307/2983604. As R `chisq.test` and SAS `PROC FREQ` `CHISQ`. The
    square of `mee`'s statistic, except that `mee` has 0 and p = 1 where there are no events or only events.

    Examples
    --------
    >>> result = pearson_chi_square([49], [134], [7], [65], correction=True)
    >>> float(result.statistic[0].round(6)), float(result.p[0].round(6))
    (13.157616, 0.000286)
    """
    arms = TwoArms.of(x1, n1, x0, n0)
    events, total = arms.x1 + arms.x0, arms.total
    apart = np.abs(arms.x1 * arms.n0 - arms.x0 * arms.n1)
    if correction:
        apart = np.maximum(apart - total / 2, 0.0)
    statistic = divide(total * apart**2, arms.n1 * arms.n0 * events * (total - events))
    return Estimate(statistic=statistic, df=np.ones(statistic.shape), p=chi_square_p(statistic), reason=arms.reason())
