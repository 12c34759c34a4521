"""What is monitored, laid out: a table of all monitors with their looks, and a figure a monitor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup

from pivotal.report.boundary_plot import Look, boundary_plot
from pivotal.report.document import Block, Column, Figure, Footnotes, Line, Table, Text
from pivotal.report.format import DASH, fixed, p_value, percent, plain, plural, slug
from pivotal.report.tables.layout import Found, caption, drawings, laid_out, notes
from pivotal.study.monitoring_tables import Monitoring

Record = Mapping[str, Any]
PRESENT = "present"
MOST = 8
"""Looks of a monitor that are listed, the latest; the figure has all of them."""
_HEADING = Markup('<span class="arm">{}</span><span class="under">{}</span>')


@dataclass(frozen=True, slots=True)
class Seen:
    """The records of one monitor: those of the whole, of each look, and of the planned boundary."""

    label: str
    head: Record
    whole: Mapping[str, Record]
    looks: Mapping[str, Mapping[str, Record]]
    planned: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, label: str, records: list[Record]) -> Seen:
        """One monitor's records, sorted."""
        looks: dict[str, dict[str, Record]] = {}
        for record in records:
            if "look" in record["groups"]:
                looks.setdefault(record["groups"]["look"], {})[record["statistic"]] = record
        whole = {r["statistic"]: r for r in records if set(r["groups"]) == {"monitor"}}
        planned = tuple((float(r["groups"]["planned"]), float(r["value"])) for r in records if "planned" in r["groups"])
        return cls(label, records[0], whole, looks, planned)

    @property
    def unit(self) -> str:
        """What looks are counted in."""
        return str(self.head["scale"])


@laid_out.register
def monitoring(table: Monitoring, found: Found) -> list[Block]:
    """The looks of every monitor in one table, and under it a figure each."""
    monitors = [Seen.of(name, _of(found, name)) for name in found.groups("monitor")]
    drawn = [_figure(table, seen, found.simulated) for seen in monitors if PRESENT in seen.looks]
    return [_table(table, found, monitors), *drawn]


def _of(found: Found, name: str) -> list[Record]:
    return [r for r in found.records if r["groups"].get("monitor") == name]


def _table(table: Monitoring, found: Found, monitors: list[Seen]) -> Table:
    marks = Footnotes()
    lines: list[Line] = []
    for seen in monitors:
        lines.append(Line(heading=_HEADING.format(seen.label, _definition(seen))))
        if PRESENT not in seen.looks:
            why = marks.mark(seen.head["reason"])
            lines.append(Line((Markup("Not counted{}").format(why), *[DASH] * 4, ""), indent=True))
            continue
        lines += _looks(seen)
    columns = (
        Column("Look"), Column("Known", number=True), Column("Events", number=True),
        Column("Stops at", number=True), Column("Evidence", number=True), Column("Boundary"),
    )  # fmt: skip
    hidden = found.value(statistic="monitors_not_shown")
    blind = (f"Blinded: {plural(hidden, 'monitor')} of single arms not shown.",) if hidden is not None else ()
    words = (*marks.notes, *_explained(monitors), *blind, *notes(table))
    return Table(f"table-{table.id}", caption(table), columns, tuple(lines), words)


def _definition(seen: Seen) -> str:
    """The topic, what is seen of it, and the limit."""
    if "limit" not in seen.whole:
        return str(seen.head["where"] or "")
    arm, comparator, limit = seen.head["arm"], seen.head["comparator"], seen.whole["limit"]["value"]
    n, years = (seen.whole[name]["value"] for name in ("N", "patient_years"))
    if comparator is not None:
        what = f"First events of {arm} among those of {arm} and {comparator}; acceptable {percent(limit)} of them."
    else:
        rate = f"{fixed(100 * limit, 2)} per 100 patient-years" if seen.unit == "patient-years" else percent(limit, 2)
        what = f"Patients of {arm} with an event" if arm else "Patients of all arms together with an event"
        what = f"{what}; acceptable {rate}."
    so_far = f"So far {plural(n, 'patient')}, {fixed(years, 1)} patient-years, all events {plain(_events(seen))}."
    return f"{seen.whole['limit']['where']} {what} {so_far}"


def _events(seen: Seen) -> float:
    return float(seen.whole["all_events"]["value"])


def _looks(seen: Seen) -> list[Line]:
    names = [name for name in seen.looks if name != PRESENT]
    left_out = len(names) - MOST
    lines = [_line(seen, name, f"planned at {_known(seen, float(name))}") for name in names[-MOST:]]
    if left_out > 0:
        lines.insert(0, Line((f"{plural(left_out, 'earlier look')} in the figure", *[""] * 5), indent=True))
    return [*lines, _line(seen, PRESENT, "now")]


def _line(seen: Seen, name: str, words: str) -> Line:
    look = seen.looks[name]
    stop, events = look["stop_at"]["value"], look["events"]["value"]
    information = look["information"]["value"]
    impossible = stop is not None and seen.unit != "patient-years" and stop > information
    judged = "crossed" if look["crossed"]["value"] else "cannot be crossed" if impossible else "not crossed"
    cells: tuple[Text, ...] = (
        words,
        DASH if information is None else _known(seen, information),
        DASH if events is None else plain(events),
        DASH if stop is None or impossible else plain(stop),
        _evidence(look),
        DASH if look["crossed"]["value"] is None else judged,
    )
    return Line(cells, indent=True)


def _known(seen: Seen, value: float) -> str:
    if seen.unit == "patient-years" and not float(value).is_integer():
        return fixed(value, 1)
    return plain(value)


def _evidence(look: Mapping[str, Record]) -> str:
    if "p" in look:
        value = look["p"]["value"]
        return DASH if value is None else f"p {p_value(value)}"
    value = look["posterior"]["value"]
    return DASH if value is None else f"P {fixed(value, 4)}"


def _explained(monitors: list[Seen]) -> list[str]:
    """What stands behind the columns, and the chance of stopping with the present look among the planned ones."""
    said = [
        "Known: patients, patient-years until the first event, or first events of both arms, as the monitor counts."
    ]
    methods = {seen.head["method"] for seen in monitors}
    if "repeated exact test" in methods:
        said.append("p: exact, one-sided, of this look alone.")
    if methods - {"repeated exact test"}:
        said.append("P: posterior probability that the rate is above what is acceptable.")
    for seen in monitors:
        chance = seen.whole.get("chance_at_limit")
        if chance is not None and chance["value"] is not None:
            words = f"{seen.label}: chance of stopping at the limit, the present look among the planned ones"
            said.append(f"{words}, {percent(chance['value'], 2)}.")
        unknown = seen.whole.get("n_exposure_unknown")
        if unknown is not None:
            said.append(f"{seen.label}: {plural(unknown['value'], 'patient')} of unknown time at risk left out.")
    return said


def _figure(table: Monitoring, seen: Seen, simulated: bool) -> Figure:
    looks = {name: made for name in seen.looks if (made := _look(seen, name)) is not None}
    label = f"{seen.label}: events against the boundary"
    now = looks.pop(PRESENT, None)

    draw = partial(boundary_plot, seen.planned, list(looks.values()), now, unit=seen.unit, label=label, mark=simulated)
    title = f"{caption(table, 'Figure')}: {seen.label}"
    note = "Boundary: the number of events at or above which one stops. Looks stand at what was known then."
    name = f"{table.id}-{slug(seen.label)}"
    return Figure(f"figure-{name}", title, *drawings(f"monitor-{name}", draw), (note,))


def _look(seen: Seen, name: str) -> Look | None:
    look = seen.looks[name]
    information, events = look["information"]["value"], look["events"]["value"]
    if information is None or events is None:
        return None
    stop = look["stop_at"]["value"]
    return Look(
        float(information), float(events), None if stop is None else float(stop), bool(look["crossed"]["value"])
    )
