"""Exact logistic regression against integer enumeration, and the symmetries that it must have."""

from itertools import product
from math import comb

import numpy as np
import pytest

from pivotal.stats.estimate import Reason
from pivotal.stats.exact_joint import exact_logistic_joint_test
from pivotal.stats.exact_logistic import (
    cross_levels,
    exact_logistic,
    exact_logistic_null,
    margin_matrix,
)

DESIGNS = [(), (3,), (2, 2), (3, 2), (2, 2, 2)]


def states(patients, margins):
    """Integer counts of all tables, {(arm totals, margin sums): tables}, arm by arm and stratum by stratum."""
    found = {((0,) * len(patients), (0,) * margins.shape[1]): 1}
    for arm, row in enumerate(patients):
        for stratum, n in enumerate(row):
            grown = {}
            for (arms, sums), count in found.items():
                for x in range(n + 1):
                    key = (
                        (*arms[:arm], arms[arm] + x, *arms[arm + 1 :]),
                        tuple(int(s + x * m) for s, m in zip(sums, margins[stratum], strict=True)),
                    )
                    grown[key] = grown.get(key, 0) + count * comb(n, x)
            found = grown
    return found


def enumerated(events, totals, levels, arm):
    """Exact null distribution {total of the arm: probability}."""
    margins = np.hstack([margin_matrix(levels), np.ones((len(levels), 1), int)])
    tables = states(totals.tolist(), margins)
    own, sums = events.sum(1), tuple(int(v) for v in events.sum(0) @ margins)
    counts = {}
    for (arms, fixed), count in tables.items():
        others = [a for a in range(1, len(own)) if a != arm]
        if fixed == sums and all(arms[a] == own[a] for a in others):
            counts[arms[arm]] = counts.get(arms[arm], 0) + count
    whole = sum(counts.values())
    return {t: c / whole for t, c in sorted(counts.items())}


def random_tables(rng, arms, strata, most):
    totals = rng.integers(0, most + 1, (arms, strata))
    logit = rng.normal(0, 1, (arms, 1)) + rng.normal(0, 1.5, strata)
    return rng.binomial(totals, 1 / (1 + np.exp(-logit))), totals


@pytest.mark.parametrize("sizes", DESIGNS, ids=str)
@pytest.mark.parametrize("seed", range(6))
def test_null_distribution_against_enumeration(sizes, seed):
    rng = np.random.default_rng(seed)
    levels = cross_levels(*sizes)
    most = {1: 9, 3: 4, 4: 3, 6: 2, 8: 1}[len(levels)]
    events, totals = random_tables(rng, 3, len(levels), most)
    for arm, pairwise in product((1, 2), (False, True)):
        found = exact_logistic_null(events, totals, levels, arm=arm, pairwise=pairwise)
        arms = [0, arm] if pairwise else [0, 1, 2]
        want = enumerated(events[arms], totals[arms], levels, 1 if pairwise else arm)
        assert found.total.tolist() == list(want)
        np.testing.assert_allclose(found.probability, list(want.values()), rtol=1e-10)


def two_by_two(events, totals):
    """Exact integer weights of arm 1's total, control and one arm, 2 x 2 factors, by the free stratum direction."""
    sums = events.sum(0)
    weights = {}
    for move in range(-int(sums.max()), int(sums.max()) + 1):
        s = sums + move * np.array([1, -1, -1, 1])
        if (s < 0).any() or (s > totals.sum(0)).any():
            continue
        polynomial = np.array([1], dtype=object)
        for k in range(4):
            n0, n1 = int(totals[0, k]), int(totals[1, k])
            terms = [comb(n1, y) * comb(n0, int(s[k]) - y) for y in range(int(s[k]) + 1)]
            polynomial = np.convolve(polynomial, np.array(terms, dtype=object))
        for t, weight in enumerate(polynomial):
            if weight:
                weights[t] = weights.get(t, 0) + weight
    return weights


@pytest.mark.parametrize("seed", range(12))
def test_large_unequal_strata_and_far_tails(seed):
    rng = np.random.default_rng(seed)
    totals = rng.integers(1, 60, (2, 4))
    logit = np.array([-1.5, 1.5])[:, None] + rng.normal(0, 1.5, 4)
    events = rng.binomial(totals, 1 / (1 + np.exp(-logit)))
    weights, observed = two_by_two(events, totals), int(events[1].sum())
    whole = sum(weights.values())
    upper = sum(w for t, w in weights.items() if t >= observed) / whole
    lower = sum(w for t, w in weights.items() if t <= observed) / whole
    rare = sum(w for w in weights.values() if w <= weights[observed] * (1 + 1e-7)) / whole
    found = exact_logistic([events], [totals], cross_levels(2, 2))
    assert found.log_odds_ratio.p[0, 0] == pytest.approx(min(1, 2 * min(upper, lower)), rel=1e-10)
    assert found.p_probability[0, 0] == pytest.approx(rare, rel=1e-10)


def everything(found):
    log = found.log_odds_ratio
    return [log.estimate, log.se, log.ci_low, log.ci_high, log.p, found.p_score, found.p_probability, found.mean]


def batch(seed, replicates, sizes, most=12):
    rng = np.random.default_rng(seed)
    totals = rng.integers(0, most, (replicates, 3, len(cross_levels(*sizes))))
    return rng.binomial(totals, rng.uniform(0.1, 0.9, (replicates, 3, 1))), totals


@pytest.mark.parametrize("pairwise", [False, True])
@pytest.mark.parametrize("sizes", [(2, 2), (3,), (3, 2)], ids=str)
def test_batched_is_one_by_one(sizes, pairwise):
    events, totals = batch(3, 40, sizes)
    levels = cross_levels(*sizes)
    whole = exact_logistic(events, totals, levels, pairwise=pairwise)
    for r in range(len(events)):
        single = exact_logistic(events[r : r + 1], totals[r : r + 1], levels, pairwise=pairwise)
        for a, b in zip(everything(whole), everything(single), strict=True):
            np.testing.assert_allclose(a[r], b[0], rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(whole.log_odds_ratio.reason[r], single.log_odds_ratio.reason[0])


def test_order_and_names_of_strata_do_not_matter():
    events, totals = batch(4, 30, (2, 2))
    levels = cross_levels(2, 2)
    order = np.array([2, 0, 3, 1])
    before = exact_logistic(events, totals, levels)
    after = exact_logistic(events[..., order], totals[..., order], 7 - 3 * levels[order][:, ::-1])
    for a, b in zip(everything(before), everything(after), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)


def test_swapping_responders_and_others_turns_the_sign():
    events, totals = batch(5, 30, (2, 2))
    before = exact_logistic(events, totals, cross_levels(2, 2))
    after = exact_logistic(totals - events, totals, cross_levels(2, 2))
    np.testing.assert_allclose(before.log_odds_ratio.estimate, -after.log_odds_ratio.estimate, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(before.log_odds_ratio.ci_low, -after.log_odds_ratio.ci_high, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(before.log_odds_ratio.p, after.log_odds_ratio.p, rtol=1e-10)
    np.testing.assert_allclose(before.p_score, after.p_score, rtol=1e-10)


@pytest.mark.parametrize("pairwise", [False, True])
@pytest.mark.parametrize(
    ("events", "totals", "reason"),
    [
        ([[0, 0], [0, 0], [0, 0]], [[3, 3], [4, 4], [5, 5]], Reason.NO_EVENTS),
        ([[3, 3], [4, 4], [5, 5]], [[3, 3], [4, 4], [5, 5]], Reason.ALL_EVENTS),
        ([[0, 0], [1, 2], [2, 2]], [[0, 0], [4, 4], [5, 5]], Reason.ARM_EMPTY),
        ([[1, 0], [0, 2], [0, 3]], [[3, 0], [0, 4], [0, 5]], Reason.NO_INFORMATION),
        ([[0, 0], [0, 0], [0, 0]], [[0, 0], [0, 0], [0, 0]], Reason.ARM_EMPTY),
    ],
    ids=lambda value: value.name if isinstance(value, Reason) else "",
)
def test_degenerate(events, totals, reason, pairwise):
    found = exact_logistic([events], [totals], pairwise=pairwise)
    log = found.log_odds_ratio
    assert (log.reason == reason).all()
    assert np.isnan(log.estimate).all()
    assert (log.ci_low == -np.inf).all()
    assert (log.ci_high == np.inf).all()
    assert (log.p == 1).all()
    assert (found.p_score == 1).all()
    assert (found.odds_ratio.ci_low == 0).all()
    joint = exact_logistic_joint_test([events], [totals])
    assert np.isfinite(joint.score.p).all()


def test_every_nan_has_a_reason():
    events, totals = batch(6, 400, (2, 2), most=4)
    for pairwise in (False, True):
        log = exact_logistic(events, totals, cross_levels(2, 2), pairwise=pairwise).log_odds_ratio
        assert np.isfinite(log.p).all()
        ordinary = log.reason == Reason.NONE
        assert np.isfinite(log.estimate[ordinary]).all()
        assert np.isfinite(log.estimate[log.reason == Reason.MEDIAN_UNBIASED]).all()
        assert log.converged.all()


def test_no_replicates_is_an_empty_result():
    found = exact_logistic(np.zeros((0, 3, 2), int), np.zeros((0, 3, 2), int))
    assert found.log_odds_ratio.p.shape == (0, 2)


def test_errors_say_what_is_wrong():
    with pytest.raises(ValueError, match="3 active arms"):
        exact_logistic(np.ones((1, 4, 1)), np.ones((1, 4, 1)))
    with pytest.raises(ValueError, match="outside 0"):
        exact_logistic([[[3], [1]]], [[[2], [2]]])
    with pytest.raises(ValueError, match="shape"):
        exact_logistic([[3, 1]], [[2, 2]])
    levels = cross_levels(2, 2, 2, 2, 2, 2)
    with pytest.raises(ValueError, match="Fourier points"):
        exact_logistic(np.full((1, 3, 64), 10), np.full((1, 3, 64), 20), levels)
