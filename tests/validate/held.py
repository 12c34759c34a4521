"""Hold the cases of one family to their numbers."""

from importlib import import_module
from pathlib import Path

import pivotal.validate
from pivotal.validate import compare, read_cases
from pivotal.validate.registry import rule_for

CASES = read_cases(Path(pivotal.validate.__file__).parent / "cases")


def cases_of(family):
    """The shipped cases that the family's rules match."""
    rules = import_module(f"pivotal.validate.families.{family}").RULES
    found = [case for case in CASES if any(rule.matches(case) for rule in rules)]
    assert found, family
    return found


def hold(case):
    """Every number of a case is computed and agrees, or is left out for the reason that its rule states."""
    rule = rule_for(case)
    checks = compare(case, rule, rule.run(case))
    unexplained = [check for check in checks if check.agrees is None and check.reason not in rule.left_out.values()]
    wrong = [check for check in checks if check.agrees is False]
    assert not unexplained, unexplained
    assert not wrong, wrong
    assert any(check.agrees for check in checks)
