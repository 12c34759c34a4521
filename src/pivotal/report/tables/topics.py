"""Safety topics: each one's definition over its counts, and where a count depends on the list."""

from __future__ import annotations

from markupsafe import Markup

from pivotal.report.document import Column, Footnotes, Line, Table, Text
from pivotal.report.format import DASH
from pivotal.report.rounding import printed
from pivotal.report.tables.events import Groups, Indexed, estimate, events, heading, notes, share
from pivotal.report.tables.layout import Found, caption, laid_out
from pivotal.study.event_tables import SafetyTopics

_HEADING = Markup('<span class="arm">{}</span><span class="under">{}</span>')


@laid_out.register
def safety_topics(table: SafetyTopics, found: Found) -> Table:
    """A heading a topic with its definition; under it patients, events and rates of each scope."""
    indexed = Indexed.of(found)
    columns = (Column("", wide=True), *(Column(heading(indexed, arm), number=True) for arm in indexed.arms))
    lines: list[Line] = []
    marks = Footnotes()
    contested = _contested(indexed)
    topic = ""
    for groups in indexed.lines:
        if groups[0][1] != topic:
            topic = groups[0][1]
            lines.append(Line(heading=_HEADING.format(topic, indexed.records[_first(indexed, groups)]["where"])))
        lines += _of_scope(table, indexed, groups, marks)
        lines += [_without(indexed, groups, term, marks) for term in contested.get(groups, [])]
    made = [f"Rates per {table.per:g} patient-years until the first event, with exact limits (Garwood)."]
    return Table(
        f"table-{table.id}", caption(table), columns, tuple(lines), (*marks.notes, *made, *notes(table, indexed))
    )


def _of_scope(table: SafetyTopics, indexed: Indexed, groups: Groups, marks: Footnotes) -> list[Line]:
    scope = dict(groups).get("scope", "")
    words = (
        "Patients, n (%)" if indexed.value(groups, "events", indexed.arms[0]) is None else "Patients, n (%) [events]"
    )
    words = f"{words}, {scope} scope" if scope else words
    lines = [_line(words, [_patients(indexed, groups, arm, marks) for arm in indexed.arms])]
    if indexed.value(groups, "patient_years", indexed.arms[0]) is not None:
        per = f"per {table.per:g} patient-years"
        cells: list[Text] = [estimate(indexed, groups, (arm, None), per, 1) for arm in indexed.arms]
        lines.append(_line(f"Rate {per} ({100 * table.level:g}% CI)", cells))
    if table.risk_differences is not None:
        pairs = dict(indexed.comparators("estimate"))
        words = f"Risk difference, % ({100 * table.risk_differences.level:g}% CI)"
        compared: list[Text] = [
            estimate(indexed, groups, (arm, pairs.get(arm)), "risk difference", 1, 100) if arm in pairs else ""
            for arm in indexed.arms
        ]
        if any(cell not in ("", DASH) for cell in compared):
            lines.append(_line(words, compared))
    return lines


def _patients(indexed: Indexed, groups: Groups, arm: str, marks: Footnotes) -> Text:
    record = indexed.records[(groups, arm, None, "n", None)]
    if record["value"] is None:
        return Markup("{}{}").format(DASH, marks.mark(record["reason"]))
    return f"{share(indexed, groups, arm)} {events(indexed, groups, arm)}".strip()


def _contested(indexed: Indexed) -> dict[Groups, list[str]]:
    made: dict[Groups, list[str]] = {}
    for groups, _, _, statistic, _ in indexed.records:
        if statistic == "n_without":
            terms = made.setdefault(groups[:-1], [])
            if groups[-1][1] not in terms:
                terms.append(groups[-1][1])
    return made


def _without(indexed: Indexed, groups: Groups, term: str, marks: Footnotes) -> Line:
    mine: Groups = (*groups, ("without", term))
    why = next(r["where"] for k, r in indexed.records.items() if k[0] == mine)
    words = Markup("Depends on the list: patients without {}{}").format(term, marks.mark(why))
    numbers = [indexed.value(mine, "n_without", arm) for arm in indexed.arms]
    return _line(words, [DASH if number is None else printed(number, 0) for number in numbers])


def _first(indexed: Indexed, groups: Groups) -> tuple[object, ...]:
    return next(k for k in indexed.records if k[0] == groups)


def _line(words: Text, cells: list[Text] | list[str]) -> Line:
    return Line((words, *cells), indent=True)
