"""The long-term period: who went on, IGA 0 or 1 over a year, treatment as needed, adverse events by period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pivotal.report.bundle import Bundle
from pivotal.report.document import Block, Column, Figure, Folded, Footnotes, Line, Origin, Prose, Section, Table, Text
from pivotal.report.format import DASH, count, fixed, limits, percent, x_of_n
from pivotal.report.response import INTERVAL, STATISTICS
from pivotal.report.rows import JSON, NOTHING, Found, found
from pivotal.report.series import Panel, Point, Series
from pivotal.report.sources import Sources
from pivotal.study.model import Period, PeriodResult
from pivotal.study.periods import ALL, Count, proportion, sequence_name

KM = "kaplan-meier, limits as sas"
EVENTS = {
    "adverse event": "Any adverse event",
    "severe adverse event": "Any adverse event of grade 3 or more",
    "serious adverse event": "Any serious adverse event",
}


def longterm_section(bundle: Bundle, sources: Sources) -> Section | None:
    """The section; None where the results hold nothing of a long-term period."""
    period = bundle.study.long_term
    if period is None or not bundle.rows.where("period disposition"):
        return None
    label = period.label or period.name
    weeks = f"weeks {period.from_week:.0f} to {period.to_week:.0f}"
    lead = f"{label}, {weeks}. {period.rule or ''}".rstrip(". ") + ". What was published stands in columns of its own."
    blocks: list[Block] = [
        Prose(lead, style="lead"),
        _flow(bundle, period, sources),
        _figure(bundle, period),
        Folded("IGA 0 or 1 by visit", (_responders(bundle, period),)),
        Folded("Mean EASI by visit", (_means(bundle, period),)),
        _treatment(bundle, period),
        _events(bundle, period, sources),
        Folded("Adverse events by class and term", (_terms(bundle, sources),)),
    ]
    return Section("longterm", "Long-term period", blocks)


def _names(bundle: Bundle, period: Period) -> tuple[str, ...]:
    return tuple(sequence_name(arm, treatment) for arm, treatment in bundle.study.treatments(period))


def _spans(bundle: Bundle, period: Period) -> tuple[tuple[Period, tuple[str, ...]], ...]:
    return (bundle.study.blinded, bundle.arms), (period, _names(bundle, period))


def _posted(bundle: Bundle, period: str, statistic: str, visit: str | None = None) -> PeriodResult | None:
    wanted = (period, statistic, visit)
    return next((r for r in bundle.study.period_results if (r.period, r.statistic, r.visit) == wanted), None)


def _this(bundle: Bundle) -> str:
    return "This simulated trial" if bundle.simulated else "This trial"


def _published(posted: PeriodResult | None, name: str, notes: Footnotes, sources: Sources) -> list[Text]:
    """Published count and percentage; a dash where nothing was published."""
    given: Count | None = posted.counts.get(name) if posted is not None else None
    if given is None or posted is None:
        return [DASH, DASH]
    whole = f"{given[0]}/{given[1]}" if isinstance(given, tuple) else DASH
    reasons = [posted.derived and f"derived: {posted.derived}", posted.note]
    text = "; ".join(reason for reason in reasons if reason)
    return [whole + notes.mark(text), sources.marked(percent(proportion(given)), posted)]


def _flow(bundle: Bundle, period: Period, sources: Sources) -> Table:
    notes, lines = Footnotes(), list[Line]()
    for span, names in _spans(bundle, period):
        lines.append(Line(heading=span.label or span.name))
        posted = _posted(bundle, span.name, "completed")
        for name in names:
            started, completed = (_disposition(bundle, span.name, name, event) for event in ("started", "completed"))
            why = "; ".join(_reasons(bundle, span.name, name)) or DASH
            ours = [_count(started), _count(completed), why]
            lines.append(Line((name, *ours, *_published(posted, name, notes, sources)), indent=True))
    this = _this(bundle)
    columns = (
        Column("Arm or sequence"),
        Column("Started", number=True, group=this),
        Column("Completed", number=True, group=this),
        Column("Left, with reasons", wide=True, group=this),
        Column("Completed", number=True, group="Published"),
        Column("%", number=True, group="Published"),
    )
    caption = "Patients by period and treatment sequence"
    return Table("table-period-flow", caption, columns, tuple(lines), notes.notes, origin="mixed")


def _disposition(bundle: Bundle, period: str, name: str, event: str) -> Found:
    return bundle.rows.get("period disposition", arm=name, groups={"period": period, "event": event})


def _reasons(bundle: Bundle, period: str, name: str) -> Iterator[str]:
    for record in bundle.rows.where("period disposition", arm=name, period=period):
        groups = record.get("groups") or {}
        if groups.get("event") == "discontinued" and record["value"]:
            yield f"{groups['reason']} {count(record['value'])}"


def _count(number: Found) -> str:
    return DASH if number.value is None else count(number.value)


def _figure(bundle: Bundle, period: Period) -> Figure:
    from pivotal.report.plots import course

    names = _names(bundle, period)
    posted = any(r.statistic == "IGA 0/1" for r in bundle.study.period_results)
    other = "Posted" if posted else "Assumed course"
    panels = [
        Panel(name, "% with IGA 0 or 1", (
            Series(_this(bundle), tuple(_points(bundle, period, name))),
            Series(other, tuple(_aims(bundle, period, name))),
        ), tuple((v.week or (v.day - 1) / 7, f"{(v.day - 1) / 7:.0f}") for v in period.visits))
        for name in names
    ]  # fmt: skip
    label = f"IGA 0 or 1 from {period.visits[0].name} to {period.visits[-1].name} by treatment sequence"
    wide, narrow = (
        course(panels, slim, control=1, name=f"longterm-{slim}", label=label, mark=bundle.simulated)
        for slim in (False, True)
    )
    notes = ["Of patients still in the trial. Vertical bars: 95% Clopper-Pearson intervals."]
    if not posted:
        assumed = next((f.assumed for s in bundle.study.scenarios for f in s.following if f.assumed), None)
        notes.append(f"Grey: nothing was posted for this trial; assumed, {assumed}." if assumed else "Grey: assumed.")
    caption = "IGA 0 or 1 over a year by treatment sequence"
    origin: Origin = "mixed" if posted else "patients"
    return Figure("figure-longterm", caption, wide, narrow, tuple(notes), origin=origin)


def _points(bundle: Bundle, period: Period, name: str) -> Iterator[Point]:
    for visit in period.visits:
        rate, low, high = (_response(bundle, period, name, visit.name, s, INTERVAL) for s in STATISTICS)
        if rate.value is not None:
            yield Point(visit.week or (visit.day - 1) / 7, rate.value, low.value, high.value)


def _aims(bundle: Bundle, period: Period, name: str) -> Iterator[Point]:
    """Posted rates, or, where there are none, those that a scenario assumes."""
    assumed = next((f for s in bundle.study.scenarios for f in s.following if f.sequence == name), None)
    for visit in period.visits:
        posted = _posted(bundle, period.name, "IGA 0/1", visit.name)
        given = posted.counts.get(name) if posted is not None else None
        value = proportion(given) if given is not None else assumed and assumed.rate(visit.name)
        if value is not None:
            yield Point(visit.week or (visit.day - 1) / 7, value)


def _response(
    bundle: Bundle, period: Period, name: str, visit: str, statistic: str, method: str | None = None
) -> Found:
    return bundle.rows.get("period response", statistic=statistic, arm=name, visit=visit, period=period.name,
                           method=method)  # fmt: skip


def _responders(bundle: Bundle, period: Period) -> Table:
    notes, names = Footnotes(), _names(bundle, period)
    lines = []
    for visit in period.visits:
        cells: list[Text] = [visit.name]
        for name in names:
            x, n = (_response(bundle, period, name, visit.name, s) for s in ("n", "N"))
            rate, low, high = (_response(bundle, period, name, visit.name, s, INTERVAL) for s in STATISTICS)
            shown = DASH if rate.value is None else f"{percent(rate.value)} ({limits(low, high, _hundred)})"
            cells += [x_of_n(x, n) or DASH, shown + notes.mark(rate.reason)]
        lines.append(Line(tuple(cells)))
    columns = [Column("Visit")]
    for name in names:
        columns += [Column("n/N", number=True, group=name), Column("% (95% CI)", number=True, group=name)]
    method = "Of patients still in the trial. Method: Clopper-Pearson intervals."
    caption = "IGA 0 or 1 by visit and treatment sequence"
    return Table("table-longterm-iga", caption, tuple(columns), tuple(lines), (method, *notes.notes))


def _hundred(value: float) -> str:
    return fixed(100 * value, 1)


def _means(bundle: Bundle, period: Period) -> Table:
    names, lines = _names(bundle, period), []
    for visit in period.visits:
        cells: list[Text] = [visit.name]
        for name in names:
            keys = {"arm": name, "visit": visit.name, "period": period.name}
            n, mean, sd = (bundle.rows.get("period mean", statistic=s, **keys) for s in ("n", "mean", "sd"))
            cells += [_count(n), _mean(mean, sd, 2)]
        lines.append(Line(tuple(cells)))
    columns = [Column("Visit")]
    for name in names:
        columns += [Column("n", number=True, group=name), Column("Mean (SD)", number=True, group=name)]
    note = "Of patients still in the trial."
    return Table("table-longterm-easi", "EASI by visit and treatment sequence", tuple(columns), tuple(lines), (note,))


def _mean(mean: Found, sd: Found, digits: int) -> str:
    if mean.value is None:
        return DASH
    return fixed(mean.value, digits) + (f" ({fixed(sd.value, digits)})" if sd.value is not None else "")


def _treatment(bundle: Bundle, period: Period) -> Table:
    notes, lines = Footnotes(), list[Line]()
    for name in _names(bundle, period):
        cells: list[Text] = [name]
        for what, digits in (("days", 1), ("courses", 1)):
            mean, sd = (_needed(bundle, period, name, what, s) for s in ("mean", "sd"))
            cells.append(_mean(mean, sd, digits))
        share = _needed(bundle, period, name, "share of days", "mean")
        cells.append(DASH if share.value is None else percent(share.value))
        keys = {"arm": name, "period": period.name}
        x, n = (bundle.rows.get("time to retreatment", statistic=s, **keys) for s in ("n", "N"))
        median, low, high = (
            bundle.rows.get("time to retreatment", statistic=s, method=KM, **keys)
            for s in ("median", "ci_low", "ci_high")
        )
        shown = DASH if median.value is None else f"{fixed(median.value, 0)} ({limits(low, high, _whole)})"
        lines.append(Line((*cells, x_of_n(x, n), shown + notes.mark(median.reason))))
    treated, again = "Treatment in the period", "Time to retreatment"
    columns = (
        Column("Sequence"),
        Column("Days, mean (SD)", number=True, group=treated),
        Column("Courses, mean (SD)", number=True, group=treated),
        Column("Share of days", number=True, group=treated),
        Column("Treated again", number=True, group=again),
        Column("Median days (95% CI)", number=True, group=again),
    )
    note = (
        "Time to retreatment: from the first day without treatment in the period to the next course; Kaplan-Meier, "
        "limits by the log-log transformation; of patients who were ever without treatment."
    )
    caption = "Treatment as needed and time to retreatment"
    return Table("table-longterm-treatment", caption, columns, tuple(lines), (note, *notes.notes))


def _needed(bundle: Bundle, period: Period, name: str, what: str, statistic: str) -> Found:
    groups = {"period": period.name, "what": what}
    return bundle.rows.get("treatment as needed", statistic=statistic, arm=name, groups=groups)


def _whole(value: float) -> str:
    return fixed(value, 0)


def _events(bundle: Bundle, period: Period, sources: Sources) -> Table:
    notes, lines = Footnotes(), list[Line]()
    spans = [(span.name, span.label or span.name, names) for span, names in _spans(bundle, period)]
    spans.append((ALL, "Both periods, by treatment at onset", bundle.arms))
    for what, title in EVENTS.items():
        for name, label, groups in spans:
            lines.append(Line(heading=f"{title}: {label}"))
            posted = _posted(bundle, name, what)
            for group in groups:
                ours = _event_rate(bundle, name, group, what)
                lines.append(Line((group, *ours, *_published(posted, group, notes, sources)), indent=True))
    this = _this(bundle)
    columns = (
        Column("Arm, sequence or treatment"),
        Column("n/N", number=True, group=this),
        Column("% (95% CI)", number=True, group=this),
        Column("n/N", number=True, group="Published"),
        Column("%", number=True, group="Published"),
    )
    method = (
        "Patients with at least one event that began in the period. Over both periods a patient who changed treatment "
        "is at risk under each. Method: Clopper-Pearson intervals."
    )
    caption = "Patients with adverse events by period"
    return Table("table-period-events", caption, columns, tuple(lines), (method, *notes.notes), origin="mixed")


def _event_rate(bundle: Bundle, period: str, group: str, what: str) -> list[Text]:
    keys = {"arm": group, "groups": {"period": period, "what": what}}
    x, n = (bundle.rows.get("period adverse events", statistic=s, **keys) for s in ("n", "N"))
    rate, low, high = (
        bundle.rows.get("period adverse events", statistic=s, method=INTERVAL, **keys) for s in STATISTICS
    )
    if rate.value is None:
        return [x_of_n(x, n) or DASH, DASH]
    return [x_of_n(x, n), f"{percent(rate.value)} ({limits(low, high, _hundred)})"]


def _terms(bundle: Bundle, sources: Sources) -> Table:
    """Every class and term, serious events in lines of their own; the published counts beside."""
    records = bundle.rows.where("adverse events by term")
    keys = dict.fromkeys(
        (g["system"], g["term"], g["seriousness"]) for r in records if (g := r.get("groups") or {}) and r["value"]
    )
    posted = {(e.system, e.term, "serious" if e.serious else "not serious"): e for e in bundle.study.posted_events}
    lines, last = list[Line](), ""
    cells = _term_cells(records)
    for key in sorted({*keys, *posted}, key=lambda k: (k[0] == "Not posted", k)):
        system, term, seriousness = key
        if system != last:
            lines.append(Line(heading=system))
            last = system
        given = posted.get(key)
        shown = [sources.marked(term + (", serious" if seriousness == "serious" else ""), given) if given else term]
        for arm in bundle.arms:
            x, n = (cells.get((*key, arm, s), NOTHING) for s in ("n", "N"))
            affected, at_risk = given.affected(arm) if given else (0, 0)
            shown += [x_of_n(x, n) or DASH, f"{affected}/{at_risk}" if at_risk else DASH]
        lines.append(Line(tuple(shown), indent=True))
    columns = [Column("Term")]
    for arm in bundle.arms:
        columns += [Column("n/N", number=True, group=arm), Column("Published", number=True, group=arm)]
    note = (
        "Patients with at least one event, by treatment at onset, both periods. Published terms are those above the "
        "registry's threshold of frequency, and every serious one."
    )
    caption = "Adverse events by system organ class and preferred term"
    return Table("table-period-terms", caption, tuple(columns), tuple(lines), (note,), origin="mixed")


def _term_cells(records: Sequence[JSON]) -> dict[tuple[str, ...], Found]:
    """Numbers by class, term, seriousness, treatment and statistic."""
    cells: dict[tuple[str, ...], Found] = {}
    for record in records:
        g = record["groups"]
        cells[g["system"], g["term"], g["seriousness"], record["arm"], record["statistic"]] = found(record)
    return cells
