"""Adverse events by class and term: patients, percentages, events, p-values."""

from __future__ import annotations

from pivotal.report.document import Column, Line, Table
from pivotal.report.tables.events import INDENT, Groups, Indexed, estimate, events, heading, notes, p_value, share
from pivotal.report.tables.layout import Found, caption, laid_out
from pivotal.study.event_tables import AdverseEvents

CATEGORY = "category"


@laid_out.register
def adverse_events(table: AdverseEvents, found: Found) -> Table:
    """A line a class or term (and category), n (%) and events an arm, then comparisons."""
    indexed = Indexed.of(found)
    pairs = indexed.comparators("p") if table.p_values else []
    differences = indexed.comparators("estimate")
    columns = [Column(first_column(table.levels), wide=True)]
    for arm in indexed.arms:
        group = heading(indexed, arm)
        columns += [Column("n\u00a0(%)", number=True, group=group), Column("[AEs]", number=True, group=group)]
    columns += [Column(f"{arm} vs. {control}", number=True, group="Fisher\u2019s exact p") for arm, control in pairs]
    level = table.risk_differences.level if table.risk_differences else 0.95
    group = f"Risk difference, % ({100 * level:g}% CI)"
    columns += [Column(f"{arm} \u2212 {control}", number=True, group=group) for arm, control in differences]
    lines = []
    for groups in indexed.lines:
        cells = [cell for arm in indexed.arms for cell in _counts(table, indexed, groups, arm)]
        cells += [p_value(indexed, groups, pair, table.p_values) for pair in pairs if table.p_values]
        cells += [_difference(indexed, groups, pair) for pair in differences]
        lines.append(term_line(indexed, groups, cells))
    return Table(f"table-{table.id}", caption(table), tuple(columns), tuple(lines), notes(table, indexed))


def first_column(levels: tuple[str, ...]) -> str:
    """What the lines are."""
    known = {"AEBODSYS": "System organ class", "AESOC": "System organ class", "AEDECOD": "Preferred term"}
    return " / ".join(known.get(level, level) for level in levels)


def term_line(indexed: Indexed, groups: Groups, cells: list[str]) -> Line:
    """A line of a class, a term or a category: each is set under the one above it."""
    depth = len(groups)
    words = indexed.words[groups] if not groups or groups[-1][0] != CATEGORY else groups[-1][1]
    return Line((INDENT * max(depth - 2, 0) + words, *cells), indent=depth > 1)


def _counts(table: AdverseEvents, indexed: Indexed, groups: Groups, arm: str) -> tuple[str, str]:
    return share(indexed, groups, arm, table.decimals), events(indexed, groups, arm)


def _difference(indexed: Indexed, groups: Groups, pair: tuple[str, str]) -> str:
    if groups and groups[-1][0] == CATEGORY:
        return ""
    return estimate(indexed, groups, pair, "risk difference", 1, 100)
