"""Qualify an installation: other programs' cases, run on this machine through the package's own estimators."""

from __future__ import annotations

from pivotal.validate.case import Case, Table, read_cases
from pivotal.validate.compare import Check, compare
from pivotal.validate.rule import Rule, Simulated, Tolerance

__all__ = ["Case", "Check", "Rule", "Simulated", "Table", "Tolerance", "compare", "read_cases"]
