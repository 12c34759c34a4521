r"""The weekly course of control in the long-term period, and the grades and scores that follow from it.

Control :math:`X_w` is standard normal at every week, with correlation :math:`\rho^{|w - v| / 4}`. At the period's start
it is the normal score of the patient's rank by IGA, then EASI, within trial and sequence, so that the state at the end
of the blinded weeks goes on. IGA is 0, at most 1, at most 2 where :math:`X_w` exceeds bars; at a visit the bar of IGA 0
or 1 is the quantile that gives the scenario's rate, at the start that of the patients' own share, and bars are linear
between. So the rates are met at every visit whatever the correlation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.study.model import Following, LongTermSettings, Period
from pivotal.trials import Trials

Floats = NDArray[np.float64]
LEAST = 0.005
"""Shares at the period's start are kept this far from 0 and 1, so that bars stay finite."""
GRADES = 4


@dataclass(frozen=True, slots=True)
class Entrants:
    """The patients who entered, one after the other: trial, patient in it, sequence, last day."""

    trial: NDArray[np.intp]
    subject: NDArray[np.intp]
    sequence: NDArray[np.int8]
    end_day: NDArray[np.int16]

    def of(self, column: NDArray[Any]) -> Floats:
        """Their values of a (replicate, subject) column."""
        return column[self.trial, self.subject].astype(np.float64)


@dataclass(frozen=True, slots=True)
class Control:
    """Control and the bars of IGA 0, at most 1, at most 2, each (entrant, week)."""

    weeks: Floats
    course: Floats
    clear: Floats
    low: Floats
    mild: Floats

    def grade(self, place: int) -> NDArray[np.int8]:
        """IGA at a week, (entrant,)."""
        below = [self.course[:, place] <= bars[:, place] for bars in (self.clear, self.low, self.mild)]
        return np.asarray(np.sum(below, axis=0, dtype=np.int8), dtype=np.int8)


def control(
    trials: Trials,
    period: Period,
    parts: Sequence[Following],
    entrants: Entrants,
    settings: LongTermSettings,
    rng: np.random.Generator,
) -> Control:
    """Draw the course of every entrant, week by week."""
    from scipy.special import ndtri

    grade, easi = _last_state(trials, entrants)
    group = entrants.trial * len(parts) + entrants.sequence
    weeks = np.arange(round(period.from_week), round(period.to_week) + 1, dtype=np.float64)
    knots = [period.from_week, *((v.day - 1) / 7 for v in period.visits)]
    between = np.array([np.interp(weeks, knots, row) for row in np.eye(len(knots))])
    rates = np.array([[f.rate(v.name) for v in period.visits] for f in parts])[entrants.sequence]
    clear, mild = settings.clear_share.number, settings.mild_share.number
    shares = {"clear": clear * rates, "low": rates, "mild": rates + mild * (1 - rates)}
    bars = {}
    for worst, name in enumerate(shares):
        start = _share(grade <= worst, group)
        with_start = np.column_stack([start, shares[name]])
        bars[name] = ndtri(1 - np.clip(with_start, LEAST, 1 - LEAST)) @ between
    keep = settings.course_correlation.number**0.25
    course = np.empty((len(group), len(weeks)))
    course[:, 0] = ndtri(_ranks(group, grade, easi, rng))
    for w in range(1, len(weeks)):
        course[:, w] = keep * course[:, w - 1] + np.sqrt(1 - keep**2) * rng.standard_normal(len(group))
    return Control(weeks, course, **bars)


def scores(
    trials: Trials, entrants: Entrants, grades: dict[str, NDArray[np.int8]], rng: np.random.Generator
) -> dict[str, Floats]:
    """EASI at each visit: 0 where IGA is 0; else the baseline score times a ratio that some patient of the same grade
    had at the end of the blinded weeks. A patient's place among such ratios is correlated 0.5 between visits."""
    from scipy.special import ndtr

    last = trials.visits[-1]
    grade, easi = trials.value("IGA", last), trials.value("EASI", last)
    base = trials.value("EASI", trials.visits[_baseline(trials)])
    usable = (grade >= 0) & ~np.isnan(easi) & (base > 0)
    ratio = np.divide(easi, base, out=np.full(easi.shape, np.nan), where=usable)
    pools = [np.sort(ratio[usable & (grade == g)]) for g in range(GRADES)]
    own = rng.standard_normal(len(entrants.trial))
    found: dict[str, Floats] = {}
    for visit, now in grades.items():
        place = ndtr(np.sqrt(0.5) * (own + rng.standard_normal(len(own))))
        factor = np.zeros(len(own))
        for g in range(1, GRADES):
            pool = next((p for p in (pools[g], *pools[g + 1 :], *pools[g - 1 : 0 : -1]) if len(p)), np.ones(1))
            mine = now == g
            factor[mine] = pool[(place[mine] * len(pool)).astype(np.intp)]
        found[visit] = np.asarray(np.round(entrants.of(base) * factor, 1), dtype=np.float64)
    return found


def _baseline(trials: Trials) -> int:
    """Position of the first visit at which EASI was measured."""
    return next(i for i, v in enumerate(trials.visits) if ("EASI", v) in trials.values)


def _last_state(trials: Trials, entrants: Entrants) -> tuple[Floats, Floats]:
    last = trials.visits[-1]
    grade = entrants.of(trials.value("IGA", last))
    easi = np.nan_to_num(entrants.of(trials.value("EASI", last)), nan=0.0)
    return grade, easi


def _share(what: NDArray[np.bool_], group: NDArray[np.intp]) -> Floats:
    """The share of a group to which each patient belongs."""
    count = np.bincount(group)
    return np.bincount(group, weights=what)[group] / count[group]


def _ranks(group: NDArray[np.intp], grade: Floats, easi: Floats, rng: np.random.Generator) -> Floats:
    """Rank within the group, worst first, as a value in (0, 1); even over the group's patients."""
    size = len(group)
    order = np.lexsort((rng.random(size), -easi, -grade, group))
    sorted_group = group[order]
    starts = np.searchsorted(sorted_group, sorted_group)
    counts = np.bincount(group)[sorted_group] if size else np.zeros(0)
    ranks = np.empty(size)
    ranks[order] = (np.arange(size) - starts + rng.uniform(1e-9, 1, size)) / counts
    return ranks
