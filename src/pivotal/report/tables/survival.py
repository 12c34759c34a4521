"""Survival laid out: the curves as a figure, events and medians as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from pivotal.report.bundle import Bundle
from pivotal.report.document import Column, Figure, Line, Table
from pivotal.report.tables.layout import Found, caption, drawings, laid_out, notes, records_of
from pivotal.report.tables.words import NOTHING, number, p_said
from pivotal.study.endpoint_tables import SurvivalCurves, SurvivalTimes

NOT_REACHED = "not reached"


@laid_out.register
def survival_times(table: SurvivalTimes, found: Found) -> Table:
    """A line an arm: events, median with its limits; the test of all arms under the table."""
    lines = []
    for arm in found.arms():
        n, total, median, low, high = (
            found.value(arm=arm, statistic=s) for s in ("n", "N", "median", "ci_low", "ci_high")
        )
        shown = NOT_REACHED if median is None else number(median, 0)
        limits = NOTHING if low is None and high is None else f"{_limit(low)} to {_limit(high)}"
        lines.append(Line((arm, number(n, 0), number(total, 0), shown, limits)))
    columns = (
        Column("Arm", wide=True),
        Column("Events", number=True),
        Column("N", number=True),
        Column("Median, days", number=True),
        Column("95% CI", number=True),
    )
    p = found.value(statistic="p", method="log-rank")
    test = f"Log-rank test of all arms: {p_said(p)}."
    return Table(f"table-{table.id}", caption(table), columns, tuple(lines), (test, *notes(table)))


def _limit(value: float | None) -> str:
    return NOT_REACHED if value is None else number(value, 0)


@laid_out.register
def survival_curves(table: SurvivalCurves, found: Found) -> Figure:
    """Share without the event by day, an arm a line, with the patients at risk under it."""
    from pivotal.report.survival_plot import Curve, survival_plot

    curves = [Curve(arm, found.by_day(arm, "survival"), found.by_day(arm, "at risk")) for arm in found.arms()]
    label = f"Kaplan-Meier curves: {table.title}"
    draw = partial(survival_plot, curves, control=0, label=label, mark=found.simulated)
    under = ("Below the curves: patients at risk just before each day.", *notes(table))
    return Figure(f"figure-{table.id}", caption(table, "Figure"), *drawings(table.id, draw), under)


@records_of.register
def of_curves(table: SurvivalCurves, bundle: Bundle) -> Iterable[Mapping[str, Any]]:
    """Its own records, without days after the last at which anybody was seen."""
    return bundle.rows.where(table.id)
