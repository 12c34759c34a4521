"""Ordered categories, counts and incidence rates against R (MASS, sandwich, stats)."""

import pytest

from .held import cases_of, hold


@pytest.mark.parametrize("case", cases_of("ordinal_counts"), ids=lambda case: case.id)
def test_case(case):
    hold(case)
