"""Graphical multiple testing: weighted Bonferroni tests that pass on the level of what they reject."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.p_adjust import checked_p
from pivotal.stats.tables import Mask

# Weights such as 1/3 written in decimals may sum to a little more than 1; decisions know no tolerance.
SLACK = 1e-9
# Two hypotheses that pass everything to each other through the rejected one: 1, but for rounding.
CLOSED = 1 - 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphTest:
    """Outcome of a graphical procedure.

    Attributes
    ----------
    rejected
        (replicate, hypothesis); exactly `adjusted` <= alpha.
    adjusted
        Adjusted p-values, (replicate, hypothesis).
    """

    rejected: Mask
    adjusted: Floats


def bonferroni_graph(p: ArrayLike, weights: ArrayLike, transitions: ArrayLike, alpha: float) -> GraphTest:
    """Test hypotheses by the sequentially rejective graphical procedure with weighted Bonferroni tests.

    Parameters
    ----------
    p
        P-values, (replicate, hypothesis); NaN counts as 1.
    weights
        Share of alpha that every hypothesis starts with, (hypothesis,), at most 1 in all.
    transitions
        (hypothesis, hypothesis): the share of its level that the rejected hypothesis (row) passes to each other
        (column); rows sum to at most 1, the diagonal is 0.
    alpha
        Familywise level.

    Returns
    -------
    GraphTest

    Raises
    ------
    ValueError
        If weights, transitions or alpha break the rules above.

    Notes
    -----
    Bretz, Maurer, Brannath and Posch (2009), doi:10.1002/sim.3495, algorithm 2: at each step the hypothesis
    with the least p/w is next, its adjusted p-value the greatest such ratio so far, at most 1. Holm, fixed
    sequence, fallback and gatekeeping are such graphs. R `graphicalMCP::graph_test_shortcut` gives the same;
    it rounds before it compares p with its level, this does not. SAS has no procedure for it.

    Examples
    --------
    >>> holm = bonferroni_graph([[0.01, 0.02, 0.03]], [1 / 3] * 3, [[0, .5, .5], [.5, 0, .5], [.5, .5, 0]], 0.05)
    >>> holm.rejected.tolist(), holm.adjusted.round(4).tolist()
    ([[True, True, True]], [[0.03, 0.04, 0.04]])
    """
    start, passes = checked_graph(weights, transitions, alpha)
    values = checked_p(p)
    weight = np.broadcast_to(start, values.shape).copy()
    graph = np.broadcast_to(passes, (*values.shape, start.size)).copy()
    remaining = np.ones(values.shape, dtype=np.bool_)
    adjusted = np.ones(values.shape)
    largest = np.zeros(len(values))
    for _ in range(start.size):
        ratio = np.divide(values, weight, out=np.full(values.shape, np.inf), where=remaining & (weight > 0))
        chosen = least(ratio, remaining)
        largest = np.maximum(largest, np.minimum(np.take_along_axis(ratio, chosen, 1)[:, 0], 1.0))
        np.put_along_axis(adjusted, chosen, largest[:, None], 1)
        np.put_along_axis(remaining, chosen, False, 1)
        weight, graph = without(weight, graph, chosen)
    return GraphTest(rejected=adjusted <= alpha, adjusted=adjusted)


def least(ratio: Floats, remaining: Mask) -> NDArray[np.intp]:
    """The remaining hypothesis with the least ratio, (replicate, 1); the first of equals."""
    order = np.where(remaining, np.minimum(ratio, np.finfo(np.float64).max), np.inf)
    return np.asarray(order.argmin(axis=1)[:, None], dtype=np.intp)


def without(weight: Floats, graph: Floats, chosen: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Pass on the weight of the chosen hypothesis and take it out of the graph."""
    out = np.take_along_axis(graph, chosen[:, :, None], 1)[:, 0]
    into = np.take_along_axis(graph, chosen[:, None, :], 2)[:, :, 0]
    passed = weight + np.take_along_axis(weight, chosen, 1) * out
    np.put_along_axis(passed, chosen, 0.0, 1)
    loop = (into * out)[:, :, None]
    through = graph + into[:, :, None] * out[:, None, :]
    graph = np.divide(through, 1 - loop, out=np.zeros_like(graph), where=loop < CLOSED)
    np.put_along_axis(graph, chosen[:, :, None], 0.0, 1)
    np.put_along_axis(graph, chosen[:, None, :], 0.0, 2)
    hypotheses = np.arange(weight.shape[1])
    graph[:, hypotheses, hypotheses] = 0.0
    return passed, graph


def checked_graph(weights: ArrayLike, transitions: ArrayLike, alpha: float) -> tuple[Floats, Floats]:
    """Weights and transitions as floats; ValueError where they or alpha break the rules."""
    start, passes = np.asarray(weights, dtype=np.float64), np.asarray(transitions, dtype=np.float64)
    if passes.shape != (start.size, start.size):
        raise ValueError(f"transitions has shape {passes.shape}; {start.size} weights need a square of that side.")
    if (start < 0).any() or start.sum() > 1 + SLACK:
        raise ValueError(f"weights are {start.tolist()}; none may be negative, their sum at most 1.")
    if (passes < 0).any() or (passes.sum(axis=1) > 1 + SLACK).any() or np.diagonal(passes).any():
        raise ValueError(
            f"transitions are {passes.tolist()}; none may be negative, a row sums to at most 1, the diagonal is 0."
        )
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}; a level lies between 0 and 1. Change alpha.")
    return start, passes
