"""The schedule: periods over visits, and what is measured when."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from pivotal.report import svg
from pivotal.report.bundle import Bundle
from pivotal.report.document import Figure
from pivotal.report.format import plain
from pivotal.study.model import Period, Study, Visit

WIDTH, LEFT, ROW, TOP = 940.0, 252.0, 25.0, 8.0
NARROWEST = 66.0
TINTS = ("#dbe7f3", "#e6ece0", "#efe6da", "#eae3f0")


@dataclass(frozen=True, slots=True)
class Axis:
    """The visits, each with the same room."""

    places: tuple[Knot, ...]
    step: float

    def centre(self, index: float) -> float:
        """The middle of the room of a visit."""
        return LEFT + self.step * (index + 0.5)

    def at(self, week: float) -> float:
        """Where a week lies, between the visits around it."""
        for index, (before, after) in enumerate(pairwise(self.places)):
            if before.week <= week <= after.week and after.week > before.week:
                return self.centre(index + (week - before.week) / (after.week - before.week))
        return self.centre(0 if week <= self.places[0].week else len(self.places) - 1)


@dataclass(frozen=True, slots=True)
class Knot:
    """A place on the time axis: a visit, or the end of a period after the last visit."""

    week: float
    label: str
    visit: Visit | None


def week_of(visit: Visit) -> float:
    """A visit's week; from its day where no week is given (day 1 is week 0)."""
    return visit.week if visit.week is not None else (visit.day - 1) / 7


def knots(study: Study) -> list[Knot]:
    """Visits in their order, and ends of periods after them; the axis gives each the same room."""
    found = [Knot(week_of(visit), visit.name, visit) for visit in study.visits]
    last = max(knot.week for knot in found)
    ends = sorted({period.to_week for period in study.periods if period.to_week > last})
    return found + [Knot(week, f"Week {plain(week)}", None) for week in ends]


def schedule_figure(bundle: Bundle) -> Figure:
    """The schedule as a figure."""
    study = bundle.study
    places = tuple(knots(study))
    axis = Axis(places, max((WIDTH - LEFT) / len(places), NARROWEST))
    width = LEFT + axis.step * len(places)
    parts = [*_periods(study, axis)]
    y = TOP + (42 if study.periods else 0)
    parts += _visits(axis, y)
    y += 44
    measured = _measures(study)
    for row, (name, label) in enumerate(measured):
        parts += _row(axis, name, label, y + row * ROW, width, striped=row % 2 == 0)
    height = y + ROW * len(measured) + 4
    label = f"Schedule: {len(study.visits)} visits, {len(study.periods)} periods, {len(measured)} parameters"
    return Figure(
        "figure-schedule",
        "Periods, visits and what is measured",
        svg.drawing(width, height, parts, label=label, mark=bundle.simulated),
        notes=("Each visit has the same room; the time axis is not to scale.", *_rules(study)),
        origin="design",
    )


def _rules(study: Study) -> list[str]:
    return [f"{_named(period)}: {period.rule}." for period in study.periods if period.rule]


def _named(period: Period) -> str:
    return f"{period.label} ({period.name})" if period.label and period.label != period.name else period.name


def _measures(study: Study) -> list[tuple[str, str]]:
    """Parameters in the order in which visits name them, with their labels, shortened where they are long."""
    labels = {parameter.name: parameter.label for parameter in study.parameters}
    seen = dict.fromkeys(name for visit in study.visits for name in visit.measures)
    return [(name, svg.fitted(labels.get(name, name).split(",")[0], LEFT - 16, 12.5)) for name in seen]


def _periods(study: Study, axis: Axis) -> list[Markup]:
    parts: list[Markup] = []
    for index, period in enumerate(study.periods):
        start, end = axis.at(period.from_week), axis.at(period.to_week)
        parts.append(svg.box(start, TOP, max(end - start, 4), 36, fill=TINTS[index % len(TINTS)], stroke="#ffffff"))
        room = end - start - 8
        lines = svg.wrap(period.label or period.name, room, 11.5, bold=True)
        if len(lines) > 2 or any(svg.width_of(line, 11.5, bold=True) > room for line in lines):
            lines = [period.name]
        base = TOP + 22.5 - 7 * (len(lines) - 1)
        for row, line in enumerate(lines):
            middle = (start + end) / 2
            parts.append(svg.text(middle, base + 14 * row, line, size=11.5, anchor="middle", weight="600"))
    return parts


def _visits(axis: Axis, y: float) -> list[Markup]:
    parts: list[Markup] = []
    for index, knot in enumerate(axis.places):
        x = axis.centre(index)
        colour = svg.INK if knot.visit else svg.MUTED
        parts.append(svg.path(f"M{x:.1f},{y} v7", stroke=svg.FAINT))
        parts.append(svg.text(x, y + 20, knot.label, size=12.5, anchor="middle", weight="600", fill=colour))
        under = f"day {knot.visit.day}" if knot.visit else "end of period"
        parts.append(svg.text(x, y + 35, under, size=11, anchor="middle", fill=svg.MUTED))
    parts.append(svg.path(f"M{axis.centre(0):.1f},{y} H{axis.centre(len(axis.places) - 1):.1f}", stroke=svg.FAINT))
    return parts


def _row(axis: Axis, name: str, label: str, y: float, width: float, *, striped: bool) -> list[Markup]:
    parts = [svg.box(0, y, width, ROW, fill="#f5f7fa", stroke="none", radius=0)] if striped else []
    parts.append(svg.text(8, y + 17, label, size=12.5))
    for index, knot in enumerate(axis.places):
        if knot.visit and name in knot.visit.measures:
            parts.append(svg.element("circle", cx=axis.centre(index), cy=y + ROW / 2, r=4.5, fill=svg.ACCENT))
    return parts
