"""Binary outcomes against R, ratesci, exact2x2, logistf, sandwich and exact enumeration."""

import pytest

from .held import cases_of, hold


@pytest.mark.parametrize("case", cases_of("binary"), ids=lambda case: case.id)
def test_case(case):
    hold(case)


def test_every_case_of_the_area_has_a_rule():
    assert len([case for case in cases_of("binary") if case.area == "binary"]) == 77
