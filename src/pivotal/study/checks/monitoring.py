"""Whether what is monitored exists: arms, and terms that a screen's scenarios change."""

from __future__ import annotations

from collections.abc import Iterator

from pivotal.errors import nearest
from pivotal.study.checks.node import Node, Problem


def check(study: Node) -> Iterator[Problem]:
    """Arms of monitors and of the screen, and the screen's own names."""
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
    yield from _terms(study.child("monitoring", "screen"))


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
