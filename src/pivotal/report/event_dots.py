"""The adverse-event dot plot: percentages of two arms by term, and beside them the risk difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from pivotal.report import svg
from pivotal.report.canvas import CONTROL_COLOUR, GRID, PALETTE, axes, canvas, drawing, say
from pivotal.report.document import Drawing
from pivotal.report.plots import NARROW, WIDE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW = 22.0
NARROW_ROW = 36.0
TOP = 62.0
LEAST = 0.1
"""The shortest axis, as a proportion."""


@dataclass(frozen=True, slots=True)
class EventDots:
    """One term: proportions of the arm and its comparator, their difference with its limits; NaN is not drawn."""

    term: str
    one: float
    other: float
    difference: float
    low: float
    high: float


def event_dots(
    rows: Sequence[EventDots], *, arm: str, comparator: str, narrow: bool, name: str, label: str, mark: bool
) -> Drawing:
    """Terms from the largest difference down; on narrow pages a term stands above its dots."""
    width, row = (NARROW, NARROW_ROW) if narrow else (WIDE, ROW)
    body = row * max(len(rows), 1)
    figure = canvas(width, TOP + body + 62)
    left = 8.0 if narrow else 300.0
    each = (width - left - 34) / 2
    rates = axes(figure, left, TOP, each, body)
    differences = axes(figure, left + each + 26, TOP, each, body)
    for index, dots in enumerate(rows):
        middle = body - row * index - (row - 11 if narrow else row / 2)
        _pair(rates, dots, middle)
        _difference(differences, dots, middle)
        y = TOP + row * index + (13 if narrow else row / 2 + 4)
        room = width - 16 if narrow else left - 14
        say(figure, 4 if narrow else left - 10, y, svg.fitted(dots.term, room, 12), size=12,
            ha="left" if narrow else "right", backed=narrow)  # fmt: skip
    most = max(_known([share for d in rows for share in (d.one, d.other)]), default=0.0) or LEAST
    _scaled(rates, body, 0.0, 100 * most * 1.08)
    reach = [
        100 * min(_known([d.low for d in rows]), default=0.0),
        100 * max(_known([d.high for d in rows]), default=0.0),
    ]
    reach[1] = reach[1] if reach[1] > reach[0] else reach[0] + 100 * LEAST
    pad = 0.05 * (reach[1] - reach[0])
    _scaled(differences, body, min(reach[0] - pad, 0.0), max(reach[1] + pad, 0.0))
    differences.axvline(0, color=svg.FAINT, linewidth=1)
    _legend(figure, arm, comparator, narrow)
    for x, words in ((left + each / 2, "% of patients"), (left + 1.5 * each + 26, "Risk difference, points")):
        say(figure, x, TOP + body + 42, words, size=12, ha="center", colour=svg.MUTED)
    return drawing(figure, name, label=label, mark=mark)


def _known(values: Sequence[float]) -> list[float]:
    return [value for value in values if isfinite(value)]


def _pair(ax: Axes, dots: EventDots, y: float) -> None:
    ax.plot([100 * dots.one, 100 * dots.other], [y, y], color=GRID, linewidth=2, zorder=1)
    ax.plot([100 * dots.other], [y], "o", color=CONTROL_COLOUR, markersize=7, zorder=3)
    ax.plot([100 * dots.one], [y], "s", color=PALETTE[0], markersize=7, zorder=3)


def _difference(ax: Axes, dots: EventDots, y: float) -> None:
    ax.plot([100 * dots.low, 100 * dots.high], [y, y], color=PALETTE[0], linewidth=1.6)
    ax.plot([100 * dots.difference], [y], "s", color=PALETTE[0], markersize=6)


def _scaled(ax: Axes, body: float, low: float, high: float) -> None:
    ax.set_xlim(low, high)
    ax.set_ylim(0, body)
    ax.set_yticks([])
    ax.locator_params(axis="x", nbins=5)
    ax.xaxis.grid(True, color=GRID)


def _legend(figure: object, arm: str, comparator: str, narrow: bool) -> None:
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    assert isinstance(figure, Figure)
    width, height = figure.get_size_inches() * 72
    for row, (words, ink, shape) in enumerate(((arm, PALETTE[0], "s"), (comparator, CONTROL_COLOUR, "o"))):
        x, y = (8.0, 14.0 + 20 * row) if narrow else (300.0 + 300 * row, 18.0)
        artist = Line2D([x / width], [1 - (y - 4) / height], color=ink, marker=shape, markersize=7, linewidth=0)
        figure.add_artist(artist)
        say(figure, x + 12, y, words, size=12.5)
