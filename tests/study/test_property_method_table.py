"""The documentation's table of methods is that of the code."""

from pathlib import Path

import pytest

from pivotal.study.methods import METHODS

LINES = (Path(__file__).parents[2] / "docs" / "methods" / "study-file.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_documented_as_it_is(name):
    spec = METHODS[name]
    options = "; ".join(f"`{key}`: {', '.join(values) or '...'}" for key, values in (spec.options or {}).items())
    assert f"| `{name}` | {', '.join(spec.kinds)} | {spec.covariates} | {options} |" in LINES


def test_no_other_method_is_documented():
    assert sum(line.startswith("| `") for line in LINES) == len(METHODS)
