"""Primary and secondary results, and the supplementary analyses beside them."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pivotal.report.bundle import Bundle
from pivotal.report.document import Block, Column, Footnotes, Heading, Line, Prose, Section, Table, Text, against, join
from pivotal.report.format import DASH, capital, fixed, on_scale, p_value, percent, scale_label, with_limits, x_of_n
from pivotal.report.graph import SIMULTANEOUS, decision, limits_said, simultaneous_limits
from pivotal.report.rows import Comparison, Found
from pivotal.report.wording import level, method_name
from pivotal.study.methods import MEASURED
from pivotal.study.model import Endpoint

ADJUSTED = "Adjusted\u00a0p"
ROLES = {"primary": "Primary", "secondary": "Secondary", "exploratory": "Exploratory"}


def outcomes_section(bundle: Bundle) -> Section:
    """The section, or why there is none."""
    everything = bundle.rows.comparisons(role="main")
    main = [c for c in everything if c.visit in (None, _own_visit(bundle, c))]
    if not main:
        why = Prose("The results hold no comparison of arms.", style="empty")
        return Section("results", "Results", [why])
    blocks: list[Block] = [Heading("main-analyses", "Main analyses"), _main_table(bundle, main)]
    supplementary = [c for c in everything if c not in main] + bundle.rows.comparisons(role="supplementary")
    if supplementary:
        blocks += [Heading("supplementary", "Supplementary analyses"), _supplementary_table(bundle, supplementary)]
    return Section("results", "Results", blocks)


def _own_visit(bundle: Bundle, c: Comparison) -> str | None:
    return next((e.visit for e in bundle.study.endpoints if e.name == c.endpoint), c.visit)


def ordered(bundle: Bundle, comparisons: Sequence[Comparison]) -> list[tuple[Endpoint, list[Comparison]]]:
    """Comparisons by endpoint: primary, secondary, exploratory, each in the study's order."""
    endpoints = sorted(bundle.study.endpoints, key=lambda e: list(ROLES).index(e.role))
    found = [(e, [c for c in comparisons if c.endpoint == e.name]) for e in endpoints]
    return [(endpoint, sorted(rows, key=lambda c: c.role != "main")) for endpoint, rows in found if rows]


def _main_table(bundle: Bundle, comparisons: Sequence[Comparison]) -> Table:
    notes = Footnotes()
    lines: list[Line] = []
    for endpoint, rows in ordered(bundle, comparisons):
        several = len({c.visit for c in rows}) > 1
        lines.append(Line(heading=_heading(bundle, endpoint, rows[0], several)))
        lines += [Line(_main_cells(bundle, endpoint, c, notes, several), indent=True) for c in rows]
    columns: tuple[Column, ...] = (
        Column("Comparison", wide=True), Column("Arm", number=True), Column("Comparator", number=True),
        Column("Estimate (interval)", number=True), Column("p", number=True),
        Column(ADJUSTED, number=True),
        *(() if limits_said(bundle) is None else (Column(SIMULTANEOUS, number=True),)), Column("Decision"),
    )  # fmt: skip
    about = "Arm and comparator: n/N (%) responding, or mean (SD)."
    if bundle.study.testing.hypotheses:
        how = "by Dunnett's test" if bundle.study.testing.procedure == "dunnett" else "along the testing graph"
        outside = "strategy" if bundle.study.testing.procedure == "dunnett" else "graph"
        about += f" Adjusted p and decision: {how}; an endpoint outside the {outside} has none."
    else:
        columns = columns[:5]
        lines = [Line(line.cells[: len(columns)], line.heading, line.indent) for line in lines]
    within = limits_said(bundle)
    notices = (about, *(() if within is None else (within,)), *notes.notes)
    caption = "Primary and secondary results" if len(lines) > 1 else "Results"
    return Table("table-results", caption, columns, tuple(lines), notices)


def _heading(bundle: Bundle, endpoint: Endpoint, first: Comparison, several: bool) -> Markup:
    visit = f"{endpoint.visit}, and other visits" if several else first.visit or endpoint.visit
    parts = [visit, bundle.set_label(endpoint.population)]
    if first.scale:
        parts.append(f"{capital(scale_label(first.scale))} with {level(endpoint.analysis)} interval")
    under = Markup('<span class="under">{}</span>').format("; ".join([*parts, method_name(first.method)]))
    return join([f"{ROLES[endpoint.role]}: {endpoint.label}", under])


def _main_cells(bundle: Bundle, endpoint: Endpoint, c: Comparison, notes: Footnotes, several: bool) -> tuple[Text, ...]:
    hypothesis = _hypothesis(bundle, c) if c.visit == endpoint.visit else None
    tested = {} if hypothesis is None else bundle.rows.hypothesis(hypothesis)
    bounds = () if limits_said(bundle) is None else (simultaneous_limits(bundle, hypothesis or "", notes),)
    adjusted = tested.get("p_adjusted", Found())
    rejected = tested.get("rejected")
    return (
        join([f"{c.visit}: ", against(c.arm, c.comparator)], "") if several else against(c.arm, c.comparator),
        _arm(bundle, endpoint, c.visit, c.arm),
        _arm(bundle, endpoint, c.visit, c.comparator),
        _estimate(c, notes),
        DASH if c["p"].value is None else p_value(c["p"].value),
        DASH if adjusted.value is None else p_value(adjusted.value),
        *bounds,
        decision(rejected.value) if rejected else Markup('<span class="quiet">{}</span>').format("outside the graph"),
    )


def _hypothesis(bundle: Bundle, c: Comparison) -> str | None:
    for h in bundle.study.testing.hypotheses:
        if (h.endpoint, h.arm, h.comparator) == (c.endpoint, *c.pair):
            return h.name
    return None


def _estimate(c: Comparison, notes: Footnotes) -> Text:
    """Estimate and interval; the reason in words where there is no number at all, else as a footnote."""
    shown = with_limits(c["estimate"], c["ci_low"], c["ci_high"], on_scale(c.scale))
    reasons = "; ".join(c.reasons)
    if "estimate" not in c.statistics and not reasons:
        return DASH  # a test has none
    if not shown:
        tested = "a test, without an estimate" if c["p"].value is not None else "not in the results"
        return Markup('<span class="reason">{}</span>').format(reasons or tested)
    marks = join([notes.mark(reasons), notes.mark("the iteration did not converge" if _failed(c) else None)], "")
    return shown + marks


def _failed(c: Comparison) -> bool:
    return c["converged"].value == 0


def _arm(bundle: Bundle, endpoint: Endpoint, visit: str | None, arm: str) -> str:
    keys = {"endpoint": endpoint.name, "visit": visit, "arm": arm}
    if endpoint.kind in MEASURED:
        mean, sd = (bundle.rows.get("response", statistic=s, **keys).value for s in ("mean", "sd"))
        return DASH if mean is None else f"{fixed(mean, 1)} ({DASH if sd is None else fixed(sd, 1)})"
    x, n = (bundle.rows.get("response", statistic=s, **keys) for s in ("n", "N"))
    rate = bundle.rows.get("response", statistic="rate", method="clopper-pearson", **keys).value
    counts = x_of_n(x, n)
    return f"{counts} ({percent(rate)})" if rate is not None and counts else counts or DASH


def _supplementary_table(bundle: Bundle, comparisons: Sequence[Comparison]) -> Table:
    notes = Footnotes()
    lines: list[Line] = []
    for endpoint, rows in ordered(bundle, comparisons):
        lines.append(Line(heading=f"{endpoint.label} ({bundle.set_label(endpoint.population)})"))
        for c in rows:
            p = DASH if c["p"].value is None else p_value(c["p"].value)
            name = Markup('{}<span class="under">{}</span>').format(capital(c.analysis), method_name(c.method))
            cells = (
                name,
                against(c.arm, c.comparator),
                c.visit or "",
                capital(scale_label(c.scale)),
                _estimate(c, notes),
                p,
            )
            lines.append(Line(cells, indent=True))
    columns = (
        Column("Analysis", wide=True), Column("Comparison"), Column("Visit"), Column("Scale"),
        Column("Estimate (interval)", number=True), Column("p", number=True),
    )  # fmt: skip
    method = "p-values of supplementary analyses are not adjusted, and no decision is taken on them."
    return Table("table-supplementary", "Supplementary analyses", columns, tuple(lines), (method, *notes.notes))
