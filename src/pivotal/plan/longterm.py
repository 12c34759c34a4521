"""By period: who went on and who left, IGA and EASI over the year, courses of treatment, adverse events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.plan.batch import Batch
from pivotal.plan.rows import interval_rows, row
from pivotal.stats.summary import summarise
from pivotal.study.periods import ALL, PeriodResult, proportion
from pivotal.trials import Key, LongTerm, Row, Trials, observed
from pivotal.trials.longterm import SEVERITIES, Courses, Events

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FLOW, COURSE, EVENTS, DOSING = "period disposition", "long-term course", "period adverse events", "treatment courses"
PUBLISHED = "period published"
EASI, IGA = "EASI", "IGA"
CONTROLLED = 1
"""IGA of a patient whose disease is under control: 0 or 1."""
KINDS = ("adverse event", "serious adverse event", "severe adverse event")
SEVERE = "SEVERE"


def long_term_rows(batch: Batch) -> Iterator[Row]:
    """All rows of the periods after the blinded one; none where nothing is known of them."""
    seen = batch.trials.longterm
    if seen is None:
        return
    yield from _flow(seen)
    yield from _course(batch, seen)
    yield from _dosing(seen, seen.courses, batch.study.conventions)
    yield from _events(batch.trials, seen, seen.events)


def published_periods(results: tuple[PeriodResult, ...]) -> Iterator[Row]:
    """Published counts of periods through the same estimator of a rate, a row a statistic, (1,)."""
    for found in results:
        for name, count in found.counts.items():
            key = Key(
                analysis=PUBLISHED, statistic="", period=found.period, arm=name, visit=found.visit,
                groups=(("kind", found.statistic),),
            )  # fmt: skip
            if isinstance(count, tuple):
                yield from _rate(key, np.array([float(count[0])]), np.array([float(count[1])]))
            else:
                yield row(replace(key, statistic="rate"), np.array([proportion(count)]))


def _sequences(seen: LongTerm) -> Iterator[tuple[str, Mask]]:
    for code, name in enumerate(seen.sequences):
        yield name, seen.sequence == code


def _flow(seen: LongTerm) -> Iterator[Row]:
    """Entered, completed, left by reason, by treatment sequence."""
    for name, mask in _sequences(seen):
        key = Key(analysis=FLOW, statistic="n", period=seen.periods[1], arm=name, groups=(("event", "entered"),))
        yield row(key, mask.sum(axis=1))
        for code, reason in enumerate(seen.reasons):
            event = (("event", "completed"),) if code == 0 else (("event", "discontinued"), ("reason", reason))
            yield row(replace(key, groups=event), (mask & (seen.reason == code)).sum(axis=1))


def _course(batch: Batch, seen: LongTerm) -> Iterator[Row]:
    """IGA 0 or 1 with its interval, EASI and its percent change, by visit and sequence, of those who are there."""
    base = batch.at_baseline(EASI)
    for visit in seen.visits:
        iga, easi = seen.values.get((IGA, visit)), seen.values.get((EASI, visit))
        for name, mask in _sequences(seen):
            key = Key(analysis=COURSE, statistic="", period=seen.periods[1], arm=name, visit=visit)
            if iga is not None:
                there = mask & observed(iga)
                low = (there & (iga <= CONTROLLED)).sum(axis=1)
                yield from _rate(replace(key, parameter="IGA 0/1"), low, there.sum(axis=1))
            if easi is not None:
                yield from _described(replace(key, parameter=EASI), easi, mask & observed(easi))
                with np.errstate(divide="ignore", invalid="ignore"):
                    percent = np.where(base > 0, 100 * (easi - base) / base, np.nan)
                named = replace(key, parameter="EASI percent change")
                yield from _described(named, percent, mask & ~np.isnan(percent))


def _described(key: Key, values: NDArray[Any], mask: Mask) -> Iterator[Row]:
    found = summarise(np.asarray(values, dtype=np.float64), mask)
    for statistic in ("n", "mean", "sd", "median", "ci_low", "ci_high"):
        yield row(replace(key, statistic=statistic), getattr(found, statistic))


def _rate(key: Key, x: NDArray[Any], n: NDArray[Any]) -> Iterator[Row]:
    found = stats.clopper_pearson(x.astype(np.float64), n.astype(np.float64))
    yield row(replace(key, statistic="n"), x)
    yield row(replace(key, statistic="N"), n)
    yield from interval_rows(replace(key, method="clopper-pearson"), "rate", found)


def _dosing(seen: LongTerm, courses: Courses, program: stats.Preset) -> Iterator[Row]:
    """Courses and days of treatment a patient, and the time from the end of the first course to the next one."""
    shape = seen.sequence.shape
    flat = courses.trial.astype(np.int64) * shape[1] + courses.subject
    size = shape[0] * shape[1]
    number = np.bincount(flat, minlength=size).reshape(shape).astype(np.float64)
    treated = np.bincount(flat, weights=courses.stop - courses.start + 1.0, minlength=size).reshape(shape)
    time, again = _retreatment(seen, courses, flat)
    for name, mask in _sequences(seen):
        key = Key(analysis=DOSING, statistic="", period=seen.periods[1], arm=name)
        yield from _described(replace(key, parameter="courses of treatment"), number, mask)
        yield from _described(replace(key, parameter="days on treatment"), treated, mask)
        observed_time = np.where(mask, time, np.nan)
        curve = stats.kaplan_meier(observed_time, again & mask)
        median = stats.survival_quantile(curve, **stats.preset("survival_quantile", program))
        named = replace(key, parameter="time to retreatment", method="kaplan-meier")
        yield row(replace(named, statistic="N"), (mask & ~np.isnan(time)).sum(axis=1))
        yield row(replace(named, statistic="n"), (mask & again).sum(axis=1))
        yield from interval_rows(named, "median", median, (0,))


def _retreatment(seen: LongTerm, courses: Courses, flat: NDArray[np.int64]) -> tuple[Floats, Mask]:
    """Days from the end of a patient's first course to the start of the second, and whether there was one.

    Without a second course the time ends with the patient's last day; without an end of the first there is no time.
    """
    shape = seen.sequence.shape
    order = np.lexsort((courses.start, flat))
    who, start, end = flat[order], courses.start[order].astype(np.int64), courses.stop[order].astype(np.int64)
    first = np.flatnonzero(np.diff(who, prepend=-1) != 0)
    stopped = courses.cleared[order][first]
    following = np.minimum(first + 1, max(len(who) - 1, 0))
    has_next = (first + 1 < len(who)) & (who[following] == who[first])
    until = np.where(has_next, start[following], seen.end_day.reshape(-1)[who[first]] + 1)
    time, again = np.full(shape[0] * shape[1], np.nan), np.zeros(shape[0] * shape[1], dtype=np.bool_)
    time[who[first]] = np.where(stopped, until - end[first] - 1, np.nan)
    again[who[first]] = stopped & has_next
    return time.reshape(shape), again.reshape(shape)


def _events(trials: Trials, seen: LongTerm, events: Events) -> Iterator[Row]:
    """Patients with events of each kind, and events, by period and treatment at onset, and over all periods."""
    chosen = {
        KINDS[0]: np.ones(len(events.start), dtype=np.bool_),
        KINDS[1]: events.serious,
        KINDS[2]: events.severity == SEVERITIES.index(SEVERE),
    }
    for period, name, mask, inside in _groups(trials, seen, events):
        for kind, which in chosen.items():
            key = Key(analysis=EVENTS, statistic="", period=period, arm=name, groups=(("kind", kind),))
            mine = which & inside
            yield from _rate(key, _patients(events, mine, mask), mask.sum(axis=1))
            yield row(
                replace(key, statistic="events"), _number(events, mine & mask[events.trial, events.subject], len(mask))
            )
        if period == ALL:
            for code, (system, term) in enumerate(seen.terms):
                groups = (("class", system), ("term", term))
                key = Key(analysis=EVENTS, statistic="", period=period, arm=name, groups=groups)
                mine = inside & (events.term == code)
                yield from _rate(key, _patients(events, mine, mask), mask.sum(axis=1))


def _groups(trials: Trials, seen: LongTerm, events: Events) -> Iterator[tuple[str, str, Mask, Mask]]:
    """Period, group, its patients, the events that count: blinded by arm, later by sequence, all by onset."""
    for code, arm in enumerate(trials.arms):
        yield seen.periods[0], arm, trials.arm == code, events.period == 1
    for name, mask in _sequences(seen):
        yield seen.periods[1], name, mask, events.period == 2
    for code, arm in enumerate(trials.arms):
        took = trials.arm == code
        for sequence, onto in enumerate(seen.onto):
            if onto == code:
                took = took | (seen.sequence == sequence)
        yield ALL, arm, took, events.treatment == code


def _patients(events: Events, which: Mask, mask: Mask) -> NDArray[np.int64]:
    """Patients of a group with at least one of some events, (replicate,)."""
    has = np.zeros(mask.shape, dtype=np.bool_)
    has[events.trial[which], events.subject[which]] = True
    return np.asarray((has & mask).sum(axis=1))


def _number(events: Events, which: Mask, trials: int) -> NDArray[np.int64]:
    return np.bincount(events.trial[which], minlength=trials)
