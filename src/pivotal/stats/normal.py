"""The normal and chi-square reference distributions, as the estimators use them."""

from __future__ import annotations

import numpy as np
from scipy import special

from pivotal.stats.estimate import Floats


def two_sided_quantile(level: float) -> float:
    """Normal quantile of a two-sided interval, 1.96 for 0.95."""
    return float(special.ndtri(1 - tail(level)))


def tail(level: float) -> float:
    """Probability left outside a two-sided interval on either side, 0.025 for 0.95."""
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; a confidence level lies between 0 and 1, as 0.95. Change level.")
    return (1 - level) / 2


def two_sided_p(statistic: Floats) -> Floats:
    """Two-sided p-value of a standard normal statistic."""
    return np.asarray(2 * special.ndtr(-np.abs(statistic)), dtype=np.float64)


def chi_square_p(statistic: Floats) -> Floats:
    """Upper tail of the chi-square distribution with one degree of freedom."""
    return np.asarray(special.erfc(np.sqrt(statistic / 2)), dtype=np.float64)
