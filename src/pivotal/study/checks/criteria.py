"""Criteria: on variables that exist, in their units, within their range; and somebody must pass."""

from __future__ import annotations

from collections.abc import Iterator

from pivotal.errors import nearest
from pivotal.study.checks.node import Node, Problem, as_number
from pivotal.study.checks.references import unknown
from pivotal.study.checks.values import Enrolment, span

UNITS = (
    "years", "months", "weeks", "days", "hours", "half-lives", "%", "cm2", "m2", "cm", "kg", "kg/m2", "g", "mg", "ug",
    "mg/day", "ug/day", "g/dL", "mg/dL", "mmol/L", "umol/L", "/uL", "10^9/L", "x ULN", "mmHg", "bpm", "C", "F", "mm",
    "mm/h", "IU/L", "points", "mL", "mL/min",
)  # fmt: skip
_COMPARISONS = ("at_least", "above", "at_most", "below", "between")
_WRONG: dict[str, tuple[str, ...]] = {
    "boolean": (*_COMPARISONS, "any_of", "none_of"),
    "category": (*_COMPARISONS, "is"),
    "number": ("is",),
    "integer": ("is",),
}
_KINDS = {
    "boolean": "true or false",
    "category": "a category, without order",
    "number": "a number",
    "integer": "a whole number",
}


def check(study: Node) -> Iterator[Problem]:
    """All criteria of the study, then each variable that they speak about."""
    for name, variable in study.entries("variables"):
        yield from of_variable(name, variable)
    for criterion in study.rows("population", "criteria"):
        yield from of_criterion(study, criterion)
    for group in study.rows("analysis_sets"):
        for criterion in group.rows("criteria"):
            yield from of_criterion(study, criterion)
    for period in study.rows("periods"):
        for criterion in period.rows("criteria"):
            yield from of_criterion(study, criterion, study.names("parameters"))
    yield from _somebody(study)


def of_variable(name: str, variable: Node) -> Iterator[Problem]:
    """Whether a variable's own parts fit: its unit, range, categories and usual value."""
    unit = variable.text("unit")
    if unit is not None and unit not in UNITS:
        yield variable.child("unit").problem("no unit has this name", nearest(unit, UNITS))
    ends = [as_number(end.data) for end in variable.rows("range")]
    if len(ends) == 2 and ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
        yield variable.child("range").problem("a range runs upwards", "Exchange its ends.")
    if variable.text("type") == "category" and not variable.rows("categories"):
        yield variable.problem(
            "a category lists its categories", 'Add categories = ["...", "..."].', found=f"{name} without categories"
        )
    usual = variable.child("usual")
    if usual.data is not None:
        yield from value_of(variable, usual)


def of_criterion(study: Node, criterion: Node, others: list[str] | None = None) -> Iterator[Problem]:
    """One criterion and those inside it; `study` holds the variables, `others` are names beside them."""
    names = [key for key, _ in study.entries("variables")]
    name = criterion.text("variable")
    if name is not None and name not in (others or []):
        yield from unknown(criterion.child("variable"), names, "variable")
    if name in names:
        yield from _comparison(study.child("variables", name), criterion)
    for key in ("all", "any"):
        for part in criterion.rows(key):
            yield from of_criterion(study, part, others)
    for key in ("not", "when"):
        if criterion.has(key):
            yield from of_criterion(study, criterion.child(key), others)


def _comparison(variable: Node, criterion: Node) -> Iterator[Problem]:
    yield from _unit(variable, criterion)
    kind = variable.text("type")
    for key in _WRONG.get(kind or "", ()):
        if criterion.has(key):
            mend = {"boolean": "Use is = true or false.", "category": "Use any_of or none_of."}.get(kind or "", "")
            yield criterion.child(key).problem(
                f"the variable is {_KINDS[kind or '']}", mend or "Use at_least, below, between or any_of."
            )
    values = [criterion.child(key) for key in _COMPARISONS[:4]]
    for key in ("between", "any_of", "none_of"):
        values += criterion.rows(key)
    for value in values:
        if (
            value.data is not None
            and kind != "boolean"
            and value.path[len(criterion.path)] not in _WRONG.get(kind or "", ())
        ):
            yield from value_of(variable, value)


def _unit(variable: Node, criterion: Node) -> Iterator[Problem]:
    unit, right = criterion.text("unit"), variable.text("unit")
    if unit is None or unit == right:
        return
    node = criterion.child("unit")
    if right is not None:
        convert = "Convert the bound and set" if unit in UNITS else "Set"
        yield node.problem(f"the variable is in {right}", f"{convert} unit = {right!r}.")
    elif unit not in UNITS:
        yield node.problem("no unit has this name", nearest(unit, UNITS))
    else:
        yield node.problem("the variable has no unit", "Give the variable its unit, or remove this one.")


def value_of(variable: Node, value: Node) -> Iterator[Problem]:
    """Whether a value is one that the variable can take."""
    kind = variable.text("type")
    if kind == "category":
        categories = [c.data for c in variable.rows("categories") if isinstance(c.data, str)]
        if isinstance(value.data, str):
            yield from unknown(value, categories, "category of the variable")
        else:
            yield value.problem("the variable is a category", f"Use one of: {', '.join(categories)}.")
        return
    if kind == "boolean":
        if not isinstance(value.data, bool):
            yield value.problem("the variable is true or false", "Use true or false.")
        return
    number, ends = as_number(value.data), span(variable)
    if number is None:
        if kind is not None and value.data is not None:
            yield value.problem("the variable is a number", "Use a number.")
    elif ends is not None and not ends[0] <= number <= ends[1]:
        yield value.problem(f"the variable runs from {ends[0]:g} to {ends[1]:g}", "Correct it, or widen the range.")


def _somebody(study: Node) -> Iterator[Problem]:
    """Each variable leaves somebody to enrol."""
    enrolment = Enrolment(study)
    for name in sorted(set[str]().union(*(criterion.variables() for _, criterion in enrolment.criteria))):
        if enrolment.possible(name) and not enrolment.admitted(name):
            last = [row for row, criterion in enrolment.criteria if name in criterion.variables()][-1]
            yield last.problem(
                f"no value of {name} passes all criteria", "Correct a bound.", found="a criterion that leaves nobody"
            )
