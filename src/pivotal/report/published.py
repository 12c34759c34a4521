"""Published beside computed: each in its own column, under its own heading."""

from __future__ import annotations

from markupsafe import Markup

from pivotal.report.bundle import Bundle
from pivotal.report.document import Column, Footnotes, Line, Prose, Section, Table, Text, against, join
from pivotal.report.format import DASH, fixed, limits, on_scale, p_text, percent, with_limits, x_of_n
from pivotal.report.published_events import published_events
from pivotal.report.response import INTERVAL, STATISTICS
from pivotal.report.rows import NOTHING, found
from pivotal.report.sources import Sources
from pivotal.study.model import Posted

RATES = ("rate", "rate among completers")


def published_section(bundle: Bundle, sources: Sources) -> Section | None:
    """The section; None where the study file holds no published result."""
    if not bundle.study.posted:
        return None
    lead = (
        "What was published stands in the first column, what this package makes of the published counts in the second."
    )
    blocks = [Prose(f"{lead} Only then come columns that were computed from {_patients(bundle)}.", style="lead")]
    events = published_events(bundle)
    tables = [_table(bundle, sources), *([events] if events is not None else [])]
    return Section("published", "Published beside computed", [*blocks, *tables])


def _patients(bundle: Bundle) -> str:
    return "virtual patients" if bundle.simulated else "the patients of this report"


def scenario(bundle: Bundle) -> str | None:
    """The scenario that stands for what was published, if it was simulated."""
    simulated = {row["scenario"] for row in (bundle.oc or {}).get("rates", ())}
    if "published" in simulated:
        return "published"
    return next((s.name for s in bundle.study.scenarios if s.basis == "published" and s.name in simulated), None)


def _table(bundle: Bundle, sources: Sources) -> Table:
    notes = Footnotes()
    name = scenario(bundle)
    lines: list[Line] = []
    last = ""
    for posted in bundle.study.posted:
        heading = f"{bundle.endpoint_label(posted.endpoint)}, {posted.visit}: {posted.statistic}"
        if heading != last:
            lines.append(Line(heading=heading))
            last = heading
        lines.append(Line(_cells(bundle, posted, name, sources, notes), indent=True))
    return Table(
        "table-published",
        "Published results, the same recomputed from published counts, and what this run gives",
        _columns(bundle, name),
        tuple(lines),
        (*_methods(bundle, name), *notes.notes),
        origin="mixed",
    )


def _columns(bundle: Bundle, name: str | None) -> tuple[Column, ...]:
    this = "This simulated trial" if bundle.simulated else "This trial"
    columns = [
        Column("Arm"),
        Column("n/N", number=True, group="Published"),
        Column("As posted", number=True, group="Published"),
        Column("Recomputed", number=True, group="Published counts"),
    ]
    if name is not None:
        columns.append(Column("Mean (MCSE)", number=True, group="Simulated"))
    columns += [Column("n/N", number=True, group=this), Column("Estimate (interval)", number=True, group=this)]
    return tuple(columns)


def _methods(bundle: Bundle, name: str | None) -> list[str]:
    found = [
        "Recomputed: Clopper-Pearson intervals of the published counts; for an odds ratio the unstratified exact "
        "conditional analysis, since the strata's counts are not public."
    ]
    if name is not None:
        replicates = next(
            (s["replicates"] for s in (bundle.oc or {}).get("scenarios", ()) if s["scenario"] == name), None
        )
        many = f" over {replicates:,} replicates" if replicates else ""
        found.append(
            f"Simulated: mean of each replicate's rate{many}, scenario “{bundle.scenario_label(name)}”, with its "
            "Monte-Carlo standard error in percentage points."
        )
    return found


def _cells(bundle: Bundle, posted: Posted, name: str | None, sources: Sources, notes: Footnotes) -> tuple[Text, ...]:
    label = posted.arm if posted.comparator is None else against(posted.arm, posted.comparator)
    cells: list[Text] = [label, *_posted(posted, sources, notes), _recomputed(bundle, posted, notes)]
    if name is not None:
        cells.append(_simulated(bundle, posted, name, notes))
    return (*cells, *_analysed(bundle, posted, notes))


def _under(text: Text, p: str) -> Text:
    """An estimate with its p-value under it."""
    return join([text, Markup('<span class="under">{}</span>').format(p)], "") if p else text


def _posted(posted: Posted, sources: Sources, notes: Footnotes) -> list[Text]:
    """Counts, and the figure exactly as printed."""
    digits = posted.digits if posted.digits is not None else 1
    counts = f"{posted.x}/{posted.n}" if posted.x is not None else f"N = {posted.n}" if posted.n is not None else ""
    shown = [] if posted.value is None else [fixed(posted.value, digits) + ("%" if posted.statistic in RATES else "")]
    if posted.low is not None and posted.high is not None:
        own = posted.limit_digits if posted.limit_digits is not None else digits
        shown.append(f"({fixed(posted.low, own)} to {fixed(posted.high, own)})")
    p = f"p {posted.p[0]} {posted.p[1:]}" if posted.p and posted.p[0] in "<>" else f"p = {posted.p}" if posted.p else ""
    mark = sources.references(posted.source) + notes.mark(posted.derived)
    return [counts, _under(join([*shown, mark], "\u00a0"), p)]


def _recomputed(bundle: Bundle, posted: Posted, notes: Footnotes) -> Text:
    """The same from the published counts, with as many decimals as were printed."""
    keys = {"endpoint": posted.endpoint, "visit": posted.visit, "arm": posted.arm, "comparator": posted.comparator}
    records = bundle.rows.where("published", **keys) if posted.statistic != "rate among completers" else []
    got = {r["statistic"]: found(r) for r in records}
    estimate = got.get("estimate") or got.get("rate") or NOTHING
    low, high = got.get("ci_low", NOTHING), got.get("ci_high", NOTHING)
    rate = posted.statistic in RATES
    times, digits = (100, posted.digits or 1) if rate else (1, posted.digits or 2)
    if estimate.value is None:
        return DASH + notes.mark(estimate.reason or low.reason or _no_count(posted))
    own = posted.limit_digits if posted.limit_digits is not None else digits
    interval = limits(low, high, lambda value: fixed(times * value, own))
    shown = f"{fixed(times * estimate.value, digits)}{'%' if rate else ''} ({interval})" + notes.mark(estimate.reason)
    p = got.get("p", NOTHING).value
    return _under(shown, p_text(p) if p is not None else "")


def _no_count(posted: Posted) -> str:
    return "no count was published" if posted.x is None and posted.statistic in RATES else "not recomputed"


def _simulated(bundle: Bundle, posted: Posted, name: str, notes: Footnotes) -> Text:
    if posted.statistic not in RATES:
        return DASH + notes.mark("replicates are summarised as power, bias and coverage: see operating characteristics")
    for row in (bundle.oc or {}).get("rates", ()):
        key = (row["scenario"], row["endpoint"], row["visit"], row["arm"])
        if key == (name, posted.endpoint, posted.visit, posted.arm) and row["simulated"] is not None:
            error = f" ({fixed(100 * row['mcse'], 2)})" if row.get("mcse") is not None else ""
            return f"{percent(row['simulated'], 2)}{error}"
    return DASH + notes.mark("not simulated")


def _analysed(bundle: Bundle, posted: Posted, notes: Footnotes) -> list[Text]:
    if posted.statistic not in RATES:
        return ["", _comparison(bundle, posted, notes)]
    keys = {"endpoint": posted.endpoint, "visit": posted.visit, "arm": posted.arm}
    x, n = (bundle.rows.get("response", statistic=s, **keys) for s in ("n", "N"))
    rate, low, high = (bundle.rows.get("response", statistic=s, method=INTERVAL, **keys) for s in STATISTICS)
    if rate.value is None:
        return [x_of_n(x, n), DASH + notes.mark(rate.reason or "not in the results")]
    return [x_of_n(x, n), f"{percent(rate.value)} ({limits(low, high, lambda v: fixed(100 * v, 1))})"]


def _comparison(bundle: Bundle, posted: Posted, notes: Footnotes) -> Text:
    candidates = bundle.rows.comparisons(
        role="main", endpoint=posted.endpoint, visit=posted.visit, arm=posted.arm, comparator=posted.comparator
    )
    same = [c for c in candidates if c.scale == posted.statistic]
    if not same:
        return DASH + notes.mark("this plan estimates it on another scale, or not at all")
    c = same[0]
    shown = with_limits(c["estimate"], c["ci_low"], c["ci_high"], on_scale(c.scale))
    reasons = "; ".join(c.reasons)
    if not shown:
        return Markup('<span class="reason">{}</span>').format(reasons or "not in the results")
    return _under(shown + notes.mark(reasons), p_text(c["p"].value) if c["p"].value is not None else "")
