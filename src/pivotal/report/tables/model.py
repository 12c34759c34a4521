"""A linear model laid out as PROC GLM prints it."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor, log10

from pivotal.report.document import Column, Line, Table
from pivotal.report.tables.layout import Found, caption, laid_out, notes
from pivotal.report.tables.words import number, p_printed
from pivotal.study.endpoint_tables import Model

SIGNIFICANT, MOST = 10, 8
"""Digits of sums of squares that SAS prints, and decimals at most; all of one part have as many as its largest."""


@laid_out.register
def model(table: Model, found: Found) -> Table:
    """Analysis of variance, Type I and III tests, estimates, least-squares means and their differences."""
    lines = list(_whole(found))
    for part in ("type I", "type III"):
        lines += _terms(found, part)
    lines += _estimates(found)
    lines += _data(found)
    heads = ("DF", "Sum of squares", "Mean square", "F value", "Pr > F")
    columns = (Column("Source", wide=True), *(Column(text, number=True) for text in heads))
    return Table(f"table-{table.id}", caption(table), columns, tuple(lines), notes(table))


def _data(found: Found) -> Iterator[Line]:
    yield Line(heading="Data")
    yield Line(("Observations used", number(found.value(statistic="N", arm=None), 0), "", "", "", ""))
    for term in dict.fromkeys(r["groups"]["term"] for r in found.records if r["statistic"] == "levels"):
        levels = number(found.value(statistic="levels", term=term), 0)
        yield Line((f"Levels of {term}", levels, "", "", "", ""))


def _decimals(values: list[float | None], significant: int = SIGNIFICANT, most: int = MOST) -> int:
    """Decimals at which the largest value has so many digits, at most `most`."""
    largest = max((abs(v) for v in values if v is not None), default=1.0)
    whole = max(0, floor(log10(largest)) + 1) if largest > 0 else 0
    return max(0, min(most, significant - whole))


def _whole(found: Found) -> Iterator[Line]:
    sources = ("Model", "Error", "Corrected Total")
    ss = {source: found.value(part="model", source=source, statistic="ss") for source in sources}
    decimals = _decimals(list(ss.values()))
    for source in sources:
        df, f, p = (found.value(part="model", source=source, statistic=s) for s in ("df", "f", "p"))
        mean = "" if source == "Corrected Total" else number(_quotient(ss[source], df), decimals)
        tests = (number(f, 2), p_printed(p)) if source == "Model" else ("", "")
        yield Line((source, number(df, 0), number(ss[source], decimals), mean, *tests), indent=True)
    yield Line(("", "R-square", "Coeff var", "Root MSE", "Mean", ""))
    last = [
        found.value(part="model", source=None, statistic=s)
        for s in ("r_squared", "coefficient of variation", "root mse", "mean")
    ]
    yield Line(("", *(number(value, _decimals([value], 7, 6)) for value in last), ""), indent=True)


def _quotient(ss: float | None, df: float | None) -> float | None:
    return None if ss is None or not df else ss / df


def _terms(found: Found, part: str) -> Iterator[Line]:
    terms = list(dict.fromkeys(r["groups"]["term"] for r in found.records if r["groups"].get("part") == part))
    ss = {term: found.value(part=part, term=term, statistic="ss") for term in terms}
    decimals = _decimals(list(ss.values()), 10 if max(v or 0 for v in ss.values()) >= 10 else 9)
    yield Line(heading=f"{part.replace('type', 'Type')} sums of squares")
    for term in terms:
        df, f, p = (found.value(part=part, term=term, statistic=s) for s in ("df", "f", "p"))
        squares = number(ss[term], decimals), number(_quotient(ss[term], df), decimals)
        yield Line((term, number(df, 0), *squares, number(f, 2), p_printed(p)), indent=True)


def _estimates(found: Found) -> Iterator[Line]:
    for part, heading in (
        ("estimate", "Slope"), ("ls mean", "LS means"), ("ls mean difference", "Differences of LS means"),
    ):  # fmt: skip
        records = [r for r in found.records if r["groups"].get("part") == part and r["statistic"] == "estimate"]
        if not records:
            continue
        yield Line(heading=heading)
        yield Line(("", "Estimate", "Standard error", "t value", "Pr > |t|", "95% limits"))
        for r in records:
            about = {"part": part, "arm": r["arm"], "comparator": r["comparator"]}
            estimate, se, t, p, low, high = (
                found.value(statistic=s, **about) for s in ("estimate", "se", "statistic", "p", "ci_low", "ci_high")
            )
            name = " - ".join(filter(None, (r["arm"], r["comparator"]))) or "per unit of dose"
            limits = f"{number(low, 6)} to {number(high, 6)}"
            yield Line((name, number(estimate, 8), number(se, 8), number(t, 2), p_printed(p), limits), indent=True)
