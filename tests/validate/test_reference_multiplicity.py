"""Every shipped multiplicity case is covered and agrees."""

from pathlib import Path

import pytest

from pivotal import validate
from pivotal.validate import compare, read_cases
from pivotal.validate.registry import rule_for

CASES = [c for c in read_cases(Path(validate.__file__).parent / "cases") if c.area == "multiplicity"]


def test_all_are_here():
    assert len(CASES) == 67


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_agrees(case):
    rule = rule_for(case)
    assert rule is not None
    checks = compare(case, rule, rule.run(case))
    assert checks
    for check in checks:
        assert check.agrees is True, check
        assert check.tolerance is None or check.tolerance.relative <= 1e-5 or check.tolerance.why, check
