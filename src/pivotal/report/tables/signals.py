"""The screen over all terms (volcano plot and list), and the dot plot of two arms with risk differences."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import isnan, nan
from typing import Any

from pivotal.report.document import Block, Column, Figure, Line, Table
from pivotal.report.format import DASH, fixed, p_value, percent
from pivotal.report.rounding import printed
from pivotal.report.tables.layout import Found, caption, drawings, laid_out
from pivotal.study.signal_tables import EventDotPlot, SignalScreen, TwoArmEvents

Record = Mapping[str, Any]
Term = tuple[str, str]


@laid_out.register
def signal_screen(table: SignalScreen, found: Found) -> list[Block]:
    """The volcano plot, and the flagged terms with those next to them."""
    return [_volcano(table, found), _list(table, found)]


@laid_out.register
def event_dot_plot(table: EventDotPlot, found: Found) -> Figure:
    """Two panels: percentages of both arms, and the risk difference."""
    from pivotal.report.event_dots import EventDots, event_dots

    rows = _by_term(found)
    dots = [
        EventDots(
            _sentence(term),
            _drawn(_of(rows, key, "rate", table.arm)),
            _drawn(_of(rows, key, "rate", table.comparator)),
            *(_drawn(_of(rows, key, s)) for s in ("estimate", "ci_low", "ci_high")),
        )
        for key in rows
        for _, term in [key]
    ]
    dots.sort(key=lambda d: (isnan(d.difference), -d.difference if not isnan(d.difference) else 0.0))
    label = f"Adverse events in percent of patients, {table.arm} and {table.comparator}, and their risk difference"

    draw = partial(event_dots, dots, arm=table.arm, comparator=table.comparator, label=label, mark=found.simulated)
    notes = (
        f"Terms that at least {percent(table.at_least, 0)} of either arm have, by risk difference. Bars: "
        f"{percent(table.level, 0)} Miettinen-Nurminen intervals, not adjusted for the number of terms.",
        *table.footnotes,
    )
    return Figure(f"figure-{table.id}", caption(table, "Figure"), *drawings(f"dots-{table.id}", draw), notes)


def _least(p: float | None) -> float:
    return 1.0 if p is None else p


def _drawn(value: float | None) -> float:
    """A number to be drawn; NaN, which is not, where there is none."""
    return nan if value is None else value


def _by_term(found: Found) -> dict[Term, list[Record]]:
    rows: dict[Term, list[Record]] = {}
    for record in found.records:
        rows.setdefault((record["groups"]["class"], record["groups"]["term"]), []).append(record)
    return rows


def _of(rows: dict[Term, list[Record]], key: Term, statistic: str, arm: str | None = None) -> float | None:
    for record in rows[key]:
        if record["statistic"] == statistic and (arm is None or record["arm"] == arm):
            return None if record["value"] is None else float(record["value"])
    return None


def _sentence(term: str) -> str:
    """Terms in capitals, as old dictionaries print them, as a sentence."""
    return term.capitalize() if term.isupper() else term


def _volcano(table: SignalScreen, found: Found) -> Figure:
    from pivotal.report.volcano import Term as Circle
    from pivotal.report.volcano import volcano

    rows = _by_term(found)
    circles = [
        Circle(
            _sentence(key[1]),
            difference,
            p,
            int((_of(rows, key, "n", table.arm) or 0) + (_of(rows, key, "n", table.comparator) or 0)),
            bool(_of(rows, key, "rejected")),
        )
        for key in rows
        if (difference := _of(rows, key, "estimate")) is not None and (p := _of(rows, key, "p")) is not None
    ]
    label = f"Risk difference and p-value of {len(circles)} terms, {table.arm} against {table.comparator}"

    draw = partial(volcano, circles, arm=table.arm, comparator=table.comparator, label=label, mark=found.simulated)
    many = sum(circle.flagged for circle in circles)
    notes = (
        f"{len(rows)} terms, {many} flagged (filled) by the double false discovery rate: classes at "
        f"{percent(table.alpha_class, 0)}, terms at {percent(table.alpha_term, 0)}. Areas grow with the "
        "number of patients. A flag is a reason to look, not a finding.",
    )
    return Figure(f"figure-{table.id}", caption(table, "Figure"), *drawings(f"volcano-{table.id}", draw), notes)


def _list(table: TwoArmEvents, found: Found) -> Table:
    assert isinstance(table, SignalScreen)
    rows = _by_term(found)
    ranked = sorted(rows, key=lambda key: (not _of(rows, key, "rejected"), _least(_of(rows, key, "p"))))
    flagged = sum(bool(_of(rows, key, "rejected")) for key in rows)
    shown = ranked[: max(table.most, flagged)]
    n = {arm: _first(rows, "N", arm) for arm in (table.arm, table.comparator)}
    lines = [Line(_cells(table, rows, key)) for key in shown]
    columns = (
        Column("Term", wide=True), Column("Class", wide=True),
        *(Column(f"{arm} (N={count:.0f})", number=True) for arm, count in n.items()),
        Column("Risk difference, points (interval)", number=True), Column("p", number=True),
        Column("Adjusted\u00a0p", number=True), Column("Flag"),
    )  # fmt: skip
    rest = len(ranked) - len(shown)
    notes = (f"By p-value; {rest} further terms are in the results file.",) if rest else ()
    return Table(f"table-{table.id}", caption(table), columns, tuple(lines), (*notes, *table.footnotes))


def _first(rows: dict[Term, list[Record]], statistic: str, arm: str) -> float:
    return next((v for key in rows if (v := _of(rows, key, statistic, arm)) is not None), 0.0)


def _cells(table: SignalScreen, rows: dict[Term, list[Record]], key: Term) -> tuple[str, ...]:
    counts = []
    for arm in (table.arm, table.comparator):
        x, rate = _of(rows, key, "n", arm), _of(rows, key, "rate", arm)
        counts.append(DASH if x is None or rate is None else f"{x:.0f} ({printed(100 * rate, 1)}%)")
    difference, low, high = (_of(rows, key, s) for s in ("estimate", "ci_low", "ci_high"))
    shown = DASH
    if difference is not None and low is not None and high is not None:
        shown = f"{fixed(100 * difference, 1)} ({fixed(100 * low, 1)} to {fixed(100 * high, 1)})"
    p, adjusted = _of(rows, key, "p"), _of(rows, key, "p_adjusted")
    return (
        _sentence(key[1]), _sentence(key[0]), *counts, shown,
        DASH if p is None else p_value(p), DASH if adjusted is None else p_value(adjusted),
        "flagged" if _of(rows, key, "rejected") else "",
    )  # fmt: skip
