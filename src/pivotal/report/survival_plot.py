"""Step curves of survival or of cumulative incidence as a figure, the patients at risk below."""

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
    """An arm's curve: day and share from that day on, without the event or with it; day and patients at risk."""

    name: str
    steps: tuple[tuple[float, float], ...]
    at_risk: tuple[tuple[float, float], ...]


def survival_plot(
    curves: Sequence[Curve],
    narrow: bool,
    *,
    control: int | None,
    name: str,
    label: str,
    rising: bool = False,
    mark: bool = False,
) -> Drawing:
    """Step curves in percent over days, falling from 100% or `rising` from 0, and a row of numbers at risk an arm."""
    from matplotlib.lines import Line2D

    width = NARROW if narrow else WIDE
    left, right = 44.0, 14.0
    legend = ROW * len(curves) + 8
    below = 46 + (2 * ROW - 4) * len(curves) + 22
    legend += ROW
    figure = canvas(width, legend + HEIGHT + below)
    height = legend + HEIGHT + below
    for place, curve in enumerate(curves):
        y = 1 - (12 + ROW * place) / height
        figure.add_artist(Line2D([2 / width, 26 / width], [y, y], color=colour(place, control), linewidth=2.4))
        say(figure, 34, 16 + ROW * place, curve.name, size=13)
    words = "Patients with the event" if rising else "Patients without the event"
    say(figure, 2, legend - 2, words, size=12, colour=svg.MUTED)
    ax = axes(figure, left, legend + 8, width - left - right, HEIGHT - 16)
    days = [day for curve in curves for day, _ in (*curve.steps, *curve.at_risk)]
    ax.set_xlim(0, max(days, default=1.0))
    top, between = _height(curves) if rising else (100, 20)
    ax.set_ylim(0, 1.02 * top)
    ax.set_yticks(range(0, top + 1, between), [f"{share}%" for share in range(0, top + 1, between)])
    ticks = [day for day, _ in curves[0].at_risk] if curves else []
    shown = ticks[::2] if narrow and len(ticks) > 6 else ticks
    ax.set_xticks(shown, [f"{day:g}" for day in shown])
    ax.grid(axis="y", color=GRID, linewidth=1)
    for place, curve in enumerate(curves):
        xs = [0.0, *(day for day, _ in curve.steps)]
        ys = [0.0 if rising else 100.0, *(100 * share for _, share in curve.steps)]
        ax.step(xs, ys, where="post", color=colour(place, control), linewidth=2)
    base = legend + HEIGHT + 30
    say(figure, left + (width - left - right) / 2, base, "Days", ha="center", colour=svg.MUTED)
    say(figure, 2, base + ROW, "At risk", size=12, colour=svg.MUTED)
    span = max(days, default=1.0)
    y = base + ROW
    for place, curve in enumerate(curves):
        y += ROW - 2
        say(figure, 2, y, curve.name, size=11, colour=colour(place, control))
        y += ROW - 4
        for day, number in curve.at_risk:
            if day in shown:
                x = left + (width - left - right) * day / span
                say(figure, x, y, f"{number:.0f}", size=12, ha="center", colour=colour(place, control))
    return drawing(figure, name, label=label, mark=mark)


def _height(curves: Sequence[Curve]) -> tuple[int, int]:
    """A round percentage above all curves, and the distance of its ticks."""
    most = 100 * max((share for curve in curves for _, share in curve.steps), default=0.0)
    for top, between in ((5, 1), (10, 2), (20, 5), (30, 5), (40, 10), (60, 10)):
        if most <= top:
            return top, between
    return 100, 20
