"""What the events so far say: against scipy's laws, against the boundaries, at looks that were not planned."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as laws

from pivotal.stats import (
    beta_binomial_boundary,
    binomial_boundary,
    crossing,
    exact_tail,
    gamma_poisson_boundary,
    poisson_boundary,
    posterior_above,
    repeated_boundary,
)
from pivotal.stats.monitoring import Boundary

SEED = 5
SHAPES = ["pocock", "o'brien-fleming", 0.25]


def test_tails_are_those_of_the_laws():
    rng = np.random.default_rng(SEED)
    n = rng.integers(1, 200, 300)
    x = np.array([rng.integers(0, size + 1) for size in n])
    np.testing.assert_allclose(exact_tail(x, n, 0.07), laws.binom.sf(x - 1, n, 0.07), rtol=1e-9, atol=1e-300)
    time = rng.uniform(0.1, 300, 300)
    np.testing.assert_allclose(
        exact_tail(x, time, 0.03, law="poisson"), laws.poisson.sf(x - 1, 0.03 * time), rtol=1e-9, atol=1e-300
    )


def test_posteriors_are_those_of_the_laws():
    rng = np.random.default_rng(SEED)
    n = rng.integers(1, 200, 100)
    x = np.array([rng.integers(0, size + 1) for size in n])
    np.testing.assert_allclose(
        posterior_above(x, n, 0.07, prior=(0.5, 3)), laws.beta.sf(0.07, 0.5 + x, 3 + n - x), rtol=1e-9, atol=1e-300
    )
    np.testing.assert_allclose(
        posterior_above(x, n, 0.07, prior=(0.5, 3), law="poisson"),
        laws.gamma.sf(0.07, 0.5 + x, scale=1 / (3 + n)), rtol=1e-9, atol=1e-300,
    )  # fmt: skip
    assert posterior_above(0, 0, 0.07, prior=(0.5, 3)) == pytest.approx(laws.beta.sf(0.07, 0.5, 3))


def test_no_event_nothing_known_and_missing_numbers():
    assert exact_tail([0, 0], [0, 10], 0.1).tolist() == [1.0, 1.0]
    assert exact_tail(0, 0, 0.1, law="poisson") == 1.0
    assert exact_tail(10, 10, 0.1) == pytest.approx(0.1**10)
    assert np.isnan(exact_tail([np.nan, 1], [3, np.nan], 0.1)).all()
    assert np.isnan(posterior_above([np.nan, 1], [3, np.nan], 0.1, prior=(1, 1))).all()


def test_boundaries_stop_where_the_evidence_says():
    looks = np.arange(5, 100, 7)
    rule = beta_binomial_boundary(looks, 0.1, prior=(0.2, 1.8), threshold=0.95)
    assert (posterior_above(rule.stop_at, looks, 0.1, prior=(0.2, 1.8)) >= 0.95).all()
    assert (posterior_above(rule.stop_at - 1, looks, 0.1, prior=(0.2, 1.8)) < 0.95).all()
    rule = gamma_poisson_boundary(looks, 0.1, prior=(0.2, 2), threshold=0.95)
    assert (posterior_above(rule.stop_at, looks, 0.1, prior=(0.2, 2), law="poisson") >= 0.95).all()
    assert (posterior_above(rule.stop_at - 1, looks, 0.1, prior=(0.2, 2), law="poisson") < 0.95).all()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("law", ["binomial", "poisson"])
def test_planned_looks_keep_their_counts_and_others_follow_the_rule(shape, law):
    of = binomial_boundary if law == "binomial" else poisson_boundary
    looks = np.array([10, 25, 50, 80, 120])
    planned = of(looks, 0.1, alpha=0.05, shape=shape)
    assert repeated_boundary(planned, looks, 0.1, shape=shape).stop_at.tolist() == planned.stop_at.tolist()
    every = np.arange(1, 200)
    found = repeated_boundary(planned, every, 0.1, shape=shape)
    exponent = {"pocock": 0.0, "o'brien-fleming": 0.5}.get(shape, shape)
    levels = laws.norm.sf(laws.norm.isf(planned.critical) * np.minimum(every / 120, 1) ** -exponent)
    tail = exact_tail(np.minimum(found.stop_at, every) if law == "binomial" else found.stop_at, every, 0.1, law=law)
    reachable = (found.stop_at <= every) | (law == "poisson")
    assert (tail[reachable] <= levels[reachable] * (1 + 1e-9)).all()
    before = exact_tail(np.minimum(found.stop_at - 1, every), every, 0.1, law=law)
    assert (before > levels * (1 - 1e-9)).all()
    if shape == "pocock":  # others are so hard at the very first that fewer events stop a little later
        assert (np.diff(found.stop_at[reachable]) >= 0).all()


def test_a_very_early_look_of_a_steep_shape():
    """The level there is so small that 40 events have a greater tail: it was an error."""
    rule = poisson_boundary([1, 150], 0.02, alpha=0.05, shape="o'brien-fleming")
    assert rule.stop_at[0] > 10
    assert crossing(rule, 0.02).probability <= 0.05


def test_a_look_more_adds_to_the_chance_of_stopping():
    """By hand: three looks by enumeration of the counts at 2, 3 and 4 patients."""
    planned = binomial_boundary([2, 4], 0.3, alpha=0.4)
    extra = repeated_boundary(planned, [3], 0.3)
    looks, stop = np.array([2.0, 3.0, 4.0]), np.array([planned.stop_at[0], extra.stop_at[0], planned.stop_at[1]])
    chance = 0.0
    for course in range(16):
        bits = np.array([course >> k & 1 for k in range(4)])
        seen = bits.cumsum()[[1, 2, 3]]
        if (seen >= stop).any():
            chance += 0.3 ** bits.sum() * 0.7 ** (4 - bits.sum())
    both = crossing(Boundary(looks, stop, "binomial", planned.critical), 0.3).probability
    assert both == pytest.approx(chance)
    assert both >= crossing(planned, 0.3).probability - 1e-12


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: exact_tail(3, 2, 0.1), "a patient counts once"),
        (lambda: exact_tail(1, 2, 1.0), "limit is 1.0"),
        (lambda: posterior_above(3, 2, 0.1, prior=(1, 1)), "a patient counts once"),
        (lambda: posterior_above(1, 2, 0.1, prior=(0, 1)), r"prior\[0\]"),
        (lambda: repeated_boundary(binomial_boundary([5, 9], 0.2, alpha=0.1), [0], 0.2), "looks are"),
        (lambda: repeated_boundary(binomial_boundary([5, 9], 0.2, alpha=0.1), [5], 0.2, shape=0.7), "shape is"),
    ],
)
def test_numbers_outside_their_range_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
