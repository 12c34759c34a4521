"""Simultaneous confidence limits that belong to a graphical procedure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from pivotal.stats.estimate import Floats, Reason, Reasons
from pivotal.stats.graph import bonferroni_graph, checked_graph
from pivotal.stats.graph_trace import graph_trace
from pivotal.stats.intersection import quantile
from pivotal.stats.tables import Mask, divide, first_reason


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphIntervals:
    """One-sided simultaneous limits and the tests they belong to.

    Attributes
    ----------
    limit
        (replicate, hypothesis): lower limits for ``greater``, upper ones for ``less``; infinite where a hypothesis has
        no level left.
    level
        The level of each limit, (replicate, hypothesis).
    p, adjusted
        One-sided p-values, raw and adjusted, (replicate, hypothesis).
    rejected
        (replicate, hypothesis).
    reason
        (replicate, hypothesis): `Reason.ZERO_VARIANCE`, or `Reason.NO_STATISTIC`; the limit is then NaN and the
        hypothesis is not rejected.
    """

    limit: Floats
    level: Floats
    p: Floats
    adjusted: Floats
    rejected: Mask
    reason: Reasons


def graph_intervals(
    estimate: ArrayLike,
    se: ArrayLike,
    weights: ArrayLike,
    transitions: ArrayLike,
    alpha: float,
    *,
    df: ArrayLike = np.inf,
    null: ArrayLike = 0.0,
    alternative: Literal["greater", "less"] = "greater",
) -> GraphIntervals:
    """Simultaneous one-sided limits compatible with the Bonferroni graph.

    Parameters
    ----------
    estimate, se
        (replicate, hypothesis).
    weights, transitions, alpha
        Of the graph, as in `bonferroni_graph`; `alpha` is one-sided.
    df
        Degrees of freedom, () or anything that broadcasts to (replicate, hypothesis).
    null
        The values under the null hypotheses, () or (hypothesis,).
    alternative
        Which side the hypotheses are rejected on.

    Returns
    -------
    GraphIntervals

    Raises
    ------
    ValueError
        If the graph or alpha breaks its rules, or for another alternative.

    Notes
    -----
    Strassburger and Bretz (2008), doi:10.1002/sim.3338; Guilbaud (2008), doi:10.1002/sim.3090. As long as a hypothesis
    is not rejected, a rejected one has its null value as limit, and one not rejected the limit at its final level. When
    all are rejected each has the better of its null value and the limit at its first level w alpha; a hypothesis that
    started with no weight then keeps its null value. The limits cover all parameters together with probability 1 -
    alpha at least, and hypotheses are rejected exactly where the limit is not beyond the null value. R
    `gMCP::simConfint`; SAS has no procedure for it.

    Examples
    --------
    >>> found = graph_intervals([[2.5, 1.0]], [[1.0, 1.0]], [0.5, 0.5], [[0, 1], [1, 0]], 0.025)
    >>> found.limit.round(3).tolist(), found.rejected.tolist()
    ([[0.0, -0.96]], [[True, False]])
    """
    if alternative not in ("greater", "less"):
        raise ValueError(f"alternative is {alternative!r}; it is 'greater' or 'less'.")
    start, passes = checked_graph(weights, transitions, alpha)
    effect, spread = np.broadcast_arrays(np.asarray(estimate, dtype=np.float64), np.asarray(se, dtype=np.float64))
    freedom = np.broadcast_to(np.asarray(df, dtype=np.float64), effect.shape)
    bound = np.broadcast_to(np.asarray(null, dtype=np.float64), effect.shape)
    side = 1.0 if alternative == "greater" else -1.0
    statistic = side * divide(effect - bound, spread)
    p = _upper(statistic, freedom)
    tested, trace = bonferroni_graph(p, start, passes, alpha), graph_trace(p, start, passes, alpha)
    rejected = tested.rejected
    level = alpha * np.where(rejected.all(axis=1, keepdims=True), start, trace.weights[:, -1])
    local = side * effect + quantile(np.maximum(level, 0.0), freedom) * spread
    limit = side * np.where(rejected, np.maximum(side * bound, local), local)
    reason = first_reason(
        (np.isfinite(effect) & (spread == 0), Reason.ZERO_VARIANCE), (np.isnan(statistic), Reason.NO_STATISTIC)
    )
    return GraphIntervals(
        limit=np.where(reason > 0, np.nan, limit),
        level=level,
        p=p,
        adjusted=tested.adjusted,
        rejected=rejected,
        reason=reason,
    )


def _upper(statistic: Floats, df: Floats) -> Floats:
    normal = np.isinf(df)
    student = special.stdtr(np.where(normal | ~(df > 0), 1.0, df), -statistic)
    return np.asarray(np.where(normal, special.ndtr(-statistic), np.where(df > 0, student, np.nan)), dtype=np.float64)
