"""A patient's time line: treatments, events by term and severity, visits, and how his time in the trial ended."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pivotal.records.patient import Event, Mark, Profile, Treatment, Visit
from pivotal.report import svg
from pivotal.report.canvas import GRID
from pivotal.report.document import Drawing
from pivotal.report.study_days import DayAxis

WIDE, NARROW = 980.0, 380.0
LABELS = 236.0
LANE, SIZE, SMALL = 17.0, 11.5, 10.5
TREATED, OTHERWISE = "#8fb3d4", "#b4bcc7"
SEVERITIES = {
    "mild": 1, "moderate": 2, "severe": 3, "life threatening": 4, "life-threatening": 4, "fatal": 5, "death": 5,
    "grade 1": 1, "grade 2": 2, "grade 3": 3, "grade 4": 4, "grade 5": 5,
}  # fmt: skip
COLOURS = {1: "#f2c777", 2: "#e0862b", 3: "#b23c10", 4: "#7a1508", 5: "#2b0a06", 0: OTHERWISE}
HEIGHTS = {0: 7.0, 1: 5.0, 2: 8.0, 3: 11.0, 4: 11.0, 5: 11.0}
MARK_COLOURS = {"completed": "#1d6b4f", "discontinued": "#9a3412", "died": "#000000"}
SHORT = (("week", "W"), ("day", "D"), ("month", "M"), ("screening", "S"), ("cycle", "C"), ("visit", "V"))


@dataclass(frozen=True, slots=True)
class Lane:
    """A line of the chart: its words at the left, and what lies on it."""

    words: str
    events: tuple[Event, ...] = ()
    treatments: tuple[Treatment, ...] = ()

    @property
    def serious(self) -> bool:
        """Whether one of its events is."""
        return any(event.serious for event in self.events)


def swimmer(profile: Profile, *, narrow: bool = False) -> Drawing:
    """The time line on one axis of study days.

    Parameters
    ----------
    profile
        The patient.
    narrow
        For a telephone: the words stand over their bars.

    Returns
    -------
    Drawing
        Bars by severity (colour and height), serious events with a triangle, arrows where an event goes on, dots and a
        question mark where a day is not known.
    """
    width = NARROW if narrow else WIDE
    axis = DayAxis.of(profile, 14.0 if narrow else LABELS + 14, width - 22)
    lanes = [*_treatment_lanes(profile.treatments), *_event_lanes(profile.events)]
    pitch = LANE + 12 if narrow else LANE
    top = _head(profile.marks, axis)
    visits = 30.0 if profile.visits else 6.0
    bottom = top + visits + pitch * len(lanes) + 6
    parts = [svg.arrow_head(_head_id(narrow), svg.INK), *_grid(axis, top, bottom)]
    parts += _visits(profile.visits, axis, top, narrow)
    for place, lane in enumerate(lanes):
        y = top + visits + pitch * place
        if place and lane.events and not lanes[place - 1].events:
            parts.append(svg.path(f"M0,{y:.1f} H{width:.1f}", stroke=svg.LINE, thick=0.8))
        parts += _lane(lane, axis, y, narrow)
    parts += _marks(profile.marks, axis, top, bottom)
    parts.append(
        svg.text((axis.left + axis.right) / 2, bottom + 31, "Study day", size=SMALL, anchor="middle", fill=svg.MUTED)
    )
    legend, height = _legend(profile, width, bottom + 50)
    return svg.drawing(width, height, [*parts, *legend], label=_label(profile), mark=profile.simulated)


def severity_rank(severity: str | None) -> int:
    """1 mild to 5 fatal; 0 where it is not known or in other words."""
    return SEVERITIES.get((severity or "").lower(), 0)


def _treatment_lanes(treatments: Sequence[Treatment]) -> list[Lane]:
    labels = dict.fromkeys(one.label for one in treatments)
    return [Lane(label, treatments=tuple(t for t in treatments if t.label == label)) for label in labels]


def _event_lanes(events: Sequence[Event]) -> list[Lane]:
    """A lane a term; events of a term that overlap have one each."""
    made: list[Lane] = []
    for term in dict.fromkeys(event.term for event in events):
        lines: list[list[Event]] = []
        for event in (one for one in events if one.term == term):
            free = next((line for line in lines if _follows(event, line[-1])), None)
            if free is None:
                lines.append([event])
            else:
                free.append(event)
        made += [Lane(term, events=tuple(line)) for line in lines]
    return made


def _follows(event: Event, last: Event) -> bool:
    return event.start is not None and last.end is not None and event.start > last.end


def _head(marks: Sequence[Mark], axis: DayAxis) -> float:
    return 6.0 + 15.0 * len(marks)


def _grid(axis: DayAxis, top: float, bottom: float) -> list[Markup]:
    parts = [svg.path(f"M{axis.left:.1f},{bottom:.1f} H{axis.right:.1f}", stroke=svg.FAINT, thick=1)]
    for day in axis.ticks(34):
        x = axis.x(day)
        parts.append(svg.path(f"M{x:.1f},{top:.1f} V{bottom + 4:.1f}", stroke=GRID, thick=1))
        if day == 1 or x - axis.x(1) > 16:
            parts.append(svg.text(x, bottom + 16, f"{day}", size=SMALL, anchor="middle", fill=svg.MUTED))
    return parts


def _visits(visits: Sequence[Visit], axis: DayAxis, top: float, narrow: bool) -> list[Markup]:
    """A small triangle a visit, and its short name where there is room."""
    if not visits:
        return []
    parts = [] if narrow else [svg.text(LABELS, top + 21, "Visits", size=SIZE, anchor="end", fill=svg.MUTED)]
    free = -1e9
    for visit in visits:
        x = axis.x(visit.day) if visit.day >= axis.first else None
        if x is None:
            continue
        parts.append(svg.element("path", d=f"M{x - 3.5:.1f},{top + 16:.1f} h7 l-3.5,6 z", fill=svg.ACCENT))
        name = _short(visit.name)
        half = svg.width_of(name, 9.5) / 2 if name else 0
        if name and x - half > free + 2:
            parts.append(svg.text(x, top + 11, name, size=9.5, anchor="middle", fill=svg.MUTED))
            free = x + half
    return parts


def _short(name: str) -> str | None:
    """A visit's name in a few letters: Week 12 as W12, Baseline as BL; None for names that have no such form."""
    lowered = name.lower()
    if lowered.startswith("baseline"):
        return "BL"
    for word, letter in SHORT:
        found = re.fullmatch(rf"{word} (\d+)(?: \(t\))?", lowered)
        if found:
            return f"{letter}{found.group(1)}"
    return name if len(name) <= 9 else None


def _lane(lane: Lane, axis: DayAxis, y: float, narrow: bool) -> list[Markup]:
    weight = "700" if lane.serious else None
    middle = y + (20 if narrow else LANE / 2)
    words = svg.fitted(lane.words, (NARROW - 20) if narrow else LABELS - 8, SIZE, bold=lane.serious)
    if narrow:
        parts = [svg.text(2, y + 11, words, size=SIZE, weight=weight)]
    else:
        parts = [svg.text(LABELS, middle + 4, words, size=SIZE, anchor="end", weight=weight)]
    for one in lane.treatments:
        parts += _treatment(one, axis, middle)
    for event in lane.events:
        parts += _event(event, axis, middle, narrow)
    return parts


def _treatment(one: Treatment, axis: DayAxis, middle: float) -> list[Markup]:
    left = axis.left if one.start is None else axis.x(one.start)
    right = axis.right if one.end is None else axis.x(one.end, through=True)
    parts = [_bar(left, right, middle, 9.0, TREATED)]
    if one.start is None:
        parts.append(_unknown(left - 9, middle))
    if one.end is None:
        parts.append(_unknown(right + 3, middle))
    return parts


def _event(event: Event, axis: DayAxis, middle: float, narrow: bool) -> list[Markup]:
    rank = severity_rank(event.severity)
    fill, height = COLOURS[rank], HEIGHTS[rank]
    if event.start is None and event.end is None and not event.ongoing:
        return [_unknown(axis.left, middle), _dots(axis.left + 8, axis.left + 30, middle, fill)]
    parts: list[Markup] = []
    left = axis.left if event.start is None else axis.x(event.start)
    known = axis.x(event.start, through=True) if event.start is not None else left
    right = axis.x(event.end, through=True) if event.end is not None else axis.right if event.ongoing else known
    if event.start is None:
        parts += [_dots(left, right, middle, fill), _unknown(left - 9, middle)]
        left = max(left, right - 6)
    if event.start is not None and event.start < axis.first:
        parts.append(svg.element("path", d=f"M{left - 7:.1f},{middle:.1f} l6,-4 v8 z", fill=fill))
    parts.append(_bar(left, right, middle, height, fill))
    if event.ongoing:
        tip = f"M{right - 1:.1f},{middle:.1f} h10"
        parts.append(svg.path(tip, stroke=svg.INK, thick=1.4, head=_head_id(narrow)))
    elif event.end is None:
        parts += [
            _dots(right + 2, min(right + 40, axis.right), middle, fill),
            _unknown(min(right + 43, axis.right + 3), middle),
        ]
    if event.serious:
        x = left - 7
        parts.append(svg.element("path", d=f"M{x - 5:.1f},{middle + 4.5:.1f} h10 l-5,-9 z", fill=svg.INK))
    if event.fatal:
        parts.append(_cross(right + 6, middle))
    return parts


def _bar(left: float, right: float, middle: float, height: float, fill: str) -> Markup:
    return svg.element(
        "rect", x=left, y=middle - height / 2, width=max(right - left, 2.5), height=height, rx=1.5, fill=fill,
        stroke="#ffffff", stroke_width=0.6,
    )  # fmt: skip


def _dots(left: float, right: float, middle: float, stroke: str) -> Markup:
    return svg.element(
        "path", d=f"M{left:.1f},{middle:.1f} H{max(right, left):.1f}", stroke=stroke, stroke_width=2.4, fill="none",
        stroke_dasharray="1.5 3.5",
    )  # fmt: skip


def _unknown(x: float, middle: float) -> Markup:
    return svg.text(x, middle + 4, "?", size=SIZE, weight="700", fill=svg.MUTED)


def _cross(x: float, middle: float) -> Markup:
    return svg.path(f"M{x - 4:.1f},{middle - 4:.1f} l8,8 m0,-8 l-8,8", stroke="#000000", thick=2)


def _marks(marks: Sequence[Mark], axis: DayAxis, top: float, bottom: float) -> list[Markup]:
    parts: list[Markup] = []
    for place, mark in enumerate(marks):
        colour, y = MARK_COLOURS[mark.kind], 12.0 + 15.0 * place
        words = f"{mark.words}, day {mark.day}" if mark.day is not None else f"{mark.words}, day unknown"
        x = axis.right if mark.day is None else axis.x(mark.day, through=True)
        end = x - svg.width_of(words, SIZE, bold=True) - 10 > 0
        if mark.day is not None:
            parts.append(
                svg.element(
                    "path",
                    d=f"M{x:.1f},{y - 9:.1f} V{bottom:.1f}",
                    stroke=colour,
                    stroke_width=1.5,
                    fill="none",
                    stroke_dasharray=None if mark.kind == "died" else "5 3",
                )
            )
        if mark.kind == "died" and mark.day is not None:
            parts.append(_cross(x, bottom))
        parts.append(
            svg.text(
                x - 6 if end else x + 6,
                y,
                words,
                size=SIZE,
                anchor="end" if end else "start",
                fill=colour,
                weight="700",
            )
        )
    return parts


def _legend(profile: Profile, width: float, y: float) -> tuple[list[Markup], float]:
    """What the signs mean, those that occur; and where it ends."""
    events = profile.events
    ranks: dict[int, str] = {}
    for event in events:
        ranks.setdefault(severity_rank(event.severity), event.severity or "Severity not recorded")
    items: list[tuple[str, str]] = [("bar", f"{rank}") for rank in sorted(ranks)]
    words = {f"{rank}": text if rank else "Severity not recorded" for rank, text in ranks.items()}
    signs = {
        "serious": (any(e.serious for e in events), "serious"),
        "ongoing": (any(e.ongoing for e in events), "goes on"),
        "unknown": (_any_unknown(profile), "day not known"),
        "fatal": (any(e.fatal for e in events), "led to death"),
        "visit": (bool(profile.visits), "visit"),
    }
    items += [(name, name) for name, (there, _) in signs.items() if there]
    words |= {name: text for name, (_, text) in signs.items()}
    parts: list[Markup] = []
    x = 2.0
    for kind, name in items:
        wide = 24 + svg.width_of(words[name], SMALL) + 16
        if x + wide > width and x > 2:
            x, y = 2.0, y + 17
        parts += [*_sign(kind, name, x, y - 4), svg.text(x + 24, y, words[name], size=SMALL, fill=svg.MUTED)]
        x += wide
    return parts, y + 8


def _sign(kind: str, name: str, x: float, middle: float) -> list[Markup]:
    if kind == "bar":
        return [_bar(x, x + 18, middle, HEIGHTS[int(name)], COLOURS[int(name)])]
    drawn = {
        "serious": svg.element("path", d=f"M{x + 4:.1f},{middle + 4.5:.1f} h10 l-5,-9 z", fill=svg.INK),
        "ongoing": svg.element(
            "path", d=f"M{x + 2:.1f},{middle - 0.7:.1f} h9 v-3.5 l7,4.2 l-7,4.2 v-3.5 h-9 z", fill=svg.INK
        ),
        "visit": svg.element("path", d=f"M{x + 5:.1f},{middle - 3:.1f} h7 l-3.5,6 z", fill=svg.ACCENT),
        "fatal": _cross(x + 9, middle),
        "unknown": _unknown(x + 6, middle),
    }
    return [drawn[kind]]


def _any_unknown(profile: Profile) -> bool:
    events = any(e.start is None or (e.end is None and not e.ongoing) for e in profile.events)
    return events or any(t.start is None or t.end is None for t in profile.treatments)


def _head_id(narrow: bool) -> str:
    return "goes-on-narrow" if narrow else "goes-on"


def _label(profile: Profile) -> str:
    """The picture in words."""
    spans = [f"{e.term}, day {_or(e.start)} to {'going on' if e.ongoing else _or(e.end)}" for e in profile.events]
    doses = [f"{t.label}, day {_or(t.start)} to {_or(t.end)}" for t in profile.treatments]
    ends = [f"{m.words}, day {_or(m.day)}" for m in profile.marks]
    return f"Time line of patient {profile.patient}. " + "; ".join([*doses, *spans, *ends])


def _or(day: int | None) -> str:
    return "unknown" if day is None else f"{day}"
