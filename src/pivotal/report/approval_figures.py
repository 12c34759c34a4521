"""Pictures of an approval: indications over time, and what each day of approval added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from pivotal.report import svg
from pivotal.report.document import Drawing
from pivotal.report.format import nice_ceiling, plain

JSON = Mapping[str, Any]
WIDE, NARROW = 940.0, 370.0
_BAR, _OWN, _BOUND, _UNKNOWN = "#c6d4e4", svg.ACCENT, "#6f9bc4", "#8a93a1"
MILLION = 1e6


def timeline(indications: Sequence[JSON], narrow: bool) -> Drawing:
    """Each indication as a bar from the day it came into force to the day it was superseded, or on."""
    width, left, top = (NARROW, 4.0, 8.0) if narrow else (WIDE, 250.0, 8.0)
    row = 58.0 if narrow else 44.0
    days = [date.fromisoformat(one["effective"]) for one in indications]
    ends = [date.fromisoformat(one["superseded"]) for one in indications if one["superseded"]]
    first, last = min(days).year, max([*days, *ends]).year + 1
    scale = _Scale(date(first, 1, 1).toordinal(), date(last, 7, 1).toordinal(), left, width - 14)
    bottom = top + row * len(indications)
    parts: list[Markup] = []
    for year in range(first, last + 1):
        x = scale(date(year, 1, 1).toordinal())
        parts.append(svg.path(f"M{x:.1f},{top} V{bottom:.1f}", stroke="#e4e8ed", thick=1))
        parts.append(
            svg.text(x, bottom + 16, str(year), size=11.5, anchor="middle" if year > first else "start", fill=svg.MUTED)
        )
    for index, one in enumerate(indications):
        parts += _bar(one, scale, top + row * index, row, narrow)
    said = "; ".join(f"{one['id']}, {one['condition']}, from {one['effective']}{_until(one)}" for one in indications)
    return svg.drawing(width, bottom + 24, parts, label=f"Indications over time: {said}", mark=False)


class _Scale:
    """From a value to its place."""

    def __init__(self, low: float, high: float, left: float, right: float) -> None:
        self.low, self.high, self.left, self.right = low, high, left, right

    def __call__(self, value: float) -> float:
        return self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)


def _until(one: JSON) -> str:
    return f" to {one['superseded']}" if one["superseded"] else ""


def _bar(one: JSON, scale: _Scale, y: float, row: float, narrow: bool) -> list[Markup]:
    start = scale(date.fromisoformat(one["effective"]).toordinal())
    end = scale(date.fromisoformat(one["superseded"]).toordinal()) if one["superseded"] else scale.right
    own = one["this_trial"]
    middle = y + (row - 17 if narrow else row / 2)
    height = 18.0
    ink = _OWN if own else _BAR
    parts = []
    if one["superseded"]:
        parts.append(
            svg.box(start, middle - height / 2, max(end - start, 3), height, fill=ink, stroke="none", radius=3)
        )
    else:
        up, down, neck = middle - height / 2, middle + height / 2, end - 9
        d = f"M{start:.1f},{up:.1f} H{neck:.1f} L{end:.1f},{middle:.1f} L{neck:.1f},{down:.1f} H{start:.1f} z"
        parts.append(svg.element("path", d=d, fill=ink))
    name = f"{one['id']}: {one['condition']}"
    dates = f"{one['effective']}{_until(one)}" if one["superseded"] else f"from {one['effective']}"
    if narrow:
        parts.append(svg.text(4, y + 13, name, size=12.5, weight="600"))
        parts.append(svg.text(4, y + 28, dates + (", this trial" if own else ""), size=11.5, fill=svg.MUTED))
    else:
        parts.append(svg.text(4, middle - 2, name, size=13, weight="600"))
        parts.append(svg.text(4, middle + 13, dates + (", this trial" if own else ""), size=11.5, fill=svg.MUTED))
    return parts


# ---------------------------------------------------------------- reach


def additions(history: Sequence[JSON], narrow: bool) -> Drawing:
    """What each day added, as a bar that begins where the day before ended; unknown additions stay open."""
    width, left, top = (NARROW, 4.0, 8.0) if narrow else (WIDE, 250.0, 8.0)
    right = width - 14 if narrow else width - 190
    row = 66.0 if narrow else 46.0
    most = max((one["total"]["high"] for one in history if one["total"]), default=MILLION)
    step = _step(most / MILLION)
    end = nice_ceiling(most / MILLION, step)
    scale = _Scale(0, end, left, right)
    bottom = top + row * len(history)
    parts: list[Markup] = []
    for k in range(round(end / step) + 1):
        x = scale(k * step)
        anchor = "start" if narrow and k == 0 else "end" if narrow and k * step == end else "middle"
        parts.append(svg.path(f"M{x:.1f},{top} V{bottom:.1f}", stroke="#e4e8ed", thick=1))
        parts.append(svg.text(x, bottom + 16, plain(k * step), size=11.5, anchor=anchor, fill=svg.MUTED))
    parts.append(
        svg.text(
            (scale.left + scale.right) / 2,
            bottom + 33,
            "million people, at most",
            size=12,
            anchor="middle",
            fill=svg.MUTED,
        )
    )
    before = 0.0
    for index, one in enumerate(history):
        parts += _addition(one, before, scale, top + row * index, row, narrow)
        before = one["total"]["mean"] / MILLION if one["total"] else before
    said = "; ".join(f"{one['day']}, {', '.join(one['indications'])}: {addition(one)}" for one in history)
    return svg.drawing(width, bottom + 40, parts, label=f"What each approval added: {said}", mark=False)


def _step(most: float) -> float:
    """A round distance between ticks, so that there are four to eight."""
    for step in (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 100):
        if most / step <= 6:
            return float(step)
    return 200.0


def addition(one: JSON) -> str:
    """What a day added, in few words."""
    if one["added"] is None:
        return "not known"
    return at_most(one["added"])


def at_most(amount: JSON) -> str:
    """A number of people in few words: `2.3 (1.9 to 2.8) million`; with a plus where a source says `over`."""
    mean, low, high = (amount[key] / MILLION for key in ("mean", "low", "high"))
    limits = f" ({low:.1f} to {high:.1f})" if high > low else ""
    return f"{mean:.1f}{'+' if amount['floor'] else ''}{limits} million"


def _addition(one: JSON, before: float, scale: _Scale, y: float, row: float, narrow: bool) -> list[Markup]:
    middle = y + (row - 17 if narrow else row / 2)
    name = f"{one['day']}: {', '.join(one['indications'])}"
    under = f"in place of {', '.join(one['replaced'])}" if one["replaced"] else ""
    parts: list[Markup] = []
    at = scale(before)
    if one["added"] is None:
        parts.append(svg.element("rect", x=at, y=middle - 9, width=34, height=18, rx=3, fill="#ffffff", stroke=_UNKNOWN,
                                 stroke_width=1.2, stroke_dasharray="4 3"))  # fmt: skip
        parts.append(svg.text(at + 17, middle + 4.5, "?", size=13, anchor="middle", fill=svg.MUTED, weight="700"))
        end = at + 34
    else:
        mean, low, high = (one["added"][key] / MILLION for key in ("mean", "low", "high"))
        end = scale(before + mean)
        parts.append(svg.box(at, middle - 9, max(end - at, 2), 18, fill=_BOUND, stroke="none", radius=2))
        if high > low:
            a, b = scale(before + low), scale(before + high)
            parts.append(
                svg.path(
                    f"M{a:.1f},{middle:.1f} H{b:.1f} M{a:.1f},{middle - 5:.1f} v10 M{b:.1f},{middle - 5:.1f} v10",
                    stroke=svg.INK,
                    thick=1.5,
                )
            )
            end = max(end, b)
    if narrow:
        parts.append(svg.text(4, y + 13, name, size=12.5, weight="600"))
        parts.append(svg.text(4, y + 29, f"{addition(one)}{'; ' + under if under else ''}", size=11.5, fill=svg.MUTED))
    else:
        parts.append(svg.text(4, middle - (2 if under else -4), name, size=13, weight="600"))
        if under:
            parts.append(svg.text(4, middle + 13, under, size=11.5, fill=svg.MUTED))
        parts.append(svg.text(end + 8, middle + 4.5, addition(one), size=12.5))
    return parts
