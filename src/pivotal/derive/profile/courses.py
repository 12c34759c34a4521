"""What was measured: the endpoints' parameters, vital signs, and the laboratory values that lay outside their range."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import polars as pl

from pivotal.derive.profile.cells import PATIENT, Calendar, Cells, number_of, text_of
from pivotal.records.dataset import Library
from pivotal.records.patient import Course, Outside, Point
from pivotal.study.model import Parameter, Study

Group = Literal["endpoint", "vital sign", "laboratory"]

VITAL_SIGNS = ("SYSBP", "DIABP", "PULSE", "HR", "WEIGHT", "TEMP")
LIVER = ("ALT", "AST", "ALP", "BILI")
LOW, HIGH = ("A1LO", "ANRLO"), ("A1HI", "ANRHI")
GRADES = ("ATOXGR", "ATOXGRH", "ATOXGRL")
MOST_LABORATORY = 4
"""Laboratory parameters that are drawn: those furthest outside their range, else those of the liver."""


def endpoint_courses(study: Study, data: Library, patient: str, calendar: Calendar) -> list[Course]:
    """The parameters that the study's endpoints are made from, in its order; times to an event have no course."""
    made = []
    for parameter in _wanted(study):
        rows = _chosen(parameter, data, patient)
        words = parameter.label.split(":")[0]
        course = _course(rows, parameter.name, words, "endpoint", calendar, unit=parameter.unit)
        if course is not None:
            made.append(course)
    return made


def vital_signs(data: Library, patient: str, calendar: Calendar) -> list[Course]:
    """Vital signs of ADVS, those of the first position where several are taken."""
    rows = _measured(data, "ADVS", patient)
    made = [_course(_first_position(_of(rows, name)), name, None, "vital sign", calendar) for name in VITAL_SIGNS]
    return [course for course in made if course is not None and len(course.points) > 1]


def laboratory(data: Library, patient: str, calendar: Calendar) -> tuple[list[Course], list[Outside]]:
    """Laboratory courses, the furthest outside their range first, and all values outside it after baseline."""
    every = _laboratory_rows(data, patient)
    courses = {name: _course(rows, name, None, "laboratory", calendar) for name, rows in every.items()}
    found = []
    for name, course in courses.items():
        if course is not None:
            beyond = tuple(p for p in course.points if p.flag is not None and p.day > 1)
            if beyond:
                found.append((name, _outside(course, beyond, every[name])))
    found.sort(key=lambda pair: -_excess(pair[1]))
    shown = [name for name, _ in found] + [name for name in LIVER if name in courses]
    drawn = [courses[name] for name in dict.fromkeys(shown)]
    return [c for c in drawn if c is not None][:MOST_LABORATORY], [outside for _, outside in found]


def _wanted(study: Study) -> list[Parameter]:
    names = dict.fromkeys(
        e.derive.parameter for e in study.endpoints if e.kind != "time to event" and e.derive is not None
    )
    by_name = {parameter.name: parameter for parameter in study.parameters}
    return [by_name[name] for name in names if name in by_name]


def _chosen(parameter: Parameter, data: Library, patient: str) -> list[Cells]:
    """The rows of a parameter: of the data set that the study file names, else of the first that has it."""
    origin = parameter.origin
    if origin is not None:
        if origin.dataset not in data:
            return []
        frame = data[origin.dataset].frame
        try:
            kept = frame.filter(pl.col(PATIENT) == patient).filter(pl.sql_expr(origin.condition(parameter.name)))
        except pl.exceptions.PolarsError:
            return []
        return list(kept.with_columns(AVAL=pl.col(origin.value), AVISIT=pl.col(origin.visit)).iter_rows(named=True))
    for name in data:
        rows = _of(_measured(data, name, patient), parameter.name)
        if rows:
            return rows
    return []


def _measured(data: Library, name: str, patient: str) -> list[Cells]:
    """One patient's rows of a data set of measurements, without those that were imputed."""
    if name not in data or not {PATIENT, "PARAMCD", "AVAL"} <= set(data[name].frame.columns):
        return []
    rows = data[name].frame.filter(pl.col(PATIENT) == patient).to_dicts()
    return [row for row in rows if text_of(row, "DTYPE") is None]


def _of(rows: Iterable[Cells], parameter: str) -> list[Cells]:
    return [row for row in rows if row["PARAMCD"] == parameter]


def _first_position(rows: list[Cells]) -> list[Cells]:
    positions = [n for row in rows if (n := number_of(row, "ATPTN")) is not None]
    return [row for row in rows if number_of(row, "ATPTN") == min(positions)] if positions else rows


def _laboratory_rows(data: Library, patient: str) -> dict[str, list[Cells]]:
    """Rows by parameter, each of the first data set that has it; data sets with grades come first."""
    columns = {name: set(data[name].frame.columns) for name in data}
    sets = [name for name, has in columns.items() if has & {*LOW, *HIGH} and {"PARAMCD", "AVAL"} <= has]
    sets.sort(key=lambda name: not columns[name] & set(GRADES))
    found: dict[str, list[Cells]] = {}
    for name in sets:
        mine: dict[str, list[Cells]] = {}
        for row in _measured(data, name, patient):
            mine.setdefault(row["PARAMCD"], []).append(row)
        for parameter, rows in mine.items():
            if any(number_of(row, *LOW) is not None or number_of(row, *HIGH) is not None for row in rows):
                found.setdefault(parameter, rows)
    return {name: rows for name, rows in found.items() if not name.startswith("_")}


def _course(
    rows: Sequence[Cells],
    parameter: str,
    label: str | None,
    group: Group,
    calendar: Calendar,
    *,
    unit: str | None = None,
) -> Course | None:
    points: dict[tuple[int, float], Point] = {}
    for row in rows:
        day, value = calendar.day_of(row, ("ADY",), ("ADT",)), number_of(row, "AVAL")
        if day is not None and value is not None:
            known = points.get((day, value))
            visit = (known and known.visit) or text_of(row, "AVISIT")
            points[day, value] = Point(day, value, visit, _flag(value, row))
    if not points:
        return None
    words = label or text_of(rows[0], "PARAM") or parameter
    if unit and group == "endpoint":
        words = f"{words} ({unit})"
    return Course(
        parameter=parameter,
        label=words,
        group=group,
        points=tuple(sorted(points.values(), key=lambda p: (p.day, p.value))),
        baseline=_baseline(rows),
        low=_last(rows, LOW),
        high=_last(rows, HIGH),
    )


def _flag(value: float, row: Cells) -> str | None:
    low, high = number_of(row, *LOW), number_of(row, *HIGH)
    if high is not None and value > high:
        return "H"
    return "L" if low is not None and value < low else None


def _baseline(rows: Sequence[Cells]) -> float | None:
    given = [n for row in rows if (n := number_of(row, "BASE")) is not None]
    flagged = [n for row in rows if text_of(row, "ABLFL") == "Y" and (n := number_of(row, "AVAL")) is not None]
    return given[0] if given else flagged[0] if flagged else None


def _last(rows: Sequence[Cells], names: Sequence[str]) -> float | None:
    values = [n for row in rows if (n := number_of(row, *names)) is not None]
    return values[-1] if values else None


def _outside(course: Course, beyond: tuple[Point, ...], rows: Sequence[Cells]) -> Outside:
    after = {(p.day, p.value) for p in course.points if p.day > 1}
    later = [row for row in rows if (number_of(row, "ADY") or 0) > 1]
    grades = [g for row in later for name in GRADES if (g := text_of(row, name)) is not None]
    worst = max(grades, key=lambda g: abs(int(g)) if g.lstrip("-").isdigit() else 0, default=None)
    if worst == "0":
        worst = None
    return Outside(
        label=course.label, low=course.low, high=course.high, baseline=course.baseline, points=beyond,
        measured=len(after), grade=worst,
    )  # fmt: skip


def _excess(outside: Outside) -> float:
    """How far outside the range, in widths of it."""
    width = (outside.high or 0.0) - (outside.low or 0.0) or 1.0
    above = [(p.value - outside.high) / width for p in outside.points if outside.high is not None]
    below = [(outside.low - p.value) / width for p in outside.points if outside.low is not None]
    return max([*above, *below], default=0.0)
