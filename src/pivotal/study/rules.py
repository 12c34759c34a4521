"""The study file's rules applied to values: who responds, and which level of a factor a patient has.

Written once, for the virtual patients that are made to follow them, for data that are checked against them, and for the
analysis.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.study.criteria import Criterion, evaluate
from pivotal.study.model import Derivation, Level, Stratum

Array = NDArray[Any]
Mask = NDArray[np.bool_]

SCORE_TOLERANCE = 1e-9
"""Scores are multiples of 0.05 held in binary: a reduction of exactly 75 % must count as 75 %."""


def responds(rule: Derivation, value: Array, base: Array) -> Mask:
    """Whether all conditions of a binary derivation hold; what is missing is not looked at here.

    Parameters
    ----------
    rule
        The derivation. Improvement is a fall from baseline, or a rise where it says so.
    value, base
        Values at the visit and at baseline; they broadcast.

    Returns
    -------
    numpy.ndarray of bool
        The common shape.

    Examples
    --------
    >>> rule = Derivation(parameter="IGA", value_at_most=1, improvement_at_least=2)
    >>> responds(rule, np.array([0, 1, 1]), np.array([2, 2, 3])).tolist()
    [True, False, True]
    """
    conditions: list[Mask] = []
    if rule.value_at_most is not None:
        conditions.append(_at_most(value, rule.value_at_most))
    if rule.value_at_least is not None:
        conditions.append(_at_least(value, rule.value_at_least))
    if rule.value_equals is not None:
        conditions.append(np.asarray(value == rule.value_equals))
    if rule.improvement_at_least is not None:
        gain = value - base if rule.improvement == "rise" else base - value
        conditions.append(_at_least(gain, rule.improvement_at_least))
    if rule.percent_improvement_at_least is not None:
        conditions.append(_relative(rule, rule.percent_improvement_at_least / 100, value, base))
    response = conditions[0]
    for condition in conditions[1:]:
        response = response & condition
    return response


def _relative(rule: Derivation, share: float, value: Array, base: Array) -> Mask:
    if rule.improvement == "rise":
        return np.asarray(value >= (1 + share) * base - SCORE_TOLERANCE)
    return np.asarray(value <= (1 - share) * base + SCORE_TOLERANCE)


def _at_most(value: Array, bound: float) -> Mask:
    whole = value.dtype.kind in "iu"
    return np.asarray(value <= (math.floor(bound) if whole else bound + SCORE_TOLERANCE), dtype=np.bool_)


def _at_least(value: Array, bound: float) -> Mask:
    whole = value.dtype.kind in "iu"
    return np.asarray(value >= (math.ceil(bound) if whole else bound - SCORE_TOLERANCE), dtype=np.bool_)


def level_codes(stratum: Stratum, values: Array, labels: tuple[str, ...] | None = None) -> NDArray[np.int8]:
    """Level of a stratification factor for every patient.

    Parameters
    ----------
    stratum
        The factor; its levels do not overlap (`checks` sees to that).
    values
        Its variable: numbers, codes of `labels`, or the labels themselves.
    labels
        Labels of a coded category; None where `values` are what the levels speak of.

    Returns
    -------
    numpy.ndarray
        int8 position among the levels, of the shape of `values`; -1 where none fits.

    Examples
    --------
    >>> levels = (Level(label="2-6", below=7), Level(label="7-11", at_least=7))
    >>> ages = Stratum(name="AGEGR1", variable="AGE", levels=levels)
    >>> level_codes(ages, np.array([2.0, 7.0, np.nan])).tolist()
    [0, 1, -1]
    """
    codes = np.full(values.shape, -1, dtype=np.int8)
    for code, level in enumerate(stratum.levels):
        holds = evaluate(_criterion(stratum, level, labels), {stratum.variable: values}) == 1
        codes += holds.view(np.int8) * np.int8(code + 1)  # from -1 to the code, without indexing
    return codes


def _criterion(stratum: Stratum, level: Level, labels: tuple[str, ...] | None) -> Criterion:
    bounds = level.model_dump(exclude={"label"}, exclude_none=True)
    if labels is not None and level.any_of is not None:
        bounds["any_of"] = tuple(labels.index(str(label)) for label in level.any_of)
    return Criterion(variable=stratum.variable, **bounds)
