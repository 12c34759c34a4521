"""Values of a variable: which may occur, and which of them the criteria let in."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from pydantic import ValidationError

from pivotal.study.checks.node import Node, as_number
from pivotal.study.criteria import Criterion, passes

Value = float | str | bool
_BOUNDS = ("at_least", "above", "at_most", "below")
_SHORT = 200
"""A range of whole numbers up to this length is tried value by value."""


def spelled(value: Value) -> str:
    """A value in words."""
    return f"{value:g}" if isinstance(value, float) else repr(value)


def span(variable: Node) -> tuple[float, float] | None:
    """The range of a variable, where it gives one."""
    ends = [as_number(end.data) for end in variable.rows("range")]
    if len(ends) != 2 or ends[0] is None or ends[1] is None or ends[0] > ends[1]:
        return None
    return ends[0], ends[1]


class Enrolment:
    """Criteria and what they let in: by default those of the study's population.

    A criterion that is itself wrong is left out, and what it reads is `unclear`.
    """

    def __init__(self, study: Node, criteria: Node | None = None) -> None:
        self.variables = dict(study.entries("variables"))
        asked = study.child("population", "criteria") if criteria is None else criteria
        rows = asked.rows()
        self.criteria = [(row, c) for row in rows if (c := _parsed(row)) is not None]
        self.unclear = {name for row in rows if _parsed(row) is None for name in _named(row)}
        self.bounds: dict[str, set[float]] = {}
        for part in (asked, study.child("randomisation", "strata")):
            self._collect(part)

    def about(self, name: str) -> list[Criterion]:
        """The criteria that read a variable."""
        return [criterion for _, criterion in self.criteria if name in criterion.variables()]

    def passed(self, name: str, value: Value) -> bool:
        """Whether nothing turns a patient away who shows a value and is otherwise as usual."""
        usual = {key: v for key, variable in self.variables.items() if (v := variable.child("usual").data) is not None}
        columns = {key: np.array([v]) for key, v in (usual | {name: value}).items()}
        return all(int(passes(criterion, columns)[0]) != 0 for criterion in self.about(name))

    def admitted(self, name: str) -> list[Value]:
        """Values of a variable that may occur and that no criterion turns away, enough of them to find gaps."""
        values = self.possible(name)
        columns: Mapping[str, Any] = {name: np.array(values)}
        lets = [passes(criterion, columns) != 0 for criterion in self.about(name)]
        return [value for i, value in enumerate(values) if all(bool(let[i]) for let in lets)]

    def possible(self, name: str) -> list[Value]:
        """Values that a variable may take: all, or those at, beside and between the bounds that the file sets."""
        variable = self.variables.get(name, Node(None))
        kind, ends = variable.text("type"), span(variable)
        if kind == "boolean":
            return [False, True]
        if kind == "category":
            return [option.data for option in variable.rows("categories") if isinstance(option.data, str)]
        if ends is None:
            return []
        bounds = self.bounds.get(name, set()) | set(ends)
        return [v for v in (_whole(bounds, ends) if kind == "integer" else _real(bounds)) if ends[0] <= v <= ends[1]]

    def _collect(self, part: Node) -> None:
        for node in part.walk():
            name = node.data.get("variable") if isinstance(node.data, dict) else None
            if isinstance(name, str):
                found = _numbers(node).union(*(_numbers(level) for level in node.rows("levels")))
                self.bounds[name] = self.bounds.get(name, set()) | found


def _named(criterion: Node) -> list[str]:
    """Every variable that a criterion speaks of, right or wrong."""
    found = (node.data.get("variable") for node in criterion.walk() if isinstance(node.data, dict))
    return [name for name in found if isinstance(name, str)]


def _parsed(criterion: Node) -> Criterion | None:
    try:
        return Criterion.model_validate(criterion.data)
    except ValidationError:
        return None


def _whole(bounds: set[float], ends: tuple[float, float]) -> list[float]:
    every = range(int(ends[0]), int(ends[1]) + 1) if ends[1] - ends[0] <= _SHORT else ()
    near = {float(round(b) + step) for b in bounds for step in (-1, 0, 1)}
    return sorted(near | {float(v) for v in every})


def _real(bounds: set[float]) -> list[float]:
    return sorted(bounds | {(a + b) / 2 for a, b in pairwise(sorted(bounds))})


def _numbers(node: Node) -> set[float]:
    candidates: list[Any] = [node.child(key).data for key in _BOUNDS]
    for key in ("between", "any_of", "none_of"):
        candidates += [row.data for row in node.rows(key)]
    return {number for value in candidates if (number := as_number(value)) is not None}
