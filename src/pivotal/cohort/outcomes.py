r"""Several binary endpoints of one parameter at one visit, as a distribution over values of the parameter.

Each value is a response for some of the endpoints: its pattern. With the rate :math:`\pi_e` of each endpoint, the
probabilities :math:`p_k \ge 0` of the patterns solve :math:`\sum_k p_k [e \in k] = \pi_e` and :math:`\sum_k p_k = 1`
(non-negative least squares; of nested or disjoint endpoints the solution is unique). Each pattern is shown by one
value, the same for all patients with one baseline value. For a single endpoint the two patterns are response and none.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pivotal.errors import UsageError
from pivotal.study.model import Derivation, Parameter
from pivotal.study.rules import responds

Floats = NDArray[np.float64]
Pattern = tuple[bool, ...]
CLOSE = 1e-6
"""How near the rates are met by the solution, or the endpoints contradict each other."""
MOST_VALUES = 50


def witnesses(rules: tuple[Derivation, ...], parameter: Parameter | None, base: float | None) -> dict[Pattern, float]:
    """A value that shows each possible pattern of response, from a baseline value (None where there is none).

    The baseline value itself shows no response, where it is none.

    Examples
    --------
    >>> witnesses((Derivation(parameter="IGA", value_at_most=1, improvement_at_least=2),), None, 3.0)
    {(False,): 3.0, (True,): 0.0}
    >>> witnesses((Derivation(parameter="RADNUM", value_at_least=5),), None, None)
    {(False,): 0.0, (True,): 5.0}
    """
    found: dict[Pattern, float] = {}
    for value in _candidates(rules, parameter, base):
        pattern = tuple(_shows(rule, value, base) for rule in rules)
        found.setdefault(pattern, value)
    return found


def _shows(rule: Derivation, value: float, base: float | None) -> bool:
    return bool(responds(rule, np.array(value), np.array(np.nan if base is None else base)))


def _candidates(rules: tuple[Derivation, ...], parameter: Parameter | None, base: float | None) -> Iterable[float]:
    low, high = parameter.range if parameter is not None and parameter.range is not None else (0.0, None)
    if base is not None:
        yield base
    bounds = [
        b for rule in rules for b in (rule.value_at_least, rule.value_equals, rule.value_at_most) if b is not None
    ]
    if parameter is not None and parameter.integer and high is not None and high - low <= MOST_VALUES:
        ascending = np.arange(low, high + 1)
        best_last = ascending if parameter.better == "higher" else ascending[::-1]
        beside = [b - 1 for b in sorted(bounds, reverse=True) if low <= b - 1] if parameter.better == "higher" else []
        yield from beside
        yield low
        yield from (float(v) for v in best_last)
        return
    yield from (v for v in (low, high, *bounds) if v is not None)


def chances(patterns: list[Pattern], rates: Floats, names: list[str]) -> Floats:
    """Probability of each pattern in each arm, (pattern, arm), from the rate of each endpoint, (endpoint, arm).

    Raises
    ------
    UsageError
        If no distribution over the patterns has these rates.
    """
    from scipy.optimize import nnls

    system = np.vstack([np.array(patterns, dtype=np.float64).T, np.ones(len(patterns))])  # (endpoint and sum, pattern)
    solved = np.zeros((len(patterns), rates.shape[1]))
    for a in range(rates.shape[1]):
        solved[:, a], miss = nnls(system, np.append(rates[:, a], 1.0))
        if miss > CLOSE:
            asked = ", ".join(f"{name} {100 * rate:.3g} %" for name, rate in zip(names, rates[:, a], strict=True))
            raise UsageError(f"no values give {asked} of those who stay: the rates contradict each other. Change one.")
    return solved
