"""Study days on an axis: there is no day 0, so day -1 and day 1 are neighbours."""

from __future__ import annotations

from dataclasses import dataclass

from pivotal.records.patient import Profile

STEPS = (1, 2, 5, 7, 14, 28, 56, 84, 168, 364)
BEFORE = 28
"""Days before treatment that the axis shows at most; what began earlier comes in from its edge."""


@dataclass(frozen=True, slots=True)
class DayAxis:
    """Days from `first` to `last` on pixels from `left` to `right`."""

    first: int
    last: int
    left: float
    right: float

    @classmethod
    def of(cls, profile: Profile, left: float, right: float) -> DayAxis:
        """The axis on which all known days of a patient lie."""
        days = [day for day in _days(profile) if day is not None]
        first = max(min([1, *(day for day in days)]), -BEFORE)
        return cls(first, max([first + 1, *days]), left, right)

    def x(self, day: float, *, through: bool = False) -> float:
        """Where a day begins, or with `through` where it ends; the axis's edges for days beyond them."""
        place = _place(day) + (1 if through else 0)
        low, high = _place(self.first), _place(self.last) + 1
        share = (min(max(place, low), high) - low) / (high - low)
        return self.left + share * (self.right - self.left)

    def ticks(self, apart: float) -> list[int]:
        """Round days at least so many pixels apart: day 1 and multiples of a step after it."""
        pixels = (self.right - self.left) / (_place(self.last) + 1 - _place(self.first))
        step = next((step for step in STEPS if step * pixels >= apart), STEPS[-1])
        return [1, *range(step, self.last + 1, step)] if step > 1 else list(range(1, self.last + 1))


def _place(day: float) -> float:
    return day - 1 if day > 0 else day


def _days(profile: Profile) -> list[int | None]:
    days: list[int | None] = [visit.day for visit in profile.visits]
    days += [day for one in profile.treatments for day in (one.start, one.end)]
    days += [day for event in profile.events for day in (event.start, event.end)]
    days += [mark.day for mark in profile.marks]
    return days + [point.day for course in profile.courses for point in course.points]
