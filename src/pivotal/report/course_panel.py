"""A parameter of one patient over time, small: values, baseline, and the normal range."""

from __future__ import annotations

import math

from markupsafe import Markup

from pivotal.records.patient import Course, Profile
from pivotal.report import svg
from pivotal.report.document import Drawing
from pivotal.report.format import plain
from pivotal.report.study_days import DayAxis

WIDTH, HEIGHT = 232.0, 104.0
LEFT, RIGHT, TOP, BOTTOM = 38.0, 222.0, 22.0, 86.0
RANGE, BEYOND = "#e3efe6", "#b23c10"


def course_panel(course: Course, profile: Profile) -> Drawing:
    """The course on the axis of days that the whole page has; the band is the normal range, dashes the baseline."""
    axis = DayAxis.of(profile, LEFT, RIGHT)
    low, high = _range(course)
    points = [point for point in course.points if point.day >= axis.first]

    def y(value: float) -> float:
        return BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP)

    title = svg.text(2, 12, svg.fitted(course.label, WIDTH - 4, 11, bold=True), size=11, weight="600")
    parts: list[Markup] = [title]
    if course.low is not None or course.high is not None:
        top = TOP if course.high is None else y(min(course.high, high))
        base = BOTTOM if course.low is None else y(max(course.low, low))
        parts.append(svg.element("rect", x=LEFT, y=top, width=RIGHT - LEFT, height=max(base - top, 0.5), fill=RANGE))
    if course.baseline is not None:
        parts.append(
            svg.element(
                "path",
                d=f"M{LEFT},{y(course.baseline):.1f} H{RIGHT}",
                stroke=svg.FAINT,
                stroke_width=1,
                stroke_dasharray="4 3",
                fill="none",
            )
        )
    parts.append(svg.path(f"M{LEFT},{BOTTOM} H{RIGHT}", stroke=svg.FAINT, thick=1))
    line = " L".join(f"{axis.x(p.day):.1f},{y(p.value):.1f}" for p in points)
    if len(points) > 1:
        parts.append(svg.path(f"M{line}", stroke=svg.ACCENT, thick=1.4))
    for point in points:
        fill, radius = (svg.ACCENT, 2.2) if point.flag is None else (BEYOND, 3.0)
        parts.append(svg.element("circle", cx=axis.x(point.day), cy=y(point.value), r=radius, fill=fill))
    for value in _labelled(course):
        parts.append(svg.text(LEFT - 5, y(value) + 3.5, plain(value), size=9.5, anchor="end", fill=svg.MUTED))
    for day in _ends(axis):
        x = axis.x(day)
        parts.append(svg.text(x, BOTTOM + 12, f"{day}", size=9.5, anchor="middle", fill=svg.MUTED))
    return svg.drawing(WIDTH, HEIGHT, parts, label=_label(course), mark=False)


def _range(course: Course) -> tuple[float, float]:
    """The values that the panel spans: those seen, the baseline, and the limits where they are near."""
    seen = [point.value for point in course.points]
    if course.baseline is not None:
        seen.append(course.baseline)
    low, high = min(seen), max(seen)
    reach = max(high - low, 0.25 * abs(high), 1e-9)
    near = [limit for limit in (course.low, course.high) if limit is not None and low - reach <= limit <= high + reach]
    low, high = min([low, *near]), max([high, *near])
    room = 0.08 * (high - low) if high > low else max(0.1 * abs(high), 0.5)
    return low - room, high + room


def _labelled(course: Course) -> list[float]:
    """The smallest and the largest value that were seen, in a few digits."""
    values = [point.value for point in course.points]
    low, high = _digits(min(values)), _digits(max(values))
    span = _range(course)
    if low == high or (high - low) / (span[1] - span[0]) < 0.15:
        return [high]
    return [low, high]


def _digits(value: float) -> float:
    """Three significant digits, more where it is a larger whole number."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, max(0, 2 - math.floor(math.log10(abs(value)))))


def _ends(axis: DayAxis) -> list[int]:
    return [1, axis.last] if axis.last > 1 else [1]


def _label(course: Course) -> str:
    values = ", ".join(f"day {point.day}: {point.value:g}" for point in course.points)
    return f"{course.label}. {values}"
