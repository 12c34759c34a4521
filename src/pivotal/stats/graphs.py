"""Graphs of multiple testing for common strategies: Holm, fixed sequence, fallback, gatekeeping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Floats


class Graph(NamedTuple):
    """A testing graph; unpack it into the tests: ``bonferroni_graph(p, *graph, alpha)``.

    Attributes
    ----------
    weights
        Share of alpha of every hypothesis, (hypothesis,).
    transitions
        Share of its level that a rejected hypothesis (row) passes to each other, (hypothesis, hypothesis).
    """

    weights: Floats
    transitions: Floats


def holm_graph(hypotheses: int, weights: ArrayLike | None = None) -> Graph:
    """Holm's procedure: every rejected hypothesis passes its level to the others in the ratio of their weights.

    Parameters
    ----------
    hypotheses
        How many.
    weights
        Their shares, all positive, for the weighted procedure; equal by default.

    Returns
    -------
    Graph

    Raises
    ------
    ValueError
        For fewer than one hypothesis, or a weight that is not positive.

    Notes
    -----
    Holm (1979, www.jstor.org/stable/4615733).

    Examples
    --------
    >>> holm_graph(3).transitions.tolist()
    [[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]]
    """
    if hypotheses < 1:
        raise ValueError(f"hypotheses is {hypotheses}; at least 1 is wanted.")
    share = np.full(hypotheses, 1 / hypotheses) if weights is None else np.asarray(weights, dtype=np.float64)
    if share.shape != (hypotheses,) or (share <= 0).any():
        raise ValueError(f"weights are {share.tolist()}; Holm's procedure wants {hypotheses} positive ones.")
    others = np.where(np.eye(hypotheses, dtype=np.bool_), 0.0, share)
    total = others.sum(axis=1, keepdims=True)
    return Graph(share, np.divide(others, total, out=np.zeros_like(others), where=total > 0))


def fixed_sequence_graph(hypotheses: int) -> Graph:
    """A fixed sequence: the whole alpha starts at the first and goes to the next.

    Parameters
    ----------
    hypotheses
        How many.

    Returns
    -------
    Graph

    Examples
    --------
    >>> fixed_sequence_graph(2).weights.tolist(), fixed_sequence_graph(2).transitions.tolist()
    ([1.0, 0.0], [[0.0, 1.0], [0.0, 0.0]])
    """
    if hypotheses < 1:
        raise ValueError(f"hypotheses is {hypotheses}; at least 1 is wanted.")
    return Graph(np.eye(hypotheses)[0], np.eye(hypotheses, k=1))


def fallback_graph(weights: ArrayLike, *, back: bool = False) -> Graph:
    """The fallback procedure: each has a share of alpha and passes it to the next.

    Parameters
    ----------
    weights
        Shares of alpha in the order of testing, (hypothesis,).
    back
        Whether the last passes its share back to those before it, in the ratio of their weights (Wiens and Dmitrienko
        2005, doi:10.1080/10543400500265660, the improved procedure).

    Returns
    -------
    Graph

    Notes
    -----
    Wiens (2003), doi:10.1002/pst.64.

    Examples
    --------
    >>> fallback_graph([0.5, 0.3, 0.2]).transitions.tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """
    share = np.asarray(weights, dtype=np.float64)
    transitions = np.eye(share.size, k=1)
    before = share[:-1].sum()
    if back and before > 0:
        transitions[-1, :-1] = share[:-1] / before
    return Graph(share, transitions)


def gatekeeper(
    families: Sequence[Sequence[int]], kind: Literal["parallel", "serial"] = "parallel", *, epsilon: float = 1e-8
) -> Graph:
    """Gatekeeping: families of hypotheses in an order, with Holm's procedure in the last.

    Parameters
    ----------
    families
        Positions of the hypotheses of each family, in the order of testing; every hypothesis once.
    kind
        ``parallel``: a family passes on what its rejected hypotheses hold (Bonferroni within it); ``serial``: the next
        family is tested only when all are rejected (Holm within each).
    epsilon
        Of a serial gatekeeper whose families have several hypotheses: the share that leaks to the next family before
        the whole is rejected. A graph of numbers can't have it 0: a p-value below epsilon alpha may be rejected
        early, with the familywise error still controlled. `serial_gatekeeper` has no leak.

    Returns
    -------
    Graph

    Raises
    ------
    ValueError
        If the families do not hold every hypothesis once, or for another kind.

    Notes
    -----
    Dmitrienko, Offen and Westfall (2003), doi:10.1002/sim.1526; as graphs Bretz et al. (2009), doi:10.1002/sim.3495.

    Examples
    --------
    >>> gatekeeper([[0, 1], [2, 3]]).transitions.tolist()
    [[0.0, 0.0, 0.5, 0.5], [0.0, 0.0, 0.5, 0.5], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]]
    """
    if kind not in ("parallel", "serial"):
        raise ValueError(f"kind is {kind!r}; it is 'parallel' or 'serial'.")
    hypotheses = sum(len(family) for family in families)
    each_once(families, hypotheses)
    if not families or not all(families):
        raise ValueError(f"families are {[list(f) for f in families]}; each holds at least one hypothesis.")
    weights, transitions = np.zeros(hypotheses), np.zeros((hypotheses, hypotheses))
    weights[list(families[0])] = 1 / len(families[0])
    for position, family in enumerate(families):
        following = families[position + 1] if position + 1 < len(families) else ()
        within = len(family) - 1 if kind == "serial" or not following else 0
        onward = 0.0 if not following else 1.0 if not within else epsilon
        for h in family:
            if within:
                transitions[h, [k for k in family if k != h]] = (1 - onward) / within
            if following:
                transitions[h, list(following)] = onward / len(following)
    return Graph(weights, transitions)


def each_once(families: Sequence[Sequence[int]], hypotheses: int) -> None:
    """ValueError unless the families hold every hypothesis once."""
    if sorted(h for family in families for h in family) != list(range(hypotheses)):
        raise ValueError(
            f"families are {[list(f) for f in families]}; they hold each of the hypotheses 0 to {hypotheses - 1} once."
        )
