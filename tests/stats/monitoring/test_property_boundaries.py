"""What must hold of boundaries whatever the numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pivotal import stats


def enumerated(rule, p):
    """Probability of crossing, and mean patients and events, over every sequence of outcomes."""
    n = int(rule.looks[-1])
    total = np.zeros(3)
    for outcome in itertools.product((0, 1), repeat=n):
        sums = np.cumsum(outcome)
        at = next((int(k) for k, c in zip(rule.looks, rule.stop_at, strict=True) if sums[int(k) - 1] >= c), None)
        weight = np.prod([p if x else 1 - p for x in outcome])
        seen = at or n
        total += weight * np.array([at is not None, seen, sums[seen - 1]])
    return total


@pytest.mark.parametrize("looks", [[1, 2, 3, 4, 5, 6, 7, 8], [4, 10], [3, 5, 6, 9]])
@pytest.mark.parametrize("p", [0.0, 0.15, 0.6, 1.0])
def test_crossing_is_enumeration(looks, p):
    rule = stats.beta_binomial_boundary(looks, 0.2, threshold=0.9)
    found = stats.crossing(rule, p)
    ours = [found.probability, found.expected_look, found.expected_events]
    np.testing.assert_allclose(np.array(ours), enumerated(rule, p), atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.02, 0.5), st.floats(0.01, 0.3), st.sampled_from(["pocock", "o'brien-fleming", 0.2]))
def test_alpha_is_kept(limit, alpha, shape):
    looks = [10, 20, 30]
    rule = stats.binomial_boundary(looks, limit, alpha=alpha, shape=shape)
    assert stats.crossing(rule, limit).probability <= alpha
    if shape == "pocock":  # one level throughout: more patients never need fewer events
        assert (np.diff(rule.stop_at) >= 0).all()


@given(st.floats(0.001, 0.1))
@settings(max_examples=20, deadline=None)
def test_crossing_rises_with_the_rate(limit):
    rule = stats.poisson_boundary([50, 100, 200], limit, alpha=0.05)
    found = stats.crossing(rule, limit * np.array([0.5, 1, 2, 4]))
    assert found.probability[1] <= 0.05
    assert (np.diff(found.probability) > 0).all()
    assert (np.diff(found.expected_look) < 0).all()
    np.testing.assert_allclose(found.by_look.sum(-1), found.probability, atol=1e-12)


def test_many_rates_are_one_by_one():
    rule = stats.binomial_boundary(range(1, 41), 0.1, alpha=0.05)
    rates = np.array([[0.05, 0.1], [0.2, 0.3]])
    found = stats.crossing(rule, rates)
    for at in np.ndindex(rates.shape):
        alone = stats.crossing(rule, rates[at])
        np.testing.assert_allclose(found.by_look[at], alone.by_look, atol=1e-15)


def test_two_arms_are_a_binomial_of_events():
    """Given the total, the treated's events: the boundary of equal rates keeps its level for two Poisson counts."""
    rule = stats.binomial_boundary(range(1, 31), float(stats.treated_share(1, 0.8)), alpha=0.05)
    assert stats.crossing(rule, stats.treated_share([1, 3], 0.8)).probability[0] <= 0.05
    assert stats.blinded_rate(0.01, 1, 0.8) == pytest.approx(0.01)


@pytest.mark.parametrize(
    "call",
    [
        lambda: stats.binomial_boundary([10, 5], 0.1, alpha=0.05),
        lambda: stats.binomial_boundary([1.5], 0.1, alpha=0.05),
        lambda: stats.binomial_boundary([10], 1.0, alpha=0.05),
        lambda: stats.binomial_boundary([10], 0.1, alpha=0.0),
        lambda: stats.binomial_boundary([10], 0.1, alpha=0.1, shape="haybittle"),
        lambda: stats.poisson_boundary([0], 0.1, alpha=0.05),
        lambda: stats.beta_binomial_boundary([10], 0.1, prior=(0, 1), threshold=0.9),
        lambda: stats.gamma_poisson_boundary([10], -1, prior=(1, 1), threshold=0.9),
        lambda: stats.crossing(stats.binomial_boundary([10], 0.1, alpha=0.1), 1.2),
        lambda: stats.double_fdr([0.1, 0.2], ["a"]),
        lambda: stats.double_fdr([0.1], ["a"], alpha_term=1),
    ],
)
def test_wrong_numbers_are_refused(call):
    with pytest.raises(ValueError, match=r"is|has"):
        call()


P = st.lists(st.floats(0, 1), min_size=6, max_size=6)


@given(P, P, st.permutations(range(6)))
@settings(max_examples=60, deadline=None)
def test_screen_batched_is_one_by_one_and_does_not_mind_order(first, other, order):
    classes = np.array(["a", "a", "b", "b", "b", "c"])
    both = stats.double_fdr([first, other], classes)
    for r, p in enumerate((first, other)):
        alone = stats.double_fdr(p, classes)
        np.testing.assert_array_equal(both.flagged[r], alone.flagged)
        np.testing.assert_array_equal(both.adjusted[r], alone.adjusted)
    moved = stats.double_fdr(np.array(first)[list(order)], classes[list(order)])
    np.testing.assert_array_equal(moved.flagged, both.flagged[0][list(order)])


@given(P)
@settings(max_examples=60, deadline=None)
def test_one_class_is_benjamini_hochberg(p):
    found = stats.double_fdr(p, ["a"] * 6)
    np.testing.assert_array_equal(found.flagged, stats.adjust_p(p, "benjamini-hochberg") <= 0.05)


@given(P, st.lists(st.booleans(), min_size=6, max_size=6), st.sampled_from(["joint", "within"]))
@settings(max_examples=60, deadline=None)
def test_terms_outside_the_family_are_as_if_not_there(p, tested, second):
    classes = np.array(["a", "a", "b", "b", "b", "c"])
    inside = np.flatnonzero(tested)
    found = stats.double_fdr(p, classes, tested=tested, second=second)
    assert not found.flagged[~np.array(tested)].any()
    if inside.size:
        alone = stats.double_fdr(np.array(p)[inside], classes[inside], second=second)
        np.testing.assert_array_equal(found.flagged[inside], alone.flagged)
        np.testing.assert_array_equal(found.adjusted[inside], alone.adjusted)
