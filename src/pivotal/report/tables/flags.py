"""Analysis sets and other flags: how many patients have each."""

from __future__ import annotations

from pivotal.report.document import Line, Table
from pivotal.report.rounding import printed
from pivotal.report.tables.layout import Found, caption, headed, laid_out, notes
from pivotal.study.tables import Flags


@laid_out.register
def flags(table: Flags, found: Found) -> Table:
    """A line a flag, n (%) a column."""
    lines = [Line((words, *(_cell(found, words, arm) for arm in found.arms()))) for words in table.flags.values()]
    return Table(f"table-{table.id}", caption(table), headed(found), tuple(lines), notes(table))


def _cell(found: Found, words: str, arm: str) -> str:
    n = found.value(flag=words, arm=arm, statistic="n")
    rate = found.value(flag=words, arm=arm, statistic="rate")
    return f"{n:.0f} ({printed(100 * rate, 0)}%)" if n is not None and rate is not None else "–"
