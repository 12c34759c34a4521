"""Whether the parts of a product file fit together: names, days, criteria; and each indication covers somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.errors import nearest
from pivotal.instruments import PARAMETERS, iga
from pivotal.label.product import AGE, CONDITION
from pivotal.study.checks.criteria import of_criterion, of_variable, value_of
from pivotal.study.checks.node import Node, Problem
from pivotal.study.checks.references import each_unknown, twice, unknown
from pivotal.study.checks.values import Enrolment
from pivotal.study.criteria import passes

_GRID = 2_000_000
"""Combinations of values up to which an indication's criteria are tried together, and not variable by variable only."""
_NAMED = ("indications", "trials", "limitations", "medicines", "boxed_warning", "administration", "interactions")


def check(data: Mapping[str, Any]) -> list[Problem]:
    """Everything that does not fit together in a product file."""
    product = Node(data)
    parts = (_names, _variables, _criteria, _scales, _terms, _days, _somebody)
    return [problem for part in parts for problem in part(product)]


def _names(product: Node) -> Iterator[Problem]:
    for key in _NAMED:
        yield from twice([row.child("id") for row in product.rows(key)], "another")
    yield from twice([row.child("name") for row in product.rows("conditions")], "another condition")
    sources = [key for key, _ in product.entries("sources")]
    trials = [name for row in product.rows("trials") if (name := row.text("id")) is not None]
    indications = [name for row in product.rows("indications") if (name := row.text("id")) is not None]
    for node in product.walk():
        if node.path[-1:] == ("source",) and node.path[:1] != ("sources",):
            yield from unknown(node, sources, "source")
    for row in product.rows("indications"):
        yield from twice([c.child("id") for c in row.rows("criteria")], "another criterion")
        yield from each_unknown(row.rows("sources"), sources, "source")
        yield from each_unknown(row.rows("trials"), trials, "trial")
        yield from unknown(row.child("superseded_by"), indications, "indication")


def _variables(product: Node) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, variable in product.entries("variables"):
        yield from of_variable(name, variable)
        for alias in (Node(name, variable.path), *variable.rows("aliases")):
            if not isinstance(alias.data, str):
                continue
            key = plain(alias.data)
            if seen.setdefault(key, name) != name:
                yield alias.problem(f"{seen[key]} has this name already", "Rename or remove one of them.", alias.data)

    conditions = product.child("variables", CONDITION)
    if product.has("variables") and conditions.text("type") != "category":
        allowed = f"a product file has a category {CONDITION}, the condition to be treated"
        found = "of another type" if conditions.data is not None else f"without {CONDITION}"
        place = conditions if conditions.data is not None else product.child("variables")
        yield place.problem(allowed, "Add it.", found)
    age = product.child("variables", AGE)
    if age.data is not None and age.text("unit") != "years":
        yield age.problem(f"{AGE} is told by a date of birth, in years", 'Set unit = "years".', "in another unit")


def plain(name: str) -> str:
    """A name without regard to capitals, blanks, hyphens and underscores, by which columns and options are found."""
    return "".join(c for c in name.lower() if c.isalnum())


def _criteria(product: Node) -> Iterator[Problem]:
    for row in product.rows("indications"):
        for criterion in row.rows("criteria"):
            yield from of_criterion(product, criterion)
        for limit in row.rows("dose_limits"):
            if limit.has("when"):
                yield from of_criterion(product, limit.child("when"))
    for row in product.rows("limitations"):
        if row.has("criterion"):
            yield from of_criterion(product, row.child("criterion"))


def _scales(product: Node) -> Iterator[Problem]:
    variables = dict(product.entries("variables"))
    for row in product.rows("scales"):
        for key in ("words", "scores"):
            yield from unknown(row.child(key), list(variables), "variable")
        words, scores = variables.get(row.text("words") or ""), variables.get(row.text("scores") or "")
        grades = row.rows("grades")
        yield from _instrument(row)
        yield from twice([grade.child("word") for grade in grades], "another grade")
        for grade in grades:
            if words is not None and words.text("type") == "category":
                yield from value_of(words, grade.child("word"))
            if scores is not None:
                yield from value_of(scores, grade.child("score"))


def _instrument(scale: Node) -> Iterator[Problem]:
    """The instrument is one that the package knows, and its words and scores are those that it has."""
    name = scale.text("instrument")
    yield from unknown(scale.child("instrument"), list(PARAMETERS), "instrument")
    if name not in PARAMETERS:
        return
    known = PARAMETERS[name]
    for grade in scale.rows("grades"):
        score = grade.number("score")
        if score is not None and (not known.low <= score <= known.high or (known.integer and not score.is_integer())):
            whole = "whole numbers " if known.integer else ""
            yield grade.child("score").problem(f"the {name} has {whole}{known.low:g} to {known.high:g}", "Correct it.")
        if name == "IGA":
            yield from unknown(grade.child("word"), iga.LABELS, "grade of the IGA")


def _terms(product: Node) -> Iterator[Problem]:
    """What a condition's or a medicine's name says are values that the variables can have."""
    variables = dict(product.entries("variables"))
    parts = [row.entries("facts") for row in product.rows("conditions")]
    for row in product.rows("medicines"):
        parts += [row.entries("facts"), row.entries("stopped")]
    for name, value in (entry for part in parts for entry in part):
        if name not in variables:
            found = f"for the unknown variable {name!r}"
            yield value.problem("no variable has this name", nearest(name, list(variables)), found=found)
        else:
            yield from value_of(variables[name], value)


def _days(product: Node) -> Iterator[Problem]:
    """Each span runs forwards, and an indication is followed without a gap or an overlap where it names its heir."""
    rows = product.rows("indications")
    starts = {row.text("id"): day(row.child("effective").data) for row in rows}
    for span in [*rows, *(limit for row in rows for limit in row.rows("dose_limits"))]:
        start, end = day(span.child("effective").data), day(span.child("superseded").data)
        if start is not None and end is not None and end <= start:
            yield span.child("superseded").problem(
                "it ends after it begins", "Correct one of the days.", found=str(end)
            )
    for row in rows:
        heir, end = row.text("superseded_by"), day(row.child("superseded").data)
        if heir is None:
            continue
        if end is None:
            yield row.child("superseded_by").problem("what is superseded says on which day", "Add superseded.")
        elif starts.get(heir) not in (None, end):
            allowed = f"{heir} is effective from {starts[heir]}"
            yield row.child("superseded").problem(allowed, "Make the days the same.", found=str(end))


def day(value: Any) -> date | None:
    """A day, as TOML's own date or as text; None where it is neither."""
    if isinstance(value, datetime):
        return None
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _somebody(product: Node) -> Iterator[Problem]:
    """Each indication covers somebody: variable by variable, then all variables together."""
    for row in product.rows("indications"):
        enrolment = Enrolment(product, row.child("criteria"))
        names = sorted(set[str]().union(*(c.variables() for _, c in enrolment.criteria)) - enrolment.unclear)
        names = [name for name in names if enrolment.possible(name)]
        empty = [name for name in names if not enrolment.admitted(name)]
        for name in empty:
            last = [node for node, criterion in enrolment.criteria if name in criterion.variables()][-1]
            allowed = f"no value of {name} passes all criteria, so that the indication covers nobody"
            yield last.problem(allowed, "Correct a bound.", found="a criterion that leaves nobody")
        if not empty and not enrolment.unclear and _nobody(product, enrolment, names):
            allowed = "no patient passes them all, whatever the facts, so that the indication covers nobody"
            yield row.child("criteria").problem(allowed, "Correct a bound.", found="criteria that leave nobody")


def _nobody(product: Node, enrolment: Enrolment, names: list[str]) -> bool:
    """Whether no combination of values passes: those at, beside and between the bounds are tried."""
    values = {name: np.array(enrolment.admitted(name)) for name in names}
    if not names or prod(map(len, values.values())) > _GRID:
        return False
    grid = dict(zip(names, np.meshgrid(*values.values(), indexing="ij"), strict=True))
    columns: dict[str, NDArray[Any]] = {name: each.ravel() for name, each in grid.items()}
    possible = _agreeing(product, columns)
    for _, criterion in enrolment.criteria:
        possible &= passes(criterion, columns) != 0
    return not possible.any()


def _agreeing(product: Node, columns: dict[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Which combinations do not contradict a scale: the word and the score say the same."""
    agree = np.ones(next(iter(columns.values())).shape, dtype=np.bool_)
    for scale in product.rows("scales"):
        words, scores = columns.get(scale.text("words") or ""), columns.get(scale.text("scores") or "")
        if words is None or scores is None:
            continue
        pairs = [(grade.text("word"), grade.number("score")) for grade in scale.rows("grades")]
        agree &= np.any([(words == word) & (scores == score) for word, score in pairs], axis=0)
    return agree


__all__ = ["check", "day", "plain"]
