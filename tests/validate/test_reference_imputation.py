"""The cases of R's mice and rbmi, run through the package's own rules."""

from pathlib import Path

import pytest

import pivotal.validate
from pivotal.validate.case import read_cases
from pivotal.validate.compare import compare
from pivotal.validate.families.imputation import RULES
from pivotal.validate.registry import rule_for

CASES = [
    case
    for case in read_cases(Path(pivotal.validate.__file__).parent / "cases")
    if case.area in ("mi", "rbmi") or case.package in ("mice", "rbmi")
]


def test_the_family_has_its_cases():
    assert len(CASES) == 14


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case):
    rule = rule_for(case)
    assert rule in RULES
    checks = compare(case, rule, rule.run(case))
    assert len([check for check in checks if check.agrees]) > 15
    assert not [check for check in checks if check.agrees is None and check.quantity not in rule.left_out]
    assert not [check for check in checks if check.agrees is False]
