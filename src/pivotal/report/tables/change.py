"""Change from baseline laid out: baseline, value and change by arm, then dose response and comparisons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pivotal.report.bundle import Bundle
from pivotal.report.document import Column, Line, Table
from pivotal.report.tables.layout import Found, caption, headed, laid_out, notes, records_of
from pivotal.report.tables.words import NOTHING, number, p_printed
from pivotal.study.endpoint_tables import Change, ChangeOverTime

HEADINGS = {"baseline": "Baseline", "change": "Change from Baseline"}


@records_of.register
def of_change(table: Change, bundle: Bundle) -> Iterable[Mapping[str, Any]]:
    """Its own records, and those of the endpoint's analyses that it names, at its visit."""
    yield from bundle.rows.where(table.id)
    visit = table.visit or next(e.visit for e in bundle.study.endpoints if e.name == table.endpoint)
    for analysis in (table.dose, table.pairs):
        if analysis is not None:
            yield from bundle.rows.where(analysis, endpoint=table.endpoint, visit=visit)


@laid_out.register
def change(table: Change, found: Found) -> Table:
    """Blocks of n, mean (SD) and median (range); p-value of the dose response; a block a comparator."""
    arms = _arms(found)
    lines: list[Line] = []
    for part in table.parts:
        lines.append(Line(heading=HEADINGS.get(part) or table.value_label or _visit(found)))
        lines += _summary(found, arms, part, table.digits)
    if table.dose is not None:
        p = p_printed(found.value(analysis=table.dose, statistic="p"), 3)
        lines.append(Line(("p-value (dose response)", *[""] * (len(arms) - 1), p)))
    if table.pairs is not None:
        lines += _comparisons(table, found, arms)
    return Table(f"table-{table.id}", caption(table), headed(found, analysis=table.id), tuple(lines), notes(table))


def _arms(found: Found) -> list[str]:
    return list(dict.fromkeys(r["arm"] for r in found.records if r["statistic"] == "N"))


def _visit(found: Found) -> str:
    return next((str(r["visit"]) for r in found.records if r["visit"] is not None), "")


def _summary(found: Found, arms: list[str], part: str, digits: int, **about: Any) -> Iterator[Line]:
    def value(statistic: str, arm: str) -> float | None:
        return found.value(statistic=statistic, arm=arm, quantity=part, **about)

    def both(left: str, right: str) -> str:
        return NOTHING if left == NOTHING else f"{left} ({right})"

    yield Line(("n", *(number(value("n", arm), 0) for arm in arms)), indent=True)
    means = [both(number(value("mean", a), digits + 1), number(value("sd", a), digits + 2)) for a in arms]
    yield Line(("Mean (SD)", *means), indent=True)
    medians = [
        both(
            number(value("median", a), digits + 1),
            f"{number(value('min', a), digits)};{number(value('max', a), digits)}",
        )
        for a in arms
    ]
    yield Line(("Median (Range)", *medians), indent=True)


def _comparisons(table: Change, found: Found, arms: list[str]) -> Iterator[Line]:
    """For each comparator, with the arms that are compared with it: p, difference (SE), limits."""
    for comparator in arms:
        compared = {
            arm: {
                s: found.value(analysis=table.pairs, arm=arm, comparator=comparator, statistic=s) for s in _STATISTICS
            }
            for arm in arms
        }
        if all(each["p"] is None for each in compared.values()):
            continue
        d = table.digits
        yield Line((f"p-value (against {comparator})", *(_blank(c, p_printed(c["p"], 3)) for c in compared.values())))
        differences = [f"{number(c['estimate'], d + 1)} ({number(c['se'], d + 2)})" for c in compared.values()]
        limits = [f"({number(c['ci_low'], d + 1)};{number(c['ci_high'], d + 1)})" for c in compared.values()]
        cells = zip(compared.values(), differences, limits, strict=True)
        shown = [(_blank(c, difference), _blank(c, limit)) for c, difference, limit in cells]
        yield Line(("Diff of LS Means (SE)", *(difference for difference, _ in shown)), indent=True)
        yield Line(("95% CI", *(limit for _, limit in shown)), indent=True)


_STATISTICS = ("p", "estimate", "se", "ci_low", "ci_high")


def _blank(compared: Mapping[str, float | None], text: str) -> str:
    return "" if compared["p"] is None else text


@laid_out.register
def over_time(table: ChangeOverTime, found: Found) -> Table:
    """A line a visit and arm: n, mean (SD) and median (range) of the value, mean (SD) of the change."""
    d = table.digits
    visits = list(dict.fromkeys(r["visit"] for r in found.records if r["statistic"] == "mean"))
    lines: list[Line] = []
    for visit in visits:
        lines.append(Line(heading=str(visit)))
        for arm in _arms(found):
            got = {
                (part, s): found.value(visit=visit, arm=arm, quantity=part, statistic=s)
                for part in ("baseline", "value", "change")
                for s in ("n", "mean", "sd")
            }
            pairs = [f"{number(got[p, 'mean'], d + 1)} ({number(got[p, 'sd'], d + 2)})" for p in _PARTS]
            lines.append(Line((arm, number(got["value", "n"], 0), *pairs), indent=True))
    columns = (
        Column("Visit", wide=True),
        Column("n", number=True),
        Column("Baseline mean (SD)", number=True),
        Column("Mean (SD)", number=True),
        Column("Mean change (SD)", number=True),
    )
    return Table(f"table-{table.id}", caption(table), columns, tuple(lines), notes(table))


_PARTS = ("baseline", "value", "change")
