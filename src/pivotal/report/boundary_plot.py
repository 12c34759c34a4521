"""Events against a boundary: the planned line, the looks that were reached, and the present."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pivotal.report import svg
from pivotal.report.canvas import GRID, PALETTE, axes, canvas, drawing, say
from pivotal.report.document import Drawing
from pivotal.report.plots import NARROW, WIDE

HEIGHT = {False: 270.0, True: 230.0}
TOP = {False: 46.0, True: 62.0}
LINE = "#a3264f"
ROOM = 1.12


@dataclass(frozen=True, slots=True)
class Look:
    """Information and events at a look, the events that stop there, and whether they cross."""

    information: float
    events: float
    stop: float | None
    crossed: bool


def boundary_plot(
    planned: Sequence[tuple[float, float]],
    looks: Sequence[Look],
    now: Look | None,
    *,
    unit: str,
    narrow: bool,
    name: str,
    label: str,
    mark: bool,
) -> Drawing:
    """The boundary as (look, events that stop) in points and a dashed line, what was seen as a solid line.

    The boundary at the present information is one of its points. A look at which so many events cannot be had (more
    events than patients) is not drawn.
    """
    from matplotlib.ticker import MaxNLocator

    width, height, top = (NARROW if narrow else WIDE), HEIGHT[narrow], TOP[narrow]
    figure = canvas(width, top + height + 52)
    ax = axes(figure, 40, top, width - 54, height)
    seen = [*looks, *([now] if now is not None else [])]
    line = [*planned, *([(now.information, now.stop)] if now is not None and now.stop is not None else [])]
    drawn = [(look, stop) for look, stop in sorted(line) if unit == "patient-years" or stop <= look]
    right = max([look for look, _ in planned] + [look.information for look in seen])
    ax.set_xlim(0, 1.03 * right)
    ax.set_ylim(0, ROOM * max([stop for _, stop in drawn] + [look.events for look in seen] + [1.0]))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    ax.xaxis.set_major_locator(MaxNLocator(nbins=4 if narrow else 8, integer=True))
    ax.grid(axis="y", color=GRID, linewidth=1)
    ax.plot(
        [look for look, _ in drawn], [stop for _, stop in drawn], color=LINE, linewidth=1.6,
        linestyle=(0, (4, 3)), marker="_", markersize=9, markeredgewidth=2, zorder=2,
    )  # fmt: skip
    path = [(0.0, 0.0), *((look.information, look.events) for look in seen)]
    ax.plot([x for x, _ in path], [y for _, y in path], color=PALETTE[0], linewidth=1.8, zorder=3)
    for look in seen:
        present = look is now
        ax.plot(
            [look.information], [look.events], linestyle="none", marker="D" if present else "o",
            markersize=9 if present else 6, color=PALETTE[0], zorder=4, clip_on=False,
            markerfacecolor=LINE if look.crossed else PALETTE[0] if present else "#ffffff", markeredgewidth=1.6,
        )  # fmt: skip
    _legend(figure, narrow, any(look.crossed for look in seen))
    say(figure, 2, top - 8, "Events", size=12, colour=svg.MUTED)
    unit = "Events of both arms" if unit == "events" else unit.capitalize()
    say(figure, 40 + (width - 54) / 2, top + height + 42, unit, ha="center", size=12, colour=svg.MUTED)
    return drawing(figure, name, label=label, mark=mark)


def _legend(figure: object, narrow: bool, crossed: bool) -> None:
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    assert isinstance(figure, Figure)
    width, height = figure.get_size_inches() * 72
    entries = [
        ("boundary", {"color": LINE, "linestyle": (0, (4, 3))}),
        ("planned look", {"color": PALETTE[0], "marker": "o", "markerfacecolor": "#ffffff"}),
        ("now", {"color": PALETTE[0], "marker": "D", "markerfacecolor": PALETTE[0]}),
    ]
    if crossed:
        entries.append(("crossed", {"color": LINE, "marker": "o", "linestyle": "none"}))
    x, y = 2.0, 14.0
    for words, look in entries:
        needed = 34 + svg.width_of(words, 12.5)
        if narrow and x + needed > width:
            x, y = 2.0, y + 20
        ends = [x / width, (x + 12) / width, (x + 24) / width]
        line = Line2D(ends, [1 - (y - 4) / height] * 3, linewidth=1.8, markersize=6, markevery=[1], **look)  # type: ignore[arg-type]
        figure.add_artist(line)
        say(figure, x + 30, y, words, size=12.5)
        x += needed + 16
