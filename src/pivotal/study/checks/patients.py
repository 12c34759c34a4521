"""The virtual patients and the real ones: baseline, screening, data set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pivotal.study.checks.criteria import value_of
from pivotal.study.checks.node import Node, Problem, as_number
from pivotal.study.checks.values import Enrolment, span

SHARES = 2e-3
"""How far shares printed to three or four decimals may sum from 1."""


def check(study: Node) -> Iterator[Problem]:
    """Baseline targets, screening shares, the data set of a real trial."""
    for row in study.rows("cohort", "baseline"):
        yield from _baseline(study, row)
    enrolment = Enrolment(study)
    for row in study.rows("cohort", "screening"):
        yield from _screening(enrolment, row)
    yield from _real(study)


def _baseline(study: Node, row: Node) -> Iterator[Problem]:
    variable = dict(study.entries("variables")).get(row.text("variable") or "")
    if variable is None:
        return
    if row.has("shares"):
        yield from _shares(variable, row)
    elif not (row.has("mean") and row.has("sd")):
        yield row.problem(
            "a baseline variable has mean and sd, or shares", "Add mean and sd, or shares.", found="without a target"
        )
    elif variable.text("type") in ("category", "boolean"):
        yield row.child("mean").problem(f"the variable is a {variable.text('type')}", "Give its shares.")
    for end in row.rows("range"):
        yield from value_of(variable, end)
    mean, ends = row.number("mean"), span(row)
    if mean is not None and ends is not None and not ends[0] <= mean <= ends[1]:
        yield row.child("mean").problem(f"the range runs from {ends[0]:g} to {ends[1]:g}", "Correct one of them.")


def _shares(variable: Node, row: Node) -> Iterator[Problem]:
    entries = row.entries("shares")
    for label, share in entries:
        yield from value_of(variable, Node(_read(variable, label), share.path))
        number = as_number(share.data)
        if number is not None and not 0 <= number <= 1:
            yield share.problem("a share lies between 0 and 1", "Correct it.")
    total = sum(as_number(share.data) or 0.0 for _, share in entries)
    if abs(total - 1) > SHARES:
        yield row.child("shares").problem("shares sum to 1", "Correct them.", found=f"a sum of {total:g}")


def _read(variable: Node, label: str) -> Any:
    """A key of a table of shares as a value of the variable."""
    kind = variable.text("type")
    if kind == "boolean":
        return {"true": True, "false": False}.get(label, label)
    try:
        return float(label) if kind in ("number", "integer") else label
    except ValueError:
        return label


def _screening(enrolment: Enrolment, row: Node) -> Iterator[Problem]:
    name = row.text("variable") or ""
    variable = enrolment.variables.get(name)
    if variable is None:
        return
    conditional = any(criterion.when is not None for criterion in enrolment.about(name))
    for value in row.rows("values"):
        wrong = list(value_of(variable, value))
        yield from wrong
        if not wrong and not conditional and name not in enrolment.unclear and enrolment.passed(name, value.data):
            yield value.problem(
                f"no criterion turns away {name} = {value.data}", "Name a value that fails, or add the criterion."
            )


def _real(study: Node) -> Iterator[Problem]:
    head = study.child("study")
    real = head.text("patients") == "real"
    planned = study.has("cohort") or study.has("scenarios") or study.has("grids")
    population = study.child("population")
    if isinstance(population.data, dict) and not population.has("size") and (planned or not real):
        yield study.child("population", "size").problem("population needs a size", "Add size.", found="missing")
    real = real and not any(p.has("from") for p in study.rows("parameters"))
    if real and not isinstance(study.child("data").data, dict):
        yield head.child("patients").problem(
            "a [data] section says how its data file is read", "Add [data] with subject, arm, variables, parameters."
        )
    yield from _mapped(study)
    for name, column in study.entries("data", "variables"):
        variable = study.child("variables", name)
        for _, value in column.entries("values"):
            if variable.data is not None:
                yield from value_of(variable, value)


def _mapped(study: Node) -> Iterator[Problem]:
    """A row of the data file is a patient, or a patient's visit, and the map says which."""
    data = study.child("data")
    if not isinstance(data.data, dict):
        return
    long = data.has("visit")
    for row in data.rows("parameters"):
        if not row.has("visit") and not long:
            yield row.problem(
                "a parameter's values are of a visit",
                'Add visit = "..." to it, or [data.visit] with the column that says the visit.',
                found="without a visit",
            )
    if long and not data.has("subject"):
        yield data.child("visit").problem(
            "a file with a row a visit says whose row it is", 'Add subject = "..." to [data].', found="without subject"
        )
