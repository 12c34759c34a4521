"""The CONSORT flow diagram: screened, excluded, randomised, and what became of each arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pivotal.report import svg
from pivotal.report.bundle import Bundle
from pivotal.report.document import Block, Drawing, Figure, Prose, Section
from pivotal.report.format import capital, count
from pivotal.report.wording import in_words
from pivotal.study.methods import MEASURED

SIZE, LEADING, PAD, GAP = 13.0, 18.0, 11.0, 34.0
TOTAL = "Total"


@dataclass(frozen=True, slots=True)
class Count:
    """A line of a box: what is counted, and how many."""

    text: str
    number: float | None = None
    bold: bool = False


@dataclass(frozen=True, slots=True)
class ArmFlow:
    """What became of one arm."""

    name: str
    boxes: tuple[tuple[Count, ...], ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """The numbers of the diagram."""

    screened: tuple[Count, ...]
    excluded: tuple[Count, ...]
    randomised: tuple[Count, ...]
    arms: tuple[ArmFlow, ...]


def flow_section(bundle: Bundle) -> Section:
    """The section with the diagram, or why there is none."""
    flow = gather(bundle)
    blocks: list[Block] = []
    if not flow.arms:
        blocks.append(Prose("The results hold no disposition of the patients.", style="empty"))
    else:
        if not flow.screened:
            blocks.append(Prose("Nothing is known of who was screened: the diagram starts with randomisation."))
        blocks.append(_figure(bundle, flow))
    return Section("flow", "Flow of patients", blocks)


def _figure(bundle: Bundle, flow: Flow) -> Figure:
    label = "CONSORT flow diagram. " + "; ".join(
        f"{line.text} {count(line.number)}" for box in _all_boxes(flow) for line in box if line.number is not None
    )
    notes = [f"Analysed: patients in the denominator of each endpoint at its visit (primary: {bundle.primary.visit})."]
    if flow.screened:
        notes.insert(0, "Excluded: a candidate counts under the first criterion that fails.")
    return Figure(
        "figure-flow",
        "Flow of patients through the trial (CONSORT)",
        _wide(flow, label, bundle.simulated),
        _narrow(flow, label, bundle.simulated),
        notes=tuple(notes),
    )


def _all_boxes(flow: Flow) -> list[tuple[Count, ...]]:
    return [flow.screened, flow.excluded, flow.randomised, *(box for arm in flow.arms for box in arm.boxes)]


def gather(bundle: Bundle) -> Flow:
    """The diagram's numbers, from the rows."""
    rows = bundle.rows
    screened = rows.get("screening", groups={"event": "screened"}).value
    failures = _failures(bundle)
    randomised = rows.get("disposition", arm=TOTAL, groups={"event": "randomised"}).value
    arms = tuple(_arm(bundle, name) for name in bundle.arms if rows.where("disposition", arm=name))
    return Flow(
        (Count("Screened", screened, bold=True),) if screened is not None else (),
        (Count("Excluded", sum(n.number or 0 for n in failures), bold=True), *failures) if screened is not None else (),
        (Count("Randomised", randomised, bold=True),),
        arms,
    )


def _failures(bundle: Bundle) -> list[Count]:
    words = {c.id: in_words(c) for c in bundle.study.population.criteria if c.id}
    kinds = {c.id: c.kind for c in bundle.study.population.criteria if c.id}
    found = []
    for record in bundle.rows.where("screening"):
        groups = record.get("groups") or {}
        if groups.get("event") == "screen failure" and record["value"]:
            criterion = groups.get("criterion", "")
            prefix = "Not met: " if kinds.get(criterion) == "inclusion" else ""
            found.append(Count(prefix + words.get(criterion, criterion), record["value"]))
    return found


def _arm(bundle: Bundle, name: str) -> ArmFlow:
    reasons = [
        Count(capital(record["groups"]["reason"]), record["value"])
        for record in bundle.rows.where("disposition", arm=name)
        if (record.get("groups") or {}).get("event") == "discontinued" and record["value"]
    ]
    one = {event: bundle.rows.get("disposition", arm=name, groups={"event": event}).value for event in _EVENTS}
    left = Count("Discontinued", sum(r.number or 0 for r in reasons), bold=True)
    boxes = [
        (Count(f"Allocated to {name}", one["randomised"], bold=True),),
        (left, *reasons),
        (Count("Completed", one["completed"], bold=True),),
        (Count("Analysed", bold=True), *_analysed(bundle, name)),
    ]
    return ArmFlow(name, tuple(box for box in boxes if len(box) > 1 or box[0].number is not None))


_EVENTS = ("randomised", "completed")


def _analysed(bundle: Bundle, arm: str) -> list[Count]:
    """Denominators of each endpoint at its visit."""
    found = []
    for endpoint in bundle.study.endpoints:
        keys = {"endpoint": endpoint.name, "visit": endpoint.visit, "arm": arm}
        statistic = "n" if endpoint.kind in MEASURED else "N"
        number = bundle.rows.get("response", statistic=statistic, **keys).value
        if number is not None:
            observed = ", observed" if endpoint.imputation is not None else ""
            found.append(Count(endpoint.name + observed, number))
    return found


@dataclass(frozen=True, slots=True)
class _Box:
    lines: tuple[tuple[str, str, bool], ...]
    width: float

    @property
    def height(self) -> float:
        return 2 * PAD + LEADING * len(self.lines) - 4


def _laid_out(lines: Sequence[Count], width: float) -> _Box:
    room = width - 2 * PAD - 44
    laid: list[tuple[str, str, bool]] = []
    for line in lines:
        number = "" if line.number is None else count(line.number)
        first, *rest = svg.wrap(line.text, room if line.number is not None else room + 30, SIZE, bold=line.bold)
        laid.append((first, number, line.bold))
        laid += [(f"  {more}", "", line.bold) for more in rest]
    return _Box(tuple(laid), width)


def _drawn(box: _Box, x: float, y: float, *, height: float | None = None, fill: str = "#ffffff") -> list[Markup]:
    parts = [svg.box(x, y, box.width, height or box.height, fill=fill)]
    for row, (words, number, bold) in enumerate(box.lines):
        baseline = y + PAD + 10 + row * LEADING
        weight = "600" if bold else None
        indent = 0 if bold else 8 if not words.startswith("  ") else 18
        parts.append(svg.text(x + PAD + indent, baseline, words.strip(), size=SIZE, weight=weight))
        parts.append(svg.text(x + box.width - PAD, baseline, number, size=SIZE, weight=weight, anchor="end"))
    return parts


def _wide(flow: Flow, label: str, mark: bool) -> Drawing:
    width, between = 940.0, 20.0
    column = min((width - between * (len(flow.arms) - 1)) / len(flow.arms), 330.0)
    left = (width - column * len(flow.arms) - between * (len(flow.arms) - 1)) / 2
    centre = width / 2
    parts, y = _top(flow, centre, width)
    centres = [left + column / 2 + i * (column + between) for i in range(len(flow.arms))]
    parts += _split(centre, centres, y)
    y += GAP
    stages = max(len(arm.boxes) for arm in flow.arms)
    for stage in range(stages):
        boxes = [_laid_out(arm.boxes[stage], column) for arm in flow.arms if stage < len(arm.boxes)]
        height = max(box.height for box in boxes)
        for middle, box in zip(centres, boxes, strict=False):
            parts += _drawn(box, middle - column / 2, y, height=height, fill="#f3f6fa" if stage == 0 else "#ffffff")
            if stage < stages - 1:
                parts.append(_down(middle, y + height, y + height + GAP - 12))
        y += height + (GAP - 12 if stage < stages - 1 else 0)
    return svg.drawing(width, y + 6, [svg.arrow_head("flow-head"), *parts], label=label, mark=mark)


def _top(flow: Flow, centre: float, width: float) -> tuple[list[Markup], float]:
    parts: list[Markup] = []
    y = 4.0
    if flow.screened:
        screened = _laid_out(flow.screened, 200)
        parts += _drawn(screened, centre - 100, y)
        excluded = _laid_out(flow.excluded, width - centre - 50)
        side = y + screened.height + 22
        parts += _drawn(excluded, centre + 50, side)
        bottom = side + excluded.height + 22
        branch = side + PAD + 6
        parts.append(svg.path(f"M{centre},{branch} H{centre + 48}", head="flow-head"))
        parts.append(_down(centre, y + screened.height, bottom))
        y = bottom
    randomised = _laid_out(flow.randomised, 200)
    parts += _drawn(randomised, centre - 100, y, fill="#f3f6fa")
    return parts, y + randomised.height


def _split(centre: float, centres: list[float], y: float) -> list[Markup]:
    middle = y + GAP / 2
    return [
        svg.path(f"M{centre:.1f},{y:.1f} V{middle:.1f} H{x:.1f} V{y + GAP - 2:.1f}", head="flow-head") for x in centres
    ]


def _down(x: float, start: float, end: float) -> Markup:
    return svg.path(f"M{x:.1f},{start:.1f} V{end - 2:.1f}", head="flow-head")


def _narrow(flow: Flow, label: str, mark: bool) -> Drawing:
    """One box under the other: arms follow each other."""
    width, y = 360.0, 4.0
    parts: list[Markup] = []
    head = [lines for lines in (flow.screened, flow.excluded, flow.randomised) if lines]
    for index, lines in enumerate(head):
        box = _laid_out(lines, width - 4)
        parts += _drawn(box, 2, y, fill="#f3f6fa" if lines is flow.randomised else "#ffffff")
        if index < len(head) - 1:
            parts.append(svg.path(f"M24,{y + box.height:.1f} v16", head="flow-narrow-head"))
        y += box.height + 18
    spine = y - 18
    for arm in flow.arms:
        box = _laid_out([line for lines in arm.boxes for line in lines], width - 26)
        parts.append(svg.path(f"M12,{spine:.1f} V{y + 18:.1f} H22", head="flow-narrow-head"))
        parts += _drawn(box, 24, y)
        y += box.height + 14
    return svg.drawing(width, y, [svg.arrow_head("flow-narrow-head"), *parts], label=label, mark=mark)
