"""Everything after the blinded weeks of some trials, from a random stream of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort.longterm.course import Entrants, control, scores
from pivotal.cohort.longterm.dosing import courses
from pivotal.cohort.longterm.entering import leaving, sequences
from pivotal.cohort.longterm.events import Stay, adverse_events
from pivotal.errors import UsageError
from pivotal.study.model import Following, Scenario, Study
from pivotal.trials import Trials
from pivotal.trials.longterm import OUTSIDE, LongTerm

Array = NDArray[np.generic]


def followings(study: Study, scenario: Scenario) -> tuple[Following, ...]:
    """A scenario's long-term part, its own or that of the scenario that it is like."""
    found = scenario.following
    while not found and scenario.like is not None:
        scenario = study.scenario(scenario.like)
        found = scenario.following
    return found


def has_long_term(study: Study, scenario: Scenario) -> bool:
    """Whether the study and the scenario say what follows the blinded weeks."""
    return study.long_term is not None and study.cohort is not None and bool(followings(study, scenario))


def follow(study: Study, scenario: Scenario, trials: Trials, rng: np.random.Generator) -> LongTerm:
    """Draw what follows the blinded weeks of some trials.

    Parameters
    ----------
    study, scenario
        The trial and the truth; the scenario, or one that it is like, states `following`.
    trials
        The blinded weeks; they are not changed.
    rng
        A generator of its own, so that the blinded weeks keep their numbers.

    Returns
    -------
    LongTerm
        Sequences, visits, courses of treatment and the adverse events of both periods.

    Raises
    ------
    UsageError
        If the study has no period with visits of its own, or the scenario says nothing of it.

    Notes
    -----
    Sequence and leaving: `entering`; control of disease, IGA and EASI: `course`; treatment as needed: `dosing`; adverse
    events: `events`. docs/methods/long-term.md has the model, what is assumed and what it is calibrated to.
    """
    period, parts = study.long_term, followings(study, scenario)
    if period is None or study.cohort is None or not parts:
        raise UsageError(f"{study.id}: nothing follows the blinded weeks. Add visits to a period, and `following`.")
    settings = study.cohort.long_term
    reasons = study.long_term_reasons
    first, last = round(7 * period.from_week) + 1, round(7 * period.to_week) + 1
    sequence = sequences(study, period, parts, trials, rng)
    end_day, reason = leaving(parts, reasons, sequence, (first, last), rng)
    trial, subject = np.nonzero(sequence >= 0)
    entrants = Entrants(trial, subject, sequence[trial, subject], end_day[trial, subject])
    way = control(trials, period, parts, entrants, settings, rng)
    place = {v.name: int(np.searchsorted(way.weeks, round((v.day - 1) / 7))) for v in period.visits}
    grades = {name: way.grade(week) for name, week in place.items()}
    easi = scores(trials, entrants, grades, rng) if ("EASI", trials.visits[-1]) in trials.values else {}
    values: dict[tuple[str, str], Array] = {}
    for visit in period.visits:
        there = entrants.end_day >= visit.day
        values["IGA", visit.name] = _spread(trials, entrants, there, grades[visit.name], np.int8(OUTSIDE))
        if easi:
            values["EASI", visit.name] = _spread(trials, entrants, there, easi[visit.name], np.float64(np.nan))
    onto = tuple(study.arm_index(f.treatment) for f in parts)
    blinded_end = _blinded_end(study, trials, first)
    stays = _stays(trials, entrants, blinded_end, onto, first)
    names = {study.blinded.name: trials.arms, period.name: [f.sequence for f in parts]}
    return LongTerm(
        periods=(study.blinded.name, period.name),
        sequences=tuple(f.sequence for f in parts),
        visits=tuple(v.name for v in period.visits),
        reasons=reasons,
        onto=onto,
        first_day=first,
        blinded_end=blinded_end,
        sequence=sequence,
        end_day=end_day,
        reason=reason,
        values=values,
        courses=courses(way, entrants, period.dosing, first),
        events=adverse_events(study, trials, stays, names, settings, rng),
        terms=study.event_terms,
    )


def _spread(trials: Trials, entrants: Entrants, there: NDArray[np.bool_], column: Array, none: np.generic) -> Array:
    """A column of the entrants as (replicate, subject)."""
    whole = np.full(trials.shape, none)
    whole[entrants.trial[there], entrants.subject[there]] = column[there]
    return whole


def _blinded_end(study: Study, trials: Trials, first: int) -> NDArray[np.int16]:
    """Last day in the blinded period: the day before the next starts, or the last visit attended, at least day 1."""
    days = np.array([max(1, v.day) for v in study.visits])
    return np.where(trials.reason == 0, first - 1, days[np.maximum(trials.last_visit, 0)]).astype(np.int16)


def _stays(
    trials: Trials,
    entrants: Entrants,
    blinded_end: NDArray[np.int16],
    onto: tuple[int, ...],
    first: int,
) -> tuple[Stay, Stay]:
    trial, subject = np.indices(trials.shape).reshape(2, -1)
    arm = trials.arm.ravel().astype(np.intp)
    sequence = entrants.sequence.astype(np.intp)
    return (
        Stay(1, trial, subject, arm, arm, np.ones(len(arm), dtype=np.int64),
             blinded_end.ravel().astype(np.int64)),
        Stay(2, entrants.trial, entrants.subject, sequence, np.array(onto)[sequence],
             np.full(len(sequence), first), entrants.end_day.astype(np.int64)),
    )  # fmt: skip
