"""Periods: arms that are re-randomised, and the sequences that scenarios and published results name."""

from __future__ import annotations

from collections.abc import Iterator

from pivotal.errors import nearest
from pivotal.study.checks.node import Node, Problem
from pivotal.study.periods import ALL, sequence_name


def check(study: Node) -> Iterator[Problem]:
    """Arms, treatments and periods by name; a rate at every visit of the period; what results are of."""
    arms, periods = study.names("arms"), study.names("periods")
    for period in study.rows("periods"):
        for again in period.rows("rerandomise"):
            named = [again.child("arm"), *again.rows("to")]
            yield from (p for node in named for p in _known(node, arms, "it is an arm of the study"))
    visits = {p.text("name"): p.names("visits") for p in study.rows("periods")}
    for scenario in study.rows("scenarios"):
        for part in scenario.rows("following"):
            yield from _known(part.child("period"), periods, "it is a period of the study")
            yield from _known(part.child("arm"), arms, "it is an arm of the study")
            yield from _known(part.child("treatment"), arms, "it is an arm of the study")
            rates = [visit for visit, _ in part.entries("rates")]
            for visit in (v for v in visits.get(part.text("period"), []) if v not in rates):
                yield part.child("rates").problem("every visit of the period has a rate", f"Add {visit}.")
    groups = [*arms, *(sequence_name(one, other) for one in arms for other in arms if one != other)]
    for result in study.rows("period_results"):
        yield from _known(result.child("period"), [*periods, ALL], 'it is a period of the study, or "all"')
        yield from _groups(result, groups, "it is an arm or a treatment sequence")
    for event in study.rows("posted_events"):
        yield from _groups(event, arms, "it is an arm of the study")


def _known(node: Node, names: list[str], allowed: str) -> Iterator[Problem]:
    if isinstance(node.data, str) and node.data not in names:
        yield node.problem(allowed, nearest(node.data, names))


def _groups(part: Node, names: list[str], allowed: str) -> Iterator[Problem]:
    for group, count in part.entries("counts"):
        if group not in names:
            yield count.problem(allowed, nearest(group, names), found=f"of {group!r}")
        given = count.data
        if (
            isinstance(given, list)
            and len(given) > 1
            and all(isinstance(v, int) for v in given)
            and given[0] > given[1]
        ):
            yield count.problem("x of n, so x is at most n", "Correct it.")
