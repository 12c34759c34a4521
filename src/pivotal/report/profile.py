"""A patient's page: who he is, his time line, courses, events and values outside the range, on one sheet of A4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pivotal.records.patient import Event, Outside, Profile
from pivotal.report.course_panel import course_panel
from pivotal.report.document import Column, Drawing, Line, Table
from pivotal.report.format import plain, plural
from pivotal.report.render import TEMPLATES, environment
from pivotal.report.swimmer import swimmer

SHEET, SHEET_WIDTH = 1047.0, 718.0
"""Pixels that an A4 sheet is high and wide between its margins, at 96 to the inch."""
ROOM = 1.08
"""Room for words that run over two lines."""
SHOWN_VALUES, SHOWN_PARAMETERS = 8, 10
SMALLEST = 0.5
"""The least that a page is reduced to so as to fit on one sheet; longer ones go on to a second."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the index: the patient, the file of his page, and what it is worth opening for."""

    patient: str
    file: str
    facts: tuple[str, ...]


def profile_page(profile: Profile) -> str:
    """A patient's page as HTML that loads nothing from anywhere.

    Parameters
    ----------
    profile
        The patient, from `derive.profile`.

    Returns
    -------
    str
        The page; the same profile gives the same text. Printed it is one sheet of A4, reduced where there is much.
    """
    tables = [table for table in (_events(profile), _outside(profile)) if table is not None]
    drawn = profile.treatments or profile.events or profile.visits or profile.marks
    line = swimmer(profile) if drawn else None
    panels = [course_panel(course, profile) for course in profile.courses]
    return (
        environment()
        .get_template("profile.html")
        .render(
            profile=profile,
            ends=[_end(mark.words, mark.day) for mark in profile.marks],
            wide=line,
            narrow=swimmer(profile, narrow=True) if line is not None else None,
            panels=panels,
            tables=tables,
            numbers={},
            tags={"patients": ""},
            notes=_notes(profile),
            reduced=f"{_reduction(profile, line):.2f}",
            styles=_styles(),
        )
    )


def index_page(study: str, entries: Sequence[Entry], *, simulated: bool, asked: str) -> str:
    """The index of several patients' pages."""
    return (
        environment()
        .get_template("profiles.html")
        .render(study=study, entries=entries, simulated=simulated, asked=asked, styles=_styles())
    )


def entry_of(profile: Profile, file: str) -> Entry:
    """The line of the index for a patient: arm, events, serious ones, how it ended."""
    facts = dict(profile.who)
    serious = sum(bool(event.serious) for event in profile.events)
    said = [facts.get("Arm", ""), facts.get("Age", ""), facts.get("Sex", ""), plural(len(profile.events), "event")]
    said += [f"{serious} serious" if serious else "", "; ".join(mark.words for mark in profile.marks)]
    return Entry(profile.patient, file, tuple(said))


def _styles() -> Markup:
    return Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")) + Markup(
        (TEMPLATES / "profile.css").read_text(encoding="utf-8")
    )


def _end(words: str, day: int | None) -> str:
    return f"{words} (day {day})" if day is not None else f"{words} (day unknown)"


def _notes(profile: Profile) -> list[str]:
    notes = []
    if profile.day_one is not None:
        notes.append(f"Day 1 is {profile.day_one}; the day before it is day -1.")
    if profile.courses:
        notes.append(
            "Courses: observed values; dashes are the baseline, the band the normal range, red points lie outside it."
        )
    if any(event.imputed for event in profile.events):
        notes.append("~ a day that was imputed from a partial date.")
    if profile.absent:
        notes.append(f"Left out, as the data do not hold it: {'; '.join(profile.absent)}.")
    return notes


EVENT_COLUMNS: Mapping[str, str] = {
    "severity": "Severity", "relation": "Relation", "action": "Action taken", "outcome": "Outcome",
}  # fmt: skip


def _events(profile: Profile) -> Table | None:
    """A line an event; columns in which nothing is recorded are left out, and named."""
    if not profile.events:
        return None
    said = {name: any(getattr(e, name) is not None for e in profile.events) for name in EVENT_COLUMNS}
    kept = [name for name, there in said.items() if there]
    serious = any(e.serious is not None for e in profile.events)
    columns = [Column("Event", wide=True), Column("Study days")]
    columns += [Column(EVENT_COLUMNS[name]) for name in kept[:1]]
    columns += [Column("Serious")] if serious else []
    columns += [Column(EVENT_COLUMNS[name]) for name in kept[1:]]
    lines = []
    for event in profile.events:
        cells = [_term(event), _span(event), *(getattr(event, name) or "–" for name in kept[:1])]
        cells += [_serious(event)] if serious else []
        lines.append(Line((*cells, *(getattr(event, name) or "–" for name in kept[1:]))))
    missing = [EVENT_COLUMNS[name].lower() for name, there in said.items() if not there]
    notes = [f"Not recorded for any event: {', '.join(missing)}."] if missing else []
    if any(event.emergent is False for event in profile.events):
        notes.append("Events with an asterisk are not treatment-emergent.")
    return Table(
        "table-events", f"Adverse events ({len(lines)})", tuple(columns), tuple(lines), tuple(notes), numbered=False
    )


def _term(event: Event) -> Markup | str:
    term = event.term + ("*" if event.emergent is False else "")
    if event.reported is None:
        return term
    return Markup('{} <span class="reported">{}</span>').format(term, event.reported)


def _span(event: Event) -> str:
    mark = "~" if event.imputed else ""
    start = "?" if event.start is None else f"{event.start}"
    if event.ongoing:
        return f"{mark}{start}, goes on"
    end = "?" if event.end is None else f"{event.end}"
    return f"{mark}{start}" if start == end and start != "?" else f"{mark}{start} to {end}"


def _serious(event: Event) -> str | Markup:
    if event.serious is None:
        return "–"
    return Markup("<strong>Serious</strong>") if event.serious else "No"


def _outside(profile: Profile) -> Table | None:
    """A line a laboratory parameter with values outside its range after baseline."""
    if not profile.outside:
        return None
    graded = any(one.grade is not None for one in profile.outside)
    columns = [
        Column("Laboratory parameter", wide=True), Column("Normal range"), Column("Baseline", number=True),
        Column("Outside it, by study day", wide=True), Column("Of values", number=True),
    ]  # fmt: skip
    columns += [Column("Worst grade", number=True)] if graded else []
    shown = profile.outside[:SHOWN_PARAMETERS]
    lines = [Line((*_measured(one), *([one.grade or "–"] if graded else []))) for one in shown]
    rest = len(profile.outside) - len(shown)
    notes = [f"Furthest outside first; {plural(rest, 'further parameter')} with such values not shown."] if rest else []
    title = f"Laboratory values outside the normal range after baseline ({plural(len(profile.outside), 'parameter')})"
    return Table("table-outside", title, tuple(columns), tuple(lines), tuple(notes), numbered=False)


def _measured(one: Outside) -> tuple[str, str, str, str, str]:
    limits = [_number(limit) if limit is not None else "" for limit in (one.low, one.high)]
    span = f"{limits[0]} to {limits[1]}" if all(limits) else f"up to {limits[1]}" if limits[1] else f"from {limits[0]}"
    values = [f"{point.day}: {_number(point.value)} {point.flag}" for point in one.points[:SHOWN_VALUES]]
    more = len(one.points) - len(values)
    listed = "; ".join(values) + (f"; {more} more" if more else "")
    base = "–" if one.baseline is None else _number(one.baseline)
    return one.label, span, base, listed, f"{len(one.points)} of {one.measured}"


def _number(value: float) -> str:
    return plain(float(f"{value:.5g}"))


def _reduction(profile: Profile, line: Drawing | None) -> float:
    """How far the printed page is reduced, so that it fits on one sheet: from the heights that its parts have."""
    height = 90.0 + 24.0 * _rows(len(profile.who) + len(profile.exposure))
    if line is not None:
        _, _, wide, high = (float(part) for part in str(line.svg).split('viewBox="')[1].split('"')[0].split())
        height += 45.0 + high * SHEET_WIDTH / wide
    height += 45.0 * bool(profile.courses) + 86.0 * _rows(len(profile.courses))
    height += 16.5 * len(profile.events) + 55.0 * bool(profile.events)
    height += 22.0 * min(len(profile.outside), SHOWN_PARAMETERS) + 55.0 * bool(profile.outside)
    height += 14.0 * len(_notes(profile))
    return max(SMALLEST, min(1.0, SHEET / (height * ROOM)))


def _rows(many: int) -> int:
    """Rows of four."""
    return -(-many // 4)
