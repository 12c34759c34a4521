"""The forest plot: odds ratios and other ratios on a log axis, differences on their own."""

from __future__ import annotations

from collections.abc import Sequence

from pivotal.report.bundle import Bundle
from pivotal.report.canvas import colour
from pivotal.report.document import Block, Figure, Prose, Section
from pivotal.report.format import capital, on_scale, scale_label, with_limits
from pivotal.report.outcomes import ordered
from pivotal.report.rows import Comparison
from pivotal.report.series import Dot, DotGroup
from pivotal.report.wording import method_name
from pivotal.study.model import Endpoint


def forest_section(bundle: Bundle) -> Section:
    """One figure a scale; the section is empty where nothing was estimated."""
    comparisons = bundle.rows.comparisons()
    scales = list(dict.fromkeys(c.scale for c in comparisons if c.scale))
    blocks: list[Block] = [_figure(bundle, scale, [c for c in comparisons if c.scale == scale]) for scale in scales]
    if not blocks:
        blocks.append(Prose("There is no estimate to draw.", style="empty"))
    return Section("forest", "Forest plot", blocks)


def _figure(bundle: Bundle, scale: str, comparisons: Sequence[Comparison]) -> Figure:
    from pivotal.report.dotplot import forest

    groups = [
        _group(bundle, endpoint, visit, [c for c in rows if c.visit == visit])
        for endpoint, rows in ordered(bundle, comparisons)
        for visit in dict.fromkeys(c.visit for c in rows)
    ]
    label = f"Forest plot, {scale}: " + "; ".join(f"{dot.label} {dot.words}" for g in groups for dot in g.dots)
    ratio = scale.endswith("ratio")
    percent_points = scale == "risk difference"
    drawn = {
        width: forest(
            groups, ratio=ratio, times=100 if percent_points else 1, axis=capital(scale_label(scale)),
            narrow=width == "narrow", name=f"forest-{scale}-{width}", label=label, mark=bundle.simulated,
        )
        for width in ("wide", "narrow")
    }  # fmt: skip
    caption = f"{capital(scale_label(scale))}: main and supplementary analyses"
    notes = [
        "Filled squares: the main analysis of an endpoint. Open circles: supplementary analyses. Bars: the interval at "
        "each analysis's level; an arrow where it leaves the axis. Dashed line: no difference."
    ]
    return Figure(f"figure-forest-{scale.replace(' ', '-')}", caption, drawn["wide"], drawn["narrow"], tuple(notes))


def _group(bundle: Bundle, endpoint: Endpoint, visit: str | None, rows: Sequence[Comparison]) -> DotGroup:
    """An endpoint at a visit; one named analysis alone is not named at each dot, as room is short."""
    names = {endpoint.analysis.name, *(a.name for a in endpoint.supplementary)} - {None}
    analyses = {c.analysis for c in rows}
    alone = len(analyses) == 1 and analyses <= names
    return DotGroup(
        f"{endpoint.name}, {visit}", tuple(_dot(bundle, c, named=c.analysis in names, alone=alone) for c in rows)
    )


def _dot(bundle: Bundle, c: Comparison, *, named: bool, alone: bool) -> Dot:
    words = with_limits(c["estimate"], c["ci_low"], c["ci_high"], on_scale(c.scale))
    name = c.analysis if named or c.role != "main" else method_name(c.method).replace(" regression", "")
    return Dot(
        _arms(bundle, c) if alone else f"{_arms(bundle, c)} · {name}",
        c["estimate"].value,
        c["ci_low"].value,
        c["ci_high"].value,
        words or "; ".join(c.reasons) or "no number",
        main=c.role == "main",
        colour=colour(bundle.arms.index(c.arm) if c.arm in bundle.arms else bundle.study.control, bundle.study.control),
    )


def _arms(bundle: Bundle, c: Comparison) -> str:
    """The arm; with its comparator where that is not the control."""
    return c.arm if c.comparator in ("", bundle.control.name) else f"{c.arm} v {c.comparator}"
