"""Whether chains that run side by side have come to say the same."""

from __future__ import annotations

import numpy as np

from pivotal.stats.estimate import Floats
from pivotal.stats.tables import divide


def r_hat(traces: Floats) -> Floats:
    """Potential scale reduction of the second half of traces, (replicate, chain, iteration, ...) to (replicate, ...).

    Gelman and Rubin (1992), doi:10.1214/ss/1177011136: the root of ((n - 1) W / n + B / n) / W, B / n the variance of
    the chains' means, W the mean of their variances.
    """
    half = traces[:, :, traces.shape[2] // 2 :]
    length = half.shape[2]
    if traces.shape[1] < 2 or length < 2:
        return np.full((len(traces), *traces.shape[3:]), np.nan)
    between = half.mean(axis=2).var(axis=1, ddof=1)
    within = half.var(axis=2, ddof=1).mean(axis=1)
    return np.asarray(np.sqrt((length - 1) / length + divide(between, within)), dtype=np.float64)
