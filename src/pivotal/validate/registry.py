"""All rules, family by family; the first that matches a case runs it."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from pivotal.validate import families
from pivotal.validate.case import Case
from pivotal.validate.rule import Rule


@cache
def by_family() -> dict[str, tuple[Rule, ...]]:
    """The rules of every family: the `RULES` of each module in `families/`, by the module's name."""
    return {
        module.name: tuple(import_module(f"{families.__name__}.{module.name}").RULES)
        for module in pkgutil.iter_modules(families.__path__)
    }


@cache
def rules() -> tuple[Rule, ...]:
    """The rules of all families."""
    return tuple(rule for family in by_family().values() for rule in family)


def rule_for(case: Case) -> Rule | None:
    """The rule that runs a case; None where the case is not covered."""
    return next((rule for rule in rules() if rule.matches(case)), None)


def family_of(rule: Rule) -> str:
    """The family that a rule belongs to, in words."""
    return next(name.replace("_", " ") for name, known in by_family().items() if any(rule is one for one in known))
