"""Baseline distributions have the moments asked for; words become draws with the right probabilities."""

import doctest
import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pivotal.cohort.calibrate import responders, stage, threshold_for
from pivotal.cohort.margins import margins, maximum_entropy
from pivotal.cohort.words import LEVELS, category_table, draw_words, gaussian_table
from pivotal.errors import UsageError

MODULES = ("margins", "outcomes")


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(f"pivotal.cohort.{name}")
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


@given(st.integers(2, 30), st.lists(st.floats(0.02, 1), min_size=31, max_size=31))
def test_moments_of_any_distribution_are_met(top, weights):
    """The moments of a distribution with every value possible can be had, so they must be found."""
    support = np.arange(0.0, top + 1)
    p = np.array(weights[: top + 1]) / sum(weights[: top + 1])
    mean = float(p @ support)
    sd = float(np.sqrt(p @ (support - mean) ** 2))
    found = maximum_entropy(support, mean, sd)
    assert found.sum() == pytest.approx(1)
    assert found @ support == pytest.approx(mean, abs=1e-6)
    assert np.sqrt(found @ (support - mean) ** 2) == pytest.approx(sd, abs=1e-5)
    assert (found > 0).all()


def test_a_spread_that_cannot_be_is_refused():
    with pytest.raises(UsageError, match="SD 9"):
        maximum_entropy(np.arange(2.0, 12.0), 6.5, 9.0, "AGE")


def test_published_moments_are_met(study):
    found = margins(study)
    assert (found["AGE"].mean, found["AGE"].sd) == pytest.approx((6.5, 2.93), abs=1e-6)
    assert (found["BSA"].mean, found["BSA"].sd) == pytest.approx((10.5, 5.4), abs=1e-6)
    assert found["ITCHNRS"].values[0] == 4  # criterion I5 lets in nothing lower


def test_published_spread_is_wider_than_any_single_hump(study):
    """SD of BSA on 3-20 exceeds the uniform's, so the distribution of greatest entropy is U-shaped."""
    p = np.array(margins(study)["BSA"].probabilities)
    assert p[0] > p[len(p) // 2] < p[-1]


def test_gaussian_table_is_standard_and_symmetric():
    table = gaussian_table().astype(np.float64)
    assert table.mean() == pytest.approx(0, abs=1e-6)
    assert table.std() == pytest.approx(1, abs=1e-6)
    assert (np.diff(table) >= 0).all()


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=12))
def test_categories_have_their_probabilities(weights):
    counts = np.bincount(category_table(tuple(weights)), minlength=len(weights))
    assert counts / LEVELS == pytest.approx(np.array(weights) / sum(weights), abs=1.01 / LEVELS)


def test_words_are_uniform(draw_with):
    """400,000 words, seed 1: chi-squared on 256 cells of the high byte, then of the low one; 255 df, 99.99 % at 346."""
    words = draw_words(draw_with(1), 4, 100_000).ravel()
    for byte in (words >> 8, words & 255):
        counts = np.bincount(byte, minlength=256)
        assert ((counts - words.size / 256) ** 2).sum() / (words.size / 256) < 346


@settings(deadline=None)
@given(st.floats(0.01, 0.9), st.floats(0.0, 0.4), st.floats(-0.5, 0.5), st.floats(0.3, 0.95))
def test_threshold_gives_its_rate(share, gone, correlation, loading):
    from scipy.special import ndtri

    here = stage(correlation, float(ndtri(gone)) if gone > 0 else -1e3)
    assert here.staying == pytest.approx(1 - gone, abs=1e-6)
    rate = share * (1 - gone)
    assert responders(here, loading, threshold_for(here, loading, rate)) == pytest.approx(rate, abs=1e-6)


def test_quadrature_agrees_with_the_bivariate_normal():
    """P(L > 0.3, Z > -1) with correlation loading x r, from the bivariate normal distribution function."""
    from scipy.stats import multivariate_normal

    loading, r = 0.9, 0.3
    rho = loading * r
    expected = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([-0.3, 1.0])
    assert responders(stage(r, -1.0), loading, 0.3) == pytest.approx(expected, abs=1e-6)
