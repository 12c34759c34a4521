"""What tables of adverse events share when they are laid out: records by key, columns, cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pivotal.report.format import DASH
from pivotal.report.rounding import printed
from pivotal.report.tables.layout import Found
from pivotal.study.event_tables import EventTable, PValues

Groups = tuple[tuple[str, str], ...]
JSON = Mapping[str, Any]
INDENT = "\u2003"
SCIENTIFIC_BELOW = 0.001
"""Smaller p-values stand in PROC FREQ's listing in scientific notation."""


@dataclass(slots=True)
class Indexed:
    """A table's records by groups, arm, comparator, statistic and scale: tables of events have tens of thousands."""

    records: dict[tuple[Any, ...], JSON] = field(default_factory=dict)
    lines: list[Groups] = field(default_factory=list)
    words: dict[Groups, str] = field(default_factory=dict)
    arms: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, found: Found) -> Indexed:
        """Records put in order."""
        made = cls()
        groups: dict[Groups, None] = {}
        arms: dict[str, None] = {}
        for record in found.records:
            mine = tuple(record["groups"].items())
            at = (mine, record["arm"], record["comparator"], record["statistic"], record["scale"])
            made.records.setdefault(at, record)
            if record["statistic"] == "n":
                groups.setdefault(mine)
                arms.setdefault(record["arm"])
                made.words.setdefault(mine, record["parameter"] or (mine[-1][1] if mine else ""))
        made.lines, made.arms = list(groups), list(arms)
        return made

    def value(
        self, groups: Groups, statistic: str, arm: str, comparator: str | None = None, scale: str | None = None
    ) -> float | None:
        """A number; None where there is none."""
        record = self.records.get((groups, arm, comparator, statistic, scale))
        return None if record is None or record["value"] is None else float(record["value"])

    def sum_of(self, statistic: str) -> float:
        """A statistic added up over all records that have it."""
        return sum(float(r["value"]) for r in self.records.values() if r["statistic"] == statistic)

    def comparators(self, statistic: str) -> list[tuple[str, str]]:
        """Pairs of arms that a statistic compares, in order."""
        pairs = ((r["arm"], r["comparator"]) for r in self.records.values() if r["statistic"] == statistic)
        return list(dict.fromkeys(pair for pair in pairs if pair[1] is not None))


def share(indexed: Indexed, groups: Groups, arm: str, decimals: int = 1) -> str:
    """Patients with an event: ``65 (75.6%)``, ``8 ( 9.5%)``; 0 alone."""
    n, rate = indexed.value(groups, "n", arm), indexed.value(groups, "rate", arm)
    if not n:
        return DASH if n is None else "0"
    return f"{n:.0f} ({_percent(100 * rate, decimals)}%)" if rate is not None else f"{n:.0f}"


def events(indexed: Indexed, groups: Groups, arm: str) -> str:
    """Events in brackets; nothing where there are none."""
    number = indexed.value(groups, "events", arm)
    return f"[{number:.0f}]" if number else ""


def interval(low: float | None, high: float | None, decimals: int) -> str:
    """Two limits; an infinite or missing one is a dash."""
    sides = [DASH if side is None else minus(printed(side, decimals)) for side in (low, high)]
    return f"({sides[0]}, {sides[1]})"


def estimate(
    indexed: Indexed, groups: Groups, pair: tuple[str, str | None], scale: str, decimals: int, factor: float = 1
) -> str:
    """An estimate with its interval: ``14.5 (3.2, 26.1)``."""
    names = ("estimate", "ci_low", "ci_high")
    found = [indexed.value(groups, name, pair[0], pair[1], scale) for name in names]
    value, low, high = (None if number is None else factor * number for number in found)
    if value is None and low is None and high is None:
        return DASH
    shown = DASH if value is None else minus(printed(value, decimals))
    return f"{shown} {interval(low, high, decimals)}"


def p_value(indexed: Indexed, groups: Groups, pair: tuple[str, str], how: PValues) -> str:
    """A p-value as the table prints it; nothing where neither arm has an event."""
    p = indexed.value(groups, "p", *pair)
    if p is None or not (indexed.value(groups, "n", pair[0]) or indexed.value(groups, "n", pair[1])):
        return ""
    if how.ceiling is not None and p > how.ceiling:
        return f">{how.ceiling:g}"
    text = printed(_as_printed(p) if how.rounded_from == "proc freq print" else p, how.decimals)
    if how.star_below is not None and p < how.star_below:
        return f"{text}*"
    return text if how.trailing_zeros else text.rstrip("0").rstrip(".")


def minus(text: str) -> str:
    """A number without the minus of a rounded nought, and with a proper one otherwise."""
    nothing = not text.strip("-0.")
    return text.lstrip("-") if nothing else text.replace("-", "\u2212")


def heading(indexed: Indexed, arm: str) -> str:
    """An arm with its N: ``Placebo (N=86)``."""
    n = next((r["value"] for r in indexed.records.values() if r["arm"] == arm and r["statistic"] == "N"), None)
    return arm if n is None else f"{arm} (N={n:.0f})"


def plural(count: float, one: str, many: str) -> str:
    """A count with its noun."""
    return f"{count:.0f} {one if count == 1 else many}"


def notes(table: EventTable, indexed: Indexed) -> tuple[str, ...]:
    """The table's footnotes, and what could not be counted."""
    more: list[str] = []
    if out := indexed.sum_of("events_left_out"):
        verbs = ("belongs", "is") if out == 1 else ("belong", "are")
        more.append(f"{plural(out, 'event', 'events')} {verbs[0]} to no patient at risk and {verbs[1]} not counted.")
    if unknown := indexed.sum_of("n_exposure_unknown"):
        words = plural(unknown, "patient", "patients")
        more.append(f"Of {words} the days at risk are not known: counted among N, but not in rates per patient-years.")
    return (*table.footnotes, *more)


def _as_printed(p: float) -> float:
    """A p-value as PROC FREQ's listing holds it: four decimals; below 0.001 four significant digits."""
    return float(printed(p, 4)) if p >= SCIENTIFIC_BELOW else float(f"{p:.3e}")


def _percent(value: float, decimals: int) -> str:
    text = printed(value, decimals)
    return f"\u2007{text}" if value < 10 and len(text) < len(printed(10, decimals)) else text
