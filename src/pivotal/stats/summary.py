"""Descriptive statistics over patients, batched over replicates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]
Quantiles = Literal["definition 5", "type 7"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Number, mean with its confidence limits, standard deviation, quartiles and range, each (replicate,)."""

    n: Floats
    mean: Floats
    ci_low: Floats
    ci_high: Floats
    sd: Floats
    q1: Floats
    median: Floats
    q3: Floats
    min: Floats
    max: Floats


def summarise(
    values: NDArray[np.float64],
    included: NDArray[np.bool_] | None = None,
    level: float = 0.95,
    *,
    quantiles: Quantiles = "definition 5",
) -> Summary:
    """Describe one variable.

    Parameters
    ----------
    values
        (replicate, subject); NaN is missing.
    included
        Who is described, (replicate, subject); None for everybody.
    level
        Confidence level of the mean's limits, mean -/+ t sd / sqrt(n) with n - 1 degrees of freedom.
    quantiles
        Rule of the quartiles: "definition 5", SAS's QNTLDEF=5, or "type 7", R's `quantile`.

    Returns
    -------
    Summary
        The standard deviation has n - 1 in its denominator; it and the limits are NaN for one patient. Without patients
        all but `n` are NaN.

    Raises
    ------
    ValueError
        If `quantiles` is neither rule.

    Notes
    -----
    With x(1) <= ... <= x(n) a quantile p is, by definition 5, x(j + 1) where n p = j + g with g > 0, and the mean of
    x(j) and x(j + 1) where g = 0 (R's type 2); by type 7, with (n - 1) p = j + g, x(j + 1) + g (x(j + 2) - x(j + 1)).
    Hyndman and Fan (1996), doi:10.1080/00031305.1996.10473566. Both give the same median.

    Examples
    --------
    >>> import numpy as np
    >>> found = summarise(np.array([[1.0, 2.0, 6.0, np.nan]]))
    >>> float(found.mean[0]), float(found.median[0]), float(found.n[0])
    (3.0, 2.0, 3.0)
    >>> found = summarise(np.array([[1.0, 2.0, 6.0, 8.0]]), quantiles="type 7")
    >>> float(found.q1[0]), float(found.q3[0])
    (1.75, 6.5)
    """
    if quantiles not in ("definition 5", "type 7"):
        raise ValueError(f"quantiles is {quantiles!r}; 'definition 5' or 'type 7' is allowed.")
    kept = np.where(included, values, np.nan) if included is not None else values
    seen = ~np.isnan(kept)
    n = seen.sum(axis=1).astype(np.float64)
    zero = np.where(seen, kept, 0.0)
    empty = np.full(n.shape, np.nan)
    mean = np.divide(zero.sum(axis=1), n, out=empty.copy(), where=n > 0)
    centred = np.where(seen, kept - np.where(n > 0, mean, 0.0)[:, None], 0.0)
    variance = np.divide((centred**2).sum(axis=1), n - 1, out=empty.copy(), where=n > 1)
    reach = stdtrit(np.maximum(n - 1, 1), (1 + level) / 2) * np.sqrt(variance / np.maximum(n, 1))
    ordered = np.sort(kept, axis=1)  # NaN sorts last
    q1, median, q3 = (_quantile(ordered, n.astype(np.int64), fourth, quantiles) for fourth in (1, 2, 3))
    return Summary(
        n=n,
        mean=mean,
        ci_low=mean - reach,
        ci_high=mean + reach,
        sd=np.sqrt(variance),
        q1=q1,
        median=median,
        q3=q3,
        min=np.where(n > 0, np.where(seen, kept, np.inf).min(axis=1, initial=np.inf), np.nan),
        max=np.where(n > 0, np.where(seen, kept, -np.inf).max(axis=1, initial=-np.inf), np.nan),
    )


def _quantile(ordered: Floats, n: NDArray[np.int64], fourth: int, rule: Quantiles) -> Floats:
    """The quartile, of values in ascending order; positions count from 0, in whole numbers."""
    if not ordered.shape[1]:
        return np.full(n.shape, np.nan)
    rows, last = np.arange(len(ordered)), np.maximum(n - 1, 0)
    if rule == "type 7":
        low, share = fourth * last // 4, fourth * last % 4 / 4
    else:
        low, share = np.maximum(-(-fourth * n // 4) - 1, 0), np.where(fourth * n % 4 == 0, 0.5, 0.0)
    one, two = ordered[rows, low], ordered[rows, np.minimum(low + 1, last)]
    return np.where(n > 0, np.where(share == 0.5, (one + two) / 2, one + share * (two - one)), np.nan)
