"""Adjusted p-values: each against its definition, and what every one of them must be."""

import itertools

import numpy as np
import pytest

from pivotal import stats

from .tolerances import SAME

METHODS = ("bonferroni", "holm", "hochberg", "hommel", "sidak", "holm-sidak", "benjamini-hochberg",
           "benjamini-yekutieli")  # fmt: skip
RNG = np.random.default_rng(31)
P = np.concatenate([RNG.beta(0.4, 3, (60, 5)), RNG.integers(0, 5, (40, 5)) / 4 * 0.06, [[0, 1, 0.5, 1, 0]]])


def adjust(p, method):
    return stats.adjust_p(p, method, positive_dependence=True)


def closed(p, intersection):
    """The closed test in its words: the greatest p-value of an intersection that holds the hypothesis."""
    found = []
    for i in range(len(p)):
        others = [j for j in range(len(p)) if j != i]
        sets = [(i, *more) for size in range(len(p)) for more in itertools.combinations(others, size)]
        found.append(max(min(1, intersection(sorted(p[list(s)]))) for s in sets))
    return found


def simes(p):
    return min(len(p) * value / j for j, value in enumerate(p, 1))


def hochberg(p):
    return min((len(p) - j + 1) * value for j, value in enumerate(p, 1))


@pytest.mark.parametrize(
    ("method", "intersection"),
    [
        ("hommel", simes),
        ("hochberg", hochberg),
        ("holm", lambda p: len(p) * p[0]),
        ("holm-sidak", lambda p: 1 - (1 - p[0]) ** len(p)),
    ],
)
def test_is_the_closed_test_of_its_intersection_test(method, intersection):
    expected = [closed(row, intersection) for row in P]
    np.testing.assert_allclose(adjust(P, method), expected, rtol=1e-12, atol=1e-15)


def test_false_discovery_rates_in_their_words():
    for row, found in zip(P, adjust(P, "benjamini-hochberg"), strict=True):
        order = sorted(row)
        expected = [min(1, min(len(row) * q / j for j, q in enumerate(order, 1) if q >= p)) for p in row]
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    factor = sum(1 / j for j in range(1, 6))
    raw = adjust(P, "benjamini-hochberg")
    inside = raw * factor < 1
    np.testing.assert_allclose(adjust(P, "benjamini-yekutieli")[inside], (raw * factor)[inside], rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_batch_is_one_by_one_in_any_order_and_shape(method):
    batch = adjust(P, method)
    np.testing.assert_allclose(batch, [adjust(row, method) for row in P], rtol=SAME)
    order = [3, 0, 4, 1, 2]
    np.testing.assert_allclose(adjust(P[:, order], method), batch[:, order], rtol=SAME)
    stacked = adjust(P[:100].reshape(10, 10, 5), method)
    np.testing.assert_allclose(stacked.reshape(100, 5), batch[:100], rtol=SAME)


@pytest.mark.parametrize("method", METHODS)
def test_never_less_than_p_and_monotone(method):
    adjusted = adjust(P, method)
    assert (adjusted >= P * (1 - 1e-14)).all()
    assert (adjusted <= 1).all()
    larger = P.copy()
    larger[:, 2] = np.minimum(1, P[:, 2] + 0.01)
    assert (adjust(larger, method) >= adjusted - 1e-15).all()


def test_orders_of_power():
    assert (adjust(P, "holm") <= adjust(P, "bonferroni")).all()
    assert (adjust(P, "hochberg") <= adjust(P, "holm")).all()
    assert (adjust(P, "hommel") <= adjust(P, "hochberg") + 1e-15).all()
    assert (adjust(P, "holm-sidak") <= adjust(P, "holm") + 1e-15).all()


def test_small_p_keeps_its_digits():
    assert stats.adjust_p([1e-20, 0.5, 0.5], "sidak")[0] == pytest.approx(3e-20, rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_missing_p_counts_as_one(method):
    np.testing.assert_array_equal(adjust([0.01, np.nan, 0.02], method), adjust([0.01, 1, 0.02], method))


@pytest.mark.parametrize("method", ["hochberg", "hommel"])
def test_positive_dependence_must_be_declared(method):
    with pytest.raises(ValueError, match="positively dependent"):
        stats.adjust_p([0.01, 0.02], method)


@pytest.mark.parametrize(
    ("p", "method", "words"),
    [([0.1, 1.2], "holm", "between 0 and 1"), ([0.1], "scheffe", "one of bonferroni"), ([], "holm", "at least one")],
)
def test_refuses(p, method, words):
    with pytest.raises(ValueError, match=words):
        stats.adjust_p(p, method)


def test_one_hypothesis_is_not_adjusted():
    for method in METHODS:
        assert adjust([0.03], method)[0] == pytest.approx(0.03, rel=1e-14)


def test_fixed_sequence_and_its_graph():
    graph = stats.bonferroni_graph(P, *stats.fixed_sequence_graph(5), 0.05)
    np.testing.assert_array_equal(stats.fixed_sequence(P), graph.adjusted)


def test_fallback_is_its_closed_test():
    weights = np.array([0.4, 0.1, 0.2, 0.3, 0.0])
    for row, found in zip(P, stats.fallback(P, weights), strict=True):
        expected = np.zeros(5)
        for chosen in itertools.product([False, True], repeat=5):
            if not any(chosen):
                continue
            share, carried = np.zeros(5), 0.0
            for j in range(5):  # a hypothesis takes its own weight and those of the ones just before it that are out
                carried += weights[j]
                if chosen[j]:
                    share[j], carried = carried, 0.0
            value = min(1, min(row[j] / share[j] if share[j] else np.inf for j in range(5) if chosen[j]))
            expected = np.where(chosen, np.maximum(expected, value), expected)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_serial_gatekeeper_is_the_limit_of_its_graph():
    families = [[1, 0], [2, 3], [4]]
    exact = stats.serial_gatekeeper(P, families)
    graph = stats.gatekeeper(families, "serial")
    possible = P.min(axis=1) > 0  # a p-value of 0 passes any level
    limit = stats.bonferroni_graph(P[possible], *graph, 0.05).adjusted
    np.testing.assert_allclose(exact[possible], limit, rtol=1e-6)
    early = np.array([[0.04, 0.04, 1e-30, 1e-30, 1e-30]])
    assert not (stats.serial_gatekeeper(early, families) <= 0.05).any()


def test_parallel_gatekeeper_in_its_words():
    graph = stats.gatekeeper([[0, 1], [2, 3, 4]])
    found = stats.bonferroni_graph(P, *graph, 0.05).rejected
    for row, rejected in zip(P, found, strict=True):
        first = row[:2] <= 0.025
        level = 0.025 * first.sum()
        holm = stats.adjust_p(row[2:], "holm") <= level if level else np.zeros(3, dtype=bool)
        assert rejected.tolist() == [*first.tolist(), *holm.tolist()]


def test_families_hold_each_hypothesis_once():
    with pytest.raises(ValueError, match="once"):
        stats.gatekeeper([[0, 1], [1]])
    with pytest.raises(ValueError, match="once"):
        stats.serial_gatekeeper([0.1, 0.2], [[0]])
    with pytest.raises(ValueError, match="at least one"):
        stats.gatekeeper([[0], []])
    with pytest.raises(ValueError, match="parallel"):
        stats.gatekeeper([[0], [1]], "sideways")
