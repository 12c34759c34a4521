"""R's model formulas, as far as cases use them: ``y ~ a + b * c``, treatment contrasts, columns named as in R."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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

    Variables stand in a term in the order in which the formula first names them.

    Examples
    --------
    >>> terms("RACE + ARM * VISIT")
    [('RACE',), ('ARM',), ('VISIT',), ('ARM', 'VISIT')]
    >>> terms("base * visit + arm * visit")[-1]
    ('visit', 'arm')
    """
    found: list[tuple[str, ...]] = []
    named = variables(right)
    for written in _plus(right):
        crossed = [name.strip() for name in written.split("*")]
        if len(crossed) > 1:
            sets = [c for size in range(1, len(crossed) + 1) for c in combinations(crossed, size)]
        else:
            sets = [tuple(name.strip() for name in written.split(":"))]
        ordered = [tuple(sorted(each, key=named.index)) for each in sets]
        found += [each for each in ordered if each not in found]
    return sorted(found, key=len)


def variables(right: str) -> list[str]:
    """The variables of a formula's right side in the order in which it first names them.

    Examples
    --------
    >>> variables("base * visit + arm * visit")
    ['base', 'visit', 'arm']
    """
    written = (name.strip() for part in _plus(right) for name in re.split(r"[*:](?![^(]*\))", part))
    return list(dict.fromkeys(written))


def _plus(right: str) -> list[str]:
    parts = [part.strip() for part in re.split(r"\+(?![^(]*\))", right)]
    return [part for part in parts if part and part not in ("0", "1")]


def design(
    table: Table, right: str, factors: tuple[str, ...] = (), levels: Mapping[str, Sequence[str]] | None = None
) -> Design:
    """The model matrix of a formula's right side.

    Parameters
    ----------
    table
        The data.
    right
        ``RACE + SEX + ARM * VISIT``; ``factor(x)`` makes a factor of numbers.
    factors
        Numeric columns that are factors (text columns are, always).
    levels
        Levels of factors in another order than R's default, the reference first.
    """
    orders = levels or {}
    names, columns = ["(Intercept)"], [np.ones(table.rows)]
    of: list[tuple[str, ...]] = [()]
    for term in terms(right):
        parts = [_columns(table, variable, factors, orders) for variable in term]
        # R lets the first variable of an interaction run fastest.
        for chosen in product(*reversed(parts)):
            names.append(":".join(name for name, _ in reversed(chosen)))
            columns.append(np.prod([values for _, values in chosen], axis=0))
            of.append(tuple(_bare(variable) for variable in term))
    return Design(tuple(names), np.stack(columns, axis=1), tuple(of))


def _bare(variable: str) -> str:
    inside = re.fullmatch(r"(?:as\.)?factor\((.+)\)", variable)
    return inside.group(1).strip() if inside else variable


def _columns(
    table: Table, variable: str, factors: tuple[str, ...], levels: Mapping[str, Sequence[str]]
) -> list[tuple[str, Floats]]:
    name = _bare(variable)
    values = table[name]
    if values.dtype.kind == "f" and name == variable and name not in factors:
        return [(variable, values)]
    own = table.levels(name)
    codes = table.codes(name)
    return [
        (f"{variable}{level}", np.where(codes < 0, np.nan, codes == _place(own, level)).astype(np.float64))
        for level in levels.get(name, own)[1:]
    ]


def _place(levels: Sequence[str], level: str) -> int:
    return levels.index(level) if level in levels else -2


def levels_named(table: Table, right: str, names: Sequence[str], factors: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Levels of the factors of a formula as the names of its coefficients tell them: the one without a name is first.

    Parameters
    ----------
    table, right, factors
        As `design`.
    names
        Of the coefficients, as R prints them. A factor is left out unless all its levels but one have a name there.

    Examples
    --------
    >>> table = Table({"sex": np.array(["Female", "Male"]), "y": np.array([1.0, 2.0])})
    >>> levels_named(table, "sex", ["(Intercept)", "sexFemale"])
    {'sex': ['Male', 'Female']}
    """
    found = {}
    for variable in variables(right):
        name = _bare(variable)
        if table[name].dtype.kind == "f" and name == variable and name not in factors:
            continue
        own = table.levels(name)
        named = [level for level in own if f"{variable}{level}" in names]
        if len(named) == len(own) - 1:
            ordered = sorted(named, key=lambda level: list(names).index(f"{variable}{level}"))
            found[name] = [level for level in own if level not in named] + ordered
    return found
