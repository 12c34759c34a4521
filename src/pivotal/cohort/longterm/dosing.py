"""Courses of treatment as needed: from the first sign of lesions to some days after they have gone.

Lesions are there where control is below the bar of IGA 0, control and bar being linear between weeks. A course begins
with the first sign and stops a fixed number of days after the lesions have gone; lesions that come back before then
prolong it. A patient who enters without lesions is not treated until the first sign (assumed).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort.longterm.course import Control, Entrants
from pivotal.study.model import Dosing
from pivotal.trials.longterm import Courses


def courses(control: Control, entrants: Entrants, dosing: Dosing | None, first_day: int) -> Courses:
    """Every entrant's courses of treatment; one from first to last day where treatment is given throughout."""
    if dosing is None or dosing.rule == "throughout":
        who = np.arange(len(entrants.trial))
        return _table(entrants, who, np.full(len(who), first_day), entrants.end_day, np.zeros(len(who), dtype=bool))
    who, day, appears = _changes(control, first_day)
    who_on, on = who[appears], day[appears]
    who_off, off = who[~appears], day[~appears] + dosing.stop_days_after_clear
    # Changes alternate and each patient's first is an appearance, so that starts and ends pair up in order.
    back = np.zeros(len(on), dtype=bool)
    back[1:] = (who_on[1:] == who_on[:-1]) & (on[1:] <= off[:-1])
    starts = np.flatnonzero(~back)
    ends = np.append(starts[1:], len(on)) - 1 if len(on) else starts
    last = entrants.end_day[who_on[starts]]
    start, stop = on[starts], off[ends]
    seen = start <= last
    cleared = stop < last
    return _table(entrants, who_off[ends][seen], start[seen], np.minimum(stop, last)[seen], cleared[seen])


def _changes(control: Control, first_day: int) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.bool_]]:
    """By patient and time: who, on which day, and whether lesions appear or go; the end closes what is open."""
    gap = control.clear - control.course
    lesions = gap > 0
    weeks = gap.shape[1]
    who, week = np.nonzero(lesions[:, 1:] != lesions[:, :-1])
    before, after = gap[who, week], gap[who, week + 1]
    day = first_day + np.ceil(7 * (week + before / (before - after))).astype(np.int64)
    appears = ~lesions[who, week]
    at_start = np.flatnonzero(lesions[:, 0])
    at_end = np.flatnonzero(lesions[:, -1])
    far = first_day + 7 * weeks + 1
    who = np.concatenate([at_start, who, at_end])
    day = np.concatenate([np.full(len(at_start), first_day), day, np.full(len(at_end), far)])
    appears = np.concatenate([np.ones(len(at_start), dtype=bool), appears, np.zeros(len(at_end), dtype=bool)])
    when = np.concatenate([np.full(len(at_start), -1.0), week.astype(np.float64), np.full(len(at_end), float(weeks))])
    order = np.lexsort((when, who))
    return who[order], day[order], appears[order]


def _table(
    entrants: Entrants,
    who: NDArray[np.intp],
    start: NDArray[np.integer],
    stop: NDArray[np.integer],
    cleared: NDArray[np.bool_],
) -> Courses:
    return Courses(
        trial=entrants.trial[who].astype(np.int32),
        subject=entrants.subject[who].astype(np.int32),
        start=start.astype(np.int16),
        stop=stop.astype(np.int16),
        cleared=cleared,
    )
