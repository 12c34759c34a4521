"""Tipping points laid out: a line a delta, or a grid of p-values, and under it where the conclusion is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pivotal.report.document import Column, Line, Table, against
from pivotal.report.format import DASH, capital, limits, listed, on_scale, p_value, plain, scale_label, short_percent
from pivotal.report.rows import Found as Number
from pivotal.report.rows import found as number_of
from pivotal.report.tables.layout import Found, caption, laid_out, notes
from pivotal.study.sensitivity_tables import TippingPoint

Pair = tuple[str, str]
DELTA, OTHER = "delta", "delta of comparator"
WAY = {"up": "upwards", "down": "downwards"}


@laid_out.register
def tipping_points(table: TippingPoint, found: Found) -> Table:
    """A heading a pair of arms; a line a delta; the tipping points in words."""
    pairs = list(dict.fromkeys((r["arm"], r["comparator"]) for r in found.records if r["comparator"] is not None))
    others = found.groups(OTHER)
    lines: list[Line] = []
    for pair in pairs:
        lines.append(Line(heading=against(*pair)))
        lines += _grid(found, pair, others) if len(others) > 1 else _lines(found, pair)
    columns = _grid_columns(others) if len(others) > 1 else _columns(found)
    words = [sentence for pair in pairs for sentence in _tipping(found, pair, others)]
    return Table(f"table-{table.id}", caption(table), columns, tuple(lines), (_about(found), *words, *notes(table)))


def _columns(found: Found) -> tuple[Column, ...]:
    scale = next((r["scale"] for r in found.records if r["statistic"] == "estimate"), None) or "estimate"
    level = found.value(statistic="level")
    interval = "Interval" if level is None else f"{short_percent(level)} interval"
    return (
        Column("Delta", wide=True),
        Column(capital(scale_label(scale)), number=True),
        Column(interval, number=True),
        Column("p", number=True),
    )


def _lines(found: Found, pair: Pair) -> Iterator[Line]:
    for delta in found.groups(DELTA):
        estimate, low, high, p = (
            found.one(arm=pair[0], comparator=pair[1], delta=delta, statistic=s)
            for s in ("estimate", "ci_low", "ci_high", "p")
        )
        show = on_scale(estimate["scale"] or "" if estimate else "")
        value = None if estimate is None else number_of(estimate).value
        interval = "" if low is None or high is None else limits(number_of(low), number_of(high), show)
        shown = str(estimate["reason"] or DASH) if estimate and value is None else DASH
        yield Line((_signed(delta), shown if value is None else show(value), interval or DASH, _p(p)), indent=True)


def _grid_columns(others: list[str]) -> tuple[Column, ...]:
    head = "p by delta of the comparator"
    return (Column("Delta", wide=True), *(Column(_signed(other), number=True, group=head) for other in others))


def _grid(found: Found, pair: Pair, others: list[str]) -> Iterator[Line]:
    """p-values: a line a delta of the arm, a column a delta of its comparator."""
    for delta in found.groups(DELTA):
        about = {"arm": pair[0], "comparator": pair[1], DELTA: delta, "statistic": "p"}
        yield Line((_signed(delta), *(_p(found.one(**about, **{OTHER: other})) for other in others)), indent=True)


def _p(record: Mapping[str, Any] | None) -> str:
    value = None if record is None else number_of(record).value
    return DASH if value is None else p_value(value)


def _about(found: Found) -> str:
    alpha = found.value(statistic="alpha")
    level = "" if alpha is None else f" exceeds {plain(alpha)}"
    return (
        "Delta: what is added to imputed values of the arm, beside what the imputation itself adds; all lines are of "
        f"the same imputations. Tipping point: the first delta, away from 0, at which the two-sided p{level}, or the "
        "effect is on the other side."
    )


def _tipping(found: Found, pair: Pair, others: list[str]) -> Iterator[str]:
    """Where the conclusion is lost: a sentence a pair, and a direction where the list goes both ways."""
    ways = found.groups("direction")
    for way in ways:
        at: dict[str, list[str]] = {}  # where, with which deltas of the comparator
        for other in others:
            about = {"arm": pair[0], "comparator": pair[1], "direction": way, OTHER: other}
            record = found.one(statistic="tipping point", **about)
            if record is not None:
                at.setdefault(_at(number_of(record)), []).append(_signed(other))
        beside = others != ["0"]
        said = [
            f"{where} with {listed(with_)} added in the comparator" if beside else where for where, with_ in at.items()
        ]
        towards = f", {WAY[way]}" if len(ways) > 1 else ""
        if said:
            yield f"Tipping point, {pair[0]} against {pair[1]}{towards}: {'; '.join(said)}."


def _at(point: Number) -> str:
    if point.value is None:
        return f"none ({point.reason})"
    return plain(point.value) if point.value else "0 (the conclusion does not hold without any)"


def _signed(delta: str) -> str:
    """A delta with a proper minus sign."""
    return plain(float(delta))
