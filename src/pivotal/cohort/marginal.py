r"""The fast cohort: one binary endpoint at its visit, with strata, allocation, response and discontinuation.

With the endpoint's rate :math:`\pi_a` in arm :math:`a` (intention to treat, a missing response is none) and the share
:math:`s_a` still in the trial at the visit, a patient who is still in responds with probability :math:`\pi_a / s_a`,
independently of strata and of everything else. The response is written as values that show it: at the visit a value
that is a response from the patient's baseline, or the baseline value itself (an IGA of 0, or unchanged), so that the
plan derives the endpoint as it always does. Enrolled patients are drawn directly from the baseline distributions of
those variables that strata, covariates and the analysis set read; nobody is screened.

A patient takes three 16-bit words: one for the cell of baseline variables, one for staying, one for response.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort.allocation import Allocation, allocation
from pivotal.cohort.dropout import Leaving, leaving
from pivotal.cohort.margins import Margin, margin
from pivotal.cohort.response import witnesses
from pivotal.cohort.scenario import resolve
from pivotal.cohort.words import LEVELS, category_table, draw_words, quick
from pivotal.errors import UsageError
from pivotal.instruments import itch
from pivotal.study.model import Endpoint, Scenario, Study
from pivotal.trials import Trials

Array = NDArray[Any]
MOST_CELLS = 4096


@dataclass(frozen=True)
class MarginalCohort:
    """Virtual patients of one scenario for one binary endpoint.

    Attributes
    ----------
    study
        The study.
    scenario
        The scenario, made whole.
    endpoint
        The endpoint.
    margins
        Distributions of the baseline variables that are drawn; a cell is one value of each, the last runs fastest.
    responds
        Probability of response of those still in the trial at the visit, by arm.
    leaving, allocation
        How patients leave, and how they are allocated.
    """

    study: Study
    scenario: Scenario
    endpoint: Endpoint
    margins: tuple[Margin, ...]
    responds: tuple[float, ...]
    leaving: Leaving
    allocation: Allocation

    @property
    def model(self) -> str:
        """How the patients are made."""
        return "marginal"

    @cached_property
    def measured(self) -> frozenset[tuple[str, str]]:
        """(PARAMCD, visit) pairs that `draw` gives."""
        parameter = self.endpoint.derive.parameter
        return frozenset({(parameter, self.study.baseline_visit.name), (parameter, self.endpoint.visit)})

    @cached_property
    def cells(self) -> Mapping[str, Array]:
        """Value of each variable in each cell, (cell,)."""
        grid = list(itertools.product(*(one.values for one in self.margins)))
        columns = {one.variable: np.array([row[k] for row in grid], dtype=one.dtype)
                   for k, one in enumerate(self.margins)}  # fmt: skip
        if "ITCHNRS" in columns and "AGE" in columns:
            columns["ITCHNRS"] = np.where(columns["AGE"] < itch.FROM_AGE, -1, columns["ITCHNRS"]).astype(np.int8)
        return columns

    @cached_property
    def categories(self) -> Mapping[str, tuple[str, ...]]:
        """Labels of coded baseline variables."""
        return {one.variable: one.categories for one in self.margins if one.categories}

    @cached_property
    def _cell_of_word(self) -> NDArray[np.uint16]:
        probabilities = tuple(math.prod(p) for p in itertools.product(*(one.probabilities for one in self.margins)))
        return category_table(probabilities)

    @cached_property
    def _stratum_of_cell(self) -> NDArray[np.uint8]:
        if not self.allocation.strata:
            return np.zeros(len(self._base_of_cell), dtype=np.uint8)
        return self.allocation.stratum(self.cells, self.categories)

    @cached_property
    def _base_of_cell(self) -> Array:
        """Baseline value of the endpoint's parameter in each cell."""
        parameter = self.endpoint.derive.parameter
        found = self.cells.get(parameter)
        if found is None:
            count = math.prod(len(one.values) for one in self.margins)
            found = np.full(count, self._base_where_unknown(), dtype=self._dtype)
        return found.astype(self._dtype)

    def _base_where_unknown(self) -> float:
        """Mean of the parameter's baseline where the study states one, otherwise the lower end of its range."""
        assert self.study.cohort is not None
        name = self.endpoint.derive.parameter
        mean = next((b.mean for b in self.study.cohort.baseline if b.variable == name), None)
        limits = next((p.range for p in self.study.parameters if p.name == name), None)
        return mean if mean is not None else (limits[0] if limits is not None else 0.0)

    @cached_property
    def _dtype(self) -> type[np.int8 | np.float64]:
        name = self.endpoint.derive.parameter
        one = next((p for p in self.study.parameters if p.name == name), None)
        small = one is not None and one.integer and (one.range or (0, 200))[1] <= 127
        return np.int8 if small else np.float64

    @cached_property
    def _value_of_cell(self) -> Array:
        """Value at the visit by cell, of those without response and then of those with one, (2 x cell,)."""
        parameter = next((p for p in self.study.parameters if p.name == self.endpoint.derive.parameter), None)
        pairs = [(-1.0, -1.0) if base < 0 else witnesses(self.endpoint.derive, parameter, float(base))
                 for base in self._base_of_cell]  # fmt: skip
        return np.array([no for _, no in pairs] + [yes for yes, _ in pairs], dtype=self._dtype)

    def draw(
        self,
        replicates: int,
        rng: np.random.Generator,
        *,
        size: int | None = None,
        visits: tuple[str, ...] | None = None,
        randomised: bool = True,
    ) -> Trials:
        """Draw trials; see `LatentCohort.draw`. Only the endpoint's visit is drawn, whatever `visits` says."""
        shape = (replicates, size or self.study.population.size)
        rng = quick(rng)
        words = draw_words(rng, 3, shape[0] * shape[1])
        cell = self._cell_of_word.take(words[0]).astype(np.intp).reshape(shape)
        arm = self._allocate(rng, cell, randomised)
        last_visit, reason, missing = self._leave(rng, words[1], arm)
        base = self._base_of_cell.take(cell)
        subject = {name: column.take(cell) for name, column in self.cells.items()}
        values = {
            (self.endpoint.derive.parameter, self.study.baseline_visit.name): base,
            (self.endpoint.derive.parameter, self.endpoint.visit): self._respond(words[2], arm, cell, missing),
        }
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

    def _allocate(self, rng: np.random.Generator, cell: NDArray[np.intp], randomised: bool) -> NDArray[np.int8]:
        shape = (cell.shape[0], cell.shape[1])
        if not randomised:
            return self.allocation.in_turn(shape)
        if self.allocation.method == "stratified permuted blocks":
            return self.allocation.in_blocks(rng, self._stratum_of_cell.take(cell))
        read = {name: self.cells[name].take(cell) for name in self.allocation.variables}
        return self.allocation.allocate(rng, shape, read, self.categories)

    def _leave(
        self, rng: np.random.Generator, words: NDArray[np.uint16], arm: NDArray[np.int8]
    ) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.intp]]:
        """Last visit and reason, (replicate, subject), and where those are who miss the endpoint's visit."""
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
        return last_visit, reason, leavers[gone[self.study.visit_index(self.endpoint.visit)]]

    def _respond(
        self, words: NDArray[np.uint16], arm: NDArray[np.int8], cell: NDArray[np.intp], missing: NDArray[np.intp]
    ) -> Array:
        """Values at the visit; those who are missing have none."""
        bounds = np.rint(np.array(self.responds) * LEVELS).astype(np.int32)
        response = words.reshape(arm.shape) < bounds.take(arm)
        found = self._value_of_cell.take(cell + response * np.intp(len(self._base_of_cell)))
        found.ravel()[missing] = -1 if found.dtype.kind == "i" else np.nan
        return found


def marginal(study: Study, scenario: Scenario, endpoint: Endpoint) -> MarginalCohort:
    """The fast cohort of one endpoint of a study under a scenario."""
    resolved = resolve(study, scenario)
    leaves = leaving(study, resolved)
    rates = next((r for r in resolved.rates if (r.endpoint, r.visit) == (endpoint.name, endpoint.visit)), None)
    if rates is None:
        raise UsageError(
            f"scenario {scenario.name!r} gives no rate of {endpoint.name} at {endpoint.visit}, which the marginal "
            "model draws. Add it to the scenario's rates."
        )
    gone = leaves.gone[study.visit_index(endpoint.visit)]
    responds = tuple(
        min(rates.proportion(arm.name) / (1 - left), 1.0) for arm, left in zip(study.arms, gone, strict=True)
    )
    return MarginalCohort(study, resolved, endpoint, _margins(study, endpoint), responds, leaves, allocation(study))


def _margins(study: Study, endpoint: Endpoint) -> tuple[Margin, ...]:
    """Distributions of what strata, covariates and the analysis set read."""
    assert study.cohort is not None
    analyses = (endpoint.analysis, *endpoint.supplementary)
    sets = [s for s in study.analysis_sets if s.name == endpoint.population]
    read = {s.variable for s in study.randomisation.strata}
    read |= {c for analysis in analyses for c in analysis.covariates}
    read = read.union(*(c.variables() for one in sets for c in one.criteria))
    if "ITCHNRS" in read | {endpoint.derive.parameter}:
        read |= {"AGE", "ITCHNRS"}
    found = tuple(margin(study, b) for b in study.cohort.baseline if b.variable in read)
    cells = math.prod(len(one.values) for one in found)
    if cells > MOST_CELLS:
        raise UsageError(
            f"{endpoint.name} reads {', '.join(one.variable for one in found)}: {cells:,} combinations of values are "
            'too many for the marginal model. Use mode = "latent course".'
        )
    return found
