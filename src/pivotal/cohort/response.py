"""What a binary derivation asks of values."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.study.model import Derivation

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
