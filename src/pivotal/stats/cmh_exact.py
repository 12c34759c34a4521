"""Exact test and limits of a common odds ratio over strata of two-by-two tables."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.conditional import Alternative, Conditional, Rule
from pivotal.stats.estimate import Estimate, Reason
from pivotal.stats.fisher import Limits, check, exact_numbers
from pivotal.stats.tables import TwoArms

# Numbers held at once; tables beyond it wait for the next round.
WORKSPACE = 1_000_000


def exact_common_odds_ratio(
    x1: ArrayLike,
    n1: ArrayLike,
    x0: ArrayLike,
    n0: ArrayLike,
    level: float = 0.95,
    *,
    alternative: Alternative = "two-sided",
    rule: Rule = "minlike",
    limits: Limits = "central",
) -> Estimate:
    """Test exactly that the arms do not differ within strata, and estimate the common odds ratio.

    Parameters
    ----------
    x1, n1
        Events and patients of the active arm, shape (replicate, ..., stratum).
    x0, n0
        Events and patients of the control arm, the same shape.
    level
        Confidence level.
    alternative, rule, limits
        As in `fisher_exact`, which this is in one stratum.

    Returns
    -------
    Estimate
        As `fisher_exact`, without the stratum axis; `statistic` is the active arm's events in all strata. Where no
        stratum compares the arms p is 1, the limits 0 and ∞, the estimate NaN.

    Raises
    ------
    ValueError
        If `level`, `alternative`, `rule` or `limits` is not one of those allowed.

    Notes
    -----
    The active arm's events in all strata, given every stratum's margins, have under one common odds ratio ψ the
    probabilities f(t) ψ^t / Σ f(u) ψ^u, with f the convolution of the strata's hypergeometric weights. Gart (1970),
    doi:10.1093/biomet/57.3.471. As R `mantelhaen.test(exact = TRUE)`, which finds estimate and limits to about 1e-4 and
    whose p-value is the minlike one; SAS `PROC FREQ` `EXACT COMOR` has the central limits. The same numbers as
    `exact_logistic` with the strata as one factor.

    Examples
    --------
    >>> result = exact_common_odds_ratio([[3, 2, 4]], [[5, 4, 6]], [[1, 0, 2]], [[5, 4, 6]])
    >>> [float(number[0].round(6)) for number in (result.estimate, result.ci_low, result.ci_high, result.p)]
    [5.438674, 0.924912, 44.22022, 0.064247]
    """
    check(alternative, rule, limits)
    strata = TwoArms.of(x1, n1, x0, n0)
    shape = strata.n1.shape[:-1]
    flat = TwoArms(*(count.reshape(-1, strata.n1.shape[-1]) for count in (strata.x1, strata.n1, strata.x0, strata.n0)))
    numbers = np.full((4, len(flat.n1)), np.nan)
    for rows in _rounds(flat):
        part = TwoArms(flat.x1[rows], flat.n1[rows], flat.x0[rows], flat.n0[rows])
        numbers[:, rows] = exact_numbers(Conditional.of_strata(part), level, alternative, rule, limits)
    whole = strata.summed()
    empty = (whole.n1 == 0) | (whole.n0 == 0)
    estimate, low, high, p = (np.where(empty, np.nan, number.reshape(shape)) for number in numbers)
    single = np.isnan(estimate) & ~empty
    separated = (estimate == 0) | np.isinf(estimate)
    return Estimate(
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        statistic=whole.x1,
        p=p,
        reason=whole.reason((single, Reason.NO_INFORMATION), (separated, Reason.SEPARATION)),
    )


def _rounds(strata: TwoArms) -> Iterator[slice]:
    widest = int(np.max(np.minimum(strata.n1, strata.n0).sum(axis=-1), initial=0.0)) + 1
    step = max(1, WORKSPACE // widest)
    for start in range(0, len(strata.n1), step):
        yield slice(start, start + step)
