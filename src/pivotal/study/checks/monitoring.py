"""Whether what is monitored exists: arms, topics, and terms that a screen's scenarios change."""

from __future__ import annotations

from collections.abc import Iterator

from pivotal.errors import nearest
from pivotal.study.checks.node import Node, Problem
from pivotal.study.checks.references import each_unknown, twice


def check(study: Node) -> Iterator[Problem]:
    """Arms and topics of monitors and of the screen, and the screen's own names."""
    arms = study.names("arms")
    watched = [*study.rows("monitoring", "monitors"), study.child("monitoring", "screen")]
    for part in watched:
        for key in ("arm", "comparator"):
            name = part.text(key)
            if name is not None and name not in arms:
                yield part.child(key).problem("it is an arm of the study", nearest(name, arms))
        arm, comparator = part.text("arm"), part.child("comparator")
        if arm is not None and arm == comparator.data:
            yield comparator.problem("two different arms are compared", "Name another arm.")
    yield from _topics(study)
    yield from _terms(study.child("monitoring", "screen"))


def _topics(study: Node) -> Iterator[Problem]:
    """Topics that monitors and tables name, and monitors that tables name."""
    topics, monitors = study.names("topics"), study.names("monitoring", "monitors")
    tables = study.rows("tables")
    yield from each_unknown([m.child("topic") for m in study.rows("monitoring", "monitors")], topics, "topic")
    yield from twice([m.child("name") for m in study.rows("monitoring", "monitors")], "another monitor")
    yield from each_unknown([name for t in tables for name in t.rows("topics")], topics, "topic")
    yield from each_unknown([name for t in tables for name in t.rows("monitors")], monitors, "monitor")
    for monitor in study.rows("monitoring", "monitors"):
        of = next((t for t in study.rows("topics") if t.text("name") == monitor.text("topic")), None)
        if of is not None and of.has("patients"):
            mend = "Name a topic of events."
            yield monitor.child("topic").problem("a monitor counts events with their days, not patients of ADSL", mend)


def _terms(screen: Node) -> Iterator[Problem]:
    terms = [name for row in screen.rows("terms") if (name := row.text("term")) is not None]
    rates = {row.text("term"): row.number("rate") for row in screen.rows("terms")}
    for at, term in enumerate(terms):
        if term in terms[:at]:
            yield screen.child("terms", at, "term").problem("a term stands once", "Join the two.")
    for scenario in screen.rows("scenarios"):
        for term, ratio in scenario.entries("ratios"):
            if term not in terms:
                yield ratio.problem("a ratio is of a term of the screen", nearest(term, terms), found=f"of {term!r}")
                continue
            value, rate = scenario.child("ratios").number(term), rates[term]
            if value is not None and rate is not None and not 0 <= value * rate <= 1:
                yield ratio.problem("ratio times the term's rate is a probability", "Lower it.")
