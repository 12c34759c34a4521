"""Graphical procedures as closed tests: every intersection hypothesis tested by its own weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Floats
from pivotal.stats.graph import checked_graph, without
from pivotal.stats.intersection import Kind, LocalTest, checked_tests, intersection_p
from pivotal.stats.p_adjust import checked_p
from pivotal.stats.tables import Mask

# 2^12 intersections, each a pass over all replicates: some seconds for ten thousand.
MOST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedTest:
    """Outcome of a closed test.

    Attributes
    ----------
    rejected
        (replicate, hypothesis); exactly `adjusted` <= alpha.
    adjusted
        Adjusted p-values, (replicate, hypothesis): the greatest p-value of an intersection that holds the hypothesis.
    error
        Standard error of sampled integrals, the greatest of any intersection that holds the hypothesis; 0 where none is
        sampled.
    intersections
        P-values of the intersections, (replicate, intersection), in the order of `closure_weights`.
    """

    rejected: Mask
    adjusted: Floats
    error: Floats
    intersections: Floats


@dataclass(frozen=True, slots=True)
class ClosureWeights:
    """The weighting strategy of a graph.

    Attributes
    ----------
    members
        (intersection, hypothesis): which are in it; from the whole family to single hypotheses.
    weights
        (intersection, hypothesis): what each has when all others are rejected; 0 for those.
    """

    members: Mask
    weights: Floats


def closure_weights(weights: ArrayLike, transitions: ArrayLike) -> ClosureWeights:
    """Weights of every intersection hypothesis of a graph.

    Parameters
    ----------
    weights, transitions
        Of the graph, as in `bonferroni_graph`; at most 12 hypotheses.

    Returns
    -------
    ClosureWeights

    Raises
    ------
    ValueError
        If weights or transitions break their rules, or for more than 12 hypotheses.

    Notes
    -----
    Bretz et al. (2011), doi:10.1002/bimj.201000239, algorithm 1: take out the hypotheses that are not in the
    intersection.
    R `graphicalMCP::graph_generate_weights`.

    Examples
    --------
    >>> closure_weights([0.5, 0.5], [[0, 1], [1, 0]]).weights.tolist()
    [[0.5, 0.5], [0.0, 1.0], [1.0, 0.0]]
    """
    start, passes = checked_graph(weights, transitions, 0.5)
    size = start.size
    if size > MOST:
        raise ValueError(f"{size} hypotheses have 2^{size} intersections; a closed test takes {MOST} at most.")
    members = (np.arange(2**size)[:, None] >> np.arange(size) & 1).astype(np.bool_)
    weight = np.zeros((2**size, size))
    graph = np.zeros((2**size, size, size))
    weight[-1], graph[-1] = start, passes
    for count in range(size - 1, 0, -1):
        sets = np.flatnonzero(members.sum(axis=1) == count)
        gone = members[sets].argmin(axis=1)[:, None]  # the first that is not in it
        parents = sets + (1 << gone[:, 0])
        weight[sets], graph[sets] = without(weight[parents], graph[parents], gone)
    order = np.lexsort((-np.arange(2**size), -members.sum(axis=1)))[:-1]
    return ClosureWeights(members[order], weight[order])


def closed_graph(
    p: ArrayLike,
    weights: ArrayLike,
    transitions: ArrayLike,
    alpha: float,
    tests: Sequence[LocalTest] | Kind = "bonferroni",
    *,
    positive_dependence: bool = False,
) -> ClosedTest:
    """Test hypotheses by the closed test of a graph.

    Parameters
    ----------
    p
        P-values, (replicate, hypothesis); NaN counts as 1.
    weights, transitions
        Of the graph, as in `bonferroni_graph`; at most 12 hypotheses.
    alpha
        Familywise level.
    tests
        How the members of an intersection are tested: one kind for all, or `LocalTest` groups that hold each hypothesis
        once; between groups the test is weighted Bonferroni.
    positive_dependence
        Must be True where a test is ``simes`` or ``hochberg``.

    Returns
    -------
    ClosedTest

    Raises
    ------
    ValueError
        If the graph, alpha, a p-value or a test breaks its rules; for simes or hochberg without declared positive
        dependence; for hochberg where an intersection has unequal weights.

    Notes
    -----
    Bretz, Posch, Glimm, Klinglmueller, Maurer and Rohmeyer (2011), doi:10.1002/bimj.201000239. The p-value of an
    intersection is the least of its groups', each being

    - bonferroni: least p_i / w_i
    - simes: least p_(j) / (weight of all up to p_(j))
    - hochberg: least (n - j + 1) p_(j) / W, W the group's weight, for equal weights (Xi and Bretz 2019)
    - parametric: P(some p_i <= q w_i) / W with q = least p_i / w_i, under the known correlation (Xi et al. 2017)

    and a hypothesis is rejected where every intersection that holds it has a p-value of at most alpha. With Bonferroni
    throughout this is `bonferroni_graph`. R `graphicalMCP::graph_test_closure` samples parametric tests (about 1e-4)
    and rounds p-values to ten decimals before it compares them with alpha; this does neither.

    Examples
    --------
    >>> graph = ([0.5, 0.5], [[0, 1], [1, 0]])
    >>> closed_graph([[0.03, 0.04]], *graph, 0.05, "simes", positive_dependence=True).rejected.tolist()
    [[True, True]]
    >>> known = LocalTest(members=(0, 1), test="parametric", correlation=np.array([[1, 0.5], [0.5, 1]]))
    >>> closed_graph([[0.013, 0.3]], *graph, 0.025, [known]).adjusted.round(6).tolist()
    [[0.024138, 0.3]]
    """
    start, passes = checked_graph(weights, transitions, alpha)
    values = checked_p(p)
    groups = checked_tests(tests, start.size, positive_dependence)
    closure = closure_weights(start, passes)
    adjusted, error = np.zeros(values.shape), np.zeros(values.shape)
    found = np.empty((len(values), len(closure.members)))
    for position, (members, share) in enumerate(zip(closure.members, closure.weights, strict=True)):
        each = [intersection_p(values, share, one) for one in groups]
        found[:, position] = np.minimum(np.min([probability for probability, _ in each], axis=0), 1.0)
        adjusted[:, members] = np.maximum(adjusted[:, members], found[:, position, None])
        error[:, members] = np.maximum(error[:, members], np.max([err for _, err in each], axis=0)[:, None])
    return ClosedTest(rejected=adjusted <= alpha, adjusted=adjusted, error=error, intersections=found)
