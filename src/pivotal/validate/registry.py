"""All rules, family by family; the first that matches a case runs it."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from pivotal.validate import families
from pivotal.validate.case import Case
from pivotal.validate.rule import Rule


@cache
def rules() -> tuple[Rule, ...]:
    """The rules of every family: the `RULES` of each module in `families/`."""
    modules = (
        import_module(f"{families.__name__}.{module.name}") for module in pkgutil.iter_modules(families.__path__)
    )
    return tuple(rule for module in modules for rule in module.RULES)


def rule_for(case: Case) -> Rule | None:
    """The rule that runs a case; None where the case is not covered."""
    return next((rule for rule in rules() if rule.matches(case)), None)
