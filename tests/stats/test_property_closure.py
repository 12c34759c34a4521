"""The closed test, the fast shortcut and the procedure in its words give the same; what each local test must be."""

import itertools

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pivotal import stats
from pivotal.stats import LocalTest

from .tolerances import SAME

RNG = np.random.default_rng(41)
P = np.concatenate([RNG.beta(0.4, 3, (80, 4)), RNG.integers(0, 6, (40, 4)) / 100])
SUCCESSIVE = stats.Graph(
    np.array([0.5, 0.5, 0, 0]), np.array([[0, 0.5, 0.5, 0], [0.5, 0, 0, 0.5], [0, 1, 0, 0], [1, 0, 0, 0.0]])
)
UNEVEN = stats.Graph(
    np.array([0.4, 0.3, 0.2, 0.0]), np.array([[0, 0.2, 0.3, 0.5], [0.1, 0, 0.6, 0.1], [0.9, 0, 0, 0.1], [0, 0, 0, 0.0]])
)
EVEN = stats.holm_graph(4)
GRAPHS = {"successive": SUCCESSIVE, "uneven": UNEVEN, "holm": EVEN,
          "sequence": stats.fixed_sequence_graph(4), "fallback": stats.fallback_graph([0.4, 0.3, 0.2, 0.1], back=True),
          "gates": stats.gatekeeper([[0, 1], [2, 3]])}  # fmt: skip


def weights_in_words(graph, inside):
    """Algorithm 1 of Bretz et al. (2011): take out, one by one, what is not in the intersection."""
    weight, passes = np.array(graph.weights, dtype=float), np.array(graph.transitions, dtype=float)
    left = list(range(len(weight)))
    for j in [h for h in left if h not in inside]:
        left.remove(j)
        new = np.zeros_like(passes)
        for i, k in itertools.permutations(left, 2):
            loop = passes[i, j] * passes[j, i]
            new[i, k] = (passes[i, k] + passes[i, j] * passes[j, k]) / (1 - loop) if loop < 1 - 1e-12 else 0
        for i in left:
            weight[i] += weight[j] * passes[j, i]
        weight[j], passes = 0, new
    return weight


def closed_in_words(p, graph, intersection):
    """Reject what every intersection that holds it rejects: adjusted p-values, one replicate."""
    adjusted = np.zeros(len(p))
    for size in range(1, len(p) + 1):
        for inside in itertools.combinations(range(len(p)), size):
            weight = weights_in_words(graph, inside)
            value = min(1.0, intersection({h: (p[h], weight[h]) for h in inside if weight[h] > 0}))
            for h in inside:
                adjusted[h] = max(adjusted[h], value)
    return adjusted


def bonferroni(given):
    return min((p / w for p, w in given.values()), default=np.inf)


def simes(given):
    return min((p / sum(w for q, w in given.values() if q <= p) for p, _ in given.values()), default=np.inf)


def hochberg(given):
    ordered = sorted(given.values())
    total = sum(w for _, w in ordered)
    return min((p * (len(ordered) - j) / total for j, (p, _) in enumerate(ordered)), default=np.inf)


def parametric(correlation, abseps=1e-6):
    def value(given):
        if not given:
            return np.inf
        least = min(p / w for p, w in given.values())
        bounds = scipy_stats.norm.isf([min(1, least * w) for _, w in given.values()])
        known = correlation[np.ix_(list(given), list(given))]
        total = sum(w for _, w in given.values())
        if len(given) == 1:
            return least
        inside = scipy_stats.multivariate_normal(np.zeros(len(given)), known, seed=1, abseps=abseps).cdf(bounds)
        return (1 - inside) / total

    return value


@pytest.mark.parametrize("name", GRAPHS)
def test_three_ways_of_the_bonferroni_graph(name):
    graph = GRAPHS[name]
    words = [closed_in_words(row, graph, bonferroni) for row in P]
    closed = stats.closed_graph(P, *graph, 0.05)
    shortcut = stats.bonferroni_graph(P, *graph, 0.05)
    np.testing.assert_allclose(closed.adjusted, words, rtol=1e-12)
    np.testing.assert_allclose(shortcut.adjusted, words, rtol=1e-12)
    apart = np.abs(shortcut.adjusted - 0.05) > 1e-12  # p-values on a level: the two divide in another order
    np.testing.assert_array_equal(closed.rejected[apart], shortcut.rejected[apart])
    assert not closed.error.any()


@pytest.mark.parametrize("name", GRAPHS)
def test_trace_makes_the_decisions_of_the_shortcut(name):
    graph = GRAPHS[name]
    trace = stats.graph_trace(P, *graph, 0.05)
    shortcut = stats.bonferroni_graph(P, *graph, 0.05)
    np.testing.assert_array_equal(trace.rejected, shortcut.rejected)
    for row in range(len(P)):
        gone = [int(h) for h in np.flatnonzero(trace.rejected[row])]
        left = stats.update_graph(*graph, gone)
        np.testing.assert_allclose(trace.weights[row, -1], left.weights, atol=1e-12)
        np.testing.assert_allclose(trace.transitions[row], left.transitions, atol=1e-12)
        tested = trace.level[row] > 0
        apart = tested & (np.abs(P[row] - trace.level[row]) > 1e-12)
        np.testing.assert_array_equal((P[row] <= trace.level[row])[apart], trace.rejected[row][apart])
        assert not trace.rejected[row][~tested].any()
        assert sorted(trace.order[row][trace.order[row] > 0]) == list(range(1, len(gone) + 1))


@pytest.mark.parametrize("name", GRAPHS)
def test_closure_weights_in_words(name):
    graph = GRAPHS[name]
    found = stats.closure_weights(*graph)
    assert len(found.members) == 15
    assert len({tuple(row) for row in found.members.tolist()}) == 15
    for members, weights in zip(found.members, found.weights, strict=True):
        np.testing.assert_allclose(weights, weights_in_words(graph, list(np.flatnonzero(members))), atol=1e-12)
    assert (found.weights.sum(axis=1) <= 1 + 1e-12).all()


@pytest.mark.parametrize("name", GRAPHS)
def test_simes_in_words(name):
    found = stats.closed_graph(P, *GRAPHS[name], 0.05, "simes", positive_dependence=True)
    np.testing.assert_allclose(found.adjusted, [closed_in_words(row, GRAPHS[name], simes) for row in P], rtol=1e-12)
    assert (found.adjusted <= stats.bonferroni_graph(P, *GRAPHS[name], 0.05).adjusted * (1 + 1e-12)).all()


def test_hochberg_in_words_and_against_its_p_values():
    found = stats.closed_graph(P, *GRAPHS["holm"], 0.05, "hochberg", positive_dependence=True)
    np.testing.assert_allclose(
        found.adjusted, [closed_in_words(row, GRAPHS["holm"], hochberg) for row in P], rtol=1e-12
    )
    np.testing.assert_allclose(found.adjusted, stats.adjust_p(P, "hochberg", positive_dependence=True), rtol=1e-12)
    simes_test = stats.closed_graph(P, *GRAPHS["holm"], 0.05, "simes", positive_dependence=True)
    np.testing.assert_allclose(simes_test.adjusted, stats.adjust_p(P, "hommel", positive_dependence=True), rtol=1e-12)


def test_holm_graph_is_holm():
    np.testing.assert_allclose(
        stats.bonferroni_graph(P, *stats.holm_graph(4), 0.05).adjusted, stats.adjust_p(P, "holm"), rtol=1e-12
    )


@pytest.mark.parametrize("name", ["successive", "uneven"])
def test_parametric_in_words(name):
    correlation = stats.control_correlation([1, 2, 1, 3], 1)
    test = LocalTest(members=(0, 1, 2, 3), test="parametric", correlation=correlation)
    few = P[:12]
    found = stats.closed_graph(few, *GRAPHS[name], 0.025, [test])
    words = [closed_in_words(row, GRAPHS[name], parametric(correlation)) for row in few]
    np.testing.assert_allclose(found.adjusted, words, atol=2e-5)
    assert (found.adjusted <= stats.bonferroni_graph(few, *GRAPHS[name], 0.025).adjusted + 1e-12).all()


def test_mixed_groups_in_words():
    correlation = np.array([[1, 0.5], [0.5, 1]])
    pair = LocalTest(members=(0, 1), test="parametric", correlation=correlation)
    rest = LocalTest(members=(3, 2), test="simes")
    found = stats.closed_graph(P[:40], *SUCCESSIVE, 0.025, [pair, rest], positive_dependence=True)
    square = np.eye(4)
    square[:2, :2] = correlation

    def mixed(given):
        first = {h: v for h, v in given.items() if h < 2}
        return min(parametric(square)(first), simes({h: v for h, v in given.items() if h >= 2}))

    np.testing.assert_allclose(found.adjusted, [closed_in_words(row, SUCCESSIVE, mixed) for row in P[:40]], atol=2e-5)


def test_parametric_with_equal_weights_is_step_down_dunnett():
    rng = np.random.default_rng(42)
    estimate = rng.normal(0.3, 0.5, (30, 3))
    n, n_control, df = np.array([20, 30, 10]), 15, 40
    for alternative in ("greater", "two-sided"):
        reference = stats.dunnett(estimate, np.full((30, 3), 0.3), n, n_control, df, alternative=alternative)
        test = LocalTest(
            members=(0, 1, 2),
            test="parametric",
            correlation=stats.control_correlation(n, n_control),
            df=df,
            two_sided=alternative == "two-sided",
        )
        found = stats.closed_graph(reference.p, *stats.holm_graph(3), 0.05, [test])
        np.testing.assert_allclose(found.adjusted, reference.p_step_down, atol=1e-10)


def test_general_correlation_is_sampled_with_a_stated_error():
    correlation = np.array([[1, 0.8, 0.1, 0.3], [0.8, 1, 0.4, 0.2], [0.1, 0.4, 1, 0.6], [0.3, 0.2, 0.6, 1]])
    test = LocalTest(members=(0, 1, 2, 3), test="parametric", correlation=correlation)
    first = stats.closed_graph(P[:10], *EVEN, 0.025, [test])
    again = stats.closed_graph(P[:10], *EVEN, 0.025, [test])
    np.testing.assert_array_equal(first.adjusted, again.adjusted)
    assert 0 < first.error.max() < 1e-4
    words = [closed_in_words(row, EVEN, parametric(correlation, 1e-5)) for row in P[:4]]
    np.testing.assert_allclose(first.adjusted[:4], words, atol=1e-4)


@pytest.mark.parametrize("kind", ["bonferroni", "simes", "hochberg", "parametric"])
def test_monotone_batched_and_decided_by_the_adjusted(kind):
    correlation = stats.control_correlation([1, 1, 1, 1], 1)
    tests = [LocalTest(members=(0, 1, 2, 3), test=kind, correlation=correlation)]
    graph = stats.holm_graph(4)

    def run(p):
        return stats.closed_graph(p, *graph, 0.05, tests, positive_dependence=True)

    batch = run(P[:20])
    single = np.concatenate([run(row[None]).adjusted for row in P[:20]])
    np.testing.assert_allclose(batch.adjusted, single, rtol=SAME)
    np.testing.assert_array_equal(batch.rejected, batch.adjusted <= 0.05)
    assert (batch.adjusted >= P[:20] * (1 - 1e-12)).all()
    larger = P[:20].copy()
    larger[:, 1] = np.minimum(1, larger[:, 1] + 0.004)
    assert (run(larger).adjusted >= batch.adjusted - 1e-13).all()


def test_missing_p_is_not_rejected():
    given = np.array([[0.001, np.nan, 0.001, 0.001]])
    known = np.array([[0.001, 1, 0.001, 0.001]])
    for tests in ("bonferroni", "simes"):
        found = stats.closed_graph(given, *SUCCESSIVE, 0.05, tests, positive_dependence=True)
        np.testing.assert_array_equal(
            found.adjusted, stats.closed_graph(known, *SUCCESSIVE, 0.05, tests, positive_dependence=True).adjusted
        )
        assert not found.rejected[0, 1]


def refused(words, p=((0.1, 0.2),), graph=None, tests="bonferroni", **more):
    with pytest.raises(ValueError, match=words):
        stats.closed_graph(p, *(graph or stats.holm_graph(2)), 0.05, tests, **more)


def test_refuses():
    square = np.array([[1, 0.5], [0.5, 1]])
    refused("positively dependent", tests="simes")
    refused("positively dependent", tests="hochberg")
    refused("positively dependent", tests="simes", positive_dependence="yes")
    refused("no correlation", tests="parametric")
    refused("wanted once", tests=[LocalTest(members=(0,))])
    refused("one of bonferroni", tests=[LocalTest(members=(0, 1), test="scheffe")])
    refused("one row each", tests=[LocalTest(members=(0, 1), test="parametric", correlation=np.eye(3))])
    refused("positive definite", tests=[LocalTest(members=(0, 1), test="parametric", correlation=np.ones((2, 2)))])
    refused("df is 0", tests=[LocalTest(members=(0, 1), test="parametric", correlation=square, df=0)])
    refused("equal ones", graph=stats.Graph([0.6, 0.4], square - np.eye(2)), tests="hochberg", positive_dependence=True)
    refused("between 0 and 1", p=[[0.1, -0.2]])
    refused("12 at most", p=np.full((1, 13), 0.1), graph=stats.holm_graph(13))
