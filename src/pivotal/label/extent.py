"""Which values of one variable a list of criteria lets in, and what two lists make of the same values.

The values of a variable fall into cells, within each of which no criterion can tell one value from another: for a
number the bounds themselves and the stretches between them, else each value. The criteria engine answers for one value
of each cell, and that is the answer for the cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pivotal.study.criteria import Criterion, passes
from pivotal.study.model import Variable

Value = float | str | bool
_LONGEST = 200
"""A range of whole numbers up to this length is taken value by value."""
_LISTED = 10
"""Whole numbers of a range up to this length are named one by one."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Values that no criterion tells apart: one value, or all that lie strictly between two numbers."""

    low: Value
    high: Value

    @property
    def one(self) -> Value:
        """A value of the cell."""
        if self.low == self.high:
            return self.low
        return (float(self.low) + float(self.high)) / 2


@dataclass(frozen=True)
class Extent:
    """What a list of criteria lets in of one variable.

    Attributes
    ----------
    name, variable
        The variable.
    cells
        All values that it can have, in order.
    lets
        Whether each cell is let in.
    criteria
        The criteria; none where the extent was made from others.
    """

    name: str
    variable: Variable
    cells: tuple[Cell, ...]
    lets: tuple[bool, ...]
    criteria: tuple[Criterion, ...] = ()

    @property
    def words(self) -> str:
        """The values in words: `2 to under 12 years`, `mild or moderate`, `no value`."""
        return in_words(self.variable, self.cells, self.lets)

    def minus(self, other: Extent) -> Extent:
        """What this one lets in and another, over the same cells, does not."""
        return Extent(self.name, self.variable, self.cells, tuple(a and not b for a, b in self._pairs(other)))

    def shared(self, other: Extent) -> Extent:
        """What both let in."""
        return Extent(self.name, self.variable, self.cells, tuple(a and b for a, b in self._pairs(other)))

    def _pairs(self, other: Extent) -> Iterator[tuple[bool, bool]]:
        if self.cells != other.cells:
            raise ValueError(f"{self.name}: the two extents have different cells")
        return zip(self.lets, other.lets, strict=True)

    def __bool__(self) -> bool:
        return any(self.lets)


def extents(name: str, variable: Variable, *lists: Sequence[Criterion]) -> list[Extent]:
    """What each of several lists of criteria lets in of one variable, over the same cells.

    Parameters
    ----------
    name
        The variable's name in the criteria.
    variable
        Its type, range and categories.
    lists
        Criteria; those that read another variable as well are left out.

    Returns
    -------
    list of Extent
        One a list.

    Examples
    --------
    >>> age = Variable(label="Age", type="number", unit="years", range=(0, 120))
    >>> trial = Criterion(variable="AGE", at_least=2, below=12)
    >>> label = Criterion(variable="AGE", at_least=2)
    >>> of_trial, of_label = extents("AGE", age, [trial], [label])
    >>> of_trial.words, of_label.minus(of_trial).words
    ('2 to under 12 years', '12 years and over')
    """
    own = [[c for c in criteria if c.variables() == {name}] for criteria in lists]
    cells = _cells(name, variable, [c for criteria in own for c in criteria])
    values = np.array([cell.one for cell in cells])
    found = []
    for criteria in own:
        lets = np.ones(len(cells), dtype=np.bool_)
        for criterion in criteria:
            lets &= passes(criterion, {name: values}) == 1
        found.append(Extent(name, variable, cells, tuple(bool(one) for one in lets), tuple(criteria)))
    return found


def extent(name: str, variable: Variable, criteria: Sequence[Criterion]) -> Extent:
    """What one list of criteria lets in of one variable."""
    return extents(name, variable, criteria)[0]


def leaves(criterion: Criterion) -> Iterator[Criterion]:
    """Every comparison inside a criterion."""
    if criterion.variable is not None:
        yield criterion
    for part in (*(criterion.all or ()), *(criterion.any or ()), criterion.not_, criterion.when):
        if part is not None:
            yield from leaves(part)


def _cells(name: str, variable: Variable, criteria: Iterable[Criterion]) -> tuple[Cell, ...]:
    if variable.type == "boolean":
        return (Cell(False, False), Cell(True, True))
    if variable.type == "category":
        return tuple(Cell(label, label) for label in variable.categories or ())
    bounds = {float(b) for c in criteria for leaf in leaves(c) if leaf.variable == name for b in _bounds(leaf)}
    low, high = variable.range or (min(bounds, default=0.0) - 1, max(bounds, default=0.0) + 1)
    inside = sorted({b for b in bounds if low < b < high} | {low, high})
    if variable.type == "integer" and high - low <= _LONGEST:
        return tuple(Cell(float(v), float(v)) for v in range(int(np.ceil(low)), int(np.floor(high)) + 1))
    cells = [Cell(low, low)]
    for a, b in pairwise(inside):
        cells += [Cell(a, b), Cell(b, b)]
    return tuple(cells)


def _bounds(leaf: Criterion) -> Iterator[float]:
    for bound in leaf.bounds.values():
        for value in bound if isinstance(bound, tuple) else (bound,):
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield value


# ---------------------------------------------------------------- in words


def in_words(variable: Variable, cells: Sequence[Cell], lets: Sequence[bool]) -> str:
    """The values of some cells in words."""
    if not any(lets):
        return "no value"
    if all(lets):
        return "any value"
    chosen = [cell for cell, let in zip(cells, lets, strict=True) if let]
    if variable.type in ("boolean", "category"):
        names = {True: "yes", False: "no"}
        return _or([names[c.low] if isinstance(c.low, bool) else str(c.low) for c in chosen])
    unit = "" if variable.unit is None else f" {variable.unit}"
    if variable.type == "integer" and len(cells) <= _LISTED:
        return _or([f"{c.low:g}" for c in chosen]) + unit
    return _or([_stretch(cells, run, unit) for run in _runs(lets)])


def _runs(lets: Sequence[bool]) -> list[tuple[int, int]]:
    """First and last index of each run of neighbouring cells that are let in."""
    edges = [0, *(i for i in range(1, len(lets)) if lets[i] != lets[i - 1]), len(lets)]
    return [(a, b - 1) for a, b in pairwise(edges) if lets[a]]


def _stretch(cells: Sequence[Cell], run: tuple[int, int], unit: str) -> str:
    first, last = cells[run[0]], cells[run[1]]
    low, high = f"{first.low:g}", f"{last.high:g}"
    from_, to = first.low == first.high, last.low == last.high  # whether the bound itself belongs to it
    if run[1] == len(cells) - 1:
        return f"{low}{unit} and over" if from_ else f"over {low}{unit}"
    if run[0] == 0:
        return f"up to {high}{unit}" if to else f"under {high}{unit}"
    if run[0] == run[1] and from_:
        return f"{low}{unit}"
    start = low if from_ else f"over {low}"
    return f"{start} to {high}{unit}" if to else f"{start} to under {high}{unit}"


def _or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
