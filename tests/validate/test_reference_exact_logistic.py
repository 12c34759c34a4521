"""Exact conditional logistic regression against two independent programs and enumeration."""

import pytest

from .held import cases_of, hold


@pytest.mark.parametrize("case", cases_of("exact_logistic"), ids=lambda case: case.id)
def test_case(case):
    hold(case)


def test_every_case_of_the_area_has_a_rule():
    assert len(cases_of("exact_logistic")) == 35
