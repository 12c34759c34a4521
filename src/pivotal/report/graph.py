"""The testing graph drawn: hypotheses as nodes with their weights, edges along which alpha moves."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from markupsafe import Markup

from pivotal.report import svg
from pivotal.report.bundle import Bundle
from pivotal.report.document import (
    Block,
    Column,
    Drawing,
    Figure,
    Footnotes,
    Line,
    Prose,
    Section,
    Table,
    Text,
    against,
)
from pivotal.report.format import DASH, capital, limits, on_scale, p_text, p_value, plain, scale_label
from pivotal.study.model import Hypothesis

NODE_H, GAP_Y = 92.0, 62.0
SIMULTANEOUS = "Simultaneous limits"
GREEN, GREEN_FILL, GREY_FILL = "#1d6b4f", "#e6f2ec", "#ffffff"


@dataclass(frozen=True, slots=True)
class Layout:
    """Widths of a node, of the gap between nodes, and of the margin for edges that go round."""

    node: float
    gap: float
    margin: float


WIDE, NARROW = Layout(200.0, 150.0, 8.0), Layout(152.0, 50.0, 8.0)
ROUND = 48.0
COLUMNS_NARROW = 2


@dataclass(frozen=True, slots=True)
class Node:
    """A hypothesis and where it stands."""

    hypothesis: Hypothesis
    x: float
    y: float
    width: float

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the box."""
        return self.x + self.width / 2, self.y + NODE_H / 2


def graph_section(bundle: Bundle) -> Section | None:
    """The testing strategy: drawn, and as a table; None where fewer than two hypotheses leave nothing to move."""
    if len(bundle.study.testing.hypotheses) == 1:
        return None
    if not bundle.study.testing.hypotheses:
        return None
    blocks: list[Block] = [Prose(_lead(bundle), style="lead")]
    if bundle.study.testing.procedure == "dunnett":
        return Section("testing", "Testing strategy", [*blocks, _table(bundle)])
    return Section("testing", "Testing graph", [*blocks, _figure(bundle), _table(bundle)])


def _lead(bundle: Bundle) -> str:
    testing = bundle.study.testing
    if testing.procedure == "dunnett":
        return (
            f"Dunnett's single-step test of every arm against one comparator, two-sided, family-wise level "
            f"{plain(testing.alpha)}."
        )
    return (
        f"{capital(testing.tests)} along a graph, two-sided, family-wise level {plain(testing.alpha)}. A hypothesis "
        "is tested at its weight times that level; once rejected, it passes its share on along its edges."
    )


def _figure(bundle: Bundle) -> Figure:
    return Figure(
        "figure-graph",
        "The testing graph, with the decisions of this trial",
        _drawing(bundle, WIDE, "graph"),
        _drawing(bundle, NARROW, "graph-narrow") if _columns(bundle) <= COLUMNS_NARROW else None,
        notes=(
            "In a node: initial weight and local level, adjusted p-value, decision. On an edge: the share of the level "
            "that moves when the hypothesis is rejected.",
        ),
    )


def _columns(bundle: Bundle) -> int:
    return len({node.x for node in place(bundle.study.testing.hypotheses, NARROW)})


def place(hypotheses: tuple[Hypothesis, ...], layout: Layout) -> list[Node]:
    """Nodes in a grid: a row an endpoint, a column a comparison, in the order of the study file."""
    endpoints = list(dict.fromkeys(h.endpoint for h in hypotheses))
    pairs = list(dict.fromkeys((h.arm, h.comparator) for h in hypotheses))
    nodes = []
    taken: set[tuple[int, int]] = set()
    for h in hypotheses:
        row, column = endpoints.index(h.endpoint), pairs.index((h.arm, h.comparator))
        while (row, column) in taken:
            column += 1
        taken.add((row, column))
        x = layout.margin + column * (layout.node + layout.gap)
        nodes.append(Node(h, x, 6 + row * (NODE_H + GAP_Y), layout.node))
    return nodes


def _drawing(bundle: Bundle, layout: Layout, name: str) -> Drawing:
    layout = replace(layout, margin=ROUND) if _goes_round(bundle) else layout
    nodes = place(bundle.study.testing.hypotheses, layout)
    width = max(node.x for node in nodes) + layout.node + layout.margin
    height = max(node.y for node in nodes) + NODE_H + 10
    by_name = {node.hypothesis.name: node for node in nodes}
    edges = [(by_name[e.from_], by_name[e.to], e.weight) for e in bundle.study.testing.edges if e.weight > 0]
    parts = [svg.arrow_head(f"{name}-head", svg.MUTED)]
    parts += [_line(a, b, f"{name}-head") for a, b, _ in edges]
    parts += [part for node in nodes for part in _node(bundle, node)]
    parts += [part for a, b, weight in edges for part in _label(a, b, weight)]
    rejected = [n.hypothesis.name for n in nodes if _rejected(bundle, n.hypothesis.name)]
    label = f"Testing graph of {len(nodes)} hypotheses. Rejected: {', '.join(rejected) or 'none'}."
    return svg.drawing(width, height, parts, label=label, mark=bundle.simulated)


def _goes_round(bundle: Bundle) -> bool:
    """Whether an edge has to go round a node, and so needs a margin."""
    by_name = {node.hypothesis.name: node for node in place(bundle.study.testing.hypotheses, WIDE)}
    edges = bundle.study.testing.edges
    return any(_ends(by_name[edge.from_], by_name[edge.to])[2] for edge in edges if edge.weight > 0)


def _rejected(bundle: Bundle, name: str) -> bool | None:
    value = bundle.rows.hypothesis(name).get("rejected")
    return None if value is None or value.value is None else bool(value.value)


def _node(bundle: Bundle, node: Node) -> list[Markup]:
    h = node.hypothesis
    rejected = _rejected(bundle, h.name)
    tested = bundle.rows.hypothesis(h.name)
    colour = GREEN if rejected else svg.MUTED
    middle = node.centre[0]
    alpha = bundle.study.testing.alpha
    level = f"weight {plain(round(h.weight, 4))}" + (f", level {plain(round(h.weight * alpha, 6))}" if h.weight else "")
    adjusted = tested["p_adjusted"].value if "p_adjusted" in tested else None
    p = f"adjusted {p_text(adjusted)}" if adjusted is not None else "no adjusted p"
    decision = {True: "✓ rejected", False: "not rejected", None: "not tested"}[rejected]
    fill = GREEN_FILL if rejected else GREY_FILL
    parts = [
        svg.box(node.x, node.y, node.width, NODE_H, fill=fill, stroke=colour, radius=12, thick=1.8 if rejected else 1.3)
    ]
    lines = [(h.name, 13.5, "700", svg.INK), (level, 11.5, None, svg.MUTED), (p, 12, None, svg.INK)]
    for row, (words, size, weight, ink) in enumerate(lines):
        if row == 0 and svg.width_of(words, size, bold=True) > node.width - 12:
            size = 11.0
        shown = svg.fitted(words, node.width - 8, size, bold=weight is not None)
        y = node.y + 22 + row * 18
        parts.append(svg.text(middle, y, shown, size=size, anchor="middle", weight=weight, fill=ink))
    parts.append(svg.text(middle, node.y + 80, decision, size=12.5, anchor="middle", weight="700", fill=colour))
    return parts


def _ends(a: Node, b: Node) -> tuple[tuple[float, float], tuple[float, float], bool]:
    """Where an edge leaves and enters, and whether it has to go round nodes between."""
    (ax, ay), (bx, by) = a.centre, b.centre
    rows = round((b.y - a.y) / (NODE_H + GAP_Y))
    if a.x == b.x:
        down = 1 if b.y > a.y else -1
        if abs(rows) == 1:
            shift = 12.0 * down
            return (ax + shift, ay + down * NODE_H / 2), (bx + shift, by - down * NODE_H / 2), False
        side = -a.width / 2
        return (ax + side, ay), (bx + side, by), True
    right = 1 if b.x > a.x else -1
    if rows == 0:
        shift = 10.0 * right
        return (ax + right * a.width / 2, ay + shift), (bx - right * a.width / 2, by + shift), False
    shift = 20.0 if rows > 0 else -20.0
    return (ax + right * a.width / 2, ay + shift), (bx - right * a.width / 2, by - shift), False


def _line(a: Node, b: Node, head: str) -> Markup:
    (x1, y1), (x2, y2), bent = _ends(a, b)
    if bent:
        return svg.path(
            f"M{x1:.1f},{y1:.1f} C{x1 - 30:.1f},{y1:.1f} {x2 - 30:.1f},{y2:.1f} {x2 - 2:.1f},{y2:.1f}",
            stroke=svg.MUTED,
            head=head,
        )
    length = math.hypot(x2 - x1, y2 - y1) or 1.0
    x, y = x2 - 2 * (x2 - x1) / length, y2 - 2 * (y2 - y1) / length
    return svg.path(f"M{x1:.1f},{y1:.1f} L{x:.1f},{y:.1f}", stroke=svg.MUTED, head=head)


def _label(a: Node, b: Node, weight: float) -> list[Markup]:
    (x1, y1), (x2, y2), bent = _ends(a, b)
    at = 0.5 if a.x == b.x or a.y == b.y else 0.3
    x, y = x1 + at * (x2 - x1), y1 + at * (y2 - y1)
    if bent:
        x -= 23
    words = plain(round(weight, 3))
    half = svg.width_of(words, 12) / 2 + 5
    return [
        svg.box(x - half, y - 10, 2 * half, 19, stroke="#ffffff", radius=9),
        svg.text(x, y + 4, words, size=12, anchor="middle", fill=svg.INK),
    ]


def decision(rejected: float | None) -> Markup:
    """A decision in a table."""
    if rejected is None:
        return Markup('<span class="quiet short">not tested</span>')
    return Markup(
        '<span class="yes">✓ rejected</span>' if rejected else '<span class="quiet short">not rejected</span>'
    )


def limits_said(bundle: Bundle) -> str | None:
    """What the simultaneous limits of the strategy are; None where the results hold none."""
    testing = bundle.study.testing
    if all(bundle.rows.simultaneous(h.name) is None for h in testing.hypotheses):
        return None
    scales = dict.fromkeys(found[2] for h in testing.hypotheses if (found := bundle.rows.simultaneous(h.name)))
    said = ", ".join(scale_label(scale) for scale in scales if scale)
    return f"{capital(testing.limits)}: {said}; they belong to the tests of the strategy."


def simultaneous_limits(bundle: Bundle, name: str, notes: Footnotes) -> Text:
    """A hypothesis's simultaneous limits in a table's cell."""
    found = bundle.rows.simultaneous(name)
    if found is None:
        return DASH
    low, high, scale = found
    show = on_scale(scale)
    if low.value is not None and high.value is None:
        return f"at least {show(low.value)}"
    if low.value is None and high.value is not None:
        return f"at most {show(high.value)}"
    return limits(low, high, show) or DASH + notes.mark(low.reason or high.reason)


def _table(bundle: Bundle) -> Table:
    notes = Footnotes()
    lines = []
    within = limits_said(bundle)
    for h in bundle.study.testing.hypotheses:
        tested = bundle.rows.hypothesis(h.name)
        shown = []
        for name in ("p", "p_adjusted"):
            got = tested.get(name)
            value = DASH if got is None or got.value is None else p_value(got.value)
            shown.append(value + notes.mark(got.reason if got else "not in the results"))
        rejected = tested["rejected"].value if "rejected" in tested else None
        pair = against(h.arm, h.comparator)
        label = bundle.endpoint_label(h.endpoint)
        weight = () if bundle.study.testing.procedure == "dunnett" else (plain(h.weight),)
        bounds = () if within is None else (simultaneous_limits(bundle, h.name, notes),)
        lines.append(Line((h.name, label, pair, *weight, *shown, *bounds, decision(rejected))))
    columns = (
        Column("Hypothesis"), Column("Endpoint", wide=True), Column("Comparison"),
        *(() if bundle.study.testing.procedure == "dunnett" else (Column("Weight", number=True),)),
        Column("p", number=True), Column("Adjusted\u00a0p", number=True),
        *(() if within is None else (Column(SIMULTANEOUS, number=True),)), Column("Decision"),
    )  # fmt: skip
    method = f"{capital(bundle.study.testing.procedure)}, two-sided, alpha {plain(bundle.study.testing.alpha)}"
    caption = "Hypotheses in the order of the study file"
    return Table(
        "table-testing",
        caption,
        columns,
        tuple(lines),
        (f"Method: {method}.", *(() if within is None else (within,)), *notes.notes),
    )
