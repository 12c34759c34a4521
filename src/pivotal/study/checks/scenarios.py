"""Scenarios, grids and posted results: every arm has a rate, no scenario stands on itself, counts are counts."""

from __future__ import annotations

from collections.abc import Iterator

from pivotal.study.checks.endpoints import visits_of
from pivotal.study.checks.node import Node, Problem, as_number
from pivotal.study.methods import METHODS


def check(study: Node) -> Iterator[Problem]:
    """Every scenario, every grid, every posted result."""
    rows = {name: row for row in study.rows("scenarios") if (name := row.text("name")) is not None}
    for scenario in study.rows("scenarios"):
        yield from _circle(rows, scenario)
        yield from _rates(study, rows, scenario)
        yield from _dropout(rows, scenario)
    for grid in study.rows("grids"):
        yield from _grid(study, grid)
    for row in study.rows("posted"):
        yield from _posted(study, row)


def _ancestry(rows: dict[str, Node], scenario: Node) -> list[Node]:
    """The scenario and those it is like, the nearest first; a circle ends it."""
    line = [scenario]
    while (like := line[-1].text("like")) in rows and rows[str(like)] not in line:
        line.append(rows[str(like)])
    return line


def _circle(rows: dict[str, Node], scenario: Node) -> Iterator[Problem]:
    last = _ancestry(rows, scenario)[-1]
    if last.text("like") in rows and rows[str(last.text("like"))] == scenario:
        yield scenario.child("like").problem(
            "a scenario may not stand on itself, directly or through others", "Break the circle."
        )


def _rates(study: Node, rows: dict[str, Node], scenario: Node) -> Iterator[Problem]:
    arms = study.names("arms")
    if not any(s.rows("rates") for s in _ancestry(rows, scenario)):
        yield scenario.problem("a scenario has rates, its own or another's", "Add rates, or like.", found="no rates")
    for rates in scenario.rows("rates"):
        given = [arm for arm, _ in rates.entries("arms")]
        missing = [arm for arm in arms if arm not in given]
        if missing and given:
            yield rates.child("arms").problem(
                "every arm has a rate", f"Add {', '.join(map(repr, missing))}.", found="not complete"
            )
        for _, rate in rates.entries("arms"):
            yield from _rate(rate)
        yield from _rate_endpoint(study, rates)


def _rate(rate: Node) -> Iterator[Problem]:
    counts = [as_number(part.data) for part in rate.rows()]
    if len(counts) == 2 and counts[0] is not None and counts[1] is not None and not 0 <= counts[0] <= counts[1]:
        yield rate.problem("a count is [x, n] with x from 0 to n", "Correct the count.")
    percent = as_number(rate.data)
    if percent is not None and not 0 <= percent <= 100:
        yield rate.problem("a percentage lies between 0 and 100", "Correct it.")


def _rate_endpoint(study: Node, rates: Node) -> Iterator[Problem]:
    endpoint = _endpoint(study, rates)
    if endpoint is None:
        return
    if endpoint.text("kind") != "binary":
        yield rates.child("endpoint").problem("rates are of a binary endpoint", "Name one.")
    yield from _summarised(study, endpoint, rates.child("visit"))


def _summarised(study: Node, endpoint: Node, visit: Node) -> Iterator[Problem]:
    """Whether an endpoint is summarised at a visit; not asked where a visit's name is itself wrong."""
    known = study.names("visits")
    allowed = [v.data for v in visits_of(endpoint)]
    if visit.data in known and visit.data not in allowed and all(name in known for name in allowed):
        yield visit.problem(f"{endpoint.text('name')!r} is not summarised there", f"Use one of: {', '.join(allowed)}.")


def _endpoint(study: Node, row: Node) -> Node | None:
    name = row.text("endpoint")
    return next((e for e in study.rows("endpoints") if e.text("name") == name and name is not None), None)


def _dropout(rows: dict[str, Node], scenario: Node) -> Iterator[Problem]:
    for dropout in scenario.rows("dropout"):
        x, n, percent = dropout.number("x"), dropout.number("n"), dropout.number("percent")
        if (x is None or n is None) and percent is None:
            yield dropout.problem(
                "dropout is a count x of n, or a percent", "Add x and n, or percent.", found="without a number"
            )
        if x is not None and n is not None and x > n:
            yield dropout.child("x").problem(f"x counts patients among n = {n:g}", "Correct the count.")
        yield from _reasons(dropout, x)
    line = _ancestry(rows, scenario)
    for arm, share in _shares(line).items():
        times = scenario.number("dropout_times")
        if times is not None and share * times > 1:
            yield scenario.child("dropout_times").problem(
                f"more than everybody on {arm!r} would leave", f"Use at most {1 / share:.3g}."
            )


def _reasons(dropout: Node, x: float | None) -> Iterator[Problem]:
    total = sum(as_number(reason.data) or 0.0 for _, reason in dropout.entries("reasons"))
    if x is not None and dropout.entries("reasons") and total != x:
        yield dropout.child("reasons").problem(
            f"reasons add up to x = {x:g}", "Correct a count.", found=f"a sum of {total:g}"
        )


def _shares(line: list[Node]) -> dict[str, float]:
    """Share of each arm that leaves, the nearest scenario's first."""
    shares: dict[str, float] = {}
    for scenario in reversed(line):
        for dropout in scenario.rows("dropout"):
            x, n, percent = dropout.number("x"), dropout.number("n"), dropout.number("percent")
            share = percent / 100 if percent is not None else (x or 0.0) / n if n else 0.0
            shares[dropout.text("arm") or ""] = share
    return shares


def _grid(study: Node, grid: Node) -> Iterator[Problem]:
    endpoint = _endpoint(study, grid)
    if endpoint is not None and endpoint.text("kind") != "binary":
        yield grid.child("endpoint").problem("a grid needs a binary endpoint", "Name a binary endpoint.")
    spec = {str(name): each for name, each in METHODS.items()}.get(grid.text("method") or "")
    if spec is not None and "binary" not in spec.kinds:
        yield grid.child("method").problem("a grid compares proportions", 'Use a method as "logistic wald".')
    controls = [as_number(node.data) for node in grid.rows("control_rates")]
    highest = max((rate for rate in controls if rate is not None), default=0.0)
    lowest = min((rate for rate in controls if rate is not None), default=0.0)
    for difference in grid.rows("differences"):
        number = as_number(difference.data)
        if number is not None and (lowest + number < 0 or highest + number > 1):
            yield difference.problem("with the control rates it stays within 0 to 1", "Correct it.")
    arms = len(study.rows("arms"))
    for size in grid.rows("sizes"):
        number = as_number(size.data)
        if number is not None and number < 2 * arms:
            yield size.problem(f"{arms} arms need at least {2 * arms} patients", "Use a larger trial.")


def _posted(study: Node, row: Node) -> Iterator[Problem]:
    endpoint = _endpoint(study, row)
    if row.text("statistic") == "odds ratio" and not row.has("comparator"):
        yield row.child("comparator").problem(
            "an odds ratio compares two arms", "Add comparator = ....", found="missing"
        )
    x, n = row.number("x"), row.number("n")
    if x is not None and n is not None and x > n:
        yield row.child("x").problem(f"x counts patients among n = {n:g}", "Correct the count.")
    low, high = row.number("low"), row.number("high")
    if low is not None and high is not None and low > high:
        yield row.child("low").problem(f"the upper limit is {high:g}", "Exchange them.")
    if endpoint is not None:
        yield from _summarised(study, endpoint, row.child("visit"))
