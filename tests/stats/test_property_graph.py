"""The graphical procedure: consistency, special cases, and what it must refuse."""

import numpy as np
import pytest

from pivotal import stats

SUCCESSIVE = ([0.5, 0.5, 0, 0], [[0, 0.5, 0.5, 0], [0.5, 0, 0, 0.5], [0, 1, 0, 0], [1, 0, 0, 0]])


def sequential(p, weights, transitions, alpha):
    """The rejective procedure in its words, hypothesis by hypothesis (Bretz et al. 2009, algorithm 1)."""
    weight, graph, left = list(weights), np.array(transitions, dtype=float), set(range(len(p)))
    while True:
        found = [j for j in left if weight[j] > 0 and p[j] / weight[j] <= alpha]
        if not found:
            return [j not in left for j in range(len(p))]
        j = found[0]
        left.discard(j)
        old = graph.copy()
        for i in left:
            weight[i] += weight[j] * old[j, i]
            for k in left:
                loop = old[i, j] * old[j, i]
                graph[i, k] = 0 if i == k or loop > 1 - 1e-12 else (old[i, k] + old[i, j] * old[j, k]) / (1 - loop)


def test_against_the_procedure_in_words():
    p = np.random.default_rng(21).beta(0.4, 4, (400, 4))
    result = stats.bonferroni_graph(p, *SUCCESSIVE, 0.05)
    assert result.rejected.tolist() == [sequential(row, *SUCCESSIVE, 0.05) for row in p]
    assert 0.1 < result.rejected.mean() < 0.9


def test_rejected_is_adjusted_at_most_alpha():
    p = np.random.default_rng(22).beta(0.4, 4, (300, 4))
    for alpha in (0.01, 0.025, 0.05, 0.2):
        result = stats.bonferroni_graph(p, *SUCCESSIVE, alpha)
        np.testing.assert_array_equal(result.rejected, result.adjusted <= alpha)
    assert (result.adjusted >= p).all()
    assert (result.adjusted <= 1).all()


def test_p_at_the_level_is_rejected_and_beyond_it_not():
    p = np.array([[0.0125, 1, 1, 1], [np.nextafter(0.0125, 1), 1, 1, 1]])
    result = stats.bonferroni_graph(p, *SUCCESSIVE, 0.025)
    assert result.rejected[:, 0].tolist() == [True, False]


def test_missing_p_counts_as_one():
    result = stats.bonferroni_graph([[np.nan, 0.001, 0.5, 0.001]], *SUCCESSIVE, 0.05)
    known = stats.bonferroni_graph([[1, 0.001, 0.5, 0.001]], *SUCCESSIVE, 0.05)
    np.testing.assert_array_equal(result.adjusted, known.adjusted)
    assert not result.rejected[0, 0]


def test_no_weight_no_rejection():
    result = stats.bonferroni_graph([[0.9, 0.0]], [1, 0], [[0, 1], [0, 0]], 0.05)
    assert result.rejected.tolist() == [[False, False]]


def test_batch_is_one_by_one():
    p = np.random.default_rng(23).beta(0.4, 4, (50, 4))
    batch = stats.bonferroni_graph(p, *SUCCESSIVE, 0.05).adjusted
    single = [stats.bonferroni_graph(row[None], *SUCCESSIVE, 0.05).adjusted[0] for row in p]
    np.testing.assert_array_equal(batch, single)


def test_order_of_hypotheses():
    p = np.random.default_rng(24).beta(0.4, 4, (100, 4))
    order = [2, 0, 3, 1]
    weights, transitions = np.array(SUCCESSIVE[0])[order], np.array(SUCCESSIVE[1])[np.ix_(order, order)]
    moved = stats.bonferroni_graph(p[:, order], weights, transitions, 0.05)
    straight = stats.bonferroni_graph(p, *SUCCESSIVE, 0.05)
    np.testing.assert_allclose(moved.adjusted, straight.adjusted[:, order], rtol=1e-12)


@pytest.mark.parametrize(
    ("weights", "transitions", "alpha", "words"),
    [
        ([0.6, 0.6], [[0, 1], [1, 0]], 0.05, "their sum at most 1"),
        ([0.5, 0.5], [[0.5, 0.5], [1, 0]], 0.05, "the diagonal is 0"),
        ([0.5, 0.5], [[0, 1.5], [1, 0]], 0.05, "sums to at most 1"),
        ([0.5, 0.5], [[0, 1, 0], [1, 0, 0]], 0.05, "square"),
        ([0.5, 0.5], [[0, 1], [1, 0]], 5, "between 0 and 1"),
    ],
)
def test_refuses(weights, transitions, alpha, words):
    with pytest.raises(ValueError, match=words):
        stats.bonferroni_graph([[0.1, 0.2]], weights, transitions, alpha)
