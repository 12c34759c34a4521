"""The steps of a recipe in words: what each says of the columns that it makes, and of the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

from pivotal.study.recipe_grades import GradeByCtcae
from pivotal.study.recipe_subject import (
    Aggregate,
    Codes,
    Dates,
    DaysBetween,
    Flags,
    Group,
    Groups,
    Occurrence,
    Pick,
    Pool,
    Round,
    StudyDays,
    TimeToEvent,
)
from pivotal.study.recipe_visits import (
    Baseline,
    CarryForward,
    Change,
    Copies,
    LastValue,
    Previous,
    Score,
    Summaries,
    Windows,
)
from pivotal.study.recipes import Compute, Join, Keep, Rename


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a step says.

    Attributes
    ----------
    columns
        How each column that it makes comes about; what was said of it before is forgotten.
    further
        What is added to what was said of a column before.
    taken
        Columns taken as they stand: of which data set and column.
    renamed
        New name to old name.
    rows
        What it does to rows; empty where it leaves them.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    further: Mapping[str, str] = field(default_factory=dict)
    taken: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    rows: str = ""


@singledispatch
def told(step: Any) -> Told:
    """A step in words.

    Parameters
    ----------
    step
        A step of `pivotal.study.recipes`.

    Returns
    -------
    Told
        Of its columns and of the rows.
    """
    raise TypeError(f"no step is told for {type(step).__name__}")


def _where(condition: str | None) -> str:
    return f" where {condition}" if condition is not None else ""


def _by(names: Iterable[str]) -> str:
    return f" by {', '.join(names)}"


def _added(columns: Mapping[str, str], what: str) -> dict[str, str]:
    return {name: f"On {what}: {value}." for name, value in columns.items()}


@told.register
def _keep(step: Keep) -> Told:
    return Told(rows=f"Rows are kept where {step.where}.")


@told.register
def _compute(step: Compute) -> Told:
    if step.where is None:
        return Told(columns={name: f"{expression}." for name, expression in step.columns.items()})
    return Told(further={name: f"{expression}, where {step.where}." for name, expression in step.columns.items()})


@told.register
def _join(step: Join) -> Told:
    chosen = f"{_where(step.where)}" + ("" if step.by == ("USUBJID",) else f", matched{_by(step.by)}")
    return Told(taken={new: f"{step.from_}.{old}{chosen}" for new, old in step.columns.items()})


@told.register
def _rename(step: Rename) -> Told:
    return Told(renamed=step.columns)


@told.register
def _pick(step: Pick) -> Told:
    order = f" in order of {', '.join(step.order_by)}" if step.order_by else ""
    which = f"the {step.take} row of {step.from_}{_where(step.where)}{order}{_by(step.by)}"
    return Told(columns={new: f"{expression} of {which}." for new, expression in step.columns.items()})


@told.register
def _aggregate(step: Aggregate) -> Told:
    rows = f"the rows of {step.from_}{_where(step.where)}{_by(step.by)}"
    return Told(columns={new: f"The {total.by} of {total.of} over {rows}." for new, total in step.columns.items()})


@told.register
def _dates(step: Dates) -> Told:
    imputed = ""
    if step.day is not None:
        imputed = f"; a missing day is the {step.day if isinstance(step.day, str) else f'{step.day}.'} of the month"
    if step.month is not None:
        imputed += f", a missing month is month {step.month}"
    made = {new: f"The date of {text}, missing where it is partial{imputed}." for new, text in step.columns.items()}
    flags = {flag: f"D or M where the day or the month of {date} is imputed." for flag, date in step.flags.items()}
    return Told(columns=made | flags)


@told.register
def _study_days(step: StudyDays) -> Told:
    words = f"less {step.reference}, plus 1 on and after it"
    return Told(columns={new: f"{date} {words}." for new, date in step.columns.items()})


@told.register
def _days_between(step: DaysBetween) -> Told:
    text = f"{step.end} less {step.start}{', plus 1 day' if step.inclusive else ''}, in {step.unit}"
    months = " of 30.4375 days, to one decimal" if step.unit == "months" else ""
    return Told(columns={step.column: f"{text}{months}."})


@told.register
def _groups(step: Groups) -> Told:
    groups = "; ".join(f"{group.label}{_code(group)}: {_bounds(group, step.column)}" for group in step.groups)
    made = {step.into: f"Group of {step.column}. {groups}."}
    return Told(columns=made | ({step.code: f"Number of the group {step.into}."} if step.code else {}))


def _code(group: Group) -> str:
    return f" ({group.code:g})" if group.code is not None else ""


def _bounds(group: Group, column: str) -> str:
    bounds = {"at least": group.at_least, "above": group.above, "at most": group.at_most, "below": group.below}
    said = [f"{words} {value:g}" for words, value in bounds.items() if value is not None]
    return f"{column} {' and '.join(said)}" if said else f"any {column}"


@told.register
def _codes(step: Codes) -> Told:
    pairs = "; ".join(f"{old}: {new if isinstance(new, str) else f'{new:g}'}" for old, new in step.values.items())
    other = f"; any other: {step.otherwise}" if step.otherwise is not None else ""
    return Told(columns={step.into: f"By {step.column}. {pairs}{other}."})


@told.register
def _pool(step: Pool) -> Told:
    text = f"{step.column}; {step.label} where any {step.across} has fewer than {step.least} patients of it"
    return Told(columns={step.into: f"{text}."})


@told.register
def _round(step: Round) -> Told:
    texts = {name: f"Rounded to {places} decimals, half away from zero." for name, places in step.columns.items()}
    return Told(further=texts)


@told.register
def _occurrence(step: Occurrence) -> Told:
    order = ", ".join(step.order_by)
    text = f"Y on the {step.take} row{_where(step.where)}, in order of {order},{_by(step.by)}"
    return Told(columns={step.column: f"{text}."})


@told.register
def _flags(step: Flags) -> Told:
    other = "N" if step.otherwise == "N" else "missing"
    return Told(columns={name: f"Y where {expression}; else {other}." for name, expression in step.columns.items()})


@told.register
def _time_to_event(step: TimeToEvent) -> Told:
    made = {
        step.time: f"{step.date} less {step.start}, plus 1 day.",
        step.date: f"{step.event}; where it is missing, {step.censor}.",
        step.censored: f"0 where {step.event} is there, else 1.",
    }
    texts = {name: f"{event} for an event, {other} for a censored time." for name, (event, other) in step.texts.items()}
    return Told(columns=made | texts)


@told.register
def _windows(step: Windows) -> Told:
    windows = "; ".join(f"{w.label} ({w.code:g}): {w.range or _days(w.first, w.last)}" for w in step.windows)
    made = {step.visit: f"The window that holds {step.day}. {windows}.", step.code: f"Number of {step.visit}."}
    also = {
        step.range: "The window in words.", step.target: "The window's target day.", step.first: "Its first day.",
        step.last: "Its last day.", step.distance: f"{step.day} less the target day, absolute.",
    }  # fmt: skip
    return Told(columns=made | {name: text for name, text in also.items() if name is not None})


def _days(first: float | None, last: float | None) -> str:
    ends = [f"from day {first:g}" if first is not None else "", f"to day {last:g}" if last is not None else ""]
    return " ".join(end for end in ends if end) or "any day"


@told.register
def _baseline(step: Baseline) -> Told:
    row = f"the row where {step.where},{_by(step.by)}"
    return Told(columns={new: f"{old} of {row}." for new, old in step.columns.items()})


@told.register
def _change(step: Change) -> Told:
    where = _where(step.where)
    made = {step.change: f"{step.value} - {step.base}{where}."} if step.change else {}
    if step.percent:
        made[step.percent] = f"100 x ({step.value} - {step.base}) / {step.base}{where}."
    return Told(columns=made)


@told.register
def _score(step: Score) -> Told:
    items = ", ".join(f"{item} (to {most:g})" for item, most in step.items.items())
    missing = f"; with at most {step.missing:.0%} of the items missing, in proportion to their maxima"
    return Told(columns={step.into: f"The sum of {step.value} over {items},{_by(step.by)}{missing}."})


@told.register
def _carry_forward(step: CarryForward) -> Told:
    visits = ", ".join(f"{visit:g}" for visit in step.visits)
    rows = f"A row for each {step.visit} of {visits} that is missing{_by(step.by)}: the last row before it"
    return Told(
        rows=f"{rows}{_where(step.where)}, in order of {', '.join(step.order_by)}.",
        further=_added(step.columns, "rows carried forward"),
    )


@told.register
def _copies(step: Copies) -> Told:
    return Told(
        rows=f"Copies of the rows{_where(step.where)} are added.", further=_added(step.columns, "copies of rows")
    )


@told.register
def _summaries(step: Summaries) -> Told:
    return Told(
        rows=f"A row with the {step.take} of {step.value} is added{_where(step.where)},{_by(step.by)}.",
        further=_added(step.columns, f"rows of the {step.take}"),
    )


@told.register
def _previous(step: Previous) -> Told:
    row = f"of the row before{_where(step.where)}, in order of {', '.join(step.order_by)},{_by(step.by)}"
    return Told(columns={new: f"{old} {row}." for new, old in step.columns.items()})


@told.register
def _last_value(step: LastValue) -> Told:
    so_far = f"the last so far{_where(step.where)}, in order of {', '.join(step.order_by)},{_by(step.by)}"
    return Told(columns={new: f"{old}, {so_far}." for new, old in step.columns.items()})


@told.register
def _grades(step: GradeByCtcae) -> Told:
    graded = "; ".join(
        f"{name}: {', '.join(term for term in (each.low, each.high) if term)}" for name, each in step.parameters.items()
    )
    made = {}
    for end, what in (("L", "low"), ("H", "high")):
        by = f"CTCAE {step.version} by {step.value}, limits of normal and baseline"
        made[f"ATOXGR{end}"] = f"Grade of {what} values by {by}. {graded}."
        made[f"BTOXGR{end}"] = f"ATOXGR{end} of the row where {step.baseline_flag} is Y."
        made[f"ATOXRSN{end}"] = f"Why ATOXGR{end} is missing."
    return Told(columns=made)
