"""Operating characteristics: what the plan does over replicates, each number with its Monte-Carlo error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pivotal.report.bundle import Bundle
from pivotal.report.canvas import colour
from pivotal.report.document import Block, Column, Figure, Folded, Footnotes, Heading, Line, Prose, Section, Table, Text
from pivotal.report.format import DASH, count, fixed, listed, percent, plain, plural, short_percent
from pivotal.report.series import Dot, DotGroup, Panel, Point, Series
from pivotal.report.wording import method_name

JSON = Mapping[str, Any]
ERRORS = 2
"""Monte-Carlo standard errors to either side that figures show."""


def operating_section(bundle: Bundle) -> Section | None:
    """The section, or why there is none; None where the study has no scenario to be simulated under."""
    oc = bundle.oc
    if not oc and not bundle.study.scenarios:
        return None
    title = "Operating characteristics"
    if not oc or not oc.get("rows"):
        return Section("operating", title, [Prose("The trial was not simulated in this run.", style="empty")])
    blocks: list[Block] = [
        Prose(_lead(oc), style="lead"),
        _scenarios_table(bundle, oc["scenarios"]),
        _figure(bundle, oc["rows"]),
        _hypotheses_table(bundle, oc["rows"]),
    ]
    blocks += _grids(bundle, oc.get("grids") or ())
    if oc.get("rates"):
        summary = "Simulated rates against those asked for"
        blocks.append(Folded(summary, (_rates_table(bundle, oc["rates"]),)))
    return Section("operating", title, blocks)


def _lead(oc: JSON) -> str:
    speed = ""
    if oc.get("seconds") and oc.get("trials_per_second"):
        speed = f", in {fixed(oc['seconds'], 1)} seconds ({count(oc['trials_per_second'])} trials a second)"
    return (
        f"The plan that analysed this trial was run on {plural(oc['replicates'], 'simulated trial')} in each scenario"
        f"{speed}; seed {oc['seed']}. MCSE is the Monte-Carlo standard error."
    )


def _share(value: float | None, error: float | None, digits: int = 2) -> str:
    if value is None:
        return DASH
    return f"{percent(value, digits)} ({fixed(100 * error, digits)})" if error is not None else percent(value, digits)


def _scenarios_table(bundle: Bundle, scenarios: Sequence[JSON]) -> Table:
    lines = []
    for row in scenarios:
        nulls = row.get("true_nulls") or []
        total = len(bundle.study.testing.hypotheses)
        which = "all" if nulls and len(nulls) == total else listed(nulls) or "none"
        cells = (
            row.get("label") or bundle.scenario_label(row["scenario"]),
            which,
            _share(row.get("fwer"), row.get("fwer_mcse")),
            _share(row.get("power_any"), row.get("power_any_mcse")),
            _share(row.get("power_all"), row.get("power_all_mcse")),
            count(row["replicates"]),
        )
        lines.append(Line(cells))
    columns = (
        Column("Scenario", wide=True), Column("True null hypotheses"),
        Column("Family-wise error (MCSE)", number=True), Column("At least one rejected (MCSE)", number=True),
        Column("All rejected (MCSE)", number=True), Column("Replicates", number=True),
    )  # fmt: skip
    alpha = short_percent(bundle.study.testing.alpha)
    note = f"Family-wise error: share of replicates that reject a true null hypothesis, to be at most {alpha}."
    caption = "Error and power of the whole strategy, by scenario"
    return Table("table-scenarios", caption, columns, tuple(lines), (note,), origin="replicates")


def _hypotheses_table(bundle: Bundle, rows: Sequence[JSON]) -> Table:
    notes = Footnotes()
    lines: list[Line] = []
    for scenario in dict.fromkeys(row["scenario"] for row in rows):
        lines.append(Line(heading=bundle.scenario_label(scenario)))
        lines += [Line(_hypothesis(row, notes), indent=True) for row in rows if row["scenario"] == scenario]
    columns = (
        Column("Hypothesis"), Column("Power (MCSE)", number=True), Column("Truth", number=True),
        Column("Bias (MCSE)", number=True), Column("Coverage (MCSE)", number=True),
        Column("Not estimable", number=True), Column("Not converged", number=True),
    )  # fmt: skip
    scales = listed(list(dict.fromkeys(str(row.get("truth_scale")) for row in rows if row.get("truth") is not None)))
    scale = f"Truth and bias: on the scale {scales}. " if scales else ""
    note = f"{scale}The truth is the estimator's value in one very large population. H0: a true null hypothesis."
    caption = "Power, bias and coverage, by scenario and hypothesis"
    methods = dict.fromkeys((str(row["endpoint"]), method_name(row.get("method") or "")) for row in rows)
    how = "; ".join(f"{endpoint}: {method}" for endpoint, method in methods if method)
    texts = (f"Method: {how}.", note, *notes.notes) if how else (note, *notes.notes)
    return Table("table-operating", caption, columns, tuple(lines), texts, origin="replicates")


def _hypothesis(row: JSON, notes: Footnotes) -> tuple[Text, ...]:
    null = " (H0)" if row.get("true_null") else ""
    bias = DASH
    if row.get("bias") is not None:
        error = f" ({fixed(row['bias_mcse'], 4)})" if row.get("bias_mcse") is not None else ""
        bias = f"{fixed(row['bias'], 3)}{error}"
    missing = notes.mark("there is no truth to compare with") if row.get("truth") is None else ""
    return (
        f"{row['hypothesis']}{null}",
        _share(row.get("power"), row.get("mcse")),
        (DASH if row.get("truth") is None else fixed(row["truth"], 3)) + missing,
        bias,
        _share(row.get("coverage"), row.get("coverage_mcse")),
        DASH if row.get("not_estimable") is None else count(row["not_estimable"]),
        DASH if row.get("not_converged") is None else count(row["not_converged"]),
    )


def _figure(bundle: Bundle, rows: Sequence[JSON]) -> Figure:
    from pivotal.report.dotplot import dots

    level = {e.name: e.analysis.level for e in bundle.study.endpoints}
    reference = level.get(rows[0]["endpoint"], 0.95)
    power = [_group(bundle, rows, s, "power", "mcse") for s in _scenarios(rows)]
    coverage = [_group(bundle, rows, s, "coverage", "coverage_mcse") for s in _scenarios(rows)]
    panels = [("Power, %", power, (0.0, 100.0), None), ("Coverage, %", coverage, None, 100 * reference)]
    shown = [p for p in panels if any(dot.value is not None for group in p[1] for dot in group.dots)]
    label = "Power and coverage by scenario and hypothesis, as in the table that follows"
    drawn = {
        name: dots(shown, narrow=name == "narrow", name=f"operating-{name}", label=label, mark=True)
        for name in ("wide", "narrow")
    }
    note = (
        f"Bars: {ERRORS} Monte-Carlo standard errors to either side; where they are shorter than the dot is wide they "
        f"are hidden by it. Dashed line: nominal coverage, {short_percent(reference)}. Open dots: true null hypotheses."
    )
    caption = "Power and coverage, by scenario and hypothesis"
    return Figure("figure-operating", caption, drawn["wide"], drawn["narrow"], (note,), origin="replicates")


def _scenarios(rows: Sequence[JSON]) -> list[str]:
    return list(dict.fromkeys(row["scenario"] for row in rows))


def _group(bundle: Bundle, rows: Sequence[JSON], scenario: str, key: str, error: str) -> DotGroup:
    found = []
    for row in (r for r in rows if r["scenario"] == scenario):
        value, mcse = row.get(key), row.get(error) or 0.0
        low, high = (None, None) if value is None else (100 * (value - ERRORS * mcse), 100 * (value + ERRORS * mcse))
        words = _share(value, row.get(error), 1)
        ink = colour(bundle.arms.index(row["arm"]), bundle.study.control)
        shown = None if value is None else 100 * value
        found.append(Dot(row["hypothesis"], shown, low, high, words, main=not row.get("true_null"), colour=ink))
    return DotGroup(bundle.scenario_label(scenario), tuple(found))


def _rates_table(bundle: Bundle, rates: Sequence[JSON]) -> Table:
    lines: list[Line] = []
    last = ""
    for row in rates:
        heading = bundle.scenario_label(row["scenario"])
        if heading != last:
            lines.append(Line(heading=heading))
            last = heading
        target = row.get("target")
        off = None if target is None or row["simulated"] is None else row["simulated"] - target
        lines.append(
            Line(
                (
                    row["endpoint"],
                    row["visit"],
                    row["arm"],
                    DASH if target is None else percent(target, 2),
                    _share(row["simulated"], row.get("mcse")),
                    DASH if off is None else fixed(100 * off, 2),
                ),
                indent=True,
            )
        )
    columns = (
        Column("Endpoint"), Column("Visit"), Column("Arm"), Column("Asked for", number=True),
        Column("Simulated (MCSE)", number=True), Column("Off by, percentage points", number=True),
    )  # fmt: skip
    caption = "Response asked for by the scenarios, and simulated"
    return Table("table-rates", caption, columns, tuple(lines), origin="replicates")


def _grids(bundle: Bundle, grid_rows: Sequence[JSON]) -> list[Block]:
    blocks: list[Block] = []
    for name in dict.fromkeys(row["grid"] for row in grid_rows):
        rows = [row for row in grid_rows if row["grid"] == name]
        label = next((g.label for g in bundle.study.grids if g.name == name), name)
        if not blocks:
            blocks.append(Heading("power-curves", "Power curves"))
        hypotheses = list(dict.fromkeys(_grid_key(row) for row in rows))
        first = [row for row in rows if _grid_key(row) == hypotheses[0]]
        blocks.append(_curves(bundle, name, label, first, hypotheses))
        blocks.append(Folded(f"{label}: the numbers", (_grid_table(name, label, rows),)))
    return blocks


def _grid_key(row: JSON) -> str:
    return str(row.get("hypothesis") or f"{row['endpoint']}, {row['arm']} against {row['comparator']}")


def _curves(bundle: Bundle, name: str, label: str, rows: Sequence[JSON], hypotheses: Sequence[str]) -> Figure:
    from pivotal.report.plots import curves

    control = bundle.control.name
    panels = [
        _curve_panel(control, rate, [r for r in rows if r["control_rate"] == rate])
        for rate in sorted({row["control_rate"] for row in rows})
    ]
    drawn = {
        width: curves(panels, width == "narrow", name=f"grid-{name}-{width}", label=label, mark=True)
        for width in ("wide", "narrow")
    }
    same = f" The curves of {listed(hypotheses[1:])} are in the table." if len(hypotheses) > 1 else ""
    replicates = listed([count(n) for n in sorted({row["replicates"] for row in rows})])
    method = next((str(row["method"]) for row in rows if row.get("method")), "")
    how = f", {method_name(method)}" if method else ""
    notes = (
        f"Hypothesis {hypotheses[0]}{how}; {replicates} simulated trials a point.{same}",
        f"Bars: {ERRORS} Monte-Carlo standard errors to either side. N: patients in the whole trial. Lines: the "
        "difference in response from control, in percentage points.",
    )
    return Figure(f"figure-grid-{name}", label, drawn["wide"], drawn["narrow"], notes, origin="replicates")


def _curve_panel(control: str, rate: float, rows: Sequence[JSON]) -> Panel:
    series = []
    for difference in sorted({row["difference"] for row in rows}):
        points = tuple(
            Point(
                row["size"],
                row["power"],
                row["power"] - ERRORS * (row.get("mcse") or 0),
                row["power"] + ERRORS * (row.get("mcse") or 0),
            )
            for row in sorted(rows, key=lambda r: r["size"])
            if row["difference"] == difference and row["power"] is not None
        )
        apart = plain(round(100 * difference, 4))
        series.append(Series(f"+{apart}" if difference > 0 else apart, points))
    ticks = tuple((size, count(size)) for size in sorted({row["size"] for row in rows}))
    return Panel(f"{control} response {short_percent(rate)}", "power, %", tuple(series), ticks)


def _grid_table(name: str, label: str, rows: Sequence[JSON]) -> Table:
    sizes = sorted({row["size"] for row in rows})
    lines: list[Line] = []
    for hypothesis in dict.fromkeys(_grid_key(row) for row in rows):
        lines.append(Line(heading=hypothesis))
        own = {(r["control_rate"], r["difference"], r["size"]): r for r in rows if _grid_key(r) == hypothesis}
        for rate, difference in dict.fromkeys((rate, difference) for rate, difference, _ in own):
            cells = [own.get((rate, difference, size)) for size in sizes]
            shown = tuple(DASH if c is None else _share(c["power"], c.get("mcse"), 1) for c in cells)
            lines.append(Line((short_percent(rate), plain(round(100 * difference, 4)), *shown), indent=True))
    columns = (
        Column("Control rate"), Column("Difference, percentage points", number=True),
        *(Column(f"N = {count(size)}", number=True) for size in sizes),
    )  # fmt: skip
    return Table(f"table-grid-{name}", f"{label}: power (MCSE)", columns, tuple(lines), origin="replicates")
