"""What a candidate shows on the variables that nothing else draws."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pivotal.cohort.margins import Margin
from pivotal.errors import UsageError
from pivotal.study.criteria import Criterion, passes
from pivotal.study.model import Study

ROUNDS = 2
MOST_TRIED = 2000


def usual_values(study: Study, names: set[str], drawn: Mapping[str, Margin]) -> dict[str, Any]:
    """A value of each variable with which a candidate passes the criteria.

    A variable's `usual` in the study file decides; where there is none, a value is looked for among the bounds of the
    criteria, for one criterion's variables at a time, so that most criteria are passed.

    Raises
    ------
    UsageError
        If a criterion that reads nothing drawn cannot be passed.
    """
    found = {name: _stated(study, name) for name in sorted(names)}
    searched = [name for name in found if found[name] is None]
    choices = {name: list(_choices(study, name)) for name in searched}
    found |= {name: options[0] for name, options in choices.items()}
    judged = [c for c in study.population.criteria if not c.variables() & set(drawn)]
    for _ in range(ROUNDS if searched else 0):
        for criterion in judged:
            own = [name for name in searched if name in criterion.variables()]
            tried = itertools.islice(itertools.product(*(choices[name] for name in own)), MOST_TRIED)
            settings = [found | dict(zip(own, values, strict=True)) for values in tried]
            found = max(settings, key=lambda setting: _passed(judged, setting))
    for criterion in judged:
        if not _passed([criterion], found):
            raise UsageError(
                f"{study.id}: no candidate passes criterion {criterion.id or criterion.text!r}: nothing says "
                f"what {', '.join(sorted(criterion.variables()))} usually is. Give the variable `usual`, or a "
                "cohort.baseline."
            )
    return found


def _stated(study: Study, name: str) -> Any:
    variable = study.variables.get(name)
    return variable.usual if variable is not None else None


def _passed(criteria: list[Criterion], values: Mapping[str, Any]) -> int:
    columns = {name: np.array([value]) for name, value in values.items()}
    return sum(int(passes(c, columns)[0] == 1) for c in criteria)


def _choices(study: Study, name: str) -> Iterator[Any]:
    """Values worth trying: both truths, the categories, and the criteria's bounds with their neighbours."""
    variable = study.variables.get(name)
    if variable is not None and variable.type == "boolean":
        yield from (False, True)
        return
    if variable is not None and variable.type == "category":
        yield from variable.categories or ("",)
        return
    yield 0.0
    for leaf in (leaf for c in study.population.criteria for leaf in _leaves(c) if leaf.variable == name):
        for key, bound in leaf.bounds.items():
            if key == "is":
                yield from (False, True)
                continue
            for value in bound if isinstance(bound, tuple) else (bound,):
                yield from (value, value + 1, value - 1) if isinstance(value, int | float) else (value,)


def _leaves(criterion: Criterion) -> Iterator[Criterion]:
    if criterion.variable is not None:
        yield criterion
    nested = [*(criterion.all or ()), *(criterion.any or ()), criterion.not_, criterion.when]
    for part in nested:
        if part is not None:
            yield from _leaves(part)
