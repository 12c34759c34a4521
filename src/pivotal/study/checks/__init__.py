"""Whether the parts of a study file fit together: every cross-reference and every rule that spans parts.

The checks read the file as it stands, so that they speak even where other parts are wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pivotal.study.checks import (
    allocation,
    criteria,
    endpoints,
    monitoring,
    patients,
    periods,
    references,
    scenarios,
    sdtm,
    sensitivity,
    testing,
)
from pivotal.study.checks.node import Node, Problem

_CHECKS = (
    references.check,
    allocation.check,
    criteria.check,
    endpoints.check,
    testing.check,
    patients.check,
    scenarios.check,
    monitoring.check,
    sdtm.check,
    periods.check,
    sensitivity.check,
)


def check(data: Mapping[str, Any]) -> list[Problem]:
    """Everything that does not fit together in a study file."""
    study = Node(data)
    return [problem for part in _CHECKS for problem in part(study)]


__all__ = ["Problem", "check"]
