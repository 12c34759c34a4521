"""The examples of the docstrings run and print what they say."""

import doctest
import importlib

import pytest

MODULES = ("ancova", "cmh", "fisher", "graph", "logistic", "logistic_profile", "rates", "risk_difference")


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    result = doctest.testmod(importlib.import_module(f"pivotal.stats.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
