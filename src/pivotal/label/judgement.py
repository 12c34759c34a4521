"""One patient held against the label: the answer, criterion by criterion, each with its source. No medical advice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pivotal.label.coverage import ANSWERS, Coverage, in_codes
from pivotal.label.product import CONDITION, DoseLimit, Fact, Indication, Limitation
from pivotal.label.reasons import reason, unknown_facts
from pivotal.label.show import NO_ADVICE, machine, noted, sure
from pivotal.study.criteria import passes
from pivotal.study.words import items, number, wrapped

_MARKS = {1: "met", 0: "NOT MET", -1: "unknown"}


def judgement(coverage: Coverage, notes: Sequence[str] = ()) -> str:
    """The answers for a few patients in plain words."""
    parts = [_one(coverage, row) for row in range(len(coverage))]
    lines = [line for part in parts for line in [*part, ""]]
    if notes:
        lines += [
            "Seen, and not taken as a fact:",
            *(x for n in notes for x in wrapped(n, indent="  - ", hang="    ")),
            "",
        ]
    return "\n".join([*lines, *_cited(coverage), *wrapped(NO_ADVICE)]) + "\n"


def _one(coverage: Coverage, row: int) -> list[str]:
    product = coverage.product
    said = ANSWERS[int(coverage.answer[row])].upper()
    head = f"{product.product.title} on {coverage.on}{_which(coverage, row)}: {said}"
    lines = [head, "=" * min(len(head), 96), *wrapped(_capital(reason(coverage, row)) + ".")]
    lines += ["", "Facts:", *(items(_facts(coverage, row)) or ["  none"])]
    for i, indication in enumerate(coverage.indications):
        lines += ["", *_indication(coverage, indication, i, row)]
    told = [_limitation(coverage, each, i, row) for i, each in enumerate(coverage.limitations)]
    if told:
        lines += ["", "Limitations of use (they do not change the answer):", *items(told)]
    if product.boxed_warning:
        topics = ", ".join(topic.text for topic in product.boxed_warning)
        lines += ["", *wrapped(f"Boxed warning: {topics}{sure(product, product.boxed_warning[0])}.", hang="  ")]
    return lines


def _which(coverage: Coverage, row: int) -> str:
    """Which of several conditions a row is about."""
    codes = coverage.patients.columns.get(CONDITION)
    labels = coverage.product.variables[CONDITION].categories or ()
    return f", {labels[int(codes[row])]}" if len(coverage) > 1 and codes is not None and codes[row] >= 0 else ""


def _indication(coverage: Coverage, indication: Indication, i: int, row: int) -> list[str]:
    product = coverage.product
    answer = int(coverage.by_indication[row, i])
    title = f"{indication.id} ({indication.condition}): {ANSWERS[answer]}"
    pairs = []
    for criterion, code in zip(indication.criteria, coverage.by_criterion[i][row], strict=True):
        text = f"{'Not: ' if criterion.kind == 'exclusion' else ''}{criterion.text or criterion.id}"
        asked = f" ({machine(product, criterion)})"
        missing = f"; unknown is {unknown_facts(coverage, criterion, row)}" if code == -1 else ""
        pairs.append((_MARKS[int(code)], text + asked + missing + sure(product, criterion) + noted(criterion)))
    lines = [*wrapped(title), *items(pairs)]
    if answer == 1:
        use = f"{', '.join(indication.use)}; {indication.frequency or ''}".rstrip("; ")
        lines += wrapped(f"For {use}.", indent="  ")
        for limit in indication.doses(coverage.on):
            lines += _dose(coverage, limit, row)
        lines += wrapped(f"{_capital(indication.reassess)}.", indent="  ") if indication.reassess else []
    return lines


def _dose(coverage: Coverage, limit: DoseLimit, row: int) -> list[str]:
    columns = {name: values[row : row + 1] for name, values in coverage.patients.columns.items()}
    if limit.when is not None:
        answers = {
            int(passes(in_codes(limit.when, coverage.product.variables), each)[0])
            for each in _ends(coverage, columns, row)
        }
        if answers == {0}:
            return []
        sure_of_it = "" if answers == {1} else "If it is for this patient: "
    else:
        sure_of_it = ""
    text = f"{sure_of_it}At most {limit.text}.{sure(coverage.product, limit)}{noted(limit)}"
    return wrapped(text, indent="  ", hang="    ")


def _ends(coverage: Coverage, columns: dict[str, np.ndarray], row: int) -> list[dict[str, np.ndarray]]:
    upper = {name: each[row : row + 1] for name, each in coverage.patients.upper.items()}
    return [columns, columns | upper]


def _limitation(coverage: Coverage, each: Limitation, i: int, row: int) -> tuple[str, str]:
    code = int(coverage.limited[row, i])
    mark = {1: "APPLIES", 0: "no", -1: "unknown"}[code]
    missing = f"; unknown is {unknown_facts(coverage, each.criterion, row)}" if code == -1 else ""
    return mark, each.text + missing + sure(coverage.product, each)


def _facts(coverage: Coverage, row: int) -> list[tuple[str, str]]:
    patients = coverage.patients
    pairs = []
    for name, values in patients.columns.items():
        value, variable = values[row], coverage.product.variables[name]
        if np.isnan(value) if values.dtype.kind == "f" else value < 0:
            continue
        upper = float(patients.upper[name][row]) if name in patients.upper else float(value)
        other, told = patients.told_by.get(name, ("", None))
        how = f" (told by {other}; see the scale)" if told is not None and told[row] else ""
        pairs.append((variable.label, _value(variable, float(value), upper) + how))
    return pairs


def _value(variable: Fact, low: float, high: float) -> str:
    if variable.type == "category":
        return (variable.categories or ())[int(low)]
    if variable.type == "boolean":
        return "yes" if low else "no"
    unit = f" {variable.unit}" if variable.unit else ""
    return f"{number(low)}{unit}" if low == high else f"{number(low)} to {number(high)}{unit}"


def _cited(coverage: Coverage) -> list[str]:
    """The sources that the answer names."""
    product = coverage.product
    keys = [part.source for part in (*coverage.limitations, *product.boxed_warning[:1])]
    for each in coverage.indications:
        keys += [each.source, *(c.source for c in each.criteria), *(limit.source for limit in each.doses(coverage.on))]
    used = [key for key in product.sources if key in keys]
    return ["Sources:", *items([(key, product.cite(key)) for key in used]), ""] if used else []


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
