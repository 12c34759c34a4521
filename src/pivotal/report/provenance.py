"""Provenance: versions, seed, hashes, time, command, and how to make it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from pivotal.report.bundle import Bundle
from pivotal.report.document import (
    Block,
    Code,
    Column,
    Facts,
    Folded,
    Heading,
    Items,
    Line,
    Prose,
    Section,
    Table,
    Text,
)
from pivotal.report.format import DASH, capital, fixed, percent, plural

JSON = Mapping[str, Any]
HASH_LENGTH = 40
NOTES = "data_notes"
PROPORTIONS = ("rate", "discontinuation", "baseline share")
"""Starts of what is a proportion among the targets of a calibration."""


def provenance_section(bundle: Bundle) -> Section:
    """The section, with how near the virtual patients come to what was asked of them."""
    blocks: list[Block] = []
    given = bundle.provenance
    if given:
        told = {key: value for key, value in given.items() if key != NOTES and value not in (None, {}, [])}
        blocks.append(Facts(tuple(_pair(key, value) for key, value in told.items())))
        blocks += _data_notes(given.get(NOTES))
    else:
        blocks.append(Prose("Nothing was recorded of how this report was made.", style="empty"))
    blocks += [Heading("reproduce", "How to reproduce"), *_reproduce(bundle)]
    if bundle.calibration:
        blocks += [Heading("calibration", "Calibration of the virtual patients"), _calibration(bundle.calibration)]
    return Section("provenance", "Provenance", blocks)


def _data_notes(notes: object) -> list[Block]:
    """What reading the data left out or took for granted."""
    if not isinstance(notes, list | tuple) or not notes:
        return []
    items = tuple((f"data-note-{n}", str(note)) for n, note in enumerate(notes, 1))
    return [Heading("data-notes", "What reading the data left out or took for granted"), Items(items)]


def _pair(key: str, value: object) -> tuple[Text, Text]:
    return key.replace("_", " ").replace("sha256", "SHA-256").capitalize().replace("sha-256", "SHA-256"), _shown(value)


def _shown(value: object) -> Markup:
    if isinstance(value, Mapping):
        item = Markup('<li><span class="term">{}</span> {}</li>')
        return Markup('<ul class="plain">{}</ul>').format(
            Markup("").join(item.format(k, _shown(v)) for k, v in value.items())
        )
    if isinstance(value, list | tuple):
        return Markup('<ul class="plain">{}</ul>').format(
            Markup("").join(Markup("<li>{}</li>").format(_shown(v)) for v in value)
        )
    text = str(value)
    return Markup("<code>{}</code>" if len(text) >= HASH_LENGTH and " " not in text else "{}").format(text)


def _reproduce(bundle: Bundle) -> list[Block]:
    data = " --data DIR" if bundle.study.from_datasets else ""
    command = bundle.provenance.get("command") or f"pivotal run {bundle.study.id.lower()}{data}{_seed(bundle)}"
    versions = bundle.provenance.get("versions") or {}
    own = versions.get("pivotal") if isinstance(versions, Mapping) else None
    what = f"With Pivotal {own}" if own else "With the same version of Pivotal"
    text = (
        f"{what} and the study file of this run the same command gives the same numbers, whatever the number of "
        "workers. Every number of this report is a row of results.json or operating-characteristics.json, a sum of "
        "such counts, or stands in the study file."
    )
    return [Prose(text), Code(str(command))]


def _seed(bundle: Bundle) -> str:
    seed = bundle.provenance.get("seed")
    return f" --seed {seed}" if seed is not None else ""


def _calibration(calibration: Sequence[JSON]) -> Folded:
    lines: list[Line] = []
    for what in dict.fromkeys(str(row.get("what", "")) for row in calibration):
        lines.append(Line(heading=capital(what)))
        lines += [_target(row) for row in calibration if str(row.get("what", "")) == what]
    columns = (
        Column("What"),
        Column("Visit"),
        Column("Arm"),
        Column("Target", number=True),
        Column("Reached (MCSE)", number=True),
        Column("Off by", number=True),
    )
    caption = "Targets of the cohort model, and what it reaches"
    notes = ("Off by: in percentage points for proportions.",)
    table = Table("table-calibration", caption, columns, tuple(lines), notes, origin="replicates")
    return Folded(plural(len(calibration), "target"), (table,))


def _target(row: JSON) -> Line:
    share = str(row.get("what", "")).startswith(PROPORTIONS)
    target, reached, error = (row.get(key) for key in ("target", "reached", "mcse"))
    shown = _number(reached, share) + (f" ({_number(error, share, bare=True)})" if error is not None else "")
    off = None if target is None or reached is None else reached - target
    cells = (row.get("name") or "", row.get("visit") or "", row.get("arm") or "")
    return Line((*cells, _number(target, share), shown, _number(off, share, bare=True)), indent=True)


def _number(value: float | None, share: bool, *, bare: bool = False) -> str:
    """A proportion in percent, anything else with three decimals."""
    if value is None:
        return DASH
    if not share:
        return fixed(value, 3)
    return fixed(100 * value, 2) if bare else percent(value, 2)
