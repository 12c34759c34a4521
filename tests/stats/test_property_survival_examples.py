"""The examples in the docstrings of the time-to-event modules run and print what they say."""

import doctest
import importlib
import pkgutil

import pytest

from pivotal.stats import survival

WITH_EXAMPLES = {"cox", "cumulative_incidence", "gray", "kaplan_meier", "km_quantile", "logrank", "max_combo", "rmst"}


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(survival.__path__)])
def test_examples(name):
    result = doctest.testmod(importlib.import_module(f"{survival.__name__}.{name}"))
    assert result.failed == 0
    assert (result.attempted > 0) or name not in WITH_EXAMPLES
