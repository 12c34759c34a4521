"""The examples of the docstrings of linear models, ranks, ordered categories and counts run and print what they say."""

import doctest
import importlib

import pytest

MODULES = (
    "analysis_of_variance",
    "hodges_lehmann",
    "incidence",
    "interacted",
    "linear_model",
    "negative_binomial",
    "ordinal",
    "poisson",
    "ranks",
    "robust",
    "two_samples",
    "wilcoxon",
    "win_probability",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    result = doctest.testmod(importlib.import_module(f"pivotal.stats.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
