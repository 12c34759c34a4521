"""Pooling on the scale where a quantity is near normal, and back again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Floats
from pivotal.stats.imputation.pooling import DegreesOfFreedom, Pooled, rubin


@dataclass(frozen=True, slots=True)
class Scale:
    """A transformation, its derivative, and its inverse."""

    forward: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    back: Callable[[Floats], Floats]


SCALES: Mapping[str, Scale] = MappingProxyType(
    {
        "identity": Scale(lambda x: x, np.ones_like, lambda x: x),
        "log": Scale(np.log, lambda x: 1 / x, np.exp),
        "logit": Scale(special.logit, lambda x: 1 / (x * (1 - x)), special.expit),
        "complementary log-log": Scale(
            lambda x: np.log(-np.log(x)), lambda x: 1 / (x * np.log(x)), lambda x: np.exp(-np.exp(x))
        ),
        "fisher z": Scale(np.arctanh, lambda x: 1 / (1 - x * x), np.tanh),
    }
)
"""By name: odds, risk and hazard ratios on ``log``, rates on ``logit``, survival on ``complementary log-log``,
correlations on ``fisher z``."""


def rubin_on(
    scale: str,
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    df_complete: ArrayLike = np.inf,
    level: float = 0.95,
    df: DegreesOfFreedom = "barnard-rubin",
    null: float | None = None,
) -> Pooled:
    """Pool a quantity on another scale and bring estimate and limits back.

    Parameters
    ----------
    scale
        ``identity``, ``log``, ``logit``, ``complementary log-log`` or ``fisher z``; see `SCALES`.
    estimates, variances
        On the natural scale (odds ratios, rates), (replicate, imputation, ...). The variance on the other scale is the
        derivative's square times it.
    df_complete, level, df
        As in `rubin`.
    null
        The value that is tested, on the natural scale; 0 on the other scale if None (a ratio of 1, a rate of 1/2).

    Returns
    -------
    Pooled
        `estimate`, `ci_low` and `ci_high` on the natural scale; everything else on the other one. Where an imputed data
        set has a value at the edge (a rate of 0 or 1) it has no finite value on the other scale:
        `Reason.IMPUTATION_FAILED`.

    Raises
    ------
    ValueError
        If the scale is unknown, and as `rubin`.

    Notes
    -----
    White, Royston and Wood (2011), doi:10.1002/sim.4067, section 2.4 and table VIII. Standard error on the natural
    scale: multiply `se` by the derivative of the inverse (for ``log``, by the estimate).

    Examples
    --------
    >>> pooled = rubin_on("log", [[2.0, 2.5, 2.2]], [[0.4, 0.5, 0.45]])
    >>> [float(number[0].round(3)) for number in (pooled.estimate, pooled.ci_low, pooled.ci_high)]
    [2.224, 1.158, 4.272]
    """
    if scale not in SCALES:
        raise ValueError(f"scale is {scale!r}; there are {', '.join(SCALES)}. Change scale.")
    chosen = SCALES[scale]
    given, spread = np.asarray(estimates, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    with np.errstate(all="ignore"):
        there, slope = chosen.forward(given), chosen.slope(given)
        tested = 0.0 if null is None else float(chosen.forward(np.asarray(null, dtype=np.float64)))
        pooled = rubin(there, slope * slope * spread, df_complete=df_complete, level=level, df=df, null=tested)
    ends = np.sort([chosen.back(pooled.ci_low), chosen.back(pooled.ci_high)], axis=0)
    return replace(pooled, estimate=chosen.back(pooled.estimate), ci_low=ends[0], ci_high=ends[1])
