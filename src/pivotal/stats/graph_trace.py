"""How a graphical procedure came to its end: step by step, and the graph that is left."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.graph import checked_graph, least, without
from pivotal.stats.graphs import Graph
from pivotal.stats.p_adjust import checked_p
from pivotal.stats.tables import Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphTrace:
    """The steps of a graphical procedure.

    Attributes
    ----------
    order
        The step at which each hypothesis was rejected, from 1; 0 where it was not, (replicate, hypothesis).
    weights
        Weights before each step, (replicate, step, hypothesis): the first are the graph's own, the last those that are
        left at the end. A hypothesis taken out has 0; after the last rejection nothing changes any more.
    transitions
        At the end, (replicate, hypothesis, hypothesis); rows and columns of rejected hypotheses are 0.
    level
        The level at which each hypothesis was tested last: at its rejection, or at the end, (replicate, hypothesis).
    """

    order: NDArray[np.intp]
    weights: Floats
    transitions: Floats
    level: Floats

    @property
    def rejected(self) -> Mask:
        """Whether each hypothesis was rejected, (replicate, hypothesis)."""
        return self.order > 0


def graph_trace(p: ArrayLike, weights: ArrayLike, transitions: ArrayLike, alpha: float) -> GraphTrace:
    """Follow the sequentially rejective graphical procedure step by step.

    Parameters
    ----------
    p, weights, transitions, alpha
        As in `bonferroni_graph`, whose decisions these are.

    Returns
    -------
    GraphTrace

    Raises
    ------
    ValueError
        If weights, transitions, alpha or a p-value break their rules.

    Notes
    -----
    Bretz, Maurer, Brannath and Posch (2009), doi:10.1002/sim.3495, algorithm 1. Where several hypotheses can be
    rejected the one with the least p/w is next; what is rejected, and the final graph, do not depend on that. R
    `graphicalMCP::graph_test_shortcut` with `verbose = TRUE`.

    Examples
    --------
    >>> trace = graph_trace([[0.03, 0.01]], [0.5, 0.5], [[0, 1], [1, 0]], 0.05)
    >>> trace.order.tolist(), trace.weights[0].tolist(), trace.level.tolist()
    ([[2, 1]], [[0.5, 0.5], [1.0, 0.0], [0.0, 0.0]], [[0.05, 0.025]])
    """
    start, passes = checked_graph(weights, transitions, alpha)
    values = checked_p(p)
    weight = np.broadcast_to(start, values.shape).copy()
    graph = np.broadcast_to(passes, (*values.shape, start.size)).copy()
    order = np.zeros(values.shape, dtype=np.intp)
    level = np.zeros(values.shape)
    history = [weight]
    for step in range(1, start.size + 1):
        ratio = np.divide(values, weight, out=np.full(values.shape, np.inf), where=(order == 0) & (weight > 0))
        chosen = least(ratio, order == 0)
        goes = np.flatnonzero(np.take_along_axis(ratio, chosen, 1)[:, 0] <= alpha)
        picked = chosen[goes]
        order[goes, picked[:, 0]] = step
        level[goes, picked[:, 0]] = weight[goes, picked[:, 0]] * alpha
        weight = weight.copy()
        weight[goes], graph[goes] = without(weight[goes], graph[goes], picked)
        history.append(weight)
    return GraphTrace(
        order=order,
        weights=np.stack(history, axis=1),
        transitions=graph,
        level=np.where(order > 0, level, weight * alpha),
    )


def update_graph(weights: ArrayLike, transitions: ArrayLike, rejected: Collection[int]) -> Graph:
    """The graph that is left when some hypotheses are rejected.

    Parameters
    ----------
    weights, transitions
        Of the graph, as in `bonferroni_graph`.
    rejected
        Positions of the hypotheses taken out, in any order.

    Returns
    -------
    Graph
        Of the same size; what was taken out has weight 0 and neither passes nor takes.

    Raises
    ------
    ValueError
        If weights or transitions break their rules.

    Notes
    -----
    Bretz et al. (2009), doi:10.1002/sim.3495: the order makes no difference.

    Examples
    --------
    >>> update_graph([0.5, 0.5], [[0, 1], [1, 0]], [0]).weights.tolist()
    [0.0, 1.0]
    """
    start, passes = checked_graph(weights, transitions, 0.5)
    weight, graph = start[None].copy(), passes[None].copy()
    for hypothesis in sorted(set(rejected)):
        weight, graph = without(weight, graph, np.array([[hypothesis]], dtype=np.intp))
    return Graph(weight[0], graph[0])
