"""The volcano plot: each term by its risk difference and its p-value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pivotal.report import svg
from pivotal.report.canvas import GRID, PALETTE, axes, canvas, drawing, say
from pivotal.report.document import Drawing
from pivotal.report.format import plain
from pivotal.report.plots import NARROW, WIDE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = {False: 400.0, True: 330.0}
PLAIN = "#9aa3af"
LEAST_P = 1e-12
"""The smallest p-value that has a height of its own."""
MOST_NAMED = {False: 14, True: 6}


@dataclass(frozen=True, slots=True)
class Term:
    """One term: risk difference (a proportion), p-value, patients with it in both arms, whether it is flagged."""

    name: str
    difference: float
    p: float
    patients: int
    flagged: bool


def volcano(
    terms: Sequence[Term], *, arm: str, comparator: str, narrow: bool, name: str, label: str, mark: bool
) -> Drawing:
    """Terms as circles whose area is the number of patients; flagged ones are filled and named."""
    width, height = (NARROW if narrow else WIDE), HEIGHT[narrow]
    figure = canvas(width, height + (112 if narrow else 90))
    ax = axes(figure, 40, 34, width - 52, height)
    reach = 1.15 * max((100 * abs(t.difference) for t in terms), default=1.0) or 1.0
    top = 1.08 * max((_height(t.p) for t in terms), default=1.0) or 1.0
    ax.set_xlim(-reach, reach)
    ax.set_ylim(0, top)
    ax.axvline(0, color=svg.FAINT, linewidth=1)
    powers = [k for k in range(0, math.ceil(top) + 1, max(1, math.ceil(top / 6))) if k <= top]
    ax.set_yticks(powers, [plain(10.0**-k) for k in powers])
    ax.yaxis.grid(True, color=GRID)
    most = max((t.patients for t in terms), default=1)
    for flagged in (False, True):
        ink = PALETTE[1] if flagged else PLAIN
        shown = [t for t in terms if t.flagged == flagged]
        ax.scatter(
            [100 * t.difference for t in shown], [_height(t.p) for t in shown],
            s=[20 + 180 * t.patients / most for t in shown], facecolors=ink if flagged else "none",
            edgecolors=ink, linewidths=1.2, alpha=0.85, zorder=3,
        )  # fmt: skip
    _names(ax, terms, narrow, reach)
    say(figure, 2, 18, "p, Fisher's exact test", size=12, colour=svg.MUTED)
    say(figure, 40, height + 72, f"← more on {comparator}", size=12, colour=svg.MUTED)
    say(figure, width - 12, height + (88 if narrow else 72), f"more on {arm} →", size=12, ha="right", colour=svg.MUTED)
    if not narrow:
        middle = 40 + (width - 52) / 2
        say(figure, middle, height + 72, "Risk difference, percentage points", size=12, ha="center", colour=svg.MUTED)
    return drawing(figure, name, label=label, mark=mark)


def _height(p: float) -> float:
    return -math.log10(max(p, LEAST_P))


def _names(ax: Axes, terms: Sequence[Term], narrow: bool, reach: float) -> None:
    """Names of the flagged terms with the smallest p-values, set apart where they would cover each other."""
    flagged = sorted((t for t in terms if t.flagged), key=lambda t: t.p)[: MOST_NAMED[narrow]]
    size = 10.5 if narrow else 11.5
    per_point = (ax.get_ylim()[1]) / HEIGHT[narrow]
    taken: list[float] = []
    for term in flagged:
        y = _height(term.p)
        while any(abs(y - other) < 1.25 * size * per_point for other in taken):
            y -= 0.5 * size * per_point
        taken.append(y)
        left = term.difference > 0
        gap = 0.03 * reach + 0.0
        x = 100 * term.difference + (-gap if left else gap)
        room = (NARROW if narrow else WIDE) * (0.42 if narrow else 0.36)
        ax.text(
            x, y, svg.fitted(term.name, room, size).replace("$", r"\$"), fontsize=size, va="center",
            ha="right" if left else "left", color=svg.INK, zorder=4,
        )  # fmt: skip
