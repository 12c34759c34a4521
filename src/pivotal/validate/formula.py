"""R's model formulas, as far as cases use them: ``y ~ a + b * c``, treatment contrasts, columns named as in R."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from pivotal.validate.case import Table

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Design:
    """A model matrix.

    Attributes
    ----------
    names
        Of the columns, as R's `coef` prints them.
    matrix
        (row, column).
    terms
        The term that each column belongs to: the variables it is made of; () for the intercept.
    """

    names: tuple[str, ...]
    matrix: Floats
    terms: tuple[tuple[str, ...], ...]


def sides(formula: str) -> tuple[str, str]:
    """The left and the right side of a formula.

    Examples
    --------
    >>> sides("FEV1 ~ RACE + SEX")
    ('FEV1', 'RACE + SEX')
    """
    left, _, right = formula.partition("~")
    return left.strip(), right.strip()


def terms(right: str) -> list[tuple[str, ...]]:
    """The terms of a formula's right side in R's order: main effects first, then by how many variables they cross.

    Examples
    --------
    >>> terms("RACE + ARM * VISIT")
    [('RACE',), ('ARM',), ('VISIT',), ('ARM', 'VISIT')]
    """
    found: list[tuple[str, ...]] = []
    for written in _plus(right):
        crossed = [name.strip() for name in written.split("*")]
        if len(crossed) > 1:
            sets = [c for size in range(1, len(crossed) + 1) for c in combinations(crossed, size)]
        else:
            sets = [tuple(name.strip() for name in written.split(":"))]
        found += [each for each in sets if each not in found]
    return sorted(found, key=len)


def _plus(right: str) -> list[str]:
    parts = [part.strip() for part in re.split(r"\+(?![^(]*\))", right)]
    return [part for part in parts if part and part not in ("0", "1")]


def design(table: Table, right: str, factors: tuple[str, ...] = ()) -> Design:
    """The model matrix of a formula's right side.

    Parameters
    ----------
    table
        The data.
    right
        ``RACE + SEX + ARM * VISIT``; ``factor(x)`` makes a factor of numbers.
    factors
        Numeric columns that are factors (text columns are, always).
    """
    names, columns = ["(Intercept)"], [np.ones(table.rows)]
    of: list[tuple[str, ...]] = [()]
    for term in terms(right):
        parts = [_columns(table, variable, factors) for variable in term]
        # R lets the first variable of an interaction run fastest.
        for chosen in product(*reversed(parts)):
            names.append(":".join(name for name, _ in reversed(chosen)))
            columns.append(np.prod([values for _, values in chosen], axis=0))
            of.append(tuple(_bare(variable) for variable in term))
    return Design(tuple(names), np.stack(columns, axis=1), tuple(of))


def _bare(variable: str) -> str:
    inside = re.fullmatch(r"(?:as\.)?factor\((.+)\)", variable)
    return inside.group(1).strip() if inside else variable


def _columns(table: Table, variable: str, factors: tuple[str, ...]) -> list[tuple[str, Floats]]:
    name = _bare(variable)
    values = table[name]
    if values.dtype.kind == "f" and name == variable and name not in factors:
        return [(variable, values)]
    codes = table.codes(name)
    return [
        (f"{variable}{level}", np.where(codes < 0, np.nan, codes == code).astype(np.float64))
        for code, level in enumerate(table.levels(name))
        if code > 0
    ]
