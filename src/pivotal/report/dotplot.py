"""Dots with their intervals: the forest plot, and the operating characteristics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pivotal.report import svg
from pivotal.report.canvas import GRID, axes, canvas, drawing, say
from pivotal.report.document import Drawing
from pivotal.report.format import plain
from pivotal.report.series import Dot, DotGroup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE, NARROW = 940.0, 370.0
WIDE_LEFT = 384.0
ROW, HEAD, TITLE = 24.0, 30.0, 12.5
RATIO_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
WIDEST_RATIO = (0.02, 200.0)

Scenarios = tuple[str, Sequence[DotGroup], tuple[float, float] | None, float | None]
"""A panel of the dot plot: its title, its groups, the limits of its axis, the line of reference."""


def forest(
    groups: Sequence[DotGroup], *, ratio: bool, times: float, axis: str, narrow: bool, name: str, label: str, mark: bool
) -> Drawing:
    """Estimates with their intervals, words on either side; on narrow pages the words stand above each bar."""
    row = 46.0 if narrow else ROW
    width, left, right = (NARROW, 10.0, _room(groups, 12.0)) if narrow else (WIDE, WIDE_LEFT, _room(groups, 12.5))
    body = sum(HEAD + row * len(group.dots) for group in groups)
    figure = canvas(width, body + 62)
    ax = axes(figure, left, 4, width - left - right, body)
    _forest_axis(ax, groups, ratio, times, body)
    y = 4.0
    for group in groups:
        say(figure, 4, y + 19, group.title, size=13, bold=True, backed=narrow)
        y += HEAD
        for dot in group.dots:
            centre = y + (31 if narrow else row / 2)
            _forest_dot(ax, dot, times, body - (centre - 4), ratio)
            _forest_words(figure, dot, centre + 4, narrow)
            y += row
    say(figure, left + (width - left - right) / 2, body + 44, axis, ha="center", colour=svg.MUTED)
    return drawing(figure, name, label=label, mark=mark)


def _room(groups: Sequence[DotGroup], size: float) -> float:
    """Width for the words on the right: that of the longest estimate."""
    return 26.0 + max((svg.width_of(d.words, size) for g in groups for d in g.dots if d.value is not None), default=0.0)


def _forest_words(figure: Figure, dot: Dot, y: float, narrow: bool) -> None:
    """The label on the left, or above on narrow pages; the estimate, or why there is none, on the right."""
    size, width = (12.0, NARROW) if narrow else (12.5, WIDE)
    room = width - 8 if narrow else WIDE_LEFT - 22
    left, above = (4, 17) if narrow else (16, 0)
    say(figure, left, y - above, svg.fitted(dot.label, room, size), size=size, backed=narrow)
    missing = dot.value is None
    words = svg.fitted(dot.words, (0.9 if narrow else 0.5) * width, size)
    say(figure, width - 4, y, words, size=size, ha="right", colour=svg.MUTED if missing else svg.INK, backed=missing)


def _forest_axis(ax: Axes, groups: Sequence[DotGroup], ratio: bool, times: float, body: float) -> None:
    ends = [times * v for g in groups for d in g.dots for v in (d.value, d.low, d.high) if v is not None]
    ax.set_ylim(0, body)
    ax.set_yticks([])
    if ratio:
        ax.set_xscale("log")
        positive = [v for v in ends if v > 0] or [1.0]
        low = max(min([*positive, 0.5]), WIDEST_RATIO[0]) / 1.15
        high = min(max([*positive, 2.0]), WIDEST_RATIO[1]) * 1.15
        ticks = [t for t in RATIO_TICKS if low <= t <= high]
        ax.set_xlim(low, high)
        ax.set_xticks(ticks, [plain(t) for t in ticks])
        ax.minorticks_off()
    else:
        low, high = min([*ends, 0.0]), max([*ends, 0.0])
        room = 0.06 * (high - low or 1.0)
        ax.set_xlim(low - room, high + room)
        ax.locator_params(axis="x", nbins=7)
    ax.grid(axis="x", color=GRID, linewidth=1)
    ax.axvline(1.0 if ratio else 0.0, color=svg.MUTED, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)


def _forest_dot(ax: Axes, dot: Dot, times: float, y: float, ratio: bool) -> None:
    left, right = ax.get_xlim()
    colour = dot.colour
    if dot.value is None and dot.low is None and dot.high is None:
        return
    low = left if dot.low is None or (ratio and dot.low <= 0) else times * dot.low
    high = right if dot.high is None else times * dot.high
    ax.plot([max(low, left), min(high, right)], [y, y], color=colour, linewidth=1.8, zorder=2, solid_capstyle="butt")
    if low <= left:
        ax.plot([left], [y], marker="<", color=colour, markersize=6, clip_on=False, zorder=3)
    if high >= right:
        ax.plot([right], [y], marker=">", color=colour, markersize=6, clip_on=False, zorder=3)
    if dot.value is not None and left < times * dot.value < right:
        style = {"marker": "s", "markersize": 8.0} if dot.main else {"marker": "o", "markersize": 7.0}
        face = colour if dot.main else "#ffffff"
        ax.plot([times * dot.value], [y], color=colour, markerfacecolor=face, markeredgewidth=1.6, zorder=4, **style)  # type: ignore[arg-type]


def dots(panels: Sequence[Scenarios], *, narrow: bool, name: str, label: str, mark: bool) -> Drawing:
    """Panels of dots side by side with common labels; on narrow pages one under the other."""
    head = HEAD + 16 * (_most_lines(panels[0][1], narrow) - 1)
    body = sum(head + ROW * len(group.dots) for group in panels[0][1])
    width = NARROW if narrow else WIDE
    labels = 130.0 if narrow else 220.0
    height = (body + 66) * (len(panels) if narrow else 1)
    figure = canvas(width, height + 6)
    each = width - labels - 14 if narrow else (width - labels - 30 * len(panels)) / len(panels)
    for index, (title, own, limits, reference) in enumerate(panels):
        top = index * (body + 66) if narrow else 0.0
        left = labels if narrow else labels + 16 + index * (each + 30)
        if narrow or index == 0:
            _labels(figure, own, top + 26, labels, head)
        say(figure, left, top + 14, title, size=13, bold=True)
        _dots_panel(axes(figure, left, top + 26, each, body), own, limits, reference, (body, head))
    return drawing(figure, name, label=label, mark=mark)


def _most_lines(groups: Sequence[DotGroup], narrow: bool) -> int:
    """Lines that the longest title of a group takes."""
    width = (NARROW if narrow else WIDE) - 8
    return max(len(svg.wrap(group.title, width, TITLE, bold=True)) for group in groups)


def _labels(figure: Figure, groups: Sequence[DotGroup], top: float, width: float, head: float) -> None:
    y = top
    whole = figure.get_size_inches()[0] * 72
    for group in groups:
        lines = svg.wrap(group.title, whole - 8, TITLE, bold=True)
        for row, line in enumerate(reversed(lines)):
            say(figure, 4, y + head - 11 - 16 * row, line, size=TITLE, bold=True, backed=True)
        y += head
        for dot in group.dots:
            say(figure, 14, y + ROW / 2 + 4, svg.fitted(dot.label, width - 18, 12.5), size=12.5)
            y += ROW


def _dots_panel(
    ax: Axes,
    groups: Sequence[DotGroup],
    limits: tuple[float, float] | None,
    reference: float | None,
    heights: tuple[float, float],
) -> None:
    body, head = heights
    found = [v for g in groups for d in g.dots for v in (d.low, d.high) if v is not None]
    if limits is None:
        low, high = min([*found, reference or math.inf]), max([*found, reference or -math.inf])
        room = 0.08 * (high - low or 1.0)
        limits = (low - room, high + room)
    room = 0.02 * (limits[1] - limits[0])
    ax.set_xlim(limits[0] - room, limits[1] + room)
    ax.set_ylim(0, body)
    ax.set_yticks([])
    ax.locator_params(axis="x", nbins=6)
    ax.grid(axis="x", color=GRID, linewidth=1)
    if reference is not None:
        ax.axvline(reference, color=svg.MUTED, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
    y = body
    for group in groups:
        y -= head
        for dot in group.dots:
            middle = y - ROW / 2
            if dot.value is not None and dot.low is not None and dot.high is not None:
                face = dot.colour if dot.main else "#ffffff"
                ax.plot([dot.low, dot.high], [middle, middle], color=dot.colour, linewidth=1.8, zorder=2)
                ax.plot([dot.value], [middle], marker="o", markersize=7, color=dot.colour, markerfacecolor=face,
                        markeredgewidth=1.6, zorder=3, clip_on=False)  # fmt: skip
            y -= ROW
