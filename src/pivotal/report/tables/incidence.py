"""Incidence with exposure: a line a statistic under each term, an arm a column."""

from __future__ import annotations

from pivotal.report.document import Column, Line, Table, Text
from pivotal.report.format import DASH
from pivotal.report.rounding import printed
from pivotal.report.tables.events import Groups, Indexed, estimate, heading, notes, share
from pivotal.report.tables.layout import Found, caption, laid_out
from pivotal.study.event_tables import Incidence


@laid_out.register
def incidence(table: Incidence, found: Found) -> Table:
    """Under each term: patients, events, patient-years, rate, differences, days to the first event."""
    indexed = Indexed.of(found)
    columns = (Column("", wide=True), *(Column(heading(indexed, arm), number=True) for arm in indexed.arms))
    lines: list[Line] = []
    for groups in indexed.lines:
        lines.append(Line(heading=" / ".join(value for _, value in groups) or indexed.words[groups]))
        lines += _of_term(table, indexed, groups)
    return Table(f"table-{table.id}", caption(table), columns, tuple(lines), (*_methods(table), *notes(table, indexed)))


def _of_term(table: Incidence, indexed: Indexed, groups: Groups) -> list[Line]:
    per, percent = f"per {table.per:g} patient-years", f"{100 * table.level:g}% CI"
    lines = [
        _line("Patients with an event, n (%)", [share(indexed, groups, arm) for arm in indexed.arms]),
        _line("Events", [_number(indexed, groups, "events", arm, 0) for arm in indexed.arms]),
        _line(_exposure(table), [_number(indexed, groups, "patient_years", arm, 1) for arm in indexed.arms]),
        _line(f"Rate {per} ({percent})", [estimate(indexed, groups, (arm, None), per, 1) for arm in indexed.arms]),
    ]
    undated = [indexed.value(groups, "n_onset_unknown", arm) or 0 for arm in indexed.arms]
    if any(undated):
        lines.append(_line("Date of onset unknown, n", [f"{number:.0f}" for number in undated]))
    if table.risk_differences:
        words = f"Risk difference, % ({100 * table.risk_differences.level:g}% CI)"
        lines.append(_compared(indexed, groups, words, "risk difference", 100))
    if table.rate_differences:
        lines.append(_compared(indexed, groups, f"Rate difference {per} ({percent})", f"rate difference {per}", 1))
    scales = [f"share with an event by day {day:g}" for day in table.days]
    if table.time_to_first:
        for words in ("quartile", "median"):
            scale = f"days to first event, {words}"
            cells = [estimate(indexed, groups, (arm, None), scale, 0) for arm in indexed.arms]
            lines.append(_line(f"Days to first event, {words} ({percent})", cells))
    for day, scale in zip(table.days, scales, strict=True):
        cells = [estimate(indexed, groups, (arm, None), scale, 1, 100) for arm in indexed.arms]
        lines.append(_line(f"With an event by day {day:g}, % ({percent})", cells))
    return lines


def _exposure(table: Incidence) -> str:
    return "Patient-years until the first event" if table.count == "first" else "Patient-years of exposure"


def _compared(indexed: Indexed, groups: Groups, words: str, scale: str, factor: float) -> Line:
    pairs = dict(pair for pair in indexed.comparators("estimate"))
    cells = [
        estimate(indexed, groups, (arm, pairs[arm]), scale, 1, factor) if arm in pairs else "" for arm in indexed.arms
    ]
    control = next(iter(pairs.values()), "")
    return _line(f"{words} against {control}" if control else words, cells)


def _line(words: str, cells: list[Text] | list[str]) -> Line:
    return Line((words, *cells), indent=True)


def _number(indexed: Indexed, groups: Groups, statistic: str, arm: str, decimals: int) -> str:
    value = indexed.value(groups, statistic, arm)
    return DASH if value is None else printed(value, decimals)


def _methods(table: Incidence) -> tuple[str, ...]:
    counted = (
        "Rates count patients with an event over their time at risk until it (the day of onset included)."
        if table.count == "first"
        else "Rates count all events over all time at risk; a patient\u2019s several events are not independent."
    )
    made = [f"{counted} Their limits are exact (Garwood)."]
    if table.risk_differences:
        made.append(f"Risk differences: {_name(table.risk_differences.method)}.")
    if table.rate_differences:
        made.append(f"Rate differences: {_name(table.rate_differences)}.")
    if table.time_to_first or table.days:
        made.append(
            "Time to the first event: Kaplan-Meier, limits log-log; patients without an event are censored at the end "
            f"of their time at risk. {DASH}: not reached."
        )
    return tuple(made)


def _name(method: str) -> str:
    return {"miettinen-nurminen": "score limits of Miettinen and Nurminen", "newcombe": "Newcombe", "wald": "Wald"}[
        method
    ]
