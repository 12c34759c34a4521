"""Minimisation does what it is for (seeds stated)."""

import numpy as np
import pytest

from pivotal.randomise import allocate_minimisation, allocate_simple

LEVELS = [2, 3, 4]


def _marginal_imbalance(arm, factors, ratio):
    """Mean over replicates and levels of the range of counts over ratio."""
    ranges = []
    for f, levels in enumerate(LEVELS):
        for k in range(levels):
            here = factors[:, :, f] == k
            loads = np.stack([(here & (arm == a)).sum(axis=1) / part for a, part in enumerate(ratio)])
            ranges.append(loads.max(axis=0) - loads.min(axis=0))
    return np.mean(ranges)


@pytest.mark.parametrize("measure", ["range", "variance"])
@pytest.mark.parametrize("ratio", [[1, 1], [2, 2, 1]])
def test_margins_are_at_least_three_times_better_balanced_than_by_chance(measure, ratio):
    """300 replicates, seed 1; the ratio of means is about 4 to 6, its Monte-Carlo error about 0.1."""
    rng = np.random.default_rng(1)
    factors = np.stack([rng.integers(0, k, (300, 200)) for k in LEVELS], axis=2)
    minimised = allocate_minimisation(factors, ratio, LEVELS, rng, probability=0.9, measure=measure)
    simple = allocate_simple((300, 200), ratio, rng)
    assert _marginal_imbalance(simple, factors, ratio) > 3 * _marginal_imbalance(minimised, factors, ratio)


def test_arms_shares_approach_the_ratio():
    """500 replicates of 200, seed 2: the mean share within 0.005 of 2:2:1 (Monte-Carlo error below 0.001)."""
    rng = np.random.default_rng(2)
    factors = np.stack([rng.integers(0, k, (500, 200)) for k in LEVELS], axis=2)
    arm = allocate_minimisation(factors, [2, 2, 1], LEVELS, rng)
    assert np.bincount(arm.ravel()) / arm.size == pytest.approx([0.4, 0.4, 0.2], abs=0.005)


def test_a_heavier_factor_is_better_balanced():
    """300 replicates, seed 3: the third factor alone, with weight 10 against 1."""
    rng = np.random.default_rng(3)
    factors = np.stack([rng.integers(0, 2, (300, 100)) for _ in range(3)], axis=2)
    excess = []
    for weights in ([1, 1, 1], [1, 1, 10]):
        arm = allocate_minimisation(factors, [1, 1], [2, 2, 2], rng, weights=weights)
        signed = np.where(arm == 0, 1, -1)
        excess.append(np.abs((signed * factors[:, :, 2]).sum(axis=1)).mean())
    assert excess[1] < 0.9 * excess[0]
