"""Shifts and abnormalities laid out."""

from __future__ import annotations

from collections.abc import Iterator

from pivotal.report.document import Column, Line, Table
from pivotal.report.rounding import printed
from pivotal.report.tables.layout import Found, caption, laid_out, notes
from pivotal.report.tables.numbers import Numbers
from pivotal.study.laboratory_tables import Abnormalities, Shift

P_DECIMALS = 3
BESIDE = 9
"""Columns of counts that stand side by side."""


@laid_out.register
def shift(table: Shift, found: Found) -> Table:
    """A line a category on treatment, a column a category at baseline, the p-value at the right.

    Arms stand side by side where all columns fit a page, and below each other where they do not.
    """
    numbers = Numbers.of(found, "parameter", "visit", "arm", "baseline", "on treatment", "statistic")
    arms = found.arms()
    beside = len(arms) * len(table.categories) <= BESIDE
    before = list(table.categories.values())
    if not beside:
        before = [words for words in before if any(key[3] == words and n for key, n in numbers.values.items())]
    columns = [Column("On treatment", wide=True)]
    for group in [numbers.headed(found, arm) for arm in arms] if beside else ["At baseline"]:
        at = " at baseline" if beside else ""
        columns += [Column(f"{words}{at}", number=True, group=group) for words in before]
    if table.test is not None:
        columns.append(Column("p", number=True))
    lines: list[Line] = []
    for panel in table.panels:
        if panel.heading is not None:
            lines.append(Line(heading=panel.heading))
        for words in panel.parameters.values():
            for visit in tuple(table.visits.values()) if table.take == "each visit" else (None,):
                lines.append(Line(heading=words if visit is None else f"{words}, {visit}"))
                p = _p(table, numbers, words, visit)
                if beside:
                    lines += _lines(table, numbers, (words, visit), arms, before, "n", p)
                for arm in () if beside else arms:
                    lines += _lines(
                        table, numbers, (words, visit), [arm], before, f"{arm}, n", p if arm == arms[0] else ""
                    )
    said = notes(table) if beside else (*notes(table), "Categories without patients have no line and no column.")
    return Table(f"table-{table.id}", caption(table), tuple(columns), tuple(lines), said)


def _lines(
    table: Shift,
    numbers: Numbers,
    where: tuple[str, str | None],
    arms: list[str],
    categories: list[str],
    first: str,
    p: str,
) -> Iterator[Line]:
    """The patients by category at baseline, then by what became of them; of one arm alone, no lines of nobody."""
    columns = [(arm, before) for arm in arms for before in categories]
    last = [""] if table.test is not None else []
    heads = [numbers.count(*where, arm, before, None, "n") for arm, before in columns]
    yield Line((first, *heads, *([p] if table.test is not None else [])))
    for after in table.categories.values():
        if len(arms) > 1 or any(numbers.values.get((*where, arms[0], before, after, "n")) for _, before in columns):
            shares = (numbers.share(*where, arm, before, after) for arm, before in columns)
            yield Line((after, *shares, *last), indent=True)


def _p(table: Shift, numbers: Numbers, words: str, visit: str | None) -> str:
    value = numbers.values.get((words, visit, None, None, None, "p"))
    return "–" if value is None else printed_p(value)


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
    over_arms = table.test == "fisher over arms"
    columns += [Column("p", number=True)] if over_arms else []
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
                tested += [numbers.values.get((words, criterion, None, None, "p"))] if over_arms else []
                ps = ["–" if p is None else printed_p(p) for p in tested]
                lines.append(Line((criterion, *shares, *ps), indent=True))
    return Table(f"table-{table.id}", caption(table), tuple(columns), tuple(lines), notes(table))


def _of(numbers: Numbers, words: str, criterion: str, arm: str) -> str:
    n, size = (numbers.values.get((words, criterion, arm, None, name)) for name in ("n", "N"))
    if not size or n is None:
        return "–"
    share = numbers.values[words, criterion, arm, None, "rate"]
    return f"{n:.0f}/{size:.0f}" + (f" ({printed(100 * share, 0)}%)" if n and share is not None else "")
