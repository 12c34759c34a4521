"""Line figures: response over weeks, power over trial size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pivotal.report import svg
from pivotal.report.canvas import GRID, axes, canvas, colour, drawing, marker, say
from pivotal.report.document import Drawing
from pivotal.report.format import fixed, nice_ceiling
from pivotal.report.series import Panel, Point, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE, NARROW = 940.0, 370.0
PLOT_HEIGHT = 215.0
TICKS = 40.0
"""Room for the labels of the upright axis."""
SHADES = ("#9aa3af", "#79a9d1", "#3f86c0", "#1f5d96", "#123a63", "#0a2340")


def course(panels: Sequence[Panel], narrow: bool, *, control: int, name: str, label: str, mark: bool) -> Drawing:
    """Response by arm over weeks: a panel an endpoint, lines with intervals, the last value beside its point."""
    names = [series.name for series in panels[0].series]
    styles = {n: (colour(i, control), marker(i, control)) for i, n in enumerate(names)}
    figure, places, top = _laid_out(len(panels), narrow, _legend_rows(names, narrow))
    _legend(figure, names, styles)
    for panel, (left, y, width) in zip(panels, places, strict=True):
        _titled(figure, panel, left, y + top)
        ax = axes(figure, left + TICKS, y + top + 34, width - TICKS - 50, PLOT_HEIGHT)
        _course_axes(ax, panel)
        span = panel.ticks[-1][0] - panel.ticks[0][0] or 1.0
        for index, series in enumerate(panel.series):
            shift = (index - (len(names) - 1) / 2) * span * 0.014
            _line(ax, series, *styles[series.name], shift=shift, scale=100 if panel.in_percent else 1)
        _last_values(ax, panel, {n: c for n, (c, _) in styles.items()})
        _under(figure, left, y + top, width, "Week")
    return drawing(figure, name, label=label, mark=mark)


def _laid_out(count: int, narrow: bool, legend_rows: int) -> tuple[Figure, list[tuple[float, float, float]], float]:
    """The figure, the place of each panel (left, top, width), and where panels start."""
    width, columns = (NARROW, 1) if narrow else (WIDE, 2 if count == 4 else max(2, min(count, 3)))
    gap = 26.0
    each = (width - gap * (columns - 1)) / columns
    row = PLOT_HEIGHT + 34 + 62
    top = 14.0 + 22 * legend_rows
    rows = -(-count // columns)
    places = [((i % columns) * (each + gap), (i // columns) * row, each) for i in range(count)]
    return canvas(width, top + rows * row + 8), places, top


def _legend_rows(names: Sequence[str], narrow: bool) -> int:
    return 1 + max((row for _, row in _legend_places(names, NARROW if narrow else WIDE)), default=-1)


def _legend_places(names: Sequence[str], width: float) -> list[tuple[float, int]]:
    """Left end and row of each entry of the legend."""
    places: list[tuple[float, int]] = []
    x, row = 2.0, 0
    for name in names:
        needed = 46 + svg.width_of(name, 13)
        if x + needed > width and x > 2.0:
            x, row = 2.0, row + 1
        places.append((x, row))
        x += needed + 14
    return places


def _legend(figure: Figure, names: Sequence[str], styles: dict[str, tuple[str, str]]) -> None:
    from matplotlib.lines import Line2D

    width, height = figure.get_size_inches() * 72
    for name, (x, row) in zip(names, _legend_places(names, width), strict=True):
        ink, shape = styles[name]
        y = 1 - (12 + 22 * row) / height
        xs = [x / width, (x + 14) / width, (x + 28) / width]
        figure.add_artist(Line2D(xs, [y] * 3, color=ink, marker=shape, markevery=[1], markersize=7, linewidth=2))
        say(figure, x + 36, 16.5 + 22 * row, name, size=13)


def _titled(figure: Figure, panel: Panel, left: float, y: float) -> None:
    say(figure, left, y + 8, panel.title, size=14, bold=True)
    say(figure, left + 2, y + 24, panel.what, size=11.5, colour=svg.MUTED)


def _under(figure: Figure, left: float, top: float, width: float, words: str) -> None:
    """The name of a panel's horizontal axis."""
    say(
        figure,
        left + TICKS + (width - TICKS - 50) / 2,
        top + 34 + PLOT_HEIGHT + 38,
        words,
        ha="center",
        colour=svg.MUTED,
    )


def _course_axes(ax: Axes, panel: Panel) -> None:
    scale = 100 if panel.in_percent else 1
    values = [v for s in panel.series for p in s.points for v in (p.value, p.low, p.high) if v is not None]
    ends = [scale * v for v in values] or [0.0, 1.0]
    if panel.in_percent:
        top = min(100.0, nice_ceiling(max(ends) + 2, 20))
        ax.set_ylim(0, top)
        ax.set_yticks(range(0, int(top) + 1, 20))
    else:
        room = 0.1 * (max(ends) - min(ends) or 1.0)
        ax.set_ylim(min(ends) - room, max(ends) + room)
        ax.locator_params(axis="y", nbins=5)
    span = panel.ticks[-1][0] - panel.ticks[0][0] or 1.0
    ax.set_xlim(panel.ticks[0][0] - 0.06 * span, panel.ticks[-1][0] + 0.05 * span)
    ax.set_xticks([x for x, _ in panel.ticks], _thinned(panel.ticks, span))
    ax.grid(axis="y", color=GRID, linewidth=1)


def _thinned(ticks: Sequence[tuple[float, str]], span: float) -> list[str]:
    """Labels of ticks, those left out that would run into their neighbour."""
    shown: list[str] = []
    last = -float("inf")
    for x, text in ticks:
        free = x - last > 0.06 * span
        shown.append(text if free else "")
        last = x if free else last
    return shown


def _line(ax: Axes, series: Series, ink: str, shape: str, *, shift: float, scale: float) -> None:
    xs = [p.x + shift for p in series.points]
    ax.plot(
        xs, [scale * p.value for p in series.points], color=ink, marker=shape, markersize=6.5, linewidth=2, zorder=3
    )
    for x, point in zip(xs, series.points, strict=True):
        if point.low is not None and point.high is not None:
            ax.plot([x, x], [scale * point.low, scale * point.high], color=ink, linewidth=1.3, alpha=0.75, zorder=2)


def _last_values(ax: Axes, panel: Panel, inks: dict[str, str]) -> None:
    """The last value of each line in words, moved apart where they would overlap."""
    scale = 100 if panel.in_percent else 1
    last: list[tuple[Point, str]] = [(s.points[-1], s.name) for s in panel.series if s.points]
    low, high = ax.get_ylim()
    free = (high - low) * 15 / PLOT_HEIGHT
    heights = spread([scale * p.value for p, _ in last], free)
    right = ax.get_xlim()[1]
    for (point, name), y in zip(last, heights, strict=True):
        words = f"{fixed(scale * point.value, 1)}{'%' if panel.in_percent else ''}"
        ax.text(
            right,
            y,
            words,
            color=inks[name],
            fontsize=12,
            fontweight="bold",
            va="center_baseline",
            ha="left",
            clip_on=False,
        )


def spread(values: Sequence[float], least: float) -> list[float]:
    """Places near the values, in their order, at least so far apart."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    groups = [[values[i]] for i in order]
    merged: list[list[float]] = []
    for group in groups:
        merged.append(group)
        while len(merged) > 1 and _low(merged[-1], least) - _high(merged[-2], least) < least:
            last = merged.pop()
            merged[-1] = merged[-1] + last
    placed = [y for group in merged for y in (_low(group, least) + k * least for k in range(len(group)))]
    result = [0.0] * len(values)
    for index, y in zip(order, placed, strict=True):
        result[index] = y
    return result


def _low(group: Sequence[float], least: float) -> float:
    return sum(group) / len(group) - least * (len(group) - 1) / 2


def _high(group: Sequence[float], least: float) -> float:
    return sum(group) / len(group) + least * (len(group) - 1) / 2


def curves(panels: Sequence[Panel], narrow: bool, *, name: str, label: str, mark: bool) -> Drawing:
    """Power over trial size: a panel a control rate, a line a difference, labelled at its end."""
    figure, places, top = _laid_out(len(panels), narrow, 0)
    for panel, (left, y, width) in zip(panels, places, strict=True):
        _titled(figure, panel, left, y + top)
        ax = axes(figure, left + TICKS, y + top + 34, width - TICKS - 50, PLOT_HEIGHT)
        ends = [x for x, _ in panel.ticks]
        span = ends[-1] - ends[0] or 1.0
        ax.set_xlim(ends[0] - 0.05 * span, ends[-1] + 0.05 * span)
        ax.set_ylim(0, 102)
        ax.set_yticks(range(0, 101, 20))
        ax.set_xticks(ends, _thinned_wide(panel.ticks, span, width - 84))
        ax.grid(axis="y", color=GRID, linewidth=1)
        shades = _shades(len(panel.series))
        for series, ink in zip(panel.series, shades, strict=True):
            _line(ax, series, ink, "o", shift=0, scale=100)
        _ends(ax, panel, shades)
        _under(figure, left, y + top, width, "N randomised")
    return drawing(figure, name, label=label, mark=mark)


def _thinned_wide(ticks: Sequence[tuple[float, str]], span: float, width: float) -> list[str]:
    shown: list[str] = []
    end = -float("inf")
    for x, text in ticks:
        half = svg.width_of(text, 12) / 2 / width * span
        free = x - half > end
        shown.append(text if free else "")
        end = x + half + 4 / width * span if free else end
    return shown


def _shades(count: int) -> list[str]:
    return [SHADES[min(i, len(SHADES) - 1)] for i in range(count)]


def _ends(ax: Axes, panel: Panel, inks: Sequence[str]) -> None:
    """Each line's name at its right end."""
    shown = [(s, ink) for s, ink in zip(panel.series, inks, strict=True) if s.points]
    heights = spread([100 * s.points[-1].value for s, _ in shown], 102 * 15 / PLOT_HEIGHT)
    right = ax.get_xlim()[1]
    for (series, ink), y in zip(shown, heights, strict=True):
        ax.text(right, y, f" {series.name}", color=ink if ink != SHADES[0] else svg.MUTED, fontsize=12,
                fontweight="bold", va="center_baseline", ha="left", clip_on=False)  # fmt: skip
