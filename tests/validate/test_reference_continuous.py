"""Analysis of covariance against R's lm, emmeans and sandwich."""

import pytest

from .held import cases_of, hold


@pytest.mark.parametrize("case", cases_of("continuous"), ids=lambda case: case.id)
def test_case(case):
    hold(case)
