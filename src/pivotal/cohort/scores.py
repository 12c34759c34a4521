"""From latents to what is recorded: the scores of one chunk of patients at each visit, and who leaves.

All work arrays belong to the chunk, so that they stay in the processor's cache. Latents are float32; what is written is
whole numbers or the double nearest to a decimal of the score's lattice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort.course import correlate
from pivotal.cohort.regions import WORDS, Healing, at_baseline
from pivotal.cohort.words import Floats32, Words, draw_words, gaussian_table
from pivotal.instruments import easi, iga, itch

if TYPE_CHECKING:
    from pivotal.cohort.latent import LatentCohort

Array = NDArray[Any]
Out = Mapping[tuple[str, str], Array]
MISSING = -1
TENTHS = 10.0
WORSENING = np.float32(1 / 3)
"""The log of the remaining share counts so much where it is above 0: skin heals further than it worsens (assumed)."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One visit that is drawn.

    Attributes
    ----------
    name
        Its name.
    visit
        Its index among the study's visits.
    row
        Its index among the visits after baseline.
    measures
        PARAMCDs that are recorded.
    """

    name: str
    visit: int
    row: int
    measures: tuple[str, ...]


class Scores:
    """The scores of one chunk of patients."""

    def __init__(
        self, cohort: LatentCohort, rng: np.random.Generator, arm: NDArray[np.int8], before: Mapping[str, Array]
    ) -> None:
        self.cohort, self.rng, self.before = cohort, rng, before
        self.n = len(arm)
        self.arm = arm.astype(np.intp)
        grades = cohort.constants.grades
        position = np.zeros(int(iga.HIGH) + 1, dtype=np.intp)
        position[list(grades)] = np.arange(len(grades))
        self.cell = position.take(before["IGA"])
        self.cell += self.arm * len(grades)
        self.latent, self.scratch, self.noise = (np.empty(self.n, dtype=np.float32) for _ in range(3))
        self.mask = np.empty(self.n, dtype=np.bool_)

    def write(self, stops: tuple[Stop, ...], out: Out, last_visit: NDArray[np.int8], reason: NDArray[np.int8]) -> None:
        """Fill the values at baseline and at each stop, the last visit, and the reason for leaving."""
        healing = self._skin_at_baseline(out)
        rows = self._course(tuple(stop.name for stop in stops))
        leavers, gone = self._leave(rows[0], last_visit, reason)
        noises = iter(draw_words(self.rng, sum(_noises(stop) for stop in stops), self.n))
        for stop, course in zip(stops, rows[1:], strict=True):
            missing = leavers[gone[stop.visit]]
            if _is_skin(stop):
                grade = self._iga(stop, self._score_latent("IGA", course, next(noises)))
                if healing is not None and _is_healing(stop):
                    root = self._root_left(stop, self._score_latent("EASI", course, next(noises)), grade)
                    healing.heal(root, grade > 0, surface="BSA" in stop.measures)
                    _record_skin(healing, stop.name, out, missing)
                _put(out, ("IGA", stop.name), grade, missing)
            if "ITCHNRS" in stop.measures:
                found = self._itch(stop, self._score_latent("ITCHNRS", course, next(noises)))
                _put(out, ("ITCHNRS", stop.name), found, missing)

    def _skin_at_baseline(self, out: Out) -> Healing | None:
        if not any(parameter == "EASI" or parameter in easi.REGIONS or parameter == "BSA" for parameter, _ in out):
            return None
        words = draw_words(self.rng, WORDS, self.n)
        older = self.before["AGE"] >= easi.OLDER_FROM
        surface = self.before["BSA"].astype(np.float32)
        healing = Healing(at_baseline(words, older, self.before["IGA"], surface, self.cohort.people.skin))
        _record_scores(healing, self.cohort.study.baseline_visit.name, out)
        return healing

    def _course(self, visits: tuple[str, ...]) -> Floats32:
        """Propensity to stay, then the course at each visit, (row, patient)."""
        words = draw_words(self.rng, 1 + len(visits), self.n)
        return correlate(self.cohort.course.factor(visits), gaussian_table().take(words), self.scratch)

    def _leave(
        self, propensity: Floats32, last_visit: NDArray[np.int8], reason: NDArray[np.int8]
    ) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Those who leave, and whether they have left by each visit, (visit, leaver)."""
        leaving = self.cohort.leaving
        thresholds = leaving.thresholds
        np.take(thresholds[-1], self.arm, out=self.scratch, mode="clip")
        np.less(propensity, self.scratch, out=self.mask)
        leavers = np.flatnonzero(self.mask)
        arm = self.arm.take(leavers)
        gone = propensity.take(leavers) < thresholds.take(arm, axis=1)
        last_visit[leavers] = leaving.last_visit_of(gone)
        reason[leavers] = leaving.draw_reasons(self.rng, arm)
        return leavers, gone

    def _score_latent(self, score: str, course: Floats32, words: Words) -> Floats32:
        """L = lambda C + sqrt(1 - lambda^2) e."""
        loading = self.cohort.course.loading[score]
        np.take(gaussian_table(), words, out=self.latent, mode="clip")
        self.latent *= np.float32(np.sqrt(1 - loading**2))
        np.multiply(course, np.float32(loading), out=self.scratch)
        self.latent += self.scratch
        return self.latent

    def _iga(self, stop: Stop, latent: Floats32) -> NDArray[np.int8]:
        grade = np.full(self.n, int(iga.HIGH), dtype=np.int8)
        np.take(self.cohort.constants.iga[stop.row, 0].astype(np.float32), self.cell, out=self.scratch, mode="clip")
        latent -= self.scratch
        for below in (np.float32(0), *self._below_clear):
            np.greater(latent, below, out=self.mask)
            grade -= self.mask.view(np.int8)
        return grade

    @cached_property
    def _below_clear(self) -> Floats32:
        """Thresholds of IGA 1, 2, 3 from that of IGA 0, which are the same at every visit, (grade, patient)."""
        constants = self.cohort.constants
        return (constants.iga[0, 1:] - constants.iga[0, :1]).astype(np.float32).take(self.cell, axis=1)

    def _root_left(self, stop: Stop, latent: Floats32, grade: NDArray[np.int8]) -> Floats32:
        """Square root of the remaining share, exp(-(mu + sigma L) / 2); worsening damped; 0 where IGA is 0."""
        constants = self.cohort.constants
        np.take((-constants.mu[stop.row] / 2).astype(np.float32), self.arm, out=self.scratch, mode="clip")
        latent *= np.float32(-constants.easi_spread / 2)
        latent += self.scratch
        np.multiply(latent, WORSENING, out=self.scratch)
        np.minimum(latent, self.scratch, out=latent)
        np.exp(latent, out=latent)
        np.multiply(latent, grade > 0, out=latent)
        return latent

    def _itch(self, stop: Stop, latent: Floats32) -> NDArray[np.int8]:
        """Baseline less round(m + s L), within the scale; missing where baseline is."""
        constants = self.cohort.constants
        np.take(constants.itch[stop.row].astype(np.float32), self.arm, out=self.scratch, mode="clip")
        latent *= np.float32(constants.itch_spread)
        latent += self.scratch
        np.rint(latent, out=latent)
        base, unasked = self._itch_before
        np.subtract(base, latent, out=latent)
        np.maximum(latent, np.float32(itch.LOW), out=latent)
        np.minimum(latent, np.float32(itch.HIGH), out=latent)
        found = latent.astype(np.int8)
        np.copyto(found, MISSING, where=unasked)
        return found

    @cached_property
    def _itch_before(self) -> tuple[Floats32, NDArray[np.bool_]]:
        base = self.before["ITCHNRS"]
        return base.astype(np.float32), base < 0


def _is_skin(stop: Stop) -> bool:
    return "IGA" in stop.measures or _is_healing(stop)


def _is_healing(stop: Stop) -> bool:
    return any(p == "EASI" or p == "BSA" or p in easi.REGIONS for p in stop.measures)


def _noises(stop: Stop) -> int:
    return _is_skin(stop) + _is_healing(stop) + ("ITCHNRS" in stop.measures)


def _put(out: Out, key: tuple[str, str], found: NDArray[np.int8], missing: NDArray[np.intp]) -> None:
    if key in out:
        out[key][:] = found
        out[key][missing] = MISSING


def _record_scores(healing: Healing, visit: str, out: Out) -> None:
    for region, parameter in enumerate(easi.REGIONS):
        if (parameter, visit) in out:
            np.divide(healing.score[region], float(easi.TWENTIETHS), out=out[parameter, visit])
    if ("EASI", visit) in out:
        np.divide(healing.total, float(easi.TWENTIETHS), out=out["EASI", visit])


def _record_skin(healing: Healing, visit: str, out: Out, missing: NDArray[np.intp]) -> None:
    _record_scores(healing, visit, out)
    if ("BSA", visit) in out:
        np.divide(healing.surface, TENTHS, out=out["BSA", visit])
    for parameter in ("EASI", *easi.REGIONS, "BSA"):
        if (parameter, visit) in out:
            out[parameter, visit][missing] = np.nan
