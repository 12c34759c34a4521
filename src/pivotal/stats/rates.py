"""One proportion and its confidence interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Estimate, Floats, Reason
from pivotal.stats.normal import tail, two_sided_quantile
from pivotal.stats.tables import divide, first_reason


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


def wilson(x: ArrayLike, n: ArrayLike, level: float = 0.95) -> Estimate:
    """Estimate a proportion with Wilson's score interval, without continuity correction.

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
    The limits are the roots of |x/n - π| = z √(π(1-π)/n). Wilson (1927), doi:10.1080/01621459.1927.10502953.
    The same numbers as R `prop.test(correct = FALSE)` and SAS `PROC FREQ` with `BINOMIAL (WILSON)`.

    Examples
    --------
    >>> interval = wilson([0, 7], [18, 65])
    >>> interval.ci_low.round(6).tolist(), interval.ci_high.round(6).tolist()
    ([0.0, 0.053154], [0.175879, 0.206013])
    """
    events, patients = _counts(x, n)
    return _proportion(events, patients, *wilson_limits(events, patients, level))


def wilson_limits(events: Floats, patients: Floats, level: float) -> tuple[Floats, Floats]:
    """Wilson's limits alone, for the methods built on them; NaN where there are no patients."""
    z = two_sided_quantile(level)
    centre = events + z * z / 2
    half = z * np.sqrt(divide(events * (patients - events), patients) + z * z / 4)
    # the ends 0 and 1 are exact where all patients agree, not 1e-17 off
    low = np.where(events == 0, 0.0, (centre - half) / (patients + z * z))
    high = np.where(events == patients, 1.0, (centre + half) / (patients + z * z))
    return np.where(patients == 0, np.nan, low), np.where(patients == 0, np.nan, high)


def _counts(x: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    events, patients = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(n, dtype=np.float64))
    return events, patients


def _proportion(events: Floats, patients: Floats, low: Floats, high: Floats) -> Estimate:
    empty = patients == 0
    return Estimate(
        estimate=divide(events, patients),
        ci_low=np.where(empty, np.nan, low),
        ci_high=np.where(empty, np.nan, high),
        reason=first_reason((empty, Reason.ARM_EMPTY)),
    )
