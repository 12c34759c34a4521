"""Arms, blocks, strata, visits and periods."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from pivotal.study.checks.node import Node, Problem, as_number
from pivotal.study.checks.references import twice
from pivotal.study.checks.values import Enrolment, spelled


def check(study: Node) -> Iterator[Problem]:
    """One control, blocks that hold the ratio, levels that cover the enrolled once, one baseline, order in time."""
    yield from _control(study)
    yield from _blocks(study)
    enrolment = Enrolment(study)
    for stratum in study.rows("randomisation", "strata"):
        yield from _levels(enrolment, stratum)
    yield from _baseline(study)
    yield from _order(study)


def _control(study: Node) -> Iterator[Problem]:
    arms = study.rows("arms")
    controls = [arm for arm in arms if arm.child("control").data is True]
    unclear = any(not isinstance(arm.child("control").data, bool | None) for arm in arms)
    if arms and not controls and not unclear:
        yield study.child("arms").problem(
            "one arm is the control", "Set control = true on it.", found="without a control"
        )
    for arm in controls[1:]:
        yield arm.child("control").problem(
            "one arm alone is the control", "Keep it on one arm.", found="true on a second arm"
        )


def _blocks(study: Node) -> Iterator[Problem]:
    randomisation = study.child("randomisation")
    method = randomisation.text("method")
    ratios = [arm.number("ratio") for arm in study.rows("arms")]
    whole = [int(r) for r in ratios if r is not None and r >= 1 and r == int(r)]
    if method == "stratified permuted blocks" and not randomisation.rows("block_sizes"):
        yield randomisation.child("block_sizes").problem(
            "permuted blocks need their sizes", f"Set block_sizes = [{sum(whole) or 4}].", found="empty"
        )
    if method == "minimisation" and not randomisation.rows("strata"):
        yield randomisation.child("strata").problem(
            "minimisation balances factors", "Add a [[randomisation.strata]].", found="empty"
        )
    if len(whole) == len(ratios) and whole:
        yield from _multiples(randomisation, whole)


def _multiples(randomisation: Node, ratios: list[int]) -> Iterator[Problem]:
    total = sum(ratios)
    for size in randomisation.rows("block_sizes"):
        number = as_number(size.data)
        if number is not None and (number < 1 or number % total):
            spelt = ":".join(map(str, ratios))
            yield size.problem(
                f"a block holds the ratio {spelt} and so is a multiple of {total}", f"Use {total} or {2 * total}."
            )


def _levels(enrolment: Enrolment, stratum: Node) -> Iterator[Problem]:
    """Every value that may be enrolled lies in one level and in no two."""
    levels = stratum.rows("levels")
    yield from twice([level.child("label") for level in levels], "another level")
    variable = stratum.text("variable")
    for value in enrolment.admitted(variable) if variable is not None else []:
        fits = [level for level in levels if _within(level, value)]
        name = f"{variable} = {spelled(value)}"
        if not fits:
            yield stratum.child("levels").problem(
                "every patient who may be enrolled has a level", "Widen a level or add one.", found=f"open at {name}"
            )
            return
        if len(fits) > 1:
            labels = " and ".join(repr(level.text("label")) for level in fits[:2])
            yield fits[1].problem(
                "a patient has one level alone", "Narrow one of them.", found=f"an overlap: {name} lies in {labels}"
            )
            return


def _within(level: Node, value: float | str | bool) -> bool:
    options = [option.data for option in level.rows("any_of")]
    if options and value not in options:
        return False
    if isinstance(value, str):
        return bool(options)
    bounds = {key: level.number(key) for key in ("at_least", "above", "at_most", "below")}
    holds = {
        "at_least": lambda b: value >= b,
        "above": lambda b: value > b,
        "at_most": lambda b: value <= b,
        "below": lambda b: value < b,
    }
    return all(holds[key](bound) for key, bound in bounds.items() if bound is not None)


def _baseline(study: Node) -> Iterator[Problem]:
    visits = study.rows("visits")
    baselines = [visit for visit in visits if visit.child("baseline").data is True]
    unclear = any(not isinstance(visit.child("baseline").data, bool | None) for visit in visits)
    if visits and not baselines and not unclear:
        yield study.child("visits").problem(
            "one visit is the baseline", "Set baseline = true on it.", found="without a baseline"
        )
    for visit in baselines[1:]:
        yield visit.child("baseline").problem(
            "one visit alone is the baseline", "Keep it on one visit.", found="true on a second visit"
        )


def _order(study: Node) -> Iterator[Problem]:
    for before, after in pairwise(study.rows("visits")):
        days = before.number("day"), after.number("day")
        if days[0] is not None and days[1] is not None and days[1] <= days[0]:
            yield after.child("day").problem(
                f"visits stand in order of time, and the one before is on day {days[0]:g}", "Put them in order."
            )
    for period in study.rows("periods"):
        start, end = period.number("from_week"), period.number("to_week")
        if start is not None and end is not None and end <= start:
            yield period.child("to_week").problem(
                f"a period ends after its start, week {start:g}", "Exchange or correct them."
            )
