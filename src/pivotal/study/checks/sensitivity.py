"""Tables of tipping points: of an endpoint that imputes, of two arms, of an analysis that compares arms."""

from __future__ import annotations

from collections.abc import Iterator

from pivotal.errors import nearest
from pivotal.study.checks.endpoints import IMPUTED, visits_of
from pivotal.study.checks.node import Node, Problem, as_number
from pivotal.study.checks.references import each_unknown

KIND = "tipping point"


def check(study: Node) -> Iterator[Problem]:
    """Every table of tipping points."""
    endpoints = {endpoint.text("name"): endpoint for endpoint in study.rows("endpoints")}
    for table in study.rows("tables"):
        if table.text("kind") == KIND:
            yield from _arms(study, table)
            yield from _deltas(table)
            if table.text("endpoint") in endpoints:
                yield from _endpoint(table, endpoints[table.text("endpoint")])


def _arms(study: Node, table: Node) -> Iterator[Problem]:
    arm, comparator = table.child("arm"), table.child("comparator")
    yield from each_unknown([arm, comparator], study.names("arms"), "arm")
    control = next((a.text("name") for a in study.rows("arms") if a.child("control").data is True), None)
    against = comparator.data if table.has("comparator") else control
    if arm.data is not None and arm.data == against:
        yield arm.problem("two different arms are compared", "Name another arm, or another comparator.")


def _deltas(table: Node) -> Iterator[Problem]:
    for key in ("deltas", "comparator_deltas"):
        seen: set[float] = set()
        for each in table.rows(key):
            delta = as_number(each.data)
            if delta in seen:
                yield each.problem("each delta stands there once", "Remove it.")
            seen |= set() if delta is None else {delta}


def _endpoint(table: Node, endpoint: Node) -> Iterator[Problem]:
    events = endpoint.child("intercurrent")
    if IMPUTED not in (events.text("discontinuation"), events.text("missing")):
        yield table.child("endpoint").problem(
            "a tipping point is of imputed values, and this endpoint imputes none",
            f'Set intercurrent.missing = "{IMPUTED}" and imputation in the endpoint, or name another endpoint.',
        )
    summarised = [str(visit.data) for visit in visits_of(endpoint) if visit.data is not None]
    if table.text("visit") is not None and table.text("visit") not in summarised:
        yield table.child("visit").problem(
            "the endpoint is not summarised there", nearest(str(table.text("visit")), summarised)
        )
    asked = table.text("analysis")
    for analysis in [endpoint.child("analysis"), *endpoint.rows("supplementary")]:
        chosen = analysis.path[-1] == "analysis" if asked is None else analysis.text("name") == asked
        if chosen and analysis.text("treatment") == "dose":
            where = table.child("endpoint") if asked is None else table.child("analysis")
            yield where.problem(
                "a tipping point is of two arms, and the analysis is of the doses of all",
                "Name an analysis that compares the arms.",
            )
