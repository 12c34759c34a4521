"""What a binary derivation asks of values: as a test, and as values that pass or fail it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.errors import UsageError
from pivotal.study.model import Derivation, Parameter

SLACK = 1e-9
"""Scores are multiples of 0.05 held in binary: a fall of exactly the share asked for counts."""


def holds(rule: Derivation, value: ArrayLike, base: ArrayLike) -> NDArray[np.bool_]:
    """Whether the conditions hold together; improvement is a fall. Missing values are not looked at.

    Examples
    --------
    >>> rule = Derivation(parameter="IGA", value_at_most=1, improvement_at_least=2)
    >>> holds(rule, [0, 1, 1], [2, 2, 3]).tolist()
    [True, False, True]
    """
    v, b = np.asarray(value, dtype=np.float64), np.asarray(base, dtype=np.float64)
    found = np.ones(np.broadcast(v, b).shape, dtype=np.bool_)
    if rule.value_at_most is not None:
        found &= v <= rule.value_at_most + SLACK
    if rule.value_at_least is not None:
        found &= v >= rule.value_at_least - SLACK
    if rule.value_equals is not None:
        found &= v == rule.value_equals
    if rule.improvement_at_least is not None:
        found &= b - v >= rule.improvement_at_least - SLACK
    if rule.percent_improvement_at_least is not None:
        found &= b - v >= rule.percent_improvement_at_least / 100 * b - SLACK
    return found


def witnesses(rule: Derivation, parameter: Parameter | None, base: float) -> tuple[float, float]:
    """A value that is a response from a baseline value, and one that is not (the baseline value where that is none).

    Examples
    --------
    >>> witnesses(Derivation(parameter="IGA", value_at_most=1, improvement_at_least=2), None, 3.0)
    (0.0, 3.0)
    >>> witnesses(Derivation(parameter="RADIOL", value_at_least=5), None, 1.0)
    (5.0, 1.0)
    """
    low, high = parameter.range if parameter is not None and parameter.range is not None else (0.0, None)
    yes = _first([rule.value_equals, rule.value_at_least, low, high], lambda v: bool(holds(rule, v, base)))
    beside = [None if bound is None else bound - 1 for bound in (rule.value_at_least, rule.value_equals)]
    no = _first([base, low, high, *beside], lambda v: not holds(rule, v, base))
    if yes is None or no is None:
        raise UsageError(
            f"{rule.parameter}: from a baseline of {base:g} a response is {'never' if yes is None else 'always'} "
            "possible; its rate cannot be simulated. Change the endpoint's `derive`, or the baseline distribution."
        )
    return yes, no


def _first(values: list[float | None], wanted: Callable[[float], bool]) -> float | None:
    return next((value for value in values if value is not None and wanted(value)), None)
