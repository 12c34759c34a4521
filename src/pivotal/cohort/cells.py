"""Cells of baseline variables, and the values of a parameter that show each pattern of response in each cell."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort.margins import Margin, margin
from pivotal.cohort.outcomes import Pattern, witnesses
from pivotal.errors import UsageError
from pivotal.instruments import itch
from pivotal.study.model import Endpoint, Study

Array = NDArray[Any]
MOST_CELLS = 4096
AGE, ITCH = "AGE", "ITCHNRS"
WHOLE = {"IGA", ITCH}
"""Parameters whose baseline takes few values, so that it is drawn."""
UNKNOWN = -1.0


def cells_of(margins: tuple[Margin, ...]) -> dict[str, Array]:
    """Value of each variable in each combination of values, (cell,); the last variable runs fastest."""
    grid = list(itertools.product(*(one.values for one in margins)))
    columns = {one.variable: np.array([row[k] for row in grid], dtype=one.dtype) for k, one in enumerate(margins)}
    if ITCH in columns and AGE in columns:
        columns[ITCH] = np.where(columns[AGE] < itch.FROM_AGE, -1, columns[ITCH]).astype(np.int8)
    return columns


def probabilities_of(margins: tuple[Margin, ...]) -> tuple[float, ...]:
    """Probability of each cell, variables independent."""
    return tuple(math.prod(p) for p in itertools.product(*(one.probabilities for one in margins)))


def base_of_cells(study: Study, name: str, margins: tuple[Margin, ...]) -> Array:
    """Baseline value of a parameter in each cell: drawn, or its stated mean, or unknown; (cell,)."""
    assert study.cohort is not None
    one = next((p for p in study.parameters if p.name == name), None)
    small = one is not None and one.integer and (one.range or (0, 200))[1] <= 127
    dtype = np.int8 if small else np.float64
    drawn = cells_of(margins).get(name)
    if drawn is not None:
        return drawn.astype(dtype)
    mean = next((b.mean for b in study.cohort.baseline if b.variable == name and b.mean is not None), UNKNOWN)
    return np.full(math.prod(len(m.values) for m in margins), mean, dtype=dtype)


def shown_by_cell(study: Study, endpoints: tuple[Endpoint, ...], base: Array) -> list[dict[Pattern, float]]:
    """The value that shows each pattern of response in each cell; nothing where the baseline value is missing."""
    name = endpoints[0].derive.parameter
    parameter = next((p for p in study.parameters if p.name == name), None)
    rules = tuple(e.derive for e in endpoints)
    measured = name in study.baseline_visit.measures
    by_base = {b: witnesses(rules, parameter, b if measured else None) for b in np.unique(base).tolist()}
    return [{} if measured and b < 0 else by_base[b] for b in base.tolist()]


def shared_patterns(shown: list[dict[Pattern, float]]) -> list[Pattern]:
    """The patterns that can occur in every cell in which the parameter is known."""
    known = [cell for cell in shown if cell]
    return [pattern for pattern in known[0] if all(pattern in cell for cell in known)]


def all_margins(study: Study, endpoints: tuple[Endpoint, ...]) -> tuple[Margin, ...]:
    """Distributions of every baseline variable where their combinations are few, else of those that are read."""
    assert study.cohort is not None
    found = tuple(margin(study, b) for b in study.cohort.baseline)
    few = math.prod(len(one.values) for one in found) <= MOST_CELLS
    return found if few else read_margins(study, endpoints)


def read_margins(study: Study, endpoints: tuple[Endpoint, ...]) -> tuple[Margin, ...]:
    """Distributions of what strata, covariates, analysis sets and the parameter read.

    Raises
    ------
    UsageError
        If their values have too many combinations.
    """
    assert study.cohort is not None
    analyses = [a for e in endpoints for a in (e.analysis, *e.supplementary)]
    sets = [s for s in study.analysis_sets if s.name in {e.population for e in endpoints}]
    read = {s.variable for s in study.randomisation.strata} | {c for a in analyses for c in a.covariates}
    read = read.union(*(c.variables() for one in sets for c in one.criteria))
    read |= {e.derive.parameter for e in endpoints if e.derive.parameter in WHOLE}
    if ITCH in read:
        read.add(AGE)
    found = tuple(margin(study, b) for b in study.cohort.baseline if b.variable in read)
    count = math.prod(len(one.values) for one in found)
    if count > MOST_CELLS:
        raise UsageError(
            f"{endpoints[0].name} reads {', '.join(one.variable for one in found)}: {count:,} combinations of values "
            'are too many for the marginal model. Use mode = "latent course".'
        )
    return found
