"""Provenance: versions, seed, hashes, time, command, and how to make it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from pivotal.report.bundle import Bundle
from pivotal.report.document import Block, Code, Column, Facts, Folded, Heading, Line, Prose, Section, Table, Text
from pivotal.report.format import DASH, fixed, percent, plain, plural

JSON = Mapping[str, Any]
HASH_LENGTH = 40


def provenance_section(bundle: Bundle) -> Section:
    """The section, with how near the virtual patients come to what was asked of them."""
    blocks: list[Block] = []
    given = bundle.provenance
    if given:
        blocks.append(Facts(tuple(_pair(key, value) for key, value in given.items() if value not in (None, {}, []))))
    else:
        blocks.append(Prose("Nothing was recorded of how this report was made.", style="empty"))
    blocks += [Heading("reproduce", "How to reproduce"), *_reproduce(bundle)]
    if bundle.calibration:
        blocks += [Heading("calibration", "Calibration of the virtual patients"), _calibration(bundle.calibration)]
    return Section("provenance", "Provenance", blocks)


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
    command = bundle.provenance.get("command") or f"pivotal run {bundle.study.id.lower()}{_seed(bundle)}"
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


def _calibration(calibration: object) -> Folded:
    rows = [row for row in calibration if isinstance(row, Mapping)] if isinstance(calibration, list | tuple) else []
    lines = tuple(
        Line(
            (
                _what(row),
                _number(row.get("target"), row),
                _number(_reached(row), row),
                _number(row.get("difference"), row),
            )
        )
        for row in rows
    )
    columns = (
        Column("What", wide=True),
        Column("Target", number=True),
        Column("Reached", number=True),
        Column("Difference", number=True),
    )
    table = Table(
        "table-calibration", "Targets of the cohort model, and what it reaches", columns, lines, origin="replicates"
    )
    return Folded(plural(len(lines), "target"), (table,))


_NUMBERS = frozenset({"target", "reached", "achieved", "value", "difference", "unit", "tolerance", "met", "mcse"})


def _reached(row: JSON) -> Any:
    return next((row[key] for key in ("reached", "achieved", "simulated", "value") if row.get(key) is not None), None)


def _what(row: JSON) -> str:
    return ", ".join(str(value) for key, value in row.items() if key not in _NUMBERS and value is not None)


def _number(value: Any, row: JSON) -> str:
    if not isinstance(value, int | float):
        return DASH
    if row.get("unit") == "%":
        return percent(value, 2)
    return fixed(value, 3) if isinstance(value, float) else plain(value)
