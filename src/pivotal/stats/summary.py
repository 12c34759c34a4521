"""Descriptive statistics over patients, batched over replicates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Number, mean with its confidence limits, standard deviation, median and range, each (replicate,)."""

    n: Floats
    mean: Floats
    ci_low: Floats
    ci_high: Floats
    sd: Floats
    median: Floats
    min: Floats
    max: Floats


def summarise(values: NDArray[np.float64], included: NDArray[np.bool_] | None = None, level: float = 0.95) -> Summary:
    """Describe one variable.

    Parameters
    ----------
    values
        (replicate, subject); NaN is missing.
    included
        Who is described, (replicate, subject); None for everybody.
    level
        Confidence level of the mean's limits, mean -/+ t sd / sqrt(n) with n - 1 degrees of freedom.

    Returns
    -------
    Summary
        The standard deviation has n - 1 in its denominator; it and the limits are NaN for one patient. Without patients
        all but `n` are NaN.

    Notes
    -----
    The median of an even number is the mean of the middle two, as in SAS's default (QNTLDEF=5) and R's type 2 and 7.

    Examples
    --------
    >>> import numpy as np
    >>> found = summarise(np.array([[1.0, 2.0, 6.0, np.nan]]))
    >>> float(found.mean[0]), float(found.median[0]), float(found.n[0])
    (3.0, 2.0, 3.0)
    """
    kept = np.where(included, values, np.nan) if included is not None else values
    seen = ~np.isnan(kept)
    n = seen.sum(axis=1).astype(np.float64)
    zero = np.where(seen, kept, 0.0)
    empty = np.full(n.shape, np.nan)
    mean = np.divide(zero.sum(axis=1), n, out=empty.copy(), where=n > 0)
    centred = np.where(seen, kept - np.where(n > 0, mean, 0.0)[:, None], 0.0)
    variance = np.divide((centred**2).sum(axis=1), n - 1, out=empty.copy(), where=n > 1)
    reach = stdtrit(np.maximum(n - 1, 1), (1 + level) / 2) * np.sqrt(variance / np.maximum(n, 1))
    return Summary(
        n=n,
        mean=mean,
        ci_low=mean - reach,
        ci_high=mean + reach,
        sd=np.sqrt(variance),
        median=_median(kept, n),
        min=np.where(n > 0, np.where(seen, kept, np.inf).min(axis=1, initial=np.inf), np.nan),
        max=np.where(n > 0, np.where(seen, kept, -np.inf).max(axis=1, initial=-np.inf), np.nan),
    )


def _median(kept: Floats, n: Floats) -> Floats:
    ordered = np.sort(kept, axis=1)  # NaN sorts last
    count = n.astype(np.int64)
    rows = np.arange(len(ordered))
    low = ordered[rows, np.maximum(count - 1, 0) // 2] if ordered.shape[1] else np.full(n.shape, np.nan)
    high = ordered[rows, np.minimum(count // 2, np.maximum(count - 1, 0))] if ordered.shape[1] else low
    return np.where(count > 0, (low + high) / 2, np.nan)
