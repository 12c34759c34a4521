"""Hold what was computed against what a case expects, quantity by quantity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pivotal.validate.case import Case
from pivotal.validate.rule import DEFAULTS, ESTIMATES, Rule, Simulated, Tolerance


@dataclass(frozen=True, slots=True)
class Check:
    """One quantity of one case.

    Attributes
    ----------
    case, quantity
        The case's id; the path of the quantity in its result.
    expected, got
        The two values: numbers, or text or true/false, which must be equal.
    tolerance
        What was allowed; None for what must be equal.
    agrees
        None where it was not compared; `reason` then says why.
    reason
        Why it was not compared.
    """

    case: str
    quantity: str
    expected: Any
    got: Any
    tolerance: Tolerance | None
    agrees: bool | None
    reason: str = ""


def compare(case: Case, rule: Rule, found: Mapping[str, Any]) -> list[Check]:
    """Compare every quantity of a case's result with what was computed."""
    return list(_compare(case, rule, case.result, found, ""))


def _compare(
    case: Case, rule: Rule, expected: Any, got: Any, path: str, beside: Mapping[str, Any] | None = None
) -> Iterator[Check]:
    skipped = _chosen(rule.left_out, path)
    if skipped is not None:
        yield Check(case.id, path, expected, None, None, None, skipped)
    elif isinstance(expected, dict):
        for name, value in expected.items():
            inner = got.get(name) if isinstance(got, Mapping) else None
            yield from _compare(case, rule, value, inner, f"{path}.{name}" if path else name, expected)
    elif isinstance(expected, list):
        for position, value in enumerate(expected):
            inner = got[position] if _is_list(got) and position < len(got) else None
            yield from _compare(case, rule, value, inner, f"{path}[{position}]")
    elif got is None:
        yield Check(case.id, path, expected, None, None, None, "not computed here")
    else:
        yield _leaf(case, rule, expected, got, path, beside or {})


def _leaf(case: Case, rule: Rule, expected: Any, got: Any, path: str, beside: Mapping[str, Any]) -> Check:
    number = _number(expected)
    if number is None:
        same = got.item() if isinstance(got, np.generic) else got
        return Check(case.id, path, expected, same, None, bool(same == expected))
    value = _number(got)
    tolerance = (_chosen(rule.tolerances, path) or DEFAULTS.get(_names(path)[-1], ESTIMATES)).scaled(beside)
    if isinstance(got, Simulated):
        tolerance = got.allowed(tolerance)
    agrees = value is not None and (_agrees(tolerance, expected, number, value))
    return Check(case.id, path, expected, value, tolerance, agrees)


def _agrees(tolerance: Tolerance, raw: Any, expected: float, got: float) -> bool:
    if raw is None and not np.isfinite(got):
        return True  # the format's null: NA, NaN, or an infinite limit
    return tolerance.allows(expected, got)


def _number(value: Any) -> float | None:
    """A leaf as a float: null is NaN, "Inf" infinite; None for text and true/false."""
    if value is None:
        return float("nan")
    if isinstance(value, bool | np.bool_):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


def _names(path: str) -> list[str]:
    """The names of a path, list positions left out."""
    return [part.split("[", 1)[0] for part in path.split(".")]


def _chosen(by_path: Mapping[str, Any], path: str) -> Any:
    """What the longest matching ending of the path's names chooses."""
    names = _names(path)
    for start in range(len(names)):
        key = ".".join(names[start:])
        if key in by_path:
            return by_path[key]
    return None
