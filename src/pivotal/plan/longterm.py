"""The periods of a trial described: disposition, IGA 0 or 1 and EASI over a year, treatment, adverse events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.plan.rows import row
from pivotal.stats.summary import summarise
from pivotal.study.model import Study
from pivotal.study.periods import ALL
from pivotal.trials import Key, LongTerm, Row, Trials
from pivotal.trials.longterm import SEVERITIES

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
INTERVAL = "clopper-pearson"
KM = "kaplan-meier, limits as sas"
SEVERE = SEVERITIES.index("SEVERE")


def long_term(study: Study, trials: Trials) -> Iterator[Row]:
    """Rows of the periods; none where nothing followed the blinded weeks.

    Notes
    -----
    Analyses: `period disposition`, `period response` (IGA 0/1, of those there), `period mean` (EASI), `time to
    retreatment`, `treatment as needed`, `period adverse events` (patients with one, by period and group, and over all
    periods by treatment at onset), `adverse events by term`. A row's `arm` is the arm in the first period, the
    treatment sequence in the second, the treatment at onset over all.
    """
    later = trials.longterm
    if later is None:
        return
    yield from _disposition(trials, later)
    yield from _response(later)
    yield from _treatment(trials, later)
    yield from _events(study, trials, later)


def _key(analysis: str, statistic: str, period: str, arm: str, **more: str | None) -> Key:
    """A key whose period is one of its groups too, so that its name is unique."""
    method = more.pop("method", None)
    parameter, visit = more.pop("parameter", None), more.pop("visit", None)
    groups = (("period", period), *((k, v) for k, v in more.items() if v is not None))
    return Key(
        analysis=analysis, statistic=statistic, period=period, arm=arm, parameter=parameter, visit=visit,
        method=method, groups=groups,
    )  # fmt: skip


def _groups(names: Sequence[str], code: NDArray[np.int8]) -> Iterator[tuple[str, Mask]]:
    for place, name in enumerate(names):
        yield name, np.asarray(code == place)


def _disposition(trials: Trials, later: LongTerm) -> Iterator[Row]:
    spans = (
        (later.periods[0], trials.arms, trials.arm, trials.reason, trials.reasons),
        (later.periods[1], later.sequences, later.sequence, later.reason, later.reasons),
    )
    for period, names, code, reason, reasons in spans:
        for name, mask in _groups(names, code):
            yield row(_key("period disposition", "n", period, name, event="started"), mask.sum(axis=1))
            for place, why in enumerate(reasons):
                event, cause = ("completed", None) if place == 0 else ("discontinued", why)
                key = _key("period disposition", "n", period, name, event=event, reason=cause)
                yield row(key, (mask & (reason == place)).sum(axis=1))


def _response(later: LongTerm) -> Iterator[Row]:
    period = later.periods[1]
    for visit in later.visits:
        low = later.low_iga(visit)
        easi = later.values.get(("EASI", visit))
        for name, mask in _groups(later.sequences, later.sequence):
            x, n = (mask & (low == 1)).sum(axis=1), (mask & (low >= 0)).sum(axis=1)
            yield from _rate("period response", period, name, x, n, parameter="IGA", visit=visit)
            if easi is not None:
                found = summarise(np.where(mask, easi, np.nan))
                for statistic in ("n", "mean", "sd"):
                    key = _key("period mean", statistic, period, name, parameter="EASI", visit=visit)
                    yield row(key, getattr(found, statistic))


def _rate(
    analysis: str, period: str, name: str, x: NDArray[np.int64], n: NDArray[np.int64], **more: str
) -> Iterator[Row]:
    """Count, denominator, rate and its exact interval."""
    found = stats.clopper_pearson(x, n)
    yield row(_key(analysis, "n", period, name, **more), x)
    yield row(_key(analysis, "N", period, name, **more), n)
    for statistic, value in (("rate", found.estimate), ("ci_low", found.ci_low), ("ci_high", found.ci_high)):
        assert value is not None
        yield row(_key(analysis, statistic, period, name, method=INTERVAL, **more), value, found.reason)


def _treatment(trials: Trials, later: LongTerm) -> Iterator[Row]:
    """Days on treatment, courses, and time from the first day without treatment to the next course."""
    period = later.periods[1]
    days, number = days_on_treatment(trials, later)
    stay = np.where(later.sequence >= 0, later.end_day - later.first_day + 1.0, np.nan)
    time, event = time_to_retreatment(trials, later)
    for name, mask in _groups(later.sequences, later.sequence):
        shown = (("days", days), ("share of days", days / stay), ("courses", number))
        for what, values in shown:
            found = summarise(np.where(mask, values, np.nan))
            for statistic in ("n", "mean", "sd", "median"):
                key = _key("treatment as needed", statistic, period, name, what=what)
                yield row(key, getattr(found, statistic))
        stopped = mask & ~np.isnan(time)
        yield row(_key("time to retreatment", "n", period, name), (stopped & event).sum(axis=1))
        yield row(_key("time to retreatment", "N", period, name), stopped.sum(axis=1))
        median = stats.survival_quantile(stats.kaplan_meier(time, event, stopped), preset="sas")
        limits = (("median", median.estimate), ("ci_low", median.ci_low), ("ci_high", median.ci_high))
        for statistic, value in limits:
            assert value is not None
            key = _key("time to retreatment", statistic, period, name, method=KM)
            yield row(key, value[:, 0], median.reason[:, 0])


def days_on_treatment(trials: Trials, later: LongTerm) -> tuple[Floats, Floats]:
    """Days on treatment and number of courses in the long-term period, (replicate, subject); NaN outside it."""
    rows = later.courses
    who = _who(trials, rows.trial, rows.subject)
    size = trials.arm.size
    days = np.bincount(who, weights=rows.stop - rows.start + 1.0, minlength=size).reshape(trials.shape)
    number = np.bincount(who, minlength=size).reshape(trials.shape).astype(np.float64)
    inside = later.sequence >= 0
    return np.where(inside, days, np.nan), np.where(inside, number, np.nan)


def time_to_retreatment(trials: Trials, later: LongTerm) -> tuple[Floats, Mask]:
    """Days from the first day without treatment in the period to the start of the next course, (replicate, subject).

    The first day without treatment is the period's first for a patient who enters without lesions, else the day after
    the first course that stopped because lesions had gone. A patient with no next course is censored on the last
    day; one who was never without treatment has NaN.
    """
    rows, size = later.courses, trials.arm.size
    who = _who(trials, rows.trial, rows.subject)
    first = np.ones(len(who), dtype=bool)
    first[1:] = who[1:] != who[:-1]
    waits = first & (rows.start > later.first_day)
    inside = (later.sequence >= 0).ravel()
    end = later.end_day.ravel().astype(np.float64)
    time, event = np.full(size, np.nan), np.zeros(size, dtype=bool)
    never = inside & ~np.isin(np.arange(size), who)
    time[never] = end[never] - later.first_day
    time[who[waits]] = rows.start[waits] - later.first_day
    event[who[waits]] = True
    stopped = first & ~waits & rows.cleared
    place = np.flatnonzero(stopped)
    following = np.minimum(place + 1, len(who) - 1)
    again = (place + 1 < len(who)) & (who[following] == who[place])
    until = np.where(again, rows.start[following], end[who[place]])
    time[who[place]] = np.maximum(until - rows.stop[place] - 1, 0)
    event[who[place]] = again
    return time.reshape(trials.shape), event.reshape(trials.shape)


def _who(trials: Trials, trial: NDArray[np.int32], subject: NDArray[np.int32]) -> NDArray[np.int64]:
    return trial.astype(np.int64) * trials.shape[1] + subject


def _events(study: Study, trials: Trials, later: LongTerm) -> Iterator[Row]:
    rows = later.events
    every = np.ones(len(rows.trial), dtype=bool)
    kinds = {
        "adverse event": every,
        "severe adverse event": rows.severity == SEVERE,
        "serious adverse event": rows.serious,
    }
    spans = ((1, trials.arms, trials.arm), (2, later.sequences, later.sequence))
    for what, chosen in kinds.items():
        for number, names, code in spans:
            hit = _with_event(trials, later, chosen & (rows.period == number))
            for name, mask in _groups(names, code):
                x, n = (mask & hit).sum(axis=1), mask.sum(axis=1)
                yield from _rate("period adverse events", later.periods[number - 1], name, x, n, what=what)
        for k, name in enumerate(trials.arms):
            hit = _with_event(trials, later, chosen & (rows.treatment == k))
            at_risk = _at_risk(trials, later, k).sum(axis=1)
            yield from _rate("period adverse events", ALL, name, hit.sum(axis=1), at_risk, what=what)
    for code, (system, term) in enumerate(later.terms):
        for k, name in enumerate(trials.arms):
            at_risk = _at_risk(trials, later, k).sum(axis=1)
            for grave in (True, False):
                mine = (rows.term == code) & (rows.treatment == k) & (rows.serious == grave)
                seriousness = "serious" if grave else "not serious"
                more = {"system": system, "term": term, "seriousness": seriousness}
                hit = _with_event(trials, later, mine)
                yield row(_key("adverse events by term", "n", ALL, name, **more), hit.sum(axis=1))
                yield row(_key("adverse events by term", "N", ALL, name, **more), at_risk)
                count = np.bincount(rows.trial[mine], minlength=trials.shape[0])
                yield row(_key("adverse events by term", "events", ALL, name, **more), count)


def _with_event(trials: Trials, later: LongTerm, chosen: Mask) -> Mask:
    """Which patients have a chosen event, (replicate, subject)."""
    hit = np.zeros(trials.shape, dtype=bool)
    hit[later.events.trial[chosen], later.events.subject[chosen]] = True
    return hit


def _at_risk(trials: Trials, later: LongTerm, treatment: int) -> Mask:
    """Who ever had a treatment, (replicate, subject)."""
    onto = np.array([*later.onto, -1])
    return np.asarray((trials.arm == treatment) | (onto[later.sequence] == treatment), dtype=np.bool_)
