"""Win probability: how likely a patient of one arm has more than a patient of the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.normal import tail
from pivotal.stats.ranks import mid_ranks, rows_of
from pivotal.stats.tables import Mask, divide, first_reason


def win_probability(
    y: ArrayLike, active: ArrayLike, included: ArrayLike | None = None, *, level: float = 0.95
) -> Estimate:
    """Estimate the probability that an active patient has more than a control patient, ties counting one half.

    Parameters
    ----------
    y, active, included
        As in `rank_sum`.
    level
        Confidence level.

    Returns
    -------
    Estimate
        (replicate,): `estimate` θ, `se`, limits (θ ± t se, cut at 0 and 1), `statistic` = (θ - 1/2)/se, `df`, `p` of
        θ = 1/2. NaN with `Reason.ARM_EMPTY` or `Reason.TOO_FEW` (an arm of one); with `Reason.ZERO_VARIANCE` se is 0
        where the arms do not overlap, statistic and p NaN.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    Brunner and Munzel (2000), doi:10.1002/(SICI)1521-4036(200001)42:1<17::AID-BIMJ17>3.0.CO;2-U: unlike Wilcoxon's, a
    test of θ = 1/2 that does not assume equal distributions. As R `lawstat::brunner.munzel.test` (which gives
    P(X < Y) + P(X = Y)/2 of its first sample X). The win odds are θ/(1 - θ).

    Examples
    --------
    >>> wins = win_probability([[3.0, 4.0, 4.0, 1.0, 3.0, 2.0]], [True, True, True, False, False, False])
    >>> float(wins.estimate[0].round(6)), float(wins.se[0].round(6))
    (0.944444, 0.078567)
    """
    outside = tail(level)
    values, seen = rows_of(y, included)
    arm = np.broadcast_to(np.asarray(active, dtype=np.bool_), seen.shape)
    one, other = seen & arm, seen & ~arm
    n1, n0 = one.sum(axis=1), other.sum(axis=1)
    ranks = mid_ranks(values, seen)
    mean1 = divide(np.where(one, ranks, 0.0).sum(axis=1), n1)
    theta = divide(mean1 - (n1 + 1) / 2, n0)
    # how many of the other arm each patient beats, and the variance of that within the arm
    spread1 = _variance(ranks - mid_ranks(values, one), one) / np.maximum(n0, 1) ** 2
    spread0 = _variance(ranks - mid_ranks(values, other), other) / np.maximum(n1, 1) ** 2
    first, second = divide(spread1, n1), divide(spread0, n0)
    se = np.sqrt(first + second)
    df = divide((first + second) ** 2, divide(first**2, n1 - 1) + divide(second**2, n0 - 1))
    safe = np.where(np.isnan(df), 1.0, df)
    half = -np.asarray(special.stdtrit(safe, outside)) * se
    statistic = divide(theta - 0.5, se)
    return Estimate(
        estimate=theta,
        se=se,
        ci_low=np.maximum(theta - half, 0.0),
        ci_high=np.minimum(theta + half, 1.0),
        statistic=statistic,
        df=df,
        p=np.asarray(2 * special.stdtr(safe, -np.abs(statistic)), dtype=np.float64),
        reason=first_reason(
            ((n1 == 0) | (n0 == 0), Reason.ARM_EMPTY),
            ((n1 == 1) | (n0 == 1), Reason.TOO_FEW),
            (se == 0, Reason.ZERO_VARIANCE),
        ),
    )


def _variance(values: Floats, chosen: Mask) -> Floats:
    n = chosen.sum(axis=1)
    mean = divide(np.where(chosen, values, 0.0).sum(axis=1), n)
    squares = (np.where(chosen, values - mean[:, None], 0.0) ** 2).sum(axis=1)
    return divide(squares, np.maximum(n - 1, 0))
