"""Response by visit: the figure, and the table with its intervals."""

from __future__ import annotations

from pivotal.report.bundle import Bundle
from pivotal.report.document import Block, Column, Figure, Footnotes, Line, Prose, Section, Table, Text
from pivotal.report.format import DASH, fixed, limits, listed, percent, x_of_n
from pivotal.report.schedule import week_of
from pivotal.report.series import Panel, Point, Series
from pivotal.study.methods import MEASURED
from pivotal.study.model import Endpoint, Visit

INTERVAL = "clopper-pearson"
STATISTICS = ("rate", "ci_low", "ci_high")


def response_section(bundle: Bundle) -> Section:
    """The section, or why there is none."""
    if not bundle.rows.where("response"):
        why = Prose("The results hold no response by visit.", style="empty")
        return Section("response", "Response by visit", [why])
    blocks: list[Block] = []
    panels = [panel for e in bundle.study.endpoints if (panel := _panel(bundle, e)) is not None]
    if panels:
        blocks.append(_figure(bundle, panels))
    binary = [e for e in bundle.study.endpoints if e.kind == "binary" and _visits(bundle, e)]
    if binary:
        blocks.append(_rates_table(bundle, binary))
    measured = [e for e in bundle.study.endpoints if e.kind in MEASURED and _visits(bundle, e)]
    if measured:
        blocks.append(_means_table(bundle, measured))
    ordered = [e for e in measured if e.kind == "ordinal"]
    if ordered:
        blocks.append(_categories_table(bundle, ordered))
    times = [e for e in bundle.study.endpoints if e.kind == "time to event" and _visits(bundle, e)]
    if times:
        blocks.append(_times_table(bundle, times))
    return Section("response", "Response by visit", blocks)


def _title(bundle: Bundle, endpoint: Endpoint) -> str:
    name = f"{endpoint.name}; " if endpoint.name != endpoint.label else ""
    return f"{endpoint.label} ({name}{bundle.set_label(endpoint.population)})"


def _visits(bundle: Bundle, endpoint: Endpoint) -> list[Visit]:
    have = {r["visit"] for r in bundle.rows.where("response", endpoint=endpoint.name)}
    return [visit for visit in bundle.study.visits if visit.name in have]


def _panel(bundle: Bundle, endpoint: Endpoint) -> Panel | None:
    """One endpoint's course; None where it has fewer than two visits."""
    visits = _visits(bundle, endpoint)
    if len(visits) < 2 or endpoint.kind == "time to event":
        return None
    series = tuple(
        Series(arm, tuple(p for v in visits if (p := _point(bundle, endpoint, v, arm)) is not None))
        for arm in bundle.arms
    )
    ticks = tuple((week_of(v), _tick(v)) for v in visits)
    what = "% responding" if endpoint.kind == "binary" else "mean"
    return Panel(endpoint.name, what, series, ticks, in_percent=endpoint.kind == "binary")


def _tick(visit: Visit) -> str:
    week = week_of(visit)
    return f"{week:.0f}" if abs(week - round(week)) < 0.01 else f"d{visit.day}"


def _point(bundle: Bundle, endpoint: Endpoint, visit: Visit, arm: str) -> Point | None:
    keys = {"endpoint": endpoint.name, "visit": visit.name, "arm": arm}
    if endpoint.kind in MEASURED:
        mean, low, high = (bundle.rows.get("response", statistic=s, **keys) for s in ("mean", "ci_low", "ci_high"))
        return None if mean.value is None else Point(week_of(visit), mean.value, low.value, high.value)
    rate, low, high = (bundle.rows.get("response", statistic=s, method=INTERVAL, **keys) for s in STATISTICS)
    if rate.value is None:
        return None
    return Point(week_of(visit), rate.value, low.value, high.value)


def _figure(bundle: Bundle, panels: list[Panel]) -> Figure:
    from pivotal.report.plots import course

    control = bundle.study.control
    label = "Response by visit and arm: " + listed([panel.title for panel in panels])
    drawn = {
        name: course(
            panels, name == "narrow", control=control, name=f"course-{name}", label=label, mark=bundle.simulated
        )
        for name in ("wide", "narrow")
    }
    shares, means = (any(panel.in_percent is share for panel in panels) for share in (True, False))
    method = "Clopper-Pearson intervals" if shares else "intervals of the mean, by the t distribution"
    days = any(tick.startswith("d") for panel in panels for _, tick in panel.ticks)
    apart = "Points of one visit are set apart sideways" + ("; d3 is day 3." if days else ".")
    notes = [f"Vertical bars: 95% {method}. {apart}"]
    if shares and means:
        notes.append("Of means: 95% intervals by the t distribution.")
    return Figure("figure-response", "Response by visit", drawn["wide"], drawn["narrow"], tuple(notes))


def _rates_table(bundle: Bundle, endpoints: list[Endpoint]) -> Table:
    notes = Footnotes()
    lines: list[Line] = []
    for endpoint in endpoints:
        lines.append(Line(heading=_title(bundle, endpoint)))
        for visit in _visits(bundle, endpoint):
            cells: list[Text] = [visit.name]
            for arm in bundle.arms:
                cells += _rate(bundle, endpoint, visit.name, arm, notes)
            lines.append(Line(tuple(cells), indent=True))
    columns = [Column("Visit")]
    for arm in bundle.arms:
        columns += [Column("n/N", number=True, group=arm), Column("% (95% CI)", number=True, group=arm)]
    method = "Method: Clopper-Pearson intervals. Missing values are handled as each estimand says."
    return Table("table-response", "Responders by visit and arm", tuple(columns), tuple(lines), (method, *notes.notes))


def _rate(bundle: Bundle, endpoint: Endpoint, visit: str, arm: str, notes: Footnotes) -> list[Text]:
    keys = {"endpoint": endpoint.name, "visit": visit, "arm": arm}
    x, n = (bundle.rows.get("response", statistic=s, **keys) for s in ("n", "N"))
    rate, low, high = (bundle.rows.get("response", statistic=s, method=INTERVAL, **keys) for s in STATISTICS)
    if rate.value is None:
        return [x_of_n(x, n) or DASH, DASH + notes.mark(rate.reason)]
    interval = limits(low, high, lambda value: fixed(100 * value, 1))
    return [x_of_n(x, n), f"{percent(rate.value)} ({interval})" + notes.mark(rate.reason)]


def _means_table(bundle: Bundle, endpoints: list[Endpoint]) -> Table:
    notes = Footnotes()
    lines: list[Line] = []
    for endpoint in endpoints:
        lines.append(Line(heading=_title(bundle, endpoint)))
        for visit in _visits(bundle, endpoint):
            lines += [Line(_mean(bundle, endpoint, visit.name, arm, notes), indent=True) for arm in bundle.arms]
    columns = (
        Column("Visit"),
        Column("Arm"),
        Column("n", number=True),
        Column("Mean (SD)", number=True),
        Column("95% CI of the mean", number=True),
        Column("Median (range)", number=True),
    )
    return Table("table-means", "Measurements by visit and arm", columns, tuple(lines), notes.notes)


def _mean(bundle: Bundle, endpoint: Endpoint, visit: str, arm: str, notes: Footnotes) -> tuple[Text, ...]:
    keys = {"endpoint": endpoint.name, "visit": visit, "arm": arm}
    wanted = ("n", "mean", "ci_low", "ci_high", "sd", "median", "min", "max")
    got = {s: bundle.rows.get("response", statistic=s, **keys) for s in wanted}

    def show(name: str, digits: int = 1) -> str:
        value = got[name].value
        return DASH if value is None else fixed(value, digits)

    mean = f"{show('mean')} ({show('sd')})" + notes.mark(got["mean"].reason)
    interval = f"{show('ci_low')} to {show('ci_high')}"
    return visit, arm, show("n", 0), mean, interval, f"{show('median')} ({show('min')} to {show('max')})"


def _categories_table(bundle: Bundle, endpoints: list[Endpoint]) -> Table:
    lines: list[Line] = []
    for endpoint in endpoints:
        lines.append(Line(heading=_title(bundle, endpoint)))
        for visit in _visits(bundle, endpoint):
            for category in _categories(bundle, endpoint):
                cells = [_category(bundle, endpoint, visit.name, arm, category) for arm in bundle.arms]
                lines.append(Line((visit.name, category, *cells), indent=True))
    columns = (Column("Visit"), Column("Category"), *(Column(arm, number=True) for arm in bundle.arms))
    notes = ("Number (%) of patients with a value.",)
    return Table("table-categories", "Patients by category, visit and arm", columns, tuple(lines), notes)


def _categories(bundle: Bundle, endpoint: Endpoint) -> list[str]:
    groups = (r.get("groups") or {} for r in bundle.rows.where("response", endpoint=endpoint.name))
    return list(dict.fromkeys(str(group["category"]) for group in groups if "category" in group))


def _category(bundle: Bundle, endpoint: Endpoint, visit: str, arm: str, category: str) -> Text:
    keys = {"endpoint": endpoint.name, "visit": visit, "arm": arm, "statistic": "n"}
    number, whole = (bundle.rows.get("response", groups=g, **keys).value for g in ({"category": category}, {}))
    if number is None:
        return DASH
    return f"{number:.0f} ({percent(number / whole)})" if whole else f"{number:.0f}"


def _times_table(bundle: Bundle, endpoints: list[Endpoint]) -> Table:
    notes = Footnotes()
    lines: list[Line] = []
    for endpoint in endpoints:
        lines.append(Line(heading=_title(bundle, endpoint)))
        for visit in _visits(bundle, endpoint):
            lines += [Line(_time(bundle, endpoint, visit.name, arm, notes), indent=True) for arm in bundle.arms]
    columns = (
        Column("Until"),
        Column("Arm"),
        Column("Events/N", number=True),
        Column("Median days (95% CI)", number=True),
    )
    recorded = {p.name for p in bundle.study.parameters if p.origin is not None and p.origin.censor is not None}
    seen = "The event is seen at visits; a patient without it is censored at the last one."
    if all(e.derive.event or e.derive.parameter in recorded for e in endpoints):
        seen = "A patient without the event is censored when last observed."
    method = f"Method: Kaplan-Meier. {seen}"
    return Table("table-times", "Time to event by arm", columns, tuple(lines), (method, *notes.notes))


def _time(bundle: Bundle, endpoint: Endpoint, visit: str, arm: str, notes: Footnotes) -> tuple[Text, ...]:
    keys = {"endpoint": endpoint.name, "visit": visit, "arm": arm}
    got = {s: bundle.rows.get("response", statistic=s, **keys) for s in ("n", "N", "median", "ci_low", "ci_high")}
    interval = limits(got["ci_low"], got["ci_high"], lambda value: fixed(value, 1))
    median = DASH if got["median"].value is None else fixed(got["median"].value, 1)
    shown = f"{median} ({interval})" if interval else median
    return visit, arm, x_of_n(got["n"], got["N"]), shown + notes.mark(got["median"].reason)
