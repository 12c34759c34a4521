"""Measurements laid out: by visit with change from baseline, at visits with the range, and exposure."""

from __future__ import annotations

from collections.abc import Iterator

from pivotal.report.document import Column, Line, Table
from pivotal.report.rounding import printed
from pivotal.report.tables.layout import Found, caption, laid_out
from pivotal.report.tables.numbers import Numbers
from pivotal.study.measurement_tables import Exposure, Measure, MeasurementsAtVisits, MeasurementsByVisit

STATISTICS = {"n": "n", "mean": "Mean", "sd": "SD", "median": "Median", "min": "Min.", "max": "Max."}


@laid_out.register
def by_visit(table: MeasurementsByVisit, found: Found) -> Table:
    """A line a visit under its parameter; for each arm n, mean (SD) and mean (SD) change from baseline."""
    numbers = Numbers.of(found, "parameter", "visit", "arm", "quantity", "statistic")
    arms = found.arms()
    columns = [Column("Visit", wide=True)]
    for arm in arms:
        group = numbers.headed(found, arm)
        columns += [Column(text, number=True, group=group) for text in ("n", "Mean (SD)", "Change, mean (SD)")]
    lines: list[Line] = []
    for panel in table.panels:
        if panel.heading is not None:
            lines.append(Line(heading=panel.heading))
        for words in panel.parameters.values():
            lines.append(Line(heading=words))
            lines += [_visit(table, numbers, words, o.words, arms) for o in table.occasions]
    return Table(f"table-{table.id}", caption(table), tuple(columns), tuple(lines), table.footnotes)


def _visit(table: MeasurementsByVisit, numbers: Numbers, words: str, visit: str, arms: list[str]) -> Line:
    cells = [visit]
    for arm in arms:
        n = numbers.count(words, visit, arm, "value", "n")
        value = _mean(numbers, table.decimals, words, visit, arm, "value")
        change = _mean(numbers, table.decimals, words, visit, arm, "change")
        cells += [n, value, change]
    return Line(tuple(cells), indent=True)


def _mean(numbers: Numbers, decimals: int, *where: str) -> str:
    """Mean (SD); a mean alone where there is no standard deviation, nothing where there is neither."""
    mean = numbers.number(*where, "mean", decimals=decimals)
    sd = numbers.number(*where, "sd", decimals=decimals + 1)
    return f"{mean} ({sd})" if mean and sd else mean


@laid_out.register
def at_visits(table: MeasurementsAtVisits, found: Found) -> Table:
    """A line an arm and time under its measure and position; n, mean, SD, median and range."""
    numbers = Numbers.of(found, "parameter", "position", "arm", "visit", "statistic")
    columns = [Column("Treatment", wide=True), Column("N", number=True), Column("Time", wide=True)]
    columns += [Column(text, number=True) for text in STATISTICS.values()]
    positions: list[str | None] = [*found.groups("position")] or [None]
    lines: list[Line] = []
    for measure in table.measures:
        for where in positions:
            lines.append(Line(heading=measure.words if where is None else f"{measure.words}: {where}"))
            lines += _arms(table, measure, where, found, numbers)
    return Table(f"table-{table.id}", caption(table), tuple(columns), tuple(lines), table.footnotes)


def _arms(
    table: MeasurementsAtVisits, measure: Measure, where: str | None, found: Found, numbers: Numbers
) -> Iterator[Line]:
    times = [o.words for o in table.occasions if not (o.baseline and measure.of == "change")]
    for arm in found.arms():
        size = found.value(arm=arm, statistic="N")
        for time in times:
            first = (arm, "" if size is None else f"{size:.0f}") if time == times[0] else ("", "")
            at = (measure.words, where, arm, time)
            yield Line((*first, time, *numbers.described(measure.decimals, *at)))


@laid_out.register
def exposure(table: Exposure, found: Found) -> Table:
    """A line a statistic under its amount; a column an arm, under its group of patients."""
    numbers = Numbers.of(found, "group", "parameter", "arm", "at least", "statistic")
    columns, places = [Column("", wide=True)], []
    for group in table.groups:
        for arm in found.arms():
            size = numbers.count(group.words, None, arm, None, "N")
            columns.append(Column(f"{arm} (N={size})", number=True, group=group.words))
            places.append((group.words, arm))
    lines: list[Line] = []
    for amount in table.amounts:
        lines.append(Line(heading=amount.words))
        described = [numbers.described(amount.decimals, g, amount.words, arm, None) for g, arm in places]
        for name, cells in zip(STATISTICS.values(), zip(*described, strict=True), strict=True):
            lines.append(Line((name, *cells), indent=True))
        for limit in amount.at_least:
            at = f"{limit:g}"
            cells = tuple(numbers.share(g, amount.words, arm, at) for g, arm in places)
            lines.append(Line((f"at least {printed(limit, 0) if limit.is_integer() else at}", *cells), indent=True))
    return Table(f"table-{table.id}", caption(table), tuple(columns), tuple(lines), table.footnotes)
