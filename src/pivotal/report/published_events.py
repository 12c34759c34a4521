"""Published adverse events with what the estimators make of their counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from pivotal.report.bundle import Bundle
from pivotal.report.document import Column, Line, Table, Text
from pivotal.report.format import DASH, count, fixed, p_text, percent

ANALYSIS = "published events"
HEADINGS = {"serious": "Serious events", "other": "Other events"}
Cells = Mapping[tuple[str | None, str | None, str], float | None]


def published_events(bundle: Bundle) -> Table | None:
    """A line a term; None where no events were published."""
    records = bundle.rows.where(ANALYSIS)
    if not records:
        return None
    arms = list(dict.fromkeys(r["arm"] for r in records if not r["comparator"]))
    pairs = list(dict.fromkeys((r["arm"], r["comparator"]) for r in records if r["comparator"]))
    lines: list[Line] = []
    for group, terms in _by_term(records).items():
        lines.append(Line(heading=HEADINGS.get(group, group)))
        lines += [Line(_cells(term, cells, arms, pairs), indent=True) for term, cells in terms.items()]
    columns = (
        Column("Term", wide=True),
        *(Column(arm, number=True, group="Patients n/N, % (interval)") for arm in arms),
        *(Column(arm, number=True, group=f"Risk difference to {other}, points (interval)") for arm, other in pairs),
    )
    notes = (
        "Intervals: Clopper-Pearson, Miettinen-Nurminen. p: Fisher's exact test. Flagged: double false discovery "
        "rate over the terms of the list. Groups are of the treatment at onset: who changed treatment is in several of "
        "them, for different times, so that these comparisons describe the published counts and no more.",
    )
    caption = "Published adverse events, recomputed from published counts"
    return Table("table-published-events", caption, columns, tuple(lines), notes, origin="computed")


def _by_term(records: Sequence[Mapping[str, Any]]) -> dict[str, dict[tuple[str, str], dict[Any, float | None]]]:
    found: dict[str, dict[tuple[str, str], dict[Any, float | None]]] = {}
    for record in records:
        groups = record["groups"]
        cells = found.setdefault(groups["list"], {}).setdefault((groups["term"], groups["class"]), {})
        cells[record["arm"], record["comparator"] or None, record["statistic"]] = record["value"]
    return found


def _cells(
    term: tuple[str, str], cells: Cells, arms: Sequence[str], pairs: Sequence[tuple[str, str]]
) -> tuple[Text, ...]:
    name = Markup('{}<span class="under">{}</span>').format(*term)
    return (name, *(_rate(cells, arm) for arm in arms), *(_difference(cells, *pair) for pair in pairs))


def _rate(cells: Cells, arm: str) -> Text:
    x, n, rate, low, high = (cells.get((arm, None, s)) for s in ("n", "N", "rate", "ci_low", "ci_high"))
    if x is None or not n or rate is None or low is None or high is None:
        return DASH
    interval = f"{percent(rate)} ({fixed(100 * low, 1)} to {fixed(100 * high, 1)})"
    return Markup('{}<span class="under">{}</span>').format(f"{count(x)}/{count(n)}", interval)


def _difference(cells: Cells, arm: str, other: str) -> Text:
    names = ("estimate", "ci_low", "ci_high", "p", "rejected")
    value, low, high, p, flagged = (cells.get((arm, other, s)) for s in names)
    if value is None or low is None or high is None or p is None:
        return DASH
    shown = f"{fixed(100 * value, 1)} ({fixed(100 * low, 1)} to {fixed(100 * high, 1)})"
    under = f"{p_text(p)}, flagged" if flagged else p_text(p)
    return Markup('{}<span class="under">{}</span>').format(shown, under)
