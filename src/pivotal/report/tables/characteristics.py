"""Characteristics and disposition laid out: a variable after the other, arms across, p-values last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pivotal.report.document import Column, Line, Table
from pivotal.report.tables.layout import Found, caption, headed, laid_out, notes
from pivotal.report.tables.words import number, p_printed, share
from pivotal.study.characteristics_tables import Characteristics, Counted, Summarised

SUMMARY = (("mean", "Mean"), ("sd", "SD"), ("median", "Median"), ("min", "Min"), ("max", "Max"))


@laid_out.register
def characteristics(table: Characteristics, found: Found) -> Table:
    """A block a variable: its name with n, then its statistics or categories."""
    tested = any(each.test is not None or getattr(each, "tested", None) for each in table.variables)
    lines: list[Line] = []
    for position, variable in enumerate(table.variables):
        place = str(position)
        lines += (
            _summary(variable, found, place) if isinstance(variable, Summarised) else _counts(variable, found, place)
        )
    columns = headed(found) + ((Column("p\u2011value", number=True),) if tested else ())
    cut = [Line(line.cells[: len(columns)], line.heading, line.indent) for line in lines]
    return Table(f"table-{table.id}", caption(table), columns, tuple(cut), notes(table))


def _summary(variable: Summarised, found: Found, position: str) -> Iterator[Line]:
    p = _p(found, variable=position) if variable.test is not None else ""
    yield Line((f"{variable.label}: n", *(_cell(found, arm, "n", 0, position) for arm in found.arms()), p))
    for statistic, words in SUMMARY:
        digits = variable.digits + (statistic == "sd")
        cells = (_cell(found, arm, statistic, digits, position) for arm in found.arms())
        yield Line((words, *cells, ""), indent=True)


def _counts(variable: Counted, found: Found, position: str) -> Iterator[Line]:
    p = _p(found, variable=position) if variable.test is not None else ""
    if variable.number:
        cells = (_cell(found, arm, "n", 0, position) for arm in found.arms())
        yield Line((f"{variable.label}: n", *cells, p))
        p = ""
    elif variable.label is not None:
        yield Line(heading=variable.label)
    entries = dict(variable.levels) | ({"": variable.missing} if variable.missing is not None else {})
    for entry, words in entries.items():
        about = {"variable": position, "category": words}
        cells = (
            share(
                found.value(statistic="n", arm=arm, **about),
                found.value(statistic="rate", arm=arm, **about),
                rare=variable.rare,
            )
            for arm in found.arms()
        )
        own = _p(found, **about) if entry in variable.tested else p
        yield Line((words, *cells, own), indent=True)
        p = ""


def _cell(found: Found, arm: str, statistic: str, digits: int, position: str) -> str:
    return number(found.value(statistic=statistic, arm=arm, variable=position, category=None), digits)


def _p(found: Found, **about: Any) -> str:
    return p_printed(found.value(**({"category": None} | about), statistic="p"))
