"""Peak transaminase against peak bilirubin, both in multiples of the upper limit of normal (eDISH)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pivotal.report import svg
from pivotal.report.canvas import GRID, axes, canvas, colour, drawing, marker, say
from pivotal.report.document import Drawing
from pivotal.report.format import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE, NARROW = 760.0, 370.0
HEIGHTS = {False: 470.0, True: 380.0}
TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)
LEAST = (0.1, 10.0)
"""The axes reach at least from here to there."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """The patients of one arm: their peaks."""

    arm: str
    transaminase: Sequence[float]
    bilirubin: Sequence[float]
    control: bool = False


def edish(
    clouds: Sequence[Cloud],
    *,
    above: tuple[float, float],
    corners: Mapping[str, str],
    names: tuple[str, str],
    narrow: bool,
    name: str,
    label: str,
    mark: bool,
) -> Drawing:
    """The scatter with its quadrants; `above` are the thresholds, `corners` the words of each quadrant with its count.

    `corners` has, in order, the lower left, the upper left, the lower right and the upper right.
    """
    width, height = (NARROW, HEIGHTS[True]) if narrow else (WIDE, HEIGHTS[False])
    size = 11.5 if narrow else 13.0
    heads = _rows([cloud.arm for cloud in clouds], width, size)
    top, left, room = 22.0 * (heads[-1][1] + 1) + 22.0, 52.0, 56.0
    figure = canvas(width, height + top - 30)
    ax = axes(figure, left, top, width - left - 12, height - room - 30)
    control = next((n for n, cloud in enumerate(clouds) if cloud.control), None)
    _limits(ax, clouds, above)
    for value, line in zip(above, (ax.axvline, ax.axhline), strict=True):
        line(value, color=svg.MUTED, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
    for n, cloud in enumerate(clouds):
        ink, shape = colour(n, control), marker(n, control)
        ax.plot(
            cloud.transaminase, cloud.bilirubin, linestyle="none", marker=shape, markersize=5.5, color=ink,
            markerfacecolor="none", markeredgewidth=1.3, zorder=3, clip_on=False,
        )  # fmt: skip
        _legend(figure, cloud.arm, heads[n], ink, shape, size)
    _corners(ax, corners, above, 10.5 if narrow else 12.0)
    bottom = height + top - 30 - 8
    say(figure, left + (width - left - 12) / 2, bottom, names[0], ha="center", colour=svg.MUTED, size=size)
    say(figure, 2, top - 10, names[1], colour=svg.MUTED, size=size)
    return drawing(figure, name, label=label, mark=mark)


def _limits(ax: Axes, clouds: Sequence[Cloud], above: tuple[float, float]) -> None:
    """Logarithmic axes, wide enough for the patients and for the words in the corners."""
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.minorticks_off()
    for index, (threshold, direction) in enumerate(zip(above, ("x", "y"), strict=True)):
        values = [v for cloud in clouds for v in (cloud.transaminase, cloud.bilirubin)[index] if v > 0]
        low = min([*values, LEAST[0]]) / 1.15
        high = max([*values, LEAST[1], threshold * (8 if index == 0 else 3)]) * 1.3
        ticks = [t for t in TICKS if low <= t <= high]
        set_limits, set_ticks = (ax.set_xlim, ax.set_xticks) if index == 0 else (ax.set_ylim, ax.set_yticks)
        set_limits(low, high)
        set_ticks(ticks, [plain(t) for t in ticks])
        ax.grid(axis="x" if direction == "x" else "y", color=GRID, linewidth=1)


def _corners(ax: Axes, corners: Mapping[str, str], above: tuple[float, float], size: float) -> None:
    """What each quadrant is called, in the corner that is farthest from the patients of the others."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    places = (
        (left * 1.06, low * 1.12, "left", "bottom"),
        (left * 1.06, high / 1.06, "left", "top"),
        (right / 1.04, low * 1.12, "right", "bottom"),
        (right / 1.04, high / 1.06, "right", "top"),
    )
    for (words, count), (x, y, across, along) in zip(corners.items(), places, strict=True):
        text = f"{words}\n{count}"
        ax.text(x, y, text, fontsize=size, ha=across, va=along, color=svg.INK, linespacing=1.35, zorder=5,
                bbox={"facecolor": "#ffffff", "edgecolor": "none", "alpha": 0.75, "pad": 1.5})  # fmt: skip


def _rows(names: Sequence[str], width: float, size: float) -> list[tuple[float, int]]:
    """Where each name of the legend stands: its left edge, and its row."""
    places, x, row = [], 2.0, 0
    for name in names:
        needed = 22 + svg.width_of(name, size)
        if x > 2.0 and x + needed > width:
            x, row = 2.0, row + 1
        places.append((x, row))
        x += needed + 18
    return places


def _legend(figure: Figure, name: str, place: tuple[float, int], ink: str, shape: str, size: float) -> None:
    from matplotlib.lines import Line2D

    width, height = figure.get_size_inches() * 72
    x, y = place[0], 12 + 22 * place[1]
    sign = Line2D(
        [(x + 6) / width], [1 - y / height], linestyle="none", marker=shape, markersize=7, color=ink,
        markerfacecolor="none", markeredgewidth=1.5,
    )  # fmt: skip
    figure.add_artist(sign)
    say(figure, x + 18, y + 4.5, name, size=size)
