"""Time to event: as recorded, or from visits the first at which an endpoint's conditions hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal.study.model import Endpoint, Visit
from pivotal.study.rules import responds
from pivotal.trials import Trials, observed

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class EventTime:
    """When the event came, or until when it had not.

    Attributes
    ----------
    time
        Day of the event or of censoring, (replicate, subject); NaN for a patient never assessed after baseline.
    event
        Whether the event came, (replicate, subject).
    """

    time: Floats
    event: Mask


def event_time(endpoint: Endpoint, trials: Trials, visits: tuple[Visit, ...], until: str) -> EventTime:
    """When an endpoint's event came.

    As recorded where its derivation names an `event`: the value is the time, in days. Otherwise the first visit, up to
    `until`, at which all conditions hold.

    Parameters
    ----------
    endpoint
        Its `derive` holds the conditions.
    trials
        The patients.
    visits
        The study's visits, with their planned days, in order.
    until
        Name of the last visit that counts.

    Returns
    -------
    EventTime
        In days since the baseline visit. A patient without the event is censored at the last visit with a value. A time
        that was recorded as such is taken as it is, NaN where time or event is missing.
    """
    recorded = endpoint.derive.parameter
    if recorded in trials.times:
        return EventTime(trials.times[recorded], trials.events[recorded])
    if endpoint.derive.event is not None:
        return _recorded(recorded, endpoint.derive.event, trials, until)
    names = [visit.name for visit in visits]
    baseline = next(visit for visit in visits if visit.baseline)
    base = trials.value(endpoint.derive.parameter, baseline.name)
    event = np.zeros(trials.shape, dtype=np.bool_)
    time = np.full(trials.shape, np.nan)
    for visit in visits[names.index(baseline.name) + 1 : names.index(until) + 1]:
        value = trials.value(endpoint.derive.parameter, visit.name)
        seen = observed(value) & observed(base) & ~event
        time[seen] = visit.day - baseline.day
        event |= responds(endpoint.derive, value, base) & seen
    return EventTime(time, event)


def _recorded(parameter: str, event: str, trials: Trials, visit: str) -> EventTime:
    time, came = trials.value(parameter, visit), trials.value(event, visit)
    seen = observed(time) & observed(came)
    return EventTime(np.where(seen, time, np.nan).astype(np.float64), seen & (came == 1))


def days_observed(trials: Trials, visits: tuple[Visit, ...], until: str) -> Floats:
    """Days from the baseline visit to the last visit attended, at most to `until`, (replicate, subject)."""
    names = [visit.name for visit in visits]
    days = np.array([visit.day for visit in visits], dtype=np.float64)
    start = next(visit.day for visit in visits if visit.baseline)
    last = np.minimum(trials.last_visit, names.index(until))
    return np.asarray(np.where(last < 0, np.nan, days[last] - start))
