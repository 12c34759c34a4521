"""Potentially serious liver injury laid out: the figure, the counts by quadrant, and the cases."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pivotal.report.document import Block, Column, Figure, Line, Table
from pivotal.report.edish import Cloud, edish
from pivotal.report.format import plain, plural
from pivotal.report.rounding import printed
from pivotal.report.tables.layout import Found, caption, drawings, laid_out
from pivotal.report.tables.numbers import Numbers
from pivotal.study.laboratory_tables import LiverInjury

DRAWN = 4000
"""Patients above whom those in the normal range are left out of the drawing, and the note says so."""
NORMAL = 0


@laid_out.register
def liver_injury(table: LiverInjury, found: Found) -> list[Block]:
    """The scatter of peaks, a table of quadrants, and a listing of those in the range of Hy's law."""
    counts = _counts(table, found)
    cases = found.groups("case")
    blocks: list[Block] = [_figure(table, found)] if _subjects(found) else []
    blocks.append(counts)
    if cases:
        blocks.append(_cases(table, found, cases))
    return blocks


def _subjects(found: Found) -> dict[str, dict[str, tuple[float, float]]]:
    """Peaks by arm and patient."""
    peaks: dict[str, dict[str, dict[str, float]]] = {}
    for record in found.records:
        subject = record["groups"].get("subject")
        if subject is not None and record["value"] is not None:
            of_arm = peaks.setdefault(record["arm"], {})
            of_arm.setdefault(subject, {})[record["parameter"]] = float(record["value"])
    return {arm: {s: (p["Transaminase"], p["Bilirubin"]) for s, p in of.items()} for arm, of in peaks.items()}


def _quadrants(found: Found) -> list[str]:
    return [words for words in found.groups("quadrant") if words != "Not known"]


def _figure(table: LiverInjury, found: Found) -> Figure:
    peaks = _subjects(found)
    everyone = sum(len(of_arm) for of_arm in peaks.values())
    above = (table.transaminase_above, table.bilirubin_above)
    hidden = everyone > DRAWN
    control = next((r["arm"] for r in found.records if r["groups"].get("role") == "control"), None)
    clouds = [_cloud(arm, peaks.get(arm, {}), above if hidden else None, arm == control) for arm in _arms(found)]
    totals = {words: _total(found, words) for words in _quadrants(found)}
    corners = {words: plural(total, "patient") for words, total in totals.items()}
    label = f"{caption(table)}: each patient's highest transaminase against the highest bilirubin"
    kinds = " or ".join(peak.words for peak in table.transaminases)
    names = (f"Highest {kinds}, x ULN", f"Highest {table.bilirubin.words.lower()}, x ULN")

    draw = partial(edish, clouds, above=above, corners=corners, names=names, label=label, mark=found.simulated)
    notes = [
        f"A mark a patient; lines at {plain(above[0])} and {plain(above[1])} times the upper limit of normal (ULN). "
        "The two peaks need not be of the same day.",
    ]
    if hidden:
        notes.append("Patients in the normal range are counted but not drawn.")
    drawn = drawings(f"liver-{table.id}", draw)
    return Figure(f"figure-{table.id}", caption(table, "Figure"), *drawn, (*notes, *table.footnotes))


def _arms(found: Found) -> list[str]:
    """The arms, without all of them together."""
    return [arm for arm in found.arms() if arm != "Total"]


def _cloud(arm: str, peaks: dict[str, tuple[float, float]], above: tuple[float, float] | None, control: bool) -> Cloud:
    shown = [p for p in peaks.values() if above is None or p[0] > above[0] or p[1] > above[1]]
    return Cloud(arm, [p[0] for p in shown], [p[1] for p in shown], control)


def _total(found: Found, words: str) -> float:
    return sum(found.value(quadrant=words, arm=arm, statistic="n") or 0 for arm in _arms(found))


def _counts(table: LiverInjury, found: Found) -> Table:
    """Patients by quadrant and arm."""
    numbers = Numbers.of(found, "quadrant", "arm", "statistic")
    arms = found.arms()
    columns = [Column("Peak on treatment", wide=True)]
    columns += [Column(numbers.headed(found, arm), number=True) for arm in arms]
    words = _meaning(table, _quadrants(found))
    lines = [Line((said, *(numbers.share(name, arm) for arm in arms))) for name, said in words.items()]
    lines.append(Line(("Not known", *(numbers.count("Not known", arm, "n") for arm in arms))))
    return Table(f"table-{table.id}", f"{caption(table)}: patients by quadrant", tuple(columns), tuple(lines))


def _meaning(table: LiverInjury, quadrants: Sequence[str]) -> dict[str, str]:
    """Each quadrant with what makes it."""
    kinds = " or ".join(peak.words for peak in table.transaminases)
    right, upper = plain(table.transaminase_above), plain(table.bilirubin_above)
    bilirubin = table.bilirubin.words.lower()
    sides = (
        f"{kinds} at most {right}, {bilirubin} at most {upper} x ULN",
        f"{kinds} at most {right}, {bilirubin} above {upper} x ULN",
        f"{kinds} above {right}, {bilirubin} at most {upper} x ULN",
        f"{kinds} above {right} and {bilirubin} above {upper} x ULN",
    )
    return {name: f"{name}: {side}" for name, side in zip(quadrants, sides, strict=True)}


def _cases(table: LiverInjury, found: Found, cases: Sequence[str]) -> Table:
    """A line a patient: each peak with its day."""
    numbers = Numbers.of(found, "case", "parameter", "statistic")
    peaks = [*(peak.words for peak in table.transaminases), table.bilirubin.words]
    columns = [Column("Patient", wide=True), Column("Arm", wide=True)]
    for words in peaks:
        columns += [Column("x ULN", number=True, group=words), Column("day", number=True, group=words)]
    if table.phosphatase is not None:
        group = f"{table.phosphatase.words} that day"
        columns += [Column("x ULN", number=True, group=group), Column("Hy's law", group=group)]
    lines = []
    for case in cases:
        cells = [case, str(next(r["arm"] for r in found.records if r["groups"].get("case") == case))]
        for words in peaks:
            cells += [_times(numbers, case, words), numbers.count(case, words, "day")]
        if table.phosphatase is not None:
            cells += [_times(numbers, case, table.phosphatase.words), _judged(table, numbers, case)]
        lines.append(Line(tuple(cells)))
    return Table(
        f"table-{table.id}-cases", f"{caption(table)}: patients in the range of Hy's law", tuple(columns), tuple(lines),
        _explained(table),
    )  # fmt: skip


def _times(numbers: Numbers, case: str, words: str) -> str:
    value = numbers.values.get((case, words, "times ULN"))
    return "–" if value is None else printed(value, 1)


def _judged(table: LiverInjury, numbers: Numbers, case: str) -> str:
    assert table.phosphatase is not None
    value = numbers.values.get((case, table.phosphatase.words, "without cholestasis"))
    return "unknown" if value is None else "possible" if value else "cholestasis"


def _explained(table: LiverInjury) -> tuple[str, ...]:
    if table.phosphatase is None:
        return ()
    return (
        f"{table.phosphatase.words} is that of the day of the highest transaminase. Hy's law is possible where it is "
        f"below {plain(table.phosphatase_below)} x ULN, so that cholestasis does not explain the bilirubin; other "
        "causes have to be excluded in the patient.",
    )
