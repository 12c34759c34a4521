"""The one criteria engine: who may be enrolled, who is analysed, whom a label covers.

A criterion has three answers: yes, no, unknown. Unknown stays unknown (Kleene's strong logic): it never counts as no.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

Truth = NDArray[np.int8]
Columns = Mapping[str, NDArray[Any]]
"""Variables by name, all of one shape. NaN, None, an empty string and a masked code of -1 in a boolean are unknown."""


class Answer(IntEnum):
    """The three answers."""

    NO = 0
    YES = 1
    UNKNOWN = -1


class Criterion(BaseModel):
    """One criterion: a comparison on a variable, or a group of criteria.

    A comparison names its `variable` and one or more bounds, all of which must hold. A group is `all`, `any` or
    `not_`. `when` is a criterion that switches this one on: where it says no, nothing is asked and the patient passes
    (an inclusion is answered yes, an exclusion no).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)

    id: str | None = None
    kind: Literal["inclusion", "exclusion"] = "inclusion"
    text: str | None = Field(default=None, description="the criterion in words")
    variable: str | None = None
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    between: tuple[float, float] | None = None
    any_of: tuple[float | str, ...] | None = None
    none_of: tuple[float | str, ...] | None = None
    is_: bool | None = Field(default=None, alias="is")
    unit: str | None = None
    at: tuple[str, ...] = Field(default=(), description="when it is asked: screening, baseline")
    when: Criterion | None = None
    all: tuple[Criterion, ...] | None = None
    any: tuple[Criterion, ...] | None = None
    not_: Criterion | None = Field(default=None, alias="not")
    source: str | None = None
    derived: str | None = None
    assumed: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Criterion:
        groups = [g for g in (self.all, self.any, self.not_) if g is not None]
        if len(groups) + (self.variable is not None) != 1:
            raise ValueError("a criterion names one variable, or is one group (all, any, not)")
        if self.variable is not None and not self.bounds:
            raise ValueError(
                f"the criterion on {self.variable!r} compares with nothing; give one of at_least, above, at_most, "
                "below, between, any_of, none_of, is"
            )
        if self.between is not None and self.between[0] > self.between[1]:
            raise ValueError(f"between = {list(self.between)} is upside down: no value lies in it")
        return self

    @property
    def bounds(self) -> dict[str, Any]:
        """The comparisons that are set, by their key in a study file."""
        keys = ("at_least", "above", "at_most", "below", "between", "any_of", "none_of")
        found = {key: getattr(self, key) for key in keys if getattr(self, key) is not None}
        return found if self.is_ is None else found | {"is": self.is_}

    def variables(self) -> set[str]:
        """Every variable that the criterion reads."""
        parts = [*(self.all or ()), *(self.any or ()), *(p for p in (self.not_, self.when) if p is not None)]
        own = {self.variable} if self.variable is not None else set()
        return own.union(*(part.variables() for part in parts))


def evaluate(criterion: Criterion, columns: Columns) -> Truth:
    """Answer one criterion for every patient.

    Parameters
    ----------
    criterion
        The criterion; its `kind` is not applied here (see `eligible`).
    columns
        Arrays by variable name, all of one shape. A variable that is absent is unknown for everybody.

    Returns
    -------
    numpy.ndarray
        int8 of the columns' shape: 1 yes, 0 no, -1 unknown.

    Examples
    --------
    >>> import numpy as np
    >>> age = Criterion(variable="AGE", at_least=2, below=12)
    >>> evaluate(age, {"AGE": np.array([1.0, 2.0, 12.0, np.nan])}).tolist()
    [0, 1, 0, -1]
    """
    answer = _answer(criterion, columns)
    if criterion.when is None:
        return answer
    asked = passes(criterion.when, columns)
    return both(answer, asked) if criterion.kind == "exclusion" else either(answer, negate(asked))


def eligible(criteria: Iterable[Criterion], columns: Columns) -> Truth:
    """Whether every inclusion criterion holds and no exclusion criterion does.

    Returns
    -------
    numpy.ndarray
        int8: 1 eligible, 0 not, -1 cannot tell.
    """
    result = np.ones(_shape(columns), dtype=np.int8)
    for criterion in criteria:
        result = both(result, passes(criterion, columns))
    return result


def passes(criterion: Criterion, columns: Columns) -> Truth:
    """Whether a patient passes a criterion, its kind applied: an exclusion is passed where its answer is no."""
    answer = evaluate(criterion, columns)
    return negate(answer) if criterion.kind == "exclusion" else answer


def both(a: Truth, b: Truth) -> Truth:
    """Kleene's and: no wins over unknown, unknown over yes."""
    return np.where((a == 0) | (b == 0), np.int8(0), np.minimum(a, b)).astype(np.int8, copy=False)


def either(a: Truth, b: Truth) -> Truth:
    """Kleene's or: yes wins over unknown, unknown over no."""
    unknown = (a == -1) | (b == -1)
    return np.where((a == 1) | (b == 1), np.int8(1), np.where(unknown, np.int8(-1), np.int8(0))).astype(np.int8)


def negate(a: Truth) -> Truth:
    """Kleene's not: unknown stays unknown."""
    return np.where(a < 0, a, 1 - a).astype(np.int8, copy=False)


def _answer(criterion: Criterion, columns: Columns) -> Truth:
    if criterion.all is not None:
        return eligible(criterion.all, columns)
    if criterion.any is not None:
        result = np.zeros(_shape(columns), dtype=np.int8)
        for part in criterion.any:
            result = either(result, passes(part, columns))
        return result
    if criterion.not_ is not None:
        return negate(evaluate(criterion.not_, columns))
    assert criterion.variable is not None
    values = columns.get(criterion.variable)
    if values is None:
        return np.full(_shape(columns), -1, dtype=np.int8)
    holds = _compare(criterion, values)
    answer = holds.view(np.int8)
    unknown = _unknown(values)
    if unknown is not None and unknown.any():
        answer[unknown] = -1
    return answer


def _compare(criterion: Criterion, values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind == "O":
        return _compare_objects(criterion, values)
    holds, *others = (
        np.asarray(_COMPARE[key](values, _like(values, bound)), np.bool_) for key, bound in criterion.bounds.items()
    )
    for other in others:
        holds &= other
    return holds


def _like(values: NDArray[Any], bound: Any) -> Any:
    """A bound as a whole number for a whole-number column, which need not be widened then to compare."""
    if isinstance(bound, tuple):
        return tuple(_like(values, b) for b in bound)
    whole = values.dtype.kind in "iu" and isinstance(bound, float) and bound.is_integer()
    return int(bound) if whole else bound


def _among(values: NDArray[Any], wanted: tuple[float | str, ...]) -> NDArray[np.bool_]:
    """Whether a value is one of a few."""
    if values.dtype.kind in "OUT":
        return np.isin(values, list(wanted))
    found = np.zeros(values.shape, dtype=np.bool_)
    for value in wanted:
        if not isinstance(value, str):
            found |= values == value
    return found


def _compare_objects(criterion: Criterion, values: NDArray[Any]) -> NDArray[np.bool_]:
    """A column of Python objects, entry by entry, as an unknown one bears no comparison."""
    flat = list(values.ravel())
    known = [not (v is None or v == "" or v != v) for v in flat]
    holds = [
        k and all(bool(np.asarray(_COMPARE[key](np.asarray(v), bound))) for key, bound in criterion.bounds.items())
        for v, k in zip(flat, known, strict=True)
    ]
    return np.asarray(holds, dtype=np.bool_).reshape(values.shape)


_COMPARE: dict[str, Any] = {
    "at_least": lambda v, b: v >= b,
    "above": lambda v, b: v > b,
    "at_most": lambda v, b: v <= b,
    "below": lambda v, b: v < b,
    "between": lambda v, b: (v >= b[0]) & (v <= b[1]),
    "any_of": _among,
    "none_of": lambda v, b: ~_among(v, b),
    "is": lambda v, b: v == b,
}


def _unknown(values: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Where a value is unknown; None for types that know no such thing."""
    if values.dtype.kind == "f":
        return np.asarray(np.isnan(values), dtype=np.bool_)
    if values.dtype.kind == "i":
        return np.asarray(values < 0, dtype=np.bool_)
    if values.dtype.kind == "O":
        unknown = [v is None or v == "" or v != v for v in values.ravel()]
        return np.asarray(unknown, dtype=np.bool_).reshape(values.shape)
    if values.dtype.kind in "UT":
        return np.asarray(values == "", dtype=np.bool_)
    return None


def _shape(columns: Columns) -> tuple[int, ...]:
    return next(iter(columns.values())).shape if columns else ()
