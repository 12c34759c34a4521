"""The constants of the latent course model for one scenario: thresholds and means by visit and arm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort.calibrate import SkinResponse, Stage, quantiles, responders, solve, stage, threshold_for
from pivotal.cohort.completers import completers
from pivotal.cohort.course import Course
from pivotal.cohort.dropout import Leaving
from pivotal.cohort.people import People, healing_needed, sample
from pivotal.cohort.scenario import weeks
from pivotal.cohort.settings import setting
from pivotal.instruments import iga
from pivotal.study.model import Endpoint, Scenario, Study
from pivotal.study.rules import responds

Floats = NDArray[np.float64]
GRADES = int(iga.HIGH)
NOBODY = 3.5
"""Threshold of IGA at baseline, from which it falls to the first one known."""
WIDEST_GAP = 8.0


@dataclass(frozen=True)
class Constants:
    """What turns latents into scores.

    Attributes
    ----------
    iga
        Threshold of each grade 0..3, (visit after baseline, grade, arm x baseline grade).
    grades
        Grades of IGA at baseline that occur.
    mu
        Log of how much EASI shrinks, (visit after baseline, arm).
    easi_spread
        Its spread between patients.
    itch
        Mean improvement of itch, (visit after baseline, arm).
    itch_spread
        Its spread between patients.
    """

    iga: Floats
    grades: tuple[int, ...]
    mu: Floats
    easi_spread: float
    itch: Floats
    itch_spread: float


Wanted = Mapping[int, tuple[Endpoint, tuple[float, ...]]]
"""By visit after baseline: the endpoint that is calibrated and its rate in each arm."""


@dataclass(frozen=True)
class Fitting:
    """All that calibration of one scenario reads."""

    study: Study
    scenario: Scenario
    stated: Scenario
    people: People
    course: Course
    stages: tuple[tuple[Stage, ...], ...]  # (visit after baseline, arm)

    def wanted(self, parameter: str) -> Wanted:
        """The rates to be met on a parameter."""
        found: dict[int, tuple[Endpoint, tuple[float, ...]]] = {}
        for rates in self.scenario.rates:
            endpoint = self.study.endpoint(rates.endpoint)
            if endpoint.derive.parameter == parameter and endpoint.derive.is_binary:
                row = tuple(rates.proportion(arm.name) for arm in self.study.arms)
                found.setdefault(self.course.visits.index(rates.visit), (endpoint, row))
        return found

    def spread_over_visits(self, known: Mapping[int, Floats], at_baseline: float) -> Floats:
        """Constants of every visit, (visit, ...), interpolated in the square root of time from those known."""
        times = weeks(self.study)
        start = times[self.study.baseline_visit.name]
        root = np.sqrt([max(times[v] - start, 0.0) for v in self.course.visits])
        shape = next(iter(known.values())).shape if known else (len(self.study.arms),)
        xs = [0.0, *(root[v] for v in sorted(known))]
        ys: Floats = np.stack([np.full(shape, at_baseline), *(known[v] for v in sorted(known))]).reshape(len(xs), -1)
        columns = np.array([np.interp(root, xs, column) for column in ys.T])
        return np.asarray(columns.T.reshape(len(root), *shape))


def calibrated(
    study: Study, scenario: Scenario, stated: Scenario, people: People, course: Course, leaving: Leaving
) -> Constants:
    """Calibrate the model to a resolved scenario (`stated` is the scenario as it stands in the study)."""
    below = leaving.thresholds.astype(np.float64)
    stages = tuple(
        tuple(stage(course.with_staying(v), below[study.visit_index(v), a]) for a in range(len(study.arms)))
        for v in course.visits
    )
    fitting = Fitting(study, scenario, stated, people, course, stages)
    grades = tuple(int(v) for v in people.margins["IGA"].values)
    thresholds = _iga(fitting, grades)
    return Constants(
        iga=thresholds,
        grades=grades,
        mu=_easi(fitting, thresholds),
        easi_spread=setting(study, "easi_spread"),
        itch=_itch(fitting),
        itch_spread=setting(study, "itch_spread"),
    )


def success_grade(endpoint: Endpoint, baseline: int) -> int:
    """The worst grade that is a response from a baseline grade; clear where none is."""
    found = [g for g in range(GRADES) if responds(endpoint.derive, np.array(float(g)), np.array(float(baseline)))]
    return max(found, default=0)


def _iga(fitting: Fitting, grades: tuple[int, ...]) -> Floats:
    wanted, loading = fitting.wanted("IGA"), fitting.course.loading["IGA"]
    known = {
        v: np.array([threshold_for(s, loading, rate) for s, rate in zip(fitting.stages[v], rates, strict=True)])
        for v, (_, rates) in wanted.items()
    }
    success = fitting.spread_over_visits(known, NOBODY)  # (visit, arm)
    worst = {b: success_grade(next(iter(wanted.values()))[0], b) if wanted else max(b - 2, 0) for b in grades}
    usual = setting(fitting.study, "iga_gap")
    gaps = _gaps(fitting, success, worst, usual)
    widths = Widths(usual, setting(fitting.study, "iga_unchanged"))
    offsets = np.array([[widths.offsets(b, worst[b], gaps[a].get(b, usual)) for b in grades] for a in range(len(gaps))])
    found = success[:, None, :, None] + offsets.transpose(2, 0, 1)[None]  # (visit, grade, arm, baseline grade)
    return np.asarray(found.reshape(*found.shape[:2], -1))


@dataclass(frozen=True, slots=True)
class Widths:
    """How wide the band of latents of a grade is: of the grade at baseline, and of any other."""

    usual: float
    unchanged: float

    def offsets(self, baseline: int, worst: int, gap: float) -> list[float]:
        """Threshold of each grade 0..3 from that of the worst grade that is a response; `gap` is the first below it."""
        found = [0.0] * GRADES
        for g in range(worst):
            found[g] = (worst - g) * self.usual
        for g in range(worst + 1, GRADES):
            width = gap if g == worst + 1 else (self.unchanged if g == baseline else self.usual)
            found[g] = found[g - 1] - width
        return found


def _gaps(fitting: Fitting, success: Floats, worst: Mapping[int, int], usual: float) -> list[dict[int, float]]:
    """Gap above the worst responding grade, by arm and baseline grade, where completers say it."""
    found: list[dict[int, float]] = [{} for _ in fitting.study.arms]
    shares = dict(zip(worst, fitting.people.margins["IGA"].probabilities, strict=True))
    loading = fitting.course.loading["IGA"]
    for target in completers(fitting.study, fitting.stated):
        v = fitting.course.visits.index(target.visit)
        a = fitting.study.arm_index(target.arm)
        free = [b for b in worst if worst[b] < target.grade]
        here, tau = fitting.stages[v][a], float(success[v, a])

        def rate(gap: float, here: Stage = here, tau: float = tau, grade: int = target.grade) -> float:
            at = {b: tau - gap if worst[b] < grade else tau + usual * (worst[b] - grade) for b in worst}
            return sum(shares[b] * responders(here, loading, at[b]) for b in worst) / here.staying

        if free:
            gap = solve(lambda gap, r=rate, t=target.rate: r(gap) - t, 0.0, WIDEST_GAP)  # type: ignore[misc]
            found[a] |= dict.fromkeys(free, gap)
    return found


def _easi(fitting: Fitting, thresholds: Floats) -> Floats:
    wanted, margin = fitting.wanted("EASI"), fitting.people.margins["IGA"]
    patients = sample(fitting.people.margins, fitting.people.skin)
    arms, grades = len(fitting.study.arms), len(margin.values)
    clear = thresholds[:, 0].reshape(len(thresholds), arms, grades)
    known, needed = {}, {}
    for v, (endpoint, rates) in wanted.items():
        left = _share_left(endpoint)
        if left not in needed:
            healing = healing_needed(patients, left)
            needed[left] = tuple(quantiles(healing[patients.iga == b]) for b in margin.values)
        row = []
        for a, rate in enumerate(rates):
            response = SkinResponse(
                margin.probabilities, needed[left], tuple(clear[v, a]), fitting.course.loading["IGA"],
                fitting.course.loading["EASI"], setting(fitting.study, "easi_spread"),
            )  # fmt: skip
            what = (
                f"{fitting.scenario.name}: {endpoint.name} at {fitting.course.visits[v]}, {fitting.study.arms[a].name},"
            )
            row.append(response.mu_for(fitting.stages[v][a], rate, what))
        known[v] = np.array(row)
    return fitting.spread_over_visits(known, 0.0)


def _share_left(endpoint: Endpoint) -> float:
    percent = endpoint.derive.percent_improvement_at_least
    return 1 - (percent if percent is not None else 75.0) / 100


def _itch(fitting: Fitting) -> Floats:
    spread, loading = setting(fitting.study, "itch_spread"), fitting.course.loading["ITCHNRS"]
    known = {}
    for v, (endpoint, rates) in fitting.wanted("ITCHNRS").items():
        points = math.ceil((endpoint.derive.improvement_at_least or 4) - 1e-9)
        at = [threshold_for(s, loading, rate) for s, rate in zip(fitting.stages[v], rates, strict=True)]
        known[v] = points - 0.5 - spread * np.array(at)
    return fitting.spread_over_visits(known, 0.0)
