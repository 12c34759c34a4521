"""People of the ages that a label covers, by whether a trial studied that age: from sourced numbers, not simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pivotal.label.epidemiology import Epidemiology, People
from pivotal.label.extent import extents
from pivotal.label.product import AGE, Product
from pivotal.label.sides import Sides
from pivotal.study.criteria import Criterion


@dataclass(frozen=True, slots=True)
class Ages:
    """People whose age the label covers, by whether the trial studied that age; from sourced numbers, not simulated.

    Attributes
    ----------
    jurisdiction
        Where.
    outside
        Who they are that the trial did not study.
    low, high
        Their share of all whose age the label covers, from the ends of the sources' ranges; `high` is None where a
        source names no upper end.
    sources
        As they are cited.
    """

    jurisdiction: str
    outside: tuple[str, ...]
    low: float
    high: float | None
    sources: tuple[str, ...]


def ages(sides: Sides, epidemiology: Epidemiology, product: Product) -> Ages | None:
    """The share of people, of an age that the label covers, whose age the trial did not study."""
    name = next((name for name, own in sides.pairs.items() if own == AGE), None)
    if name is None:
        return None
    criteria = sides.trial_on(name)
    label = [c for c in sides.label if c.variables() == {AGE}]
    covered = [
        row
        for row in epidemiology.people
        if row.condition == sides.indication.condition and _within(row, label, product)
    ]
    outside = [row for row in covered if not _meets(row, criteria, product)]
    inside = [row for row in covered if _within(row, criteria, product)]
    if not covered or len(outside) + len(inside) < len(covered):
        return None
    low_out, high_out = _total(outside)
    low_in, high_in = _total(inside)
    low = 0.0 if not outside or high_in is None else low_out / (low_out + high_in)
    high = 0.0 if not outside else 1.0 if not inside else None if high_out is None else high_out / (high_out + low_in)
    keys = dict.fromkeys(row.source for row in covered if row.source)
    return Ages(
        epidemiology.epidemiology.jurisdiction,
        tuple(row.text for row in outside),
        low,
        high,
        tuple(epidemiology.sources[key].cite for key in keys),
    )


def _within(row: People, criteria: Sequence[Criterion], product: Product) -> bool:
    """Whether criteria on age let in all of a row of people."""
    people, asked = extents(AGE, product.variables[AGE], [_on_age(row.who)], [_on_age(c) for c in criteria])
    return not people.minus(asked)


def _meets(row: People, criteria: Sequence[Criterion], product: Product) -> bool:
    """Whether criteria on age let in any of a row of people."""
    people, asked = extents(AGE, product.variables[AGE], [_on_age(row.who)], [_on_age(c) for c in criteria])
    return bool(people.shared(asked))


def _on_age(criterion: Criterion) -> Criterion:
    return criterion.model_copy(update={"variable": AGE})


def _total(rows: Sequence[People]) -> tuple[float, float | None]:
    highs = [row.high for row in rows]
    return sum(row.low for row in rows), None if None in highs else sum(h for h in highs if h is not None)
