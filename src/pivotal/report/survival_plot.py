"""Kaplan-Meier curves as a figure, the patients at risk below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pivotal.report import svg
from pivotal.report.canvas import GRID, axes, canvas, colour, drawing, say
from pivotal.report.document import Drawing

WIDE, NARROW = 760.0, 370.0
HEIGHT, ROW = 300.0, 19.0


@dataclass(frozen=True, slots=True)
class Curve:
    """An arm's curve: day and share without the event from that day on; day and patients at risk."""

    name: str
    steps: tuple[tuple[float, float], ...]
    at_risk: tuple[tuple[float, float], ...]


def survival_plot(curves: Sequence[Curve], narrow: bool, *, control: int, name: str, label: str) -> Drawing:
    """Step curves in percent over days, and a row of numbers at risk an arm."""
    from matplotlib.lines import Line2D

    width = NARROW if narrow else WIDE
    left, right = 44.0, 14.0
    legend = ROW * len(curves) + 8
    below = 46 + (ROW + (ROW - 4 if narrow else 0)) * len(curves) + 22
    figure = canvas(width, legend + HEIGHT + below)
    height = legend + HEIGHT + below
    for place, curve in enumerate(curves):
        y = 1 - (12 + ROW * place) / height
        figure.add_artist(Line2D([2 / width, 26 / width], [y, y], color=colour(place, control), linewidth=2.4))
        say(figure, 34, 16 + ROW * place, curve.name, size=13)
    ax = axes(figure, left, legend + 8, width - left - right, HEIGHT - 16)
    days = [day for curve in curves for day, _ in (*curve.steps, *curve.at_risk)]
    ax.set_xlim(0, max(days, default=1.0))
    ax.set_ylim(0, 102)
    ax.set_yticks(range(0, 101, 20), [f"{share}%" for share in range(0, 101, 20)])
    ticks = [day for day, _ in curves[0].at_risk] if curves else []
    shown = ticks[::2] if narrow and len(ticks) > 6 else ticks
    ax.set_xticks(shown, [f"{day:g}" for day in shown])
    ax.grid(axis="y", color=GRID, linewidth=1)
    for place, curve in enumerate(curves):
        xs = [0.0, *(day for day, _ in curve.steps)]
        ys = [100.0, *(100 * share for _, share in curve.steps)]
        ax.step(xs, ys, where="post", color=colour(place, control), linewidth=2)
    base = legend + HEIGHT + 30
    say(figure, left + (width - left - right) / 2, base, "Days", ha="center", colour=svg.MUTED)
    say(figure, 2, base + ROW, "At risk", size=12, colour=svg.MUTED)
    span = max(days, default=1.0)
    y = base + ROW
    for place, curve in enumerate(curves):
        y += ROW if not narrow else ROW - 2
        if narrow:
            say(figure, 2, y, curve.name, size=11, colour=colour(place, control))
            y += ROW - 4
        for day, number in curve.at_risk:
            if day in shown:
                x = left + (width - left - right) * day / span
                say(figure, x, y, f"{number:.0f}", size=12, ha="center", colour=colour(place, control))
    return drawing(figure, name, label=label, mark=False)
