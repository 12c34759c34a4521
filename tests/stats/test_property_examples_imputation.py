"""The examples of the docstrings on missing data run and print what they say."""

import doctest
import importlib
import pkgutil

import pytest

from pivotal.stats import imputation

MODULES = [module.name for module in pkgutil.iter_modules(imputation.__path__)]
KERNELS = {
    "conditional",
    "convergence",
    "determined",
    "normal_chain",
    "ordinal_draws",
    "regression_draws",
    "strategies",
    "reference",
}


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    result = doctest.testmod(importlib.import_module(f"pivotal.stats.imputation.{name}"))
    assert result.attempted > 0 or name in KERNELS
    assert result.failed == 0
