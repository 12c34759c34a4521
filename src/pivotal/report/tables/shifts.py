"""Shifts and abnormalities laid out."""

from __future__ import annotations

from collections.abc import Iterator

from pivotal.report.document import Column, Line, Table
from pivotal.report.rounding import printed
from pivotal.report.tables.layout import Found, caption, laid_out
from pivotal.report.tables.numbers import Numbers
from pivotal.study.laboratory_tables import Abnormalities, Shift

P_DECIMALS = 3


@laid_out.register
def shift(table: Shift, found: Found) -> Table:
    """A line a category on treatment, a column an arm and category at baseline, and the p-value at the right."""
    numbers = Numbers.of(found, "parameter", "visit", "arm", "baseline", "on treatment", "statistic")
    arms = found.arms()
    columns = [Column("On treatment", wide=True)]
    for arm in arms:
        group = numbers.headed(found, arm)
        columns += [Column(f"{words} at baseline", number=True, group=group) for words in table.categories.values()]
    if table.test is not None:
        columns.append(Column("p", number=True))
    lines: list[Line] = []
    visits = tuple(table.visits.values()) if table.take == "each visit" else (None,)
    for panel in table.panels:
        if panel.heading is not None:
            lines.append(Line(heading=panel.heading))
        for words in panel.parameters.values():
            for visit in visits:
                lines.append(Line(heading=words if visit is None else f"{words}, {visit}"))
                lines += _lines(table, numbers, words, visit, arms)
    return Table(f"table-{table.id}", caption(table), tuple(columns), tuple(lines), table.footnotes)


def _lines(table: Shift, numbers: Numbers, words: str, visit: str | None, arms: list[str]) -> Iterator[Line]:
    columns = [(arm, before) for arm in arms for before in table.categories.values()]
    heads = [numbers.count(words, visit, arm, before, None, "n") for arm, before in columns]
    yield Line(("n", *heads, *_p(table, numbers, words, visit)), indent=True)
    for after in table.categories.values():
        cells = [numbers.share(words, visit, arm, before, after) for arm, before in columns]
        yield Line((after, *cells, *([""] if table.test is not None else [])), indent=True)


def _p(table: Shift, numbers: Numbers, words: str, visit: str | None) -> tuple[str, ...]:
    if table.test is None:
        return ()
    value = numbers.values.get((words, visit, None, None, None, "p"))
    return ("–" if value is None else printed_p(value),)


def printed_p(value: float) -> str:
    """A p-value with three decimals; below the smallest of them it is said so."""
    smallest = 10**-P_DECIMALS
    return f"<{smallest}" if value < smallest else printed(value, P_DECIMALS)


@laid_out.register
def abnormalities(table: Abnormalities, found: Found) -> Table:
    """A line a criterion under its parameter: patients who met it of those with a value, and the p-values."""
    numbers = Numbers.of(found, "parameter", "criterion", "arm", "comparator", "statistic")
    arms = found.arms()
    compared = list(dict.fromkeys(r["arm"] for r in found.records if r["comparator"] is not None))
    columns = [Column("", wide=True)]
    columns += [Column("n/N (%)", number=True, group=numbers.headed(found, arm)) for arm in arms]
    columns += [Column(arm, number=True, group="p against control") for arm in compared]
    control = next((r["comparator"] for r in found.records if r["comparator"] is not None), None)
    lines: list[Line] = []
    for panel in table.panels:
        if panel.heading is not None:
            lines.append(Line(heading=panel.heading))
        for words in panel.parameters.values():
            lines.append(Line(heading=words))
            for criterion in table.criteria:
                shares = [_of(numbers, words, criterion, arm) for arm in arms]
                tested = [numbers.values.get((words, criterion, arm, control, "p")) for arm in compared]
                ps = ["–" if p is None else printed_p(p) for p in tested]
                lines.append(Line((criterion, *shares, *ps), indent=True))
    return Table(f"table-{table.id}", caption(table), tuple(columns), tuple(lines), table.footnotes)


def _of(numbers: Numbers, words: str, criterion: str, arm: str) -> str:
    n, size = (numbers.values.get((words, criterion, arm, None, name)) for name in ("n", "N"))
    if not size or n is None:
        return "–"
    share = numbers.values[words, criterion, arm, None, "rate"]
    return f"{n:.0f}/{size:.0f}" + (f" ({printed(100 * share, 0)}%)" if n and share is not None else "")
