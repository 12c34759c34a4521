r"""The fast cohort: one binary endpoint at its visit, with strata, allocation, response and discontinuation.

With the endpoint's rate :math:`\pi_a` in arm :math:`a` (intention to treat, a missing response is none) and the share
:math:`s_a` still in the trial at the visit, a patient who is still in responds with probability :math:`\pi_a / s_a`,
independently of strata and of everything else. The response is written as values that show it: at the visit a value
that is a response from the patient's baseline, or the baseline value itself (an IGA of 0, or unchanged), so that the
plan derives the endpoint as it always does. Further endpoints of the same parameter and visit may be drawn with it
(`outcomes`). Enrolled patients are drawn directly from the baseline distributions of those variables that strata,
covariates and the analysis set read; nobody is screened.

A patient takes three 16-bit words: one for the cell of baseline variables, one for staying, one for response.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort.allocation import Allocation, allocation
from pivotal.cohort.cells import (
    UNKNOWN,
    all_margins,
    base_of_cells,
    cells_of,
    probabilities_of,
    read_margins,
    shared_patterns,
    shown_by_cell,
)
from pivotal.cohort.dropout import Leaving, leaving
from pivotal.cohort.lean import Lean
from pivotal.cohort.margins import Margin
from pivotal.cohort.outcomes import Pattern, chances
from pivotal.cohort.scenario import resolve
from pivotal.cohort.words import LEVELS, Words, category_table, draw_words, quick
from pivotal.errors import UsageError
from pivotal.study.model import Endpoint, Rates, Scenario, Study
from pivotal.trials import Trials

Array = NDArray[Any]


@dataclass(frozen=True)
class MarginalCohort(Lean):
    """Virtual patients of one scenario for one binary endpoint, or several that one value decides.

    Attributes
    ----------
    study
        The study.
    scenario
        The scenario, made whole.
    endpoints
        The endpoints, all of one parameter at one visit.
    margins
        Distributions of the baseline variables that are drawn; a cell is one value of each.
    patterns
        Which endpoints a patient responds on, for each pattern that occurs.
    bounds
        Words below the first bound show the first pattern, and so on, of those who stay; (pattern but the last, arm).
    leaving, allocation
        How patients leave, and how they are allocated.
    """

    study: Study
    scenario: Scenario
    endpoints: tuple[Endpoint, ...]
    margins: tuple[Margin, ...]
    patterns: tuple[Pattern, ...]
    bounds: NDArray[np.int32]
    leaving: Leaving
    allocation: Allocation

    @property
    def model(self) -> str:
        """How the patients are made."""
        return "marginal"

    @property
    def visit(self) -> str:
        """The endpoints' visit."""
        return self.endpoints[0].visit

    @property
    def parameter(self) -> str:
        """The endpoints' parameter."""
        return self.endpoints[0].derive.parameter

    @cached_property
    def measured(self) -> frozenset[tuple[str, str]]:
        """(PARAMCD, visit) pairs that `draw` gives."""
        baseline = self.study.baseline_visit
        before = {(self.parameter, baseline.name)} if self.parameter in baseline.measures else set()
        return frozenset({(self.parameter, self.visit)} | before)

    @property
    def calibrated(self) -> frozenset[tuple[str, str]]:
        """(endpoint, visit) pairs whose rates are met."""
        return frozenset((e.name, self.visit) for e in self.endpoints)

    @cached_property
    def categories(self) -> Mapping[str, tuple[str, ...]]:
        """Labels of coded baseline variables."""
        return {one.variable: one.categories for one in self.margins if one.categories}

    def draw(
        self,
        replicates: int,
        rng: np.random.Generator,
        *,
        size: int | None = None,
        visits: tuple[str, ...] | None = None,
        randomised: bool = True,
    ) -> Trials:
        """Draw trials; see `LatentCohort.draw`. Only the endpoints' visit is drawn, whatever `visits` says."""
        rng = quick(rng)
        shape = (replicates, size or self.study.size)
        words = draw_words(rng, 3, shape[0] * shape[1])
        cell = self._cell_of_word.take(words[0]).astype(np.intp).reshape(shape)
        arm = self._allocate(rng, cell, randomised)
        last_visit, reason, missing = self._leave(rng, words[1], arm)
        before, after = (self.parameter, self.study.baseline_visit.name), (self.parameter, self.visit)
        subject = {name: column.take(cell) for name, column in self._cells.items()}
        values = {after: self._respond(words[2], arm, cell, missing)}
        if before in self.measured:
            values[before] = subject.get(self.parameter, self._base_of_cell.take(cell))
        return Trials(
            arms=tuple(a.name for a in self.study.arms),
            visits=tuple(v.name for v in self.study.visits),
            arm=arm,
            subject=subject,
            values=values,
            last_visit=last_visit,
            reason=reason,
            reasons=self.leaving.reasons,
            categories=self.categories,
        )

    @cached_property
    def _cells(self) -> Mapping[str, Array]:
        return cells_of(self.margins)

    @cached_property
    def _cell_of_word(self) -> NDArray[np.uint16]:
        return category_table(probabilities_of(self.margins))

    @cached_property
    def _stratum_of_cell(self) -> NDArray[np.uint8]:
        if not self.allocation.strata:
            return np.zeros(len(self._base_of_cell), dtype=np.uint8)
        return self.allocation.stratum(self._cells, self.categories)

    @cached_property
    def _base_of_cell(self) -> Array:
        return base_of_cells(self.study, self.parameter, self.margins)

    @cached_property
    def _value_of_cell(self) -> Array:
        """Value at the visit by pattern and cell, pattern after pattern."""
        shown = shown_by_cell(self.study, self.endpoints, self._base_of_cell)
        table = [[cell.get(pattern, UNKNOWN) for cell in shown] for pattern in self.patterns]
        return np.array(table, dtype=self._base_of_cell.dtype).ravel()

    def _allocate(self, rng: np.random.Generator, cell: NDArray[np.intp], randomised: bool) -> NDArray[np.int8]:
        shape = (cell.shape[0], cell.shape[1])
        if not randomised:
            return self.allocation.in_turn(shape)
        if self.allocation.method == "stratified permuted blocks":
            return self.allocation.in_blocks(rng, self._stratum_of_cell.take(cell))
        read = {name: self._cells[name].take(cell) for name in self.allocation.variables}
        return self.allocation.allocate(rng, shape, read, self.categories)

    def _leave(
        self, rng: np.random.Generator, words: Words, arm: NDArray[np.int8]
    ) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.intp]]:
        """Last visit and reason, (replicate, subject), and where those are who miss the endpoints' visit."""
        bounds = np.rint(np.array(self.leaving.gone) * LEVELS).astype(np.int32)  # (visit, arm)
        last_visit = np.full(arm.shape, self.leaving.last, dtype=np.int8)
        reason = np.zeros(arm.shape, dtype=np.int8)
        possible = np.flatnonzero(words < bounds[-1].max())
        left = words.take(possible) < bounds[-1].take(arm.ravel().take(possible))
        leavers = possible[left]
        their_arm = arm.ravel().take(leavers)
        gone = words.take(leavers) < bounds.take(their_arm, axis=1)
        last_visit.ravel()[leavers] = self.leaving.last_visit_of(gone)
        reason.ravel()[leavers] = self.leaving.draw_reasons(rng, their_arm)
        return last_visit, reason, leavers[gone[self.study.visit_index(self.visit)]]

    def _respond(self, words: Words, arm: NDArray[np.int8], cell: NDArray[np.intp], missing: NDArray[np.intp]) -> Array:
        """Values at the visit; those who are missing have none."""
        place = cell.copy()
        count = np.intp(len(self._base_of_cell))
        for bound in self.bounds:
            place += (words.reshape(arm.shape) >= bound.take(arm)) * count
        found: Array = self._value_of_cell.take(place)
        found.ravel()[missing] = UNKNOWN if found.dtype.kind == "i" else np.nan
        return found


def marginal(study: Study, scenario: Scenario, endpoints: tuple[Endpoint, ...] | None) -> MarginalCohort:
    """The fast cohort of endpoints of a study under a scenario; None takes the primary one and those drawn with it."""
    resolved = resolve(study, scenario)
    leaves = leaving(study, resolved)
    chosen = _with_primary(study, resolved) if endpoints is None else endpoints
    margins = all_margins(study, chosen) if endpoints is None else read_margins(study, chosen)
    base = base_of_cells(study, chosen[0].derive.parameter, margins)
    patterns = shared_patterns(shown_by_cell(study, chosen, base))
    stay = 1 - np.array(leaves.gone[study.visit_index(chosen[0].visit)])
    rates = np.array([[_rates(resolved, e).proportion(arm.name) for arm in study.arms] for e in chosen])
    share = chances(patterns, np.minimum(rates / stay, 1.0), [e.name for e in chosen])
    bounds = np.rint(np.cumsum(share, axis=0)[:-1] * LEVELS).astype(np.int32)
    return MarginalCohort(study, resolved, chosen, margins, tuple(patterns), bounds, leaves, allocation(study))


def _with_primary(study: Study, scenario: Scenario) -> tuple[Endpoint, ...]:
    stated = {(r.endpoint, r.visit) for r in scenario.rates}
    known = [e for e in study.endpoints if e.kind == "binary" and (e.name, e.visit) in stated]
    if not known:
        raise UsageError(
            f"{study.id}, scenario {scenario.name!r}: no binary endpoint has a rate at its visit. Add one."
        )
    first = next((e for e in known if e.role == "primary"), known[0])
    alike = (first.derive.parameter, first.visit, first.population)
    return (first, *(e for e in known if e is not first and (e.derive.parameter, e.visit, e.population) == alike))


def _rates(scenario: Scenario, endpoint: Endpoint) -> Rates:
    found = next((r for r in scenario.rates if (r.endpoint, r.visit) == (endpoint.name, endpoint.visit)), None)
    if found is None:
        raise UsageError(
            f"scenario {scenario.name!r} gives no rate of {endpoint.name} at {endpoint.visit}, which the marginal "
            "model draws. Add it to the scenario's rates."
        )
    return found
