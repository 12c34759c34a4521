"""Names: each is given once, and whatever is named exists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pivotal.errors import nearest
from pivotal.study.checks.node import Node, Problem

_NAMED = (
    ("arms", "arm"),
    ("visits", "visit"),
    ("parameters", "parameter"),
    ("endpoints", "endpoint"),
    ("analysis_sets", "analysis set"),
    ("periods", "period"),
    ("scenarios", "scenario"),
    ("grids", "grid"),
    ("topics", "topic"),
)

LATENT_COURSE_NEEDS = ("AGE", "IGA", "BSA", "EASI")
"""Baseline variables from which the courses of atopic dermatitis start."""


def check(study: Node) -> Iterator[Problem]:
    """Duplicate names, unknown names."""
    yield from _duplicates(study)
    yield from _sources(study)
    yield from _visits(study)
    yield from _endpoints(study)
    yield from _testing(study)
    yield from _scenarios(study)
    yield from _posted(study)
    yield from _cohort(study)
    yield from _data(study)
    yield from _tables(study)


def unknown(node: Node, names: Sequence[str], what: str) -> Iterator[Problem]:
    """A fault where a text is not among the names."""
    if isinstance(node.data, str) and node.data not in names:
        yield node.problem(f"no {what} has this name", nearest(node.data, names))


def each_unknown(nodes: Sequence[Node], names: Sequence[str], what: str) -> Iterator[Problem]:
    """A fault for every text that is not among the names."""
    for node in nodes:
        yield from unknown(node, names, what)


def twice(nodes: Sequence[Node], what: str) -> Iterator[Problem]:
    """A fault for every text that was there before."""
    seen: dict[str, Node] = {}
    for node in nodes:
        if isinstance(node.data, str):
            if node.data in seen:
                yield node.problem(f"{what} of this name stands there already", "Rename or remove one of them.")
            seen.setdefault(node.data, node)


def _duplicates(study: Node) -> Iterator[Problem]:
    for key, what in _NAMED:
        yield from twice([row.child("name") for row in study.rows(key)], f"another {what}")
    yield from twice([row.child("name") for row in study.rows("randomisation", "strata")], "another stratum")
    yield from twice([row.child("name") for row in study.rows("testing", "hypotheses")], "another hypothesis")
    yield from twice([row.child("id") for row in study.rows("population", "criteria")], "another criterion")
    for key in ("baseline", "screening"):
        yield from twice([row.child("variable") for row in study.rows("cohort", key)], "another row")


def _sources(study: Node) -> Iterator[Problem]:
    names = [key for key, _ in study.entries("sources")]
    for node in study.walk():
        if node.path[-1:] == ("source",) and node.path[:1] != ("sources",):
            yield from unknown(node, names, "source")


def _visits(study: Node) -> Iterator[Problem]:
    names = study.names("parameters")
    for visit in study.rows("visits"):
        yield from each_unknown(visit.rows("measures"), names, "parameter")


def _endpoints(study: Node) -> Iterator[Problem]:
    visits = study.names("visits")
    for endpoint in study.rows("endpoints"):
        yield from unknown(endpoint.child("visit"), visits, "visit")
        yield from each_unknown(endpoint.rows("visits"), visits, "visit")
        yield from unknown(endpoint.child("population"), study.names("analysis_sets"), "analysis set")
        for key in ("parameter", "event"):
            yield from unknown(endpoint.child("derive", key), study.names("parameters"), "parameter")
        yield from each_unknown(endpoint.child("derive").rows("mean_over"), visits, "visit")


def _testing(study: Node) -> Iterator[Problem]:
    arms, hypotheses = study.names("arms"), study.names("testing", "hypotheses")
    for hypothesis in study.rows("testing", "hypotheses"):
        yield from unknown(hypothesis.child("endpoint"), study.names("endpoints"), "endpoint")
        yield from each_unknown([hypothesis.child("arm"), hypothesis.child("comparator")], arms, "arm")
    for edge in study.rows("testing", "edges"):
        yield from each_unknown([edge.child("from"), edge.child("to")], hypotheses, "hypothesis")


def _scenarios(study: Node) -> Iterator[Problem]:
    arms, endpoints, visits = study.names("arms"), study.names("endpoints"), study.names("visits")
    for scenario in study.rows("scenarios"):
        yield from unknown(scenario.child("like"), study.names("scenarios"), "scenario")
        for arm, other in scenario.entries("response_as"):
            yield from _unknown_key(arm, other, arms, "arm")
            yield from unknown(other, arms, "arm")
        for rates in scenario.rows("rates"):
            yield from unknown(rates.child("endpoint"), endpoints, "endpoint")
            yield from unknown(rates.child("visit"), visits, "visit")
            for arm, rate in rates.entries("arms"):
                yield from _unknown_key(arm, rate, arms, "arm")
        for dropout in scenario.rows("dropout"):
            yield from unknown(dropout.child("arm"), arms, "arm")
    for grid in study.rows("grids"):
        yield from unknown(grid.child("endpoint"), endpoints, "endpoint")


def _posted(study: Node) -> Iterator[Problem]:
    arms, endpoints, visits = study.names("arms"), study.names("endpoints"), study.names("visits")
    for row in study.rows("posted"):
        yield from unknown(row.child("endpoint"), endpoints, "endpoint")
        yield from unknown(row.child("visit"), visits, "visit")
        yield from each_unknown([row.child("arm"), row.child("comparator")], arms, "arm")


def _cohort(study: Node) -> Iterator[Problem]:
    variables = [key for key, _ in study.entries("variables")]
    rows = [*study.rows("cohort", "baseline"), *study.rows("cohort", "screening")]
    rows += study.rows("randomisation", "strata")
    yield from each_unknown([row.child("variable") for row in rows], variables, "variable")
    model = study.child("cohort", "model")
    stated = [row.child("variable").data for row in study.rows("cohort", "baseline")]
    missing = [name for name in LATENT_COURSE_NEEDS if name not in stated]
    if model.data == "latent course" and missing:
        yield model.problem(
            f"the latent course needs a row of cohort.baseline for {', '.join(missing)}",
            'Add it, or set model = "marginal".',
        )


def _data(study: Node) -> Iterator[Problem]:
    variables = [key for key, _ in study.entries("variables")]
    for name, column in study.entries("data", "variables"):
        yield from _unknown_key(name, column, variables, "variable")
    for row in study.rows("data", "parameters"):
        yield from unknown(row.child("parameter"), study.names("parameters"), "parameter")
        yield from unknown(row.child("visit"), study.names("visits"), "visit")
    visits = [visit for key in ("visit", "last_visit") for _, visit in study.entries("data", key, "values")]
    yield from each_unknown(visits, study.names("visits"), "visit")
    arms = [arm for _, arm in study.entries("data", "arm", "values")]
    yield from each_unknown(arms, study.names("arms"), "arm")


def _tables(study: Node) -> Iterator[Problem]:
    yield from twice([row.child("id") for row in study.rows("tables")], "another table")
    for table in study.rows("tables"):
        yield from unknown(table.child("endpoint"), study.names("endpoints"), "endpoint")
        yield from unknown(table.child("visit"), study.names("visits"), "visit")
        for endpoint in study.rows("endpoints"):
            if endpoint.text("name") == table.text("endpoint"):
                analyses = [endpoint.child("analysis"), *endpoint.rows("supplementary")]
                names = [name for a in analyses if (name := a.text("name")) is not None]
                asked = [table.child(key) for key in ("dose", "pairs", "analysis")]
                yield from each_unknown(asked, names, "analysis of the endpoint")


def _unknown_key(key: str, node: Node, names: Sequence[str], what: str) -> Iterator[Problem]:
    if key not in names:
        yield node.problem(f"no {what} has this name", nearest(key, names), found=f"for the unknown {what} {key!r}")
