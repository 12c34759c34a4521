"""Whether strata share one odds ratio: Breslow and Day's test, and Tarone's correction of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.cmh import mantel_haenszel_odds_ratio
from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.tables import Mask, TwoArms, divide, first_reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Homogeneity:
    """Tests that every stratum has the same odds ratio.

    Attributes
    ----------
    odds_ratio
        Of Mantel and Haenszel, (replicate, ...).
    expected, variance
        The active arm's events in each stratum under it, and their variance, (replicate, ..., stratum); variance 0
        where a stratum says nothing of the odds ratio.
    breslow_day, tarone
        Statistic (chi-square), degrees of freedom, p.
    """

    odds_ratio: Floats
    expected: Floats
    variance: Floats
    breslow_day: Estimate
    tarone: Estimate


def breslow_day(x1: ArrayLike, n1: ArrayLike, x0: ArrayLike, n0: ArrayLike) -> Homogeneity:
    """Test that the odds ratio is the same in every stratum.

    Parameters
    ----------
    x1, n1
        Events and patients of the active arm, shape (replicate, ..., stratum).
    x0, n0
        Events and patients of the control arm, the same shape.

    Returns
    -------
    Homogeneity
        Statistic and p are NaN with `Reason.NO_INFORMATION` where fewer than two strata compare the arms, and with
        `Reason.SEPARATION` where the common odds ratio is 0 or infinite.

    Notes
    -----
    Σ (x1 - A)²/V with A the events expected under the Mantel-Haenszel odds ratio ψ, root of
    A (n0 - m + A) = ψ (m - A)(n1 - A), and 1/V = 1/A + 1/(m-A) + 1/(n1-A) + 1/(n0-m+A); Breslow and Day (1980), IARC
    Scientific Publications 32, page 142. Tarone (1985), doi:10.1093/biomet/72.1.91, takes (Σ(x1 - A))²/ΣV from it, since
    ψ is not the maximum-likelihood estimate. As SAS `PROC FREQ` `CMH(BDT)` and R `DescTools::BreslowDayTest`. A stratum
    without events, with events only, or with one arm only counts in neither statistic nor degrees of freedom.

    Examples
    --------
    >>> found = breslow_day([[37, 21]], [[49, 36]], [[7, 24]], [[49, 46]])
    >>> float(found.breslow_day.statistic[0].round(6)), float(found.tarone.p[0].round(8))
    (15.56834, 8.802e-05)
    """
    strata = TwoArms.of(x1, n1, x0, n0)
    common = mantel_haenszel_odds_ratio(x1, n1, x0, n0)
    ratio = np.asarray(common.estimate)
    events = strata.x1 + strata.x0
    tells = (strata.n1 > 0) & (strata.n0 > 0) & (events > 0) & (events < strata.total)
    usable = np.isfinite(ratio) & (ratio > 0)
    expected = _expected(strata, np.where(usable, ratio, 1.0)[..., None])
    with np.errstate(divide="ignore"):
        inverse = 1 / expected + 1 / (events - expected)
        inverse = inverse + 1 / (strata.n1 - expected) + 1 / (strata.n0 - events + expected)
    variance = np.where(tells, divide(1, np.where(tells, inverse, 1.0)), 0.0)
    excess = np.where(tells, strata.x1 - expected, 0.0)
    chi = np.where(tells, divide(excess**2, np.where(tells, variance, 1.0)), 0.0).sum(axis=-1)
    less = divide(excess.sum(axis=-1) ** 2, variance.sum(axis=-1))
    df = np.maximum(tells.sum(axis=-1) - 1.0, 0.0)
    known = usable[..., None]
    return Homogeneity(
        odds_ratio=ratio,
        expected=np.where(known, expected, np.nan),
        variance=np.where(known, variance, np.nan),
        breslow_day=_tested(chi, df, usable),
        tarone=_tested(chi - less, df, usable),
    )


def _tested(chi: Floats, df: Floats, usable: Mask) -> Estimate:
    few = df < 1
    statistic = np.where(few | ~usable, np.nan, chi)
    p = np.where(few | ~usable, np.nan, special.chdtrc(np.maximum(df, 1), np.nan_to_num(statistic)))
    reason = first_reason((few, Reason.NO_INFORMATION), (~usable, Reason.SEPARATION))
    return Estimate(statistic=statistic, df=df, p=p, reason=reason)


def _expected(strata: TwoArms, ratio: Floats) -> Floats:
    """Root of (1-ψ)A² + bA - ψ n1 m = 0 between the bounds of the table."""
    events = strata.x1 + strata.x0
    b = strata.n0 - events + ratio * (strata.n1 + events)
    c = ratio * strata.n1 * events
    root = np.sqrt(np.maximum(b**2 + 4 * (1 - ratio) * c, 0.0))
    # of the two ways to write the root the one without cancellation; b < 0 only where ψ < 1
    plain = np.where(b >= 0, 0.0, divide(root - b, 2 * (1 - ratio)))
    rate = np.where(b >= 0, divide(2 * c, b + root), plain)
    return np.clip(np.nan_to_num(rate), np.maximum(0.0, events - strata.n0), np.minimum(strata.n1, events))
