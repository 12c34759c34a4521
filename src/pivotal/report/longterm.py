"""The period after the blinded weeks: flow, control of disease, courses of treatment, adverse events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pivotal.report.bundle import Bundle
from pivotal.report.document import Block, Column, Figure, Folded, Heading, Line, Prose, Section, Table
from pivotal.report.format import DASH, count, fixed, percent
from pivotal.report.series import Panel, Point, Series
from pivotal.study.periods import ALL, Period

Record = Mapping[str, Any]

FLOW, COURSE, EVENTS, DOSING = "period disposition", "long-term course", "period adverse events", "treatment courses"
PUBLISHED = "period published"
CONTROL = "IGA 0/1"
KINDS = ("adverse event", "serious adverse event", "severe adverse event")
TITLES = {
    "adverse event": "Any adverse event",
    "serious adverse event": "Serious",
    "severe adverse event": "Grade 3 or more",
}


def longterm_section(bundle: Bundle) -> Section | None:
    """The section; None where the results hold nothing of such a period."""
    period = bundle.study.long_term
    if period is None or not bundle.rows.where(FLOW):
        return None
    blocks: list[Block] = [Prose(_lead(period), style="lead"), _flow(bundle, period), _control(bundle, period)]
    if bundle.rows.where(DOSING):
        blocks.append(_dosing(bundle))
    if bundle.rows.where(EVENTS):
        blocks += [Heading("period-events", "Adverse events by period"), _events(bundle, period)]
        blocks.append(Folded("Events by class and term, all periods", (_terms(bundle),)))
    if bundle.rows.where(COURSE, parameter="EASI"):
        blocks.append(Folded("EASI by visit", (_easi(bundle, period),)))
    return Section("longterm", period.label or period.name, blocks)


def _lead(period: Period) -> str:
    rule = f" {period.rule}." if period.rule else ""
    return f"Weeks {period.from_week:g} to {period.to_week:g}.{rule}"


def _sequences(bundle: Bundle) -> list[str]:
    return list(dict.fromkeys(r["arm"] for r in bundle.rows.where(FLOW)))


def _number(records: list[Record], **wanted: Any) -> float | None:
    """The first record's value; a key of `groups` counts as one."""
    for record in records:
        if all(record["groups"].get(k, record.get(k)) == v for k, v in wanted.items()):
            return None if record["value"] is None else float(record["value"])
    return None


def _share(records: list[Record], **wanted: Any) -> str:
    n, total, rate = (_number(records, statistic=s, **wanted) for s in ("n", "N", "rate"))
    if n is not None and total is not None:
        return f"{n:.0f}/{total:.0f} ({percent(n / total)})" if total else f"{n:.0f}/0"
    return DASH if rate is None else percent(rate)


def _flow(bundle: Bundle, period: Period) -> Table:
    records, published = bundle.rows.where(FLOW), bundle.rows.where(PUBLISHED)
    reasons = list(dict.fromkeys(r["groups"]["reason"] for r in records if "reason" in r["groups"]))
    sequences = _sequences(bundle)
    lines = [Line(("Entered", *(_count(records, name, event="entered") for name in sequences)))]
    lines.append(Line(("Completed", *(_count(records, name, event="completed") for name in sequences))))
    lines += [
        Line((reason, *(_count(records, name, reason=reason) for name in sequences)), indent=True) for reason in reasons
    ]
    if any(r["period"] == period.name and r["groups"]["kind"] == "completed" for r in published):
        shares = (_share(published, period=period.name, arm=name, kind="completed") for name in sequences)
        lines += [Line(heading="Published"), Line(("Completed of those who entered", *shares))]
    columns = (Column("", wide=True), *(Column(name, number=True) for name in sequences))
    return Table("table-longterm-flow", "Patients by treatment sequence", columns, tuple(lines), origin="mixed")


def _count(records: list[Record], arm: str, **groups: str) -> str:
    found = _number(records, arm=arm, statistic="n", **groups)
    return DASH if found is None else count(found)


def _control(bundle: Bundle, period: Period) -> Figure:
    from pivotal.report.plots import course

    published = [r for r in bundle.rows.where(PUBLISHED) if r["groups"]["kind"] == CONTROL]
    ticks = tuple((v.week or 0.0, f"{v.week:g}") for v in period.visits if v.week is not None)
    weeks = {v.name: v.week or 0.0 for v in period.visits}
    own = [r for r in bundle.rows.where(COURSE) if r["parameter"] == CONTROL]
    mine = "This trial, SIMULATED" if bundle.simulated else "This trial"
    panels = [Panel(mine, "% with IGA 0 or 1", _series(bundle, own, weeks), ticks)]
    if published:
        panels.append(Panel("Published", "% with IGA 0 or 1", _series(bundle, published, weeks), ticks))
    label = "Share with IGA 0 or 1 by week and treatment sequence"
    drawn = {
        name: course(panels, name == "narrow", control=-1, name=f"longterm-{name}", label=label, mark=bundle.simulated)
        for name in ("wide", "narrow")
    }
    notes = ("Of those still in the trial, with 95% Clopper-Pearson intervals.",)
    caption = "IGA 0 or 1 over the year"
    return Figure(
        "figure-longterm", caption, drawn["wide"], drawn["narrow"], notes, origin="mixed" if published else "patients"
    )


def _series(bundle: Bundle, records: list[Record], weeks: Mapping[str, float]) -> tuple[Series, ...]:
    made = []
    for name in _sequences(bundle):
        points = []
        for visit, week in weeks.items():
            rate, low, high = (
                _number(records, arm=name, visit=visit, statistic=s) for s in ("rate", "ci_low", "ci_high")
            )
            if rate is not None:
                points.append(Point(week, rate, low, high))
        made.append(Series(name, tuple(points)))
    return tuple(made)


def _dosing(bundle: Bundle) -> Table:
    records = bundle.rows.where(DOSING)
    lines = []
    for name in _sequences(bundle):
        cells = [name]
        for parameter in ("courses of treatment", "days on treatment"):
            mean, sd = (_number(records, arm=name, parameter=parameter, statistic=s) for s in ("mean", "sd"))
            cells.append(DASH if mean is None or sd is None else f"{fixed(mean, 1)} ({fixed(sd, 1)})")
        again, of = (_number(records, arm=name, parameter="time to retreatment", statistic=s) for s in ("n", "N"))
        cells.append(DASH if again is None or of is None else f"{again:.0f}/{of:.0f}")
        median, low, high = (
            _number(records, arm=name, parameter="time to retreatment", statistic=s)
            for s in ("median", "ci_low", "ci_high")
        )
        limits = f" ({DASH if low is None else fixed(low, 0)} to {'not reached' if high is None else fixed(high, 0)})"
        cells.append("not reached" if median is None else f"{fixed(median, 0)}{limits}")
        lines.append(Line(tuple(cells)))
    columns = (
        Column("Sequence", wide=True), Column("Courses, mean (SD)", number=True),
        Column("Days on treatment, mean (SD)", number=True), Column("Retreated/stopped", number=True),
        Column("Median days to retreatment (95% CI)", number=True),
    )  # fmt: skip
    note = "Time to retreatment: from the end of the first course to the start of the next, Kaplan-Meier."
    return Table("table-courses", "Treatment as needed", columns, tuple(lines), (note,))


def _events(bundle: Bundle, period: Period) -> Table:
    records, published = bundle.rows.where(EVENTS), bundle.rows.where(PUBLISHED)
    lines: list[Line] = []
    for name in dict.fromkeys(r["period"] for r in records):
        lines.append(Line(heading=_period_words(bundle, name)))
        groups = dict.fromkeys(r["arm"] for r in records if r["period"] == name)
        for kind in KINDS:
            for arm in groups:
                at = {"period": name, "arm": arm, "kind": kind}
                posted = _share(published, **at)
                events = _number(records, statistic="events", **at)
                if name == ALL and posted == DASH and kind != KINDS[0]:
                    continue
                cells = (TITLES[kind], arm, _share(records, **at), DASH if events is None else count(events), posted)
                lines.append(Line(cells, indent=True))
    mine = "This trial, SIMULATED" if bundle.simulated else "This trial"
    columns = (
        Column("Events"), Column("Arm or sequence", wide=True), Column("Patients n/N (%)", number=True, group=mine),
        Column("Events", number=True, group=mine), Column("Patients n/N (%)", number=True, group="Published"),
    )  # fmt: skip
    note = "Over all periods by the treatment at onset: a patient who changed treatment counts under both."
    return Table("table-period-events", "Adverse events by period", columns, tuple(lines), (note,), origin="mixed")


def _period_words(bundle: Bundle, name: str) -> str:
    if name == ALL:
        return "All periods, by treatment at onset"
    return next((p.label or p.name for p in bundle.study.periods if p.name == name), name)


def _terms(bundle: Bundle) -> Table:
    records = [r for r in bundle.rows.where(EVENTS) if "term" in r["groups"]]
    posted = {(e.system, e.term): e for e in bundle.study.posted_events}
    arms = list(dict.fromkeys(r["arm"] for r in records))
    lines: list[Line] = []
    for key in dict.fromkeys((r["groups"]["class"], r["groups"]["term"]) for r in records):
        own = (_share(records, arm=arm, term=key[1]) for arm in arms)
        known = posted.get(key)
        theirs = []
        for arm in arms:
            x, n = known.affected(arm) if known is not None else (0, 0)
            theirs.append(f"{x}/{n} ({percent(x / n)})" if n else DASH)
        lines.append(Line((key[1], key[0], *own, *theirs)))
    mine = "This trial, SIMULATED" if bundle.simulated else "This trial"
    columns = (
        Column("Term"), Column("Class", wide=True), *(Column(arm, number=True, group=mine) for arm in arms),
        *(Column(arm, number=True, group="Published") for arm in arms),
    )  # fmt: skip
    return Table("table-period-terms", "Patients with each term", columns, tuple(lines), origin="mixed")


def _easi(bundle: Bundle, period: Period) -> Table:
    records = bundle.rows.where(COURSE)
    lines: list[Line] = []
    for name in _sequences(bundle):
        lines.append(Line(heading=name))
        for visit in period.visits:
            at = {"arm": name, "visit": visit.name}
            n, mean, sd = (_number(records, parameter="EASI", statistic=s, **at) for s in ("n", "mean", "sd"))
            change = _number(records, parameter="EASI percent change", statistic="mean", **at)
            if n is None or mean is None or sd is None:
                continue
            cells = (
                visit.name,
                count(n),
                f"{fixed(mean, 2)} ({fixed(sd, 2)})",
                DASH if change is None else fixed(change, 1),
            )
            lines.append(Line(cells, indent=True))
    columns = (
        Column("Visit"), Column("n", number=True), Column("EASI, mean (SD)", number=True),
        Column("Mean change from baseline, %", number=True),
    )  # fmt: skip
    return Table("table-longterm-easi", "EASI by visit", columns, tuple(lines))
