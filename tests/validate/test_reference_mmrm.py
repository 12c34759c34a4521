"""The cases of R's mmrm and nlme, run through the package's own rules."""

from pathlib import Path

import pytest

import pivotal.validate
from pivotal.validate.case import read_cases
from pivotal.validate.compare import compare
from pivotal.validate.families.mmrm import RULES
from pivotal.validate.registry import rule_for

CASES = [
    case
    for case in read_cases(Path(pivotal.validate.__file__).parent / "cases")
    if case.call.lstrip().startswith(("mmrm(", "gls("))
]


def test_the_family_has_its_cases():
    assert len(CASES) == 76


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case):
    rule = rule_for(case)
    assert rule in RULES
    checks = compare(case, rule, rule.run(case))
    assert checks
    assert not [check for check in checks if check.agrees is None and not check.reason]
    assert not [check for check in checks if check.agrees is None and check.quantity not in rule.left_out]
    assert not [check for check in checks if check.agrees is False]
