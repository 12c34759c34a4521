"""The joint cohort: every endpoint at every visit, from one latent course a patient.

The model stands in `course` (the latents), `regions` (EASI and BSA), `scores` (IGA and itch), `dropout` (leaving) and
`calibrate` (how the rates are met).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort.allocation import Allocation, allocation
from pivotal.cohort.constants import Constants, calibrated
from pivotal.cohort.course import Course, course
from pivotal.cohort.dropout import Leaving, leaving
from pivotal.cohort.lean import Lean
from pivotal.cohort.margins import Margin
from pivotal.cohort.people import People, people
from pivotal.cohort.scenario import resolve
from pivotal.cohort.scores import Scores, Stop
from pivotal.cohort.screening import Screener, make_screener
from pivotal.cohort.words import draw_words, quick
from pivotal.instruments import easi, itch
from pivotal.study.model import Endpoint, Scenario, Study
from pivotal.trials import Screening, Trials

Array = NDArray[Any]
SKIN = ("EASI", *easi.REGIONS, "BSA")
KNOWN = ("IGA", *SKIN, "ITCHNRS")
CHUNK = 262144
"""Patients whose work arrays are held at a time; part of what a seed means."""


@dataclass(frozen=True)
class LatentCohort(Lean):
    """Virtual patients of one scenario, calibrated.

    Attributes
    ----------
    study
        The study.
    scenario
        The scenario, made whole.
    parameters
        PARAMCDs that are drawn.
    people, course, constants, leaving, screener, allocation
        The fitted parts.
    """

    study: Study
    scenario: Scenario
    parameters: tuple[str, ...]
    people: People
    course: Course
    constants: Constants
    leaving: Leaving
    screener: Screener
    allocation: Allocation

    @cached_property
    def measured(self) -> frozenset[tuple[str, str]]:
        """(PARAMCD, visit) pairs that `draw` gives."""
        return frozenset((p, v.name) for v in self.study.visits for p in v.measures if p in self.parameters)

    @property
    def calibrated(self) -> frozenset[tuple[str, str]]:
        """(endpoint, visit) pairs whose rates are met, of what is drawn."""
        stated = [(self.study.endpoint(r.endpoint), r.visit) for r in self.scenario.rates]
        return frozenset(
            (e.name, v) for e, v in stated if e.derive.is_binary and (e.derive.parameter, v) in self.measured
        )

    @property
    def model(self) -> str:
        """How the patients are made."""
        return "latent course"

    def draw(
        self,
        replicates: int,
        rng: np.random.Generator,
        *,
        size: int | None = None,
        visits: tuple[str, ...] | None = None,
        randomised: bool = True,
    ) -> Trials:
        """Draw trials.

        Parameters
        ----------
        replicates
            Number of trials.
        rng
            Source of randomness. The same generator, arguments and library give the same bits.
        size
            Patients a trial; the study's by default.
        visits
            Visits after baseline that are drawn; all by default. Fewer cost less. Who leaves and when is always drawn.
        randomised
            Whether candidates are screened and allocated by the study's method. If not, enrolled patients are drawn
            and put into the arms in turn, by the ratio: for a large population.

        Returns
        -------
        Trials
            Virtual patients.
        """
        shape = (replicates, size or self.study.size)
        rng = quick(rng)
        columns, screening = self._enrol(rng, shape, randomised)
        categories = self.categories
        arm = (
            self.allocation.allocate(rng, shape, columns, categories) if randomised else self.allocation.in_turn(shape)
        )
        values = self._space(shape, visits)
        last_visit = np.full(shape, self.leaving.last, dtype=np.int8)
        reason = np.zeros(shape, dtype=np.int8)
        stops = self._stops(visits)
        self._begin(columns, values)
        flat = {key: column.ravel() for key, column in values.items()}
        before = {name: column.ravel() for name, column in columns.items()}
        for low in range(0, arm.size, CHUNK):
            part = slice(low, min(low + CHUNK, arm.size))
            scores = Scores(self, rng, arm.ravel()[part], {name: column[part] for name, column in before.items()})
            scores.write(stops, {key: column[part] for key, column in flat.items()},
                         last_visit.ravel()[part], reason.ravel()[part])  # fmt: skip
        baseline = self.study.baseline_visit.name
        subject = columns | {p: values[p, baseline] for p in ("EASI",) if (p, baseline) in values}
        return Trials(
            arms=tuple(a.name for a in self.study.arms),
            visits=tuple(v.name for v in self.study.visits),
            arm=arm,
            subject=subject,
            values=values,
            last_visit=last_visit,
            reason=reason,
            reasons=self.leaving.reasons,
            categories=categories,
            screening=screening,
        )

    @cached_property
    def categories(self) -> Mapping[str, tuple[str, ...]]:
        """Labels of coded baseline variables."""
        return {name: one.categories for name, one in self.people.margins.items() if one.categories}

    def _enrol(
        self, rng: np.random.Generator, shape: tuple[int, int], screened: bool
    ) -> tuple[dict[str, Array], Screening | None]:
        """Baseline variables of the enrolled, (replicate, subject)."""
        margins, enrolled, screening = self.people.margins, dict[str, Array](), None
        if screened:
            enrolled, screening = self.screener.screen(rng, *shape)
        rest = [one for name, one in margins.items() if name not in enrolled]
        words = draw_words(rng, len(rest), shape[0] * shape[1])
        drawn = {one.variable: one.table().take(words[k]).reshape(shape) for k, one in enumerate(rest)}
        columns = {name: _stored(one, enrolled.get(name, drawn.get(name))) for name, one in margins.items()}
        if "ITCHNRS" in columns:
            np.copyto(columns["ITCHNRS"], -1, where=columns["AGE"] < itch.FROM_AGE, casting="unsafe")
        return columns, screening

    def _space(self, shape: tuple[int, int], visits: tuple[str, ...] | None) -> dict[tuple[str, str], Array]:
        """Room for the values of each parameter and visit."""
        wanted = set(visits or [v.name for v in self.study.visits]) | {self.study.baseline_visit.name}
        keys = [(p, v.name) for v in self.study.visits if v.name in wanted for p in v.measures if p in self.parameters]
        grades = [key for key in keys if key[0] in {"IGA", "ITCHNRS"}]
        scores = [key for key in keys if key not in grades]
        # One array for all: large ones are backed by huge pages, which saves most of the cost of touching them first.
        whole, decimal = np.empty((len(grades), *shape), dtype=np.int8), np.empty((len(scores), *shape))
        return dict(zip(grades, whole, strict=True)) | dict(zip(scores, decimal, strict=True))

    def _stops(self, visits: tuple[str, ...] | None) -> tuple[Stop, ...]:
        """The visits after baseline that are drawn, with what is measured there."""
        wanted = self.course.visits if visits is None else [v for v in self.course.visits if v in visits]
        measures = {v.name: tuple(p for p in v.measures if p in self.parameters) for v in self.study.visits}
        return tuple(
            Stop(name, self.study.visit_index(name), self.course.visits.index(name), measures[name])
            for name in wanted
            if measures[name]
        )

    def _begin(self, columns: Mapping[str, Array], values: dict[tuple[str, str], Array]) -> None:
        """Baseline values that screening has drawn are those of the baseline visit."""
        for p in ("IGA", "BSA", "ITCHNRS"):
            key = (p, self.study.baseline_visit.name)
            if key in values:
                values[key] = columns[p]


def latent(study: Study, scenario: Scenario, endpoints: Iterable[Endpoint] | None) -> LatentCohort:
    """Calibrate the joint cohort to a scenario of the study."""
    resolved = resolve(study, scenario)
    fitted, process, leaves = people(study), course(study), leaving(study, resolved)
    constants = calibrated(study, resolved, scenario, fitted, process, leaves)
    return LatentCohort(
        study=study,
        scenario=resolved,
        parameters=_parameters(study, endpoints),
        people=fitted,
        course=process,
        constants=constants,
        leaving=leaves,
        screener=make_screener(study, fitted.margins),
        allocation=allocation(study),
    )


def _parameters(study: Study, endpoints: Iterable[Endpoint] | None) -> tuple[str, ...]:
    """PARAMCDs to draw: all that are known, or those that some endpoints need."""
    measured = {p for v in study.visits for p in v.measures}
    if endpoints is None:
        return tuple(p for p in KNOWN if p in measured)
    needed: set[str] = set()
    for e in endpoints:
        read = {e.derive.parameter, *e.analysis.covariates, *(c for s in e.supplementary for c in s.covariates)}
        sets = (s for s in study.analysis_sets if s.name == e.population)
        needed |= read.union(*(c.variables() for one in sets for c in one.criteria))
    return tuple(p for p in KNOWN if p in measured & needed)


def _stored(margin: Margin, column: Array | None) -> Array:
    """A drawn column as it is kept: grades and codes as small whole numbers, tenths as the nearest double."""
    assert column is not None
    if margin.dtype == "float64":
        return np.rint(column * np.float32(10)).astype(np.float64) / 10.0 if column.dtype == np.float32 else column
    if column.dtype == np.float32:
        return np.nan_to_num(column, copy=False, nan=-1.0).astype(margin.dtype)
    return column
