"""Simple randomisation against its binomial law (seeds stated; each test fails by chance for 1 seed in 1,000)."""

import numpy as np
import pytest
from scipy.stats import chi2, chisquare

from pivotal.randomise import allocate_simple


def test_arms_are_in_the_ratio():
    arm = allocate_simple((500, 400), [3, 2, 2], np.random.default_rng(1))
    assert arm.shape == (500, 400)
    assert arm.dtype == np.int8
    assert chisquare(np.bincount(arm.ravel()), 200_000 * np.array([3, 2, 2]) / 7).pvalue > 0.001


def test_sizes_vary_as_binomial_ones_do():
    """The variance of 2,000 arm sizes of Binomial(300, 1/3); chi-square with 1,999 degrees of freedom; seed 2."""
    size = (allocate_simple((2_000, 300), [1, 2], np.random.default_rng(2)) == 0).sum(axis=1)
    scaled = 1_999 * size.var(ddof=1) / (300 * 2 / 9)
    assert chi2.ppf(0.0005, 1_999) < scaled < chi2.ppf(0.9995, 1_999)


def test_same_seed_same_arms():
    first, again, other = (allocate_simple(50, [1, 1], np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert first.shape == (50,)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_ratio_of_more_than_256_places_is_drawn_whole():
    arm = allocate_simple(100_000, [1, 299], np.random.default_rng(5))
    assert abs((arm == 0).sum() - 100_000 / 300) < 4 * np.sqrt(100_000 / 300)


@pytest.mark.parametrize(("ratio", "message"), [([1, 1.5], r"ratio\[1\] is 1\.5"), ([], "ratio has 0 arms")])
def test_errors_name_the_fault(ratio, message):
    with pytest.raises(ValueError, match=message):
        allocate_simple(5, ratio, np.random.default_rng(1))
