"""Rank tests against R's wilcox.test and coin."""

import pytest

from .held import cases_of, hold


@pytest.mark.parametrize("case", cases_of("ranks"), ids=lambda case: case.id)
def test_case(case):
    hold(case)
