"""Patients put in the order of their times, latest first, so that every risk set is a leading part of a row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.estimate import Floats
from pivotal.stats.tables import Mask

Places = NDArray[np.intp]

# Times of one trial that lie no further apart than this share of its longest follow-up are one time. Sums and
# differences of dates leave 1e-13; an honest difference (a second in ten years) is 3e-9. R's timefix: 1.5e-8 of the
# mean.
TIE = 1e-9


def checked(time: ArrayLike, event: ArrayLike, observed: ArrayLike | None = None) -> tuple[Floats, Mask, Mask]:
    """Times, event flags and who is present, all (replicate, patient).

    A patient whose time is NaN or infinite is absent, as one who is not `observed`.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a time is negative.
    """
    times = np.asarray(time, dtype=np.float64)
    if times.ndim != 2:
        raise ValueError(f"time has {times.ndim} axes; give (replicate, patient). One trial is time[None, :].")
    happened = per_patient("event", event, times.shape)
    present = np.isfinite(times)
    if observed is not None:
        present &= per_patient("observed", observed, times.shape).astype(np.bool_)
    if (times[present] < 0).any():
        found = times[present].min()
        raise ValueError(f"time holds {found:g}; a time to event is 0 or more. Leave the patient out or mend the date.")
    return times, (happened.astype(np.float64) != 0) & present, present


def per_patient(name: str, values: ArrayLike, shape: tuple[int, ...]) -> NDArray[Any]:
    """Bring values of (patient,) or (replicate, patient) to the shape of the times."""
    given = np.asarray(values)
    try:
        return np.broadcast_to(given, shape)
    except ValueError:
        raise ValueError(
            f"{name} has the shape {given.shape}, time {shape}; give (replicate, patient), or (patient,) for all."
        ) from None


def stratum_codes(strata: ArrayLike | None, shape: tuple[int, ...], name: str = "strata") -> NDArray[np.intp] | None:
    """Levels as codes 0, 1, ... over the whole batch, (replicate, patient); None where not stratified."""
    if strata is None:
        return None
    given = per_patient(name, strata, shape)
    codes = np.unique(given, return_inverse=True)[1]
    return np.asarray(codes.reshape(shape), dtype=np.intp)


def nobody(flags: Mask) -> Mask:
    """Replicates in which no patient is flagged, (replicate,)."""
    return np.asarray(~flags.any(axis=1), dtype=np.bool_)


@dataclass(frozen=True)
class Ordered:
    """Patients of each trial and stratum, latest time first, the absent ones after them.

    A row is one stratum of one trial: row r is stratum r % strata of replicate r // strata.

    Attributes
    ----------
    replicates, patients, strata
        How many; strata is 1 where not stratified.
    place
        Where a position's patient lies in the flattened (replicate, patient) arrays, (row, position).
    present, event
        Whether the position is a patient, and one with the event.
    time
        Latest first; 0 where absent.
    last
        Whether the position is the last of those who share its time: there, running sums are those of the risk set.
    """

    replicates: int
    patients: int
    strata: int
    place: Places
    present: Mask
    event: Mask
    time: Floats
    last: Mask

    @classmethod
    def of(cls, time: Floats, event: Mask, present: Mask, strata: NDArray[np.intp] | None = None) -> Ordered:
        """Order the patients, within strata if given as codes."""
        replicates, patients = time.shape
        order = np.argsort(np.where(present, -time, np.inf), axis=1)
        place = order + (np.arange(replicates) * patients)[:, None]
        levels = 1
        inside = np.take(present, place)
        if strata is not None:
            levels = int(strata.max(initial=0)) + 1
            place, inside = _by_stratum(place, inside, np.take(strata, place), levels)
        times = np.where(inside, np.take(time, place), 0.0)
        longest = np.repeat(np.where(present, time, 0.0).max(axis=1, initial=0.0), levels)
        return cls(
            replicates=replicates,
            patients=patients,
            strata=levels,
            place=place,
            present=inside,
            event=np.take(event, place) & inside,
            time=times,
            last=_last(times, inside, TIE * longest),
        )

    @property
    def width(self) -> int:
        """Positions of a row."""
        return int(self.place.shape[1])

    def gather(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values of (replicate, patient) in the order of the rows."""
        return np.take(values, self.place)

    def scatter(self, values: Floats) -> Floats:
        """Values of (row, position) back in (replicate, patient), 0 for the absent."""
        back = np.zeros(self.replicates * self.patients)
        back[self.place[self.present]] = values[self.present]
        return back.reshape(self.replicates, self.patients)

    def take(self, chosen: Places) -> Ordered:
        """Some replicates; `place` then refers to the arrays of those replicates."""
        rows = (chosen[:, None] * self.strata + np.arange(self.strata)).ravel()
        shift = np.repeat((np.arange(len(chosen)) - chosen) * self.patients, self.strata)
        return Ordered(
            replicates=len(chosen),
            patients=self.patients,
            strata=self.strata,
            place=np.where(self.present[rows], self.place[rows] + shift[:, None], 0),
            present=self.present[rows],
            event=self.event[rows],
            time=self.time[rows],
            last=self.last[rows],
        )

    @cached_property
    def moments(self) -> Moments:
        """The distinct times at which someone had the event."""
        return Moments.of_ordered(self)

    def total(self, values: Floats, rows: Places) -> Floats:
        """Sum values by the replicate of their rows, (replicate,)."""
        totals = np.bincount(rows // self.strata, weights=values, minlength=self.replicates)
        return np.asarray(totals, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Moments:
    """Every distinct event time of every row, flat: row by row, latest first.

    Attributes
    ----------
    row
        Its row.
    end
        The flat position of the last of those who share the time.
    at_risk, events
        Patients at risk and with the event.
    position
        Flat positions of the patients with events, in the order of the moments.
    of
        The moment of each of those.
    first
        The first of a moment's patients among them.
    fraction
        Efron's: 0, 1/d, ..., (d - 1)/d over the d events of a moment.
    tied
        Whether any moment has several events.
    """

    row: Places
    end: Places
    at_risk: Floats
    events: Floats
    position: Places
    of: Places
    first: Places
    fraction: Floats
    tied: bool

    @classmethod
    def of_ordered(cls, ordered: Ordered) -> Moments:
        """Collect them."""
        ends = np.flatnonzero(ordered.last)
        position = np.flatnonzero(ordered.event)
        group = np.searchsorted(ends, position)
        counts = np.bincount(group, minlength=len(ends))
        with_events = np.flatnonzero(counts)
        end, counts = ends[with_events], counts[with_events]
        first = np.cumsum(counts) - counts
        of = np.repeat(np.arange(len(end)), counts)
        events = counts.astype(np.float64)
        row, column = np.divmod(end, ordered.width)
        return cls(
            row=row,
            end=end,
            at_risk=column + 1.0,
            events=events,
            position=position,
            of=of,
            first=first,
            fraction=(np.arange(len(position)) - first[of]) / events[of],
            tied=bool((counts > 1).any()),
        )

    def summed(self, values: Floats) -> Floats:
        """Sum over each moment's patients with events: values in the order of `position`."""
        return np.add.reduceat(values, self.first) if len(self.first) else np.zeros(0)


def running(values: NDArray[Any], moments: Moments) -> Floats:
    """Sum over the risk set of every moment: values are (row, position), 0 where absent."""
    return np.take(np.cumsum(values, axis=1, dtype=np.float64), moments.end)


def _last(time: Floats, present: Mask, width: Floats) -> Mask:
    """The last position of each run of tied times."""
    last = present.copy()
    last[:, :-1] &= (time[:, :-1] - time[:, 1:] > width[:, None]) | ~present[:, 1:]
    return last


def _by_stratum(place: Places, present: Mask, codes: NDArray[np.intp], levels: int) -> tuple[Places, Mask]:
    """Give every stratum of a trial its own row, patients in the order they have."""
    replicates = len(place)
    sizes = np.zeros((replicates, levels), dtype=np.intp)
    rank = np.zeros(place.shape, dtype=np.intp)
    for level in range(levels):
        here = (codes == level) & present
        count = np.cumsum(here, axis=1)
        sizes[:, level] = count[:, -1]
        rank[here] = count[here] - 1
    width = max(1, int(sizes.max(initial=0)))
    row = np.arange(replicates)[:, None] * levels + codes
    target = (row * width + rank)[present]
    folded = np.zeros(replicates * levels * width, dtype=np.intp)
    folded[target] = place[present]
    inside = np.zeros(folded.shape, dtype=np.bool_)
    inside[target] = True
    return folded.reshape(-1, width), inside.reshape(-1, width)
