"""Whether what SDTM is made from exists: parameters, variables, arms, periods, and each test code once."""

from __future__ import annotations

from collections.abc import Iterator

from pivotal.study.checks.node import Node, Problem
from pivotal.study.checks.references import each_unknown, twice, unknown


def check(study: Node) -> Iterator[Problem]:
    """Names that the part [sdtm] refers to, and codes that stand twice in a domain."""
    part = study.child("sdtm")
    variables = [key for key, _ in study.entries("variables")]
    parameters, arms = study.names("parameters"), study.names("arms")
    tests, characteristics, exposure = part.rows("tests"), part.rows("characteristics"), part.rows("exposure")
    yield from each_unknown([row.child("parameter") for row in tests], parameters, "parameter")
    yield from each_unknown([row.child("variable") for row in characteristics], variables, "variable")
    yield from each_unknown([row.child("arm") for row in exposure], arms, "arm")
    yield from twice([row.child("parameter") for row in tests], "the test of a parameter")
    yield from twice([row.child("variable") for row in characteristics], "the test of a variable")
    yield from twice([row.child("arm") for row in exposure], "the exposure of an arm")
    for key, node in part.entries("epochs"):
        yield from unknown(Node(key, node.path), study.names("periods"), "period")
    for key, node in part.entries("labels"):
        yield from unknown(Node(key, node.path), [*variables, *parameters], "variable or parameter")
    yield from _codes([*tests, *characteristics])


def _codes(rows: list[Node]) -> Iterator[Problem]:
    seen: set[tuple[str | None, str | None]] = set()
    for row in rows:
        key = (row.text("domain"), row.text("code"))
        if None not in key and key in seen:
            yield row.child("code").problem(f"a code stands once in {key[0]}", "Rename one of them.")
        seen.add(key)
