"""The testing strategy: a graph whose weights are a share of alpha, or Dunnett's test; simultaneous limits."""

from __future__ import annotations

from collections.abc import Iterator

from pivotal.study.checks.node import Node, Problem, as_number
from pivotal.study.favour import CONDITIONS, wanted
from pivotal.study.methods import POOLED, Method

MOST_CLOSED = 12
"""Hypotheses whose 2^n - 1 intersections are tested one by one."""

ROUNDING = 1e-9
"""Slack for sums of decimal fractions in binary arithmetic: 0.1 + 0.2 is not 0.3."""


NORMAL: frozenset[Method] = POOLED | {"cox", "restricted mean survival time"}
"""Methods whose p-value is that of estimate (of a ratio: its logarithm) over standard error, normal or t.

Exact, score, likelihood-ratio and rank tests are others: limits from a standard error would not agree with them.
"""


def check(study: Node) -> Iterator[Problem]:
    """Weights, edges and comparisons; what Dunnett's test and simultaneous limits need."""
    hypotheses = study.rows("testing", "hypotheses")
    dunnett = study.child("testing").text("procedure") == "dunnett"
    if dunnett:
        yield from _many_to_one(study.child("testing"), hypotheses)
    else:
        yield from _weights(study.child("testing", "hypotheses"), hypotheses)
    if dunnett or study.child("testing", "intervals").data is True:
        yield from _intervals(study, hypotheses)
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
    if procedure not in ("bonferroni graph", "dunnett") and len(hypotheses) > MOST_CLOSED:
        yield testing.child("procedure").problem(
            f"a closed test has at most {MOST_CLOSED} hypotheses", "Use a bonferroni graph.", found="too large"
        )
    weights = {h.number("weight") or 0.0 for h in hypotheses}
    if procedure == "hochberg graph" and len(weights) > 1:
        yield testing.child("procedure").problem(
            "Hochberg's test has equal weights", "Give every hypothesis the same weight, or use a simes graph."
        )


def _many_to_one(testing: Node, hypotheses: list[Node]) -> Iterator[Problem]:
    """Dunnett's test is of several arms against one comparator on one endpoint, all alike."""
    arms: set[str] = set()
    for hypothesis in hypotheses:
        for key, words in (("endpoint", "on one endpoint"), ("comparator", "against one comparator")):
            first = hypotheses[0].text(key)
            if hypothesis.text(key) not in (None, first):
                yield hypothesis.child(key).problem(
                    f"Dunnett's test compares arms {words}, and the first hypothesis has {first!r}",
                    f'Set {key} = "{first}", or procedure = "bonferroni graph".',
                )
        if hypothesis.text("arm") in arms:
            yield hypothesis.child("arm").problem("each arm is compared once", "Remove the hypothesis.")
        arms |= {hypothesis.text("arm") or ""}
        if hypothesis.has("weight"):
            yield hypothesis.child("weight").problem("Dunnett's test has no weights", "Remove it.")
    if testing.rows("edges"):
        yield testing.child("edges").problem("Dunnett's test has no edges", "Remove them.", found="given")


def _intervals(study: Node, hypotheses: list[Node]) -> Iterator[Problem]:
    """Limits are made from estimates and standard errors, by procedures that have limits."""
    testing = study.child("testing")
    procedure = testing.text("procedure") or "bonferroni graph"
    if procedure not in ("bonferroni graph", "dunnett"):
        yield testing.child("intervals").problem(
            f"no simultaneous limits are known that belong to a {procedure}",
            'Remove it, or set procedure = "bonferroni graph" or "dunnett".',
        )
    for grid in study.rows("grids") if procedure == "dunnett" else []:
        if grid.text("method") is not None and grid.text("method") not in NORMAL:
            yield grid.child("method").problem(
                "Dunnett's test needs a test by estimate and standard error",
                f"Use one of: {', '.join(sorted(NORMAL))}.",
            )
    tested = {hypothesis.text("endpoint") for hypothesis in hypotheses}
    for endpoint in study.rows("endpoints"):
        if endpoint.text("name") not in tested:
            continue
        analysis = endpoint.child("analysis")
        method, klingenberg = analysis.child("method"), analysis.text("variance") == "klingenberg"
        ratio = analysis.text("test") == "likelihood-ratio"
        if isinstance(method.data, str) and (method.data not in NORMAL or klingenberg or ratio):
            where = analysis.child("variance") if klingenberg else analysis.child("test") if ratio else method
            yield where.problem(
                "simultaneous limits, and Dunnett's test, need a test by estimate and standard error",
                f"Use one of: {', '.join(sorted(NORMAL))}{' (with another variance)' if klingenberg else ''}; "
                "or a bonferroni graph without intervals.",
            )
        if procedure == "bonferroni graph" and endpoint.text("kind") in ("binary", "time to event"):
            yield from _favour(study, endpoint.child("derive"))


def _favour(study: Node, derive: Node) -> Iterator[Problem]:
    """A one-sided limit is on the favourable side, which the conditions must tell."""
    conditions = {key: derive.number(key) for key in CONDITIONS if derive.has(key)}
    parameter = next((p for p in study.rows("parameters") if p.text("name") == derive.text("parameter")), None)
    if parameter is None or not conditions:
        return
    ends = [as_number(end.data) for end in parameter.rows("range")]
    known = [end for end in ends if end is not None]
    if wanted(conditions, parameter.text("better") or "lower", known if len(known) == len(ends) == 2 else None) == 0:
        yield derive.problem(
            "a one-sided limit is on the favourable side, and these conditions do not say whether to respond is good",
            "Use value_at_most or value_at_least, correct the parameter's better, or remove testing.intervals.",
            found=f"with {', '.join(conditions)}",
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
