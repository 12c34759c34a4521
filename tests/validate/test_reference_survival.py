"""R's time-to-event numbers, through the same rules that qualify an installation."""

from pathlib import Path

import pytest

import pivotal.validate
from pivotal.validate import compare, read_cases
from pivotal.validate.registry import rule_for

FOLDER = Path(pivotal.validate.__file__).parent / "cases"
MORE = ("cox_exact", "cox_robust", "cox_cluster", "km_quantile")
CASES = [case for case in read_cases(FOLDER) if case.area == "tte" or case.parts[0] in MORE]


def test_the_cases_are_there():
    assert sum(case.area == "tte" for case in CASES) == 24
    assert sum(case.area == "more" for case in CASES) == 13


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_quantity_agrees(case):
    rule = rule_for(case)
    assert rule is not None
    checks = compare(case, rule, rule.run(case))
    assert checks
    wrong = [(c.quantity, c.expected, c.got, c.reason) for c in checks if not c.agrees]
    assert not wrong
