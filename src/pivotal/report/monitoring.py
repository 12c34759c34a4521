"""Safety monitoring: the boundaries with what they do, and the screen over all terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pivotal.report.bundle import Bundle
from pivotal.report.document import Block, Column, Folded, Heading, Line, Prose, Section, Table
from pivotal.report.format import fixed, percent, plain, short_percent
from pivotal.study.monitoring import Monitor

JSON = Mapping[str, Any]

MOST_LOOKS = 12
"""Lines of a boundary that are shown at once; looks with one number of events share a line."""


def monitoring_section(bundle: Bundle) -> Section | None:
    """The section; None where the study monitors nothing or nothing was simulated."""
    safety = (bundle.oc or {}).get("safety") or {}
    monitors, screen = safety.get("monitors") or [], safety.get("screen") or []
    if not monitors and not screen:
        return None
    blocks: list[Block] = [Prose(LEAD, style="lead")]
    for row in monitors:
        monitor = next(m for m in bundle.study.monitoring.monitors if m.name == row["name"])
        blocks += [Heading(f"monitor-{row['name']}", row["label"]), Prose(_rule(row, monitor))]
        blocks += [_boundary(row), _characteristics(row)]
    if screen:
        blocks += [Heading("screen", "Screen over all terms"), Prose(_screen_rule(bundle)), _screen(screen)]
        blocks.append(Folded("Flags by scenario and term", (_terms(screen),)))
    return Section("monitoring", "Safety monitoring", blocks)


LEAD = (
    "Boundaries for events of interest, with the exact chance that they are crossed, and a screen over all terms of "
    "adverse events. No patient of this report enters here."
)

SEEN = {
    "one arm": "Events of {arm}, unblinded",
    "blinded": "Events of all patients together, treatment unknown",
    "between arms": "Of all events of {arm} and {comparator}, those of {arm}",
}


def _rule(row: JSON, monitor: Monitor) -> str:
    limit = {
        "one arm": f"acceptable: {_rate(row['limit'], row)}",
        "blinded": f"acceptable: {_rate(row['limit'], row)}, made of {_rate(monitor.background or 0, row)} on control "
        f"and {plain(monitor.ratio or 1)} times that on treatment",
        "between arms": f"acceptable: a share of {percent(row['limit'])}, a rate ratio of {plain(monitor.ratio or 1)}",
    }[row["view"]]
    how = {
        "repeated exact test": f"repeated exact tests ({monitor.shape}), at most {short_percent(monitor.alpha or 0)} "
        "chance of stopping at the limit",
        "beta-binomial": f"stop where the posterior probability of exceeding the limit is at least "
        f"{fixed(row['critical'], 4)}; beta prior {_prior(monitor)}",
        "gamma-poisson": f"stop where the posterior probability of exceeding the limit is at least "
        f"{fixed(row['critical'], 4)}; gamma prior {_prior(monitor)} (events, patient-years)",
    }[row["rule"]]
    assumed = f" Assumed: {monitor.assumed}." if monitor.assumed else ""
    seen = SEEN[row["view"]].format(arm=monitor.arm, comparator=monitor.comparator)
    return f"{seen}; {limit}; {how}. Chance of stopping at the limit: {percent(row['at_limit'], 2)}.{assumed}"


def _prior(monitor: Monitor) -> str:
    return ", ".join(plain(value) for value in monitor.prior or ())


def _rate(value: float, row: JSON) -> str:
    return f"{fixed(100 * value, 2)} per 100 patient-years" if row["unit"] == "patient-years" else percent(value, 2)


def _boundary(row: JSON) -> Table:
    """Looks with the same number of events share a line; those at which nothing can stop are left out."""
    lines, looks, stops = [], row["looks"], row["stop_at"]
    countable = row["unit"] != "patient-years"
    for stop in dict.fromkeys(stops):
        at = [look for look, s in zip(looks, stops, strict=True) if s == stop and (not countable or stop <= look)]
        if at:
            lines.append(Line((plain(at[0]) if len(at) == 1 else f"{plain(at[0])} to {plain(at[-1])}", plain(stop))))
    columns = (Column(f"Looks, {row['unit']}"), Column("Stop at this many events, or more", number=True))
    caption = f"Boundary: {row['label']}"
    return Table(f"table-boundary-{row['name']}", caption, columns, tuple(lines), origin="design")


def _characteristics(row: JSON) -> Table:
    is_ratio = row["view"] != "one arm"
    lines = [
        Line(
            (
                plain(t["truth"]) if is_ratio else _rate(t["truth"], row),
                percent(t["probability"], 2),
                percent(t["early"], 2),
                fixed(t["expected_look"], 1),
                fixed(t["expected_events"], 2),
            )
        )
        for t in row["truths"]
    ]
    unit = row["unit"]
    columns = (
        Column("True rate ratio" if is_ratio else "True rate"), Column("Chance of stopping", number=True),
        Column("Before the last look", number=True), Column(f"Expected {unit}", number=True),
        Column("Expected events" if unit != "events" else "Of them on treatment", number=True),
    )  # fmt: skip
    note = "Exact, by the law of the number of events among trials that go on."
    caption = f"What the boundary does: {row['label']}"
    return Table(f"table-crossing-{row['name']}", caption, columns, tuple(lines), (note,), origin="design")


def _screen_rule(bundle: Bundle) -> str:
    screen = bundle.study.monitoring.screen
    assert screen is not None
    assumed = f" Assumed: {screen.assumed}." if screen.assumed else ""
    return (
        f"{screen.arm} against {screen.comparator}, Fisher's exact test of each term, double false discovery rate: "
        f"classes at {short_percent(screen.alpha_class)}, terms at {short_percent(screen.alpha_term)}; terms of fewer "
        f"than {screen.least_patients} patients are not tested.{assumed}"
    )


def _screen(rows: Sequence[JSON]) -> Table:
    lines = []
    for row in rows:
        changed = [t for t in row["terms"] if t["ratio"] != 1]
        found = (
            ", ".join(f"{t['term']} × {plain(t['ratio'])}: {percent(t['flagged'])}" for t in changed) or "none changed"
        )
        lines.append(
            Line((row["label"], f"{percent(row['any_false'], 2)} ({fixed(100 * row['any_false_mcse'], 2)})",
                  f"{percent(row['fdr'], 2)} ({fixed(100 * row['fdr_mcse'], 2)})", found))
        )  # fmt: skip
    columns = (
        Column("Scenario", wide=True), Column("Any false flag (MCSE)", number=True),
        Column("False discovery rate (MCSE)", number=True), Column("Changed terms: chance of a flag", wide=True),
    )  # fmt: skip
    note = f"{rows[0]['replicates']:,} replicates a scenario; terms are drawn independently."
    return Table("table-screen", "What the screen does", columns, tuple(lines), (note,), origin="replicates")


def _terms(rows: Sequence[JSON]) -> Table:
    lines: list[Line] = []
    for row in rows:
        lines.append(Line(heading=row["label"]))
        lines += [
            Line(
                (t["term"], t["class"], percent(t["rate"]), plain(t["ratio"]), f"{percent(t['flagged'], 2)}"),
                indent=True,
            )
            for t in row["terms"]
        ]
    columns = (
        Column("Term"), Column("Class", wide=True), Column("Rate on control", number=True),
        Column("Ratio", number=True), Column("Flagged", number=True),
    )  # fmt: skip
    return Table("table-screen-terms", "Flags by scenario and term", columns, tuple(lines), origin="replicates")
