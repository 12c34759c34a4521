"""The testing strategy: a graph whose weights are a share of alpha."""

from __future__ import annotations

from collections.abc import Iterator

from pivotal.study.checks.node import Node, Problem

MOST_CLOSED = 12
"""Hypotheses whose 2^n - 1 intersections are tested one by one."""

ROUNDING = 1e-9
"""Slack for sums of decimal fractions in binary arithmetic: 0.1 + 0.2 is not 0.3."""


def check(study: Node) -> Iterator[Problem]:
    """Weights, edges and comparisons."""
    hypotheses = study.rows("testing", "hypotheses")
    yield from _weights(study.child("testing", "hypotheses"), hypotheses)
    dosed = [e.text("name") for e in study.rows("endpoints") if e.child("analysis").text("treatment") == "dose"]
    for hypothesis in hypotheses:
        arm, comparator = hypothesis.text("arm"), hypothesis.child("comparator")
        if arm is not None and arm == comparator.data:
            yield comparator.problem("a hypothesis compares two different arms", "Name another arm.")
        if hypothesis.text("endpoint") in dosed:
            yield hypothesis.child("endpoint").problem(
                "a hypothesis compares two arms, and the endpoint's main analysis is of the doses of all",
                "Compare the arms in its main analysis, and put the dose response among the supplementary ones.",
            )
    yield from _dependence(study.child("testing"), hypotheses)
    yield from _edges(study.rows("testing", "edges"))


def _dependence(testing: Node, hypotheses: list[Node]) -> Iterator[Problem]:
    """What a closed test other than Bonferroni's needs."""
    procedure = testing.text("procedure") or "bonferroni graph"
    if procedure in ("simes graph", "hochberg graph") and testing.child("positive_dependence").data is not True:
        yield testing.child("procedure").problem(
            "Simes and Hochberg control the error only where the test statistics are positively dependent",
            "Set positive_dependence = true if the plan can defend it, or use a bonferroni graph.",
        )
    if procedure != "bonferroni graph" and len(hypotheses) > MOST_CLOSED:
        yield testing.child("procedure").problem(
            f"a closed test has at most {MOST_CLOSED} hypotheses", "Use a bonferroni graph.", found="too large"
        )
    weights = {h.number("weight") or 0.0 for h in hypotheses}
    if procedure == "hochberg graph" and len(weights) > 1:
        yield testing.child("procedure").problem(
            "Hochberg's test has equal weights", "Give every hypothesis the same weight, or use a simes graph."
        )


def _weights(whole: Node, hypotheses: list[Node]) -> Iterator[Problem]:
    total = sum(h.number("weight") or 0.0 for h in hypotheses)
    if total > 1 + ROUNDING:
        yield whole.problem("weights sum to at most 1", "Lower them.", found=f"of weights that sum to {total:g}")
    if hypotheses and total <= 0:
        yield whole.problem("some hypothesis starts with alpha", "Set weight = 1 on the first.", found="without weight")


def _edges(edges: list[Node]) -> Iterator[Problem]:
    outgoing: dict[str, list[Node]] = {}
    for edge in edges:
        start = edge.text("from")
        if start is None:
            continue
        if start == edge.text("to"):
            yield edge.child("to").problem("an edge leads to another hypothesis", "Name another, or remove the edge.")
        if any(before.text("to") == edge.text("to") for before in outgoing.get(start, [])):
            yield edge.problem("one edge leads from one hypothesis to another", "Join them.", found="a second edge")
        outgoing.setdefault(start, []).append(edge)
    for start, leaving in outgoing.items():
        weights = [edge.number("weight") if edge.has("weight") else 1.0 for edge in leaving]
        total = sum(w or 0.0 for w in weights)
        if total > 1 + ROUNDING:
            yield leaving[-1].problem(
                f"the edges that leave a hypothesis sum to at most 1, and those of {start!r} sum to {total:g}",
                "Lower their weights.",
                found="too much",
            )
