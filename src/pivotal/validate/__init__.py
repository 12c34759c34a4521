"""Qualify an installation: other programs' cases, run on this machine through the package's own estimators."""

from __future__ import annotations

from pivotal.validate.case import Case, Table, read_cases
from pivotal.validate.compare import Check, compare
from pivotal.validate.markdown import table, validation_page
from pivotal.validate.qualification import CaseResult, Qualification, run
from pivotal.validate.rule import Rule, Simulated, Tolerance
from pivotal.validate.summary import in_words, write

__all__ = [
    "Case",
    "CaseResult",
    "Check",
    "Qualification",
    "Rule",
    "Simulated",
    "Table",
    "Tolerance",
    "compare",
    "in_words",
    "read_cases",
    "run",
    "table",
    "validation_page",
    "write",
]
