"""One batch of trials as the analyses see it: endpoints derived, strata coded, cells counted, each only once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pivotal.derive import Derived, EventTime, Factor, derive, event_time, factor, in_set
from pivotal.study.model import Endpoint, Study
from pivotal.trials import Trials, observed

T = TypeVar("T")
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Strata:
    """The cross-classification of several factors.

    Attributes
    ----------
    codes
        Stratum of every patient, (replicate, subject); -1 where a factor is unknown.
    levels
        Level of each factor in each stratum, (stratum, factor).
    factors
        The factors.
    """

    codes: NDArray[np.int16]
    levels: NDArray[np.int64]
    factors: tuple[Factor, ...]

    @property
    def count(self) -> int:
        """Number of strata."""
        return len(self.levels)

    def bare(self) -> Strata:
        """The same strata without patients' codes, for cells that have been added up."""
        none = np.zeros((0, 0), dtype=np.int8)
        factors = tuple(Factor(each.name, each.labels, none) for each in self.factors)
        return Strata(none.astype(np.int16), self.levels, factors)


@dataclass(frozen=True, slots=True)
class Cells:
    """Patients and responders by arm and stratum, (replicate, arm, stratum)."""

    events: Floats
    totals: Floats
    strata: Strata

    @property
    def x(self) -> Floats:
        """Responders by arm, (replicate, arm)."""
        return np.asarray(self.events.sum(axis=2))

    @property
    def n(self) -> Floats:
        """Patients by arm, (replicate, arm)."""
        return np.asarray(self.totals.sum(axis=2))


@dataclass(slots=True)
class Batch:
    """Trials under a study's plan. Whatever several analyses need is worked out once and kept."""

    study: Study
    trials: Trials
    _kept: dict[Any, Any] = field(default_factory=dict)

    def derived(self, endpoint: Endpoint, visit: str) -> Derived:
        """The endpoint at a visit, its analysis set applied."""
        return self._once(("derived", endpoint.name, visit), lambda: self._derive(endpoint, visit))

    def _derive(self, endpoint: Endpoint, visit: str) -> Derived:
        found = derive(endpoint, self.trials, visit, self.study.baseline_visit.name)
        members = self.members(endpoint.population)
        if members is None:
            return found
        return Derived(found.value, members if found.included is None else members & found.included)

    def members(self, name: str) -> Mask | None:
        """Who belongs to an analysis set; None where everybody does."""
        chosen = next(s for s in self.study.analysis_sets if s.name == name)
        return self._once(("set", name), lambda: in_set(chosen, self.trials))

    def number(self, name: str) -> Floats:
        """A numeric baseline variable or a parameter at baseline, (replicate, subject); NaN where it is missing."""
        found = self.trials.subject.get(name)
        values = self.trials.value(name, self.study.baseline_visit.name) if found is None else found
        return np.where(observed(values), values, np.nan).astype(np.float64)

    def at_baseline(self, parameter: str) -> Floats:
        """A parameter's value at the baseline visit, (replicate, subject); NaN where it is missing."""
        values = self.trials.value(parameter, self.study.baseline_visit.name)
        return np.where(observed(values), values, np.nan).astype(np.float64)

    def is_factor(self, name: str) -> bool:
        """Whether a covariate is a stratification factor or a category, rather than a number."""
        return name in self.trials.categories or any(s.name == name for s in self.study.randomisation.strata)

    def event_time(self, endpoint: Endpoint, visit: str) -> EventTime:
        """When a time-to-event endpoint's event came, up to a visit; NaN who is not of its analysis set."""
        return self._once(("event", endpoint.name, visit), lambda: self._event_time(endpoint, visit))

    def _event_time(self, endpoint: Endpoint, visit: str) -> EventTime:
        found = event_time(endpoint, self.trials, self.study.visits, visit)
        members = self.members(endpoint.population)
        return found if members is None else EventTime(np.where(members, found.time, np.nan), found.event & members)

    def strata(self, names: tuple[str, ...]) -> Strata:
        """The cross-classification of the named factors; one stratum where none is named."""
        return self._once(("strata", names), lambda: self._cross(names))

    def _cross(self, names: tuple[str, ...]) -> Strata:
        factors = tuple(factor(self.study, self.trials, name) for name in names)
        codes = np.zeros(self.trials.shape, dtype=np.int16)
        unknown = np.zeros((), dtype=np.bool_)
        for each in factors:
            codes *= len(each.labels)
            codes += each.codes
            unknown = unknown | (each.codes < 0)
        if unknown.any():
            codes[unknown] = -1
        sizes = tuple(len(each.labels) for each in factors)
        levels = np.array(list(np.ndindex(*sizes)), dtype=np.int64).reshape(math.prod(sizes), len(sizes))
        return Strata(codes, levels, factors)

    def cells(self, endpoint: Endpoint, visit: str, names: tuple[str, ...] = ()) -> Cells:
        """Responders and patients of a binary endpoint by arm and stratum of the named factors."""
        return self._once(("cells", endpoint.name, visit, names), lambda: self._count(endpoint, visit, names))

    def _count(self, endpoint: Endpoint, visit: str, names: tuple[str, ...]) -> Cells:
        derived = self.derived(endpoint, visit)
        strata = self.strata(names)
        counts = count_cells(
            self.trials.arm, strata.codes, derived.value, derived.included, len(self.study.arms), strata.count
        )
        return Cells(counts[..., 1], counts.sum(axis=3), strata)

    def _once(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        if key not in self._kept:
            self._kept[key] = make()
        kept: T = self._kept[key]
        return kept


def visits(endpoint: Endpoint, study: Study) -> list[str]:
    """Visits at which an endpoint is summarised, in the study's order."""
    wanted = {*endpoint.visits, endpoint.visit}
    return [visit.name for visit in study.visits if visit.name in wanted]


def count_cells(
    arm: NDArray[np.int8],
    stratum: NDArray[np.int16],
    response: Mask,
    included: Mask | None,
    arms: int,
    strata: int,
) -> Floats:
    """Count patients by replicate, arm, stratum and response in one pass.

    Parameters
    ----------
    arm, stratum, response
        Codes of every patient, (replicate, subject); a negative arm or stratum is left out.
    included
        Who is counted; None for everybody.
    arms, strata
        Numbers of arms and strata.

    Returns
    -------
    numpy.ndarray
        float64 counts, (replicate, arm, stratum, response).
    """
    replicates = arm.shape[0]
    width = arms * strata * 2
    cell = arm.astype(np.int64)
    cell *= strata
    cell += stratum
    cell *= 2
    cell += response
    cell += (np.arange(replicates) * width)[:, None]
    out = (arm < 0) | (stratum < 0)
    if included is not None:
        out |= ~included
    if out.any():
        cell[out] = replicates * width
    counts = np.bincount(cell.ravel(), minlength=replicates * width + 1)[: replicates * width]
    return counts.astype(np.float64).reshape(replicates, arms, strata, 2)
