"""The cumulative incidence of a first event laid out: the curves with the patients at risk, shares at chosen days."""

from __future__ import annotations

from functools import partial

from pivotal.report.document import Block, Column, Figure, Line, Table
from pivotal.report.format import percent
from pivotal.report.rounding import printed
from pivotal.report.survival_plot import Curve, survival_plot
from pivotal.report.tables.layout import TOTAL, Found, caption, drawings, laid_out, notes
from pivotal.report.tables.words import NOTHING, number, p_said
from pivotal.study.incidence_tables import CumulativeIncidence

TESTS = {"log-rank": "Log-rank test of all arms", "gray": "Gray's test of all arms"}


@laid_out.register
def cumulative_incidence(table: CumulativeIncidence, found: Found) -> list[Block]:
    """The figure, and under it a table where days are asked for."""
    arms = [arm for arm in found.arms() if arm != TOTAL]
    curves = [Curve(arm, found.by_day(arm, "incidence"), found.by_day(arm, "at risk")) for arm in arms]
    label = f"Cumulative incidence by arm: {table.title}"

    control = _control(table, arms)
    draw = partial(survival_plot, curves, control=control, label=label, rising=True, mark=found.simulated)
    under = (_method(table, found), *_cautions(table, found), *_test(table, found), *notes(table))
    figure = Figure(f"figure-{table.id}", caption(table, "Figure"), *drawings(table.id, draw), under)
    return [figure, _shares(table, found)] if table.days else [figure]


def _control(table: CumulativeIncidence, arms: list[str]) -> int | None:
    return arms.index(table.comparator) if table.comparator in arms else 0


def _method(table: CumulativeIncidence, found: Found) -> str:
    at_risk = "Below the curves: patients at risk just before each day."
    if table.competing is None:
        return f"One minus the Kaplan-Meier estimate. {at_risk}"
    counts = ", ".join(
        f"{arm} {number(n, 0)}"
        for arm in found.arms()
        if (n := found.value(arm=arm, statistic="n_competing")) is not None
    )
    return (
        f"Aalen-Johansen estimate; competing events ({table.competing_label or table.competing}): {counts}. {at_risk}"
    )


def _cautions(table: CumulativeIncidence, found: Found) -> list[str]:
    words = {
        "n_onset_unknown": "whose first event has no known day and stands at the end of the time at risk",
        "n_exposure_unknown": "whose time at risk is not known and who are left out",
    }
    said = []
    for statistic, what in words.items():
        counts = [(arm, n) for arm in found.arms() if (n := found.value(arm=arm, statistic=statistic)) is not None]
        if counts:
            said.append(f"Patients {what}: {', '.join(f'{arm} {number(n, 0)}' for arm, n in counts)}.")
    return said


def _test(table: CumulativeIncidence, found: Found) -> list[str]:
    if table.test is None:
        return []
    p = found.value(statistic="p", method=table.test)
    return [f"{TESTS[table.test]}: {p_said(p)}."]


def _shares(table: CumulativeIncidence, found: Found) -> Table:
    lines = [Line((arm, *_counts(table, found, arm), *_estimates(table, found, arm))) for arm in found.arms()]
    competing = (Column("Competing events", number=True),) if table.competing is not None else ()
    columns = (
        Column("Arm", wide=True),
        Column("N", number=True),
        Column("First events", number=True),
        *competing,
        *(Column(f"By day {day:g}, % ({percent(table.level, 0)} CI)", number=True) for day in table.days),
    )
    dash = f"{NOTHING}: beyond the last day at which a patient was at risk; limits exist only where events were seen."
    return Table(f"table-{table.id}", caption(table), columns, tuple(lines), (dash,))


def _counts(table: CumulativeIncidence, found: Found, arm: str) -> list[str]:
    names = ["N", "n", *(["n_competing"] if table.competing is not None else [])]
    return [number(found.value(arm=arm, statistic=name), 0) for name in names]


def _estimates(table: CumulativeIncidence, found: Found, arm: str) -> list[str]:
    cells = []
    for day in table.days:
        scale = f"share with an event by day {day:g}"
        value, low, high = (
            found.value(arm=arm, statistic=statistic, scale=scale) for statistic in ("estimate", "ci_low", "ci_high")
        )
        limits = "" if low is None or high is None else f" ({printed(100 * low, 1)} to {printed(100 * high, 1)})"
        cells.append(NOTHING if value is None else f"{printed(100 * value, 1)}{limits}")
    return cells
