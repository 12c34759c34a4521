"""The baseline table: who the patients were, by arm and in total."""

from __future__ import annotations

import re

from pivotal.report.bundle import Bundle
from pivotal.report.document import Column, Footnotes, Line, Prose, Section, Table, Text
from pivotal.report.format import DASH, count, fixed, in_names, percent
from pivotal.report.rows import Found

TOTAL = "Total"


def baseline_section(bundle: Bundle) -> Section | None:
    """The section with the table, or why there is none; None for a study that knows nothing of its patients."""
    names = list(dict.fromkeys(r["parameter"] for r in bundle.rows.where("baseline")))
    if not names and not bundle.study.variables and bundle.rows:
        return None
    if not names:
        why = Prose("The results hold no baseline rows.", style="empty")
        return Section("baseline", "Baseline", [why])
    return Section("baseline", "Baseline", [_table(bundle, names)])


def _table(bundle: Bundle, names: list[str]) -> Table:
    arms = [a for a in (*bundle.arms, TOTAL) if bundle.rows.where("baseline", arm=a)]
    notes = Footnotes()
    lines: list[Line] = []
    for name in names:
        lines += _categories(bundle, name, arms, notes) or _numbers(bundle, name, arms, notes)
    columns = (Column("Characteristic", wide=True), *(Column(_head(bundle, arm), number=True) for arm in arms))
    return Table(
        "table-baseline",
        "Characteristics of the patients at baseline",
        columns,
        tuple(lines),
        (
            "Population: all randomised patients. Number (%) unless stated; percentages are of patients with a value.",
            *_rule(bundle),
            *notes.notes,
        ),
    )


def _rule(bundle: Bundle) -> tuple[str, ...]:
    """Whose quartiles they are, where there are any."""
    said = {row["method"] for row in bundle.rows.where("baseline", statistic="q1")}
    programs = {"quantiles, definition 5": "as SAS (QNTLDEF=5)", "quantiles, type 7": "as R (type 7)"}
    return tuple(f"Q1, Q3: quartiles {programs[each]}." for each in programs if each in said)


def _head(bundle: Bundle, arm: str) -> str:
    number = bundle.rows.get("disposition", arm=arm, groups={"event": "randomised"}).value
    return arm if number is None else f"{arm} (N\u00a0=\u00a0{count(number)})"


def _label(bundle: Bundle, name: str) -> str:
    variables = bundle.study.variables
    if name in variables:
        return re.sub(r",? at baseline\b", "", variables[name].label)
    parameter = next((p for p in bundle.study.parameters if p.name == name), None)
    if parameter is not None:
        return parameter.label + (f", {parameter.unit}" if parameter.unit else "")
    return next((s.label or s.name for s in bundle.study.randomisation.strata if s.name == name), name)


def _categories(bundle: Bundle, name: str, arms: list[str], notes: Footnotes) -> list[Line]:
    records = bundle.rows.where("baseline", parameter=name)
    found = ((r.get("groups") or {}).get("category") for r in records)
    labels: list[str] = list(dict.fromkeys(str(label) for label in found if label is not None))
    if not labels:
        return []
    stratum = name in {s.name for s in bundle.study.randomisation.strata}
    lines = [Line(heading=_label(bundle, name) + (" (stratification factor)" if stratum else ""))]
    for label in labels:
        cells = [_share(bundle, name, label, arm, notes) for arm in arms]
        lines.append(Line((in_names(label), *cells), indent=True))
    return lines


def _share(bundle: Bundle, name: str, label: str, arm: str, notes: Footnotes) -> Text:
    keys = {"parameter": name, "arm": arm, "groups": {"category": label}}
    number = bundle.rows.get("baseline", statistic="n", **keys)
    rate = bundle.rows.get("baseline", statistic="rate", **keys)
    if number.value is None:
        return DASH + notes.mark(number.reason)
    return count(number.value) + (f" ({percent(rate.value)})" if rate.value is not None else notes.mark(rate.reason))


def _numbers(bundle: Bundle, name: str, arms: list[str], notes: Footnotes) -> list[Line]:
    variable = bundle.study.variables.get(name)
    label = _label(bundle, name)
    unit = f", {variable.unit}" if variable and variable.unit and variable.unit.lower() not in label.lower() else ""
    digits = 0 if variable and variable.type == "integer" else 1

    def get(statistic: str, arm: str) -> Found:
        return bundle.rows.get("baseline", statistic=statistic, parameter=name, arm=arm)

    def cells(first: str, second: str, third: str | None = None) -> tuple[Text, ...]:
        return tuple(
            _pair(get(first, arm), get(second, arm), get(third, arm) if third else None, digits, notes) for arm in arms
        )

    return [
        Line(heading=label + unit),
        Line(("Mean (SD)", *cells("mean", "sd")), indent=True),
        Line(("Median (range)", *cells("median", "min", "max")), indent=True),
        Line(("Q1, Q3", *(_quartiles(get("q1", arm), get("q3", arm), digits, notes) for arm in arms)), indent=True),
    ]


def _quartiles(first: Found, third: Found, digits: int, notes: Footnotes) -> Text:
    if first.value is None or third.value is None:
        return DASH + notes.mark(first.reason)
    return f"{_middle(first.value, digits)}, {_middle(third.value, digits)}"


def _middle(value: float, digits: int) -> str:
    """A quantile: of whole numbers it may lie between two of them."""
    return fixed(value, 0 if digits == 0 and float(value).is_integer() else 1)


def _pair(first: Found, second: Found, third: Found | None, digits: int, notes: Footnotes) -> Text:
    if first.value is None:
        return DASH + notes.mark(first.reason)
    if third is None:
        spread = DASH if second.value is None else fixed(second.value, 2)
        return f"{fixed(first.value, 1)} ({spread})" + notes.mark(second.reason)
    ends = [DASH if end.value is None else fixed(end.value, digits) for end in (second, third)]
    return f"{_middle(first.value, digits)} ({ends[0]} to {ends[1]})"
