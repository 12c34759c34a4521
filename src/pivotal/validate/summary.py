"""What a run of cases comes to: by family and method, in all, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pivotal.files import whole, write_json
from pivotal.validate.compare import Check
from pivotal.validate.qualification import CaseResult, Qualification, difference, worst
from pivotal.validate.rule import Tolerance

JSON = dict[str, Any]

ABBREVIATIONS = {"mmrm", "mi", "tte", "rbmi"}

MOST = 20
"""Cases that do not agree, shown on a terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many cases and quantities, by what became of them."""

    cases: int
    agree: int
    differ: int
    failed: int
    not_covered: int
    quantities: int
    quantities_agree: int
    quantities_differ: int
    not_compared: int

    @property
    def covered(self) -> int:
        """Cases that were run."""
        return self.cases - self.not_covered


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One method of a family.

    Attributes
    ----------
    family, method
        The method is "" for cases that no method ran.
    counts
        Its cases and quantities.
    worst
        The greatest relative difference; None where no numbers were compared.
    sources
        The programs and versions that gave the numbers.
    tolerances
        All that were used.
    reasons
        Why quantities were not compared.
    """

    family: str
    method: str
    counts: Counts
    worst: float | None
    sources: tuple[str, ...]
    tolerances: tuple[Tolerance, ...]
    reasons: tuple[str, ...]


def counts(results: Sequence[CaseResult]) -> Counts:
    """Count cases and quantities."""
    checks = [check.agrees for result in results for check in result.checks]
    of = [result.status for result in results]
    return Counts(
        cases=len(results),
        agree=of.count("agrees"),
        differ=of.count("differs"),
        failed=of.count("failed"),
        not_covered=of.count("not covered"),
        quantities=len(checks),
        quantities_agree=checks.count(True),
        quantities_differ=checks.count(False),
        not_compared=checks.count(None),
    )


def lines(results: Sequence[CaseResult]) -> list[Line]:
    """A line for every method, family by family; what is not covered comes last."""
    grouped: dict[tuple[bool, str, str], list[CaseResult]] = {}
    for result in results:
        grouped.setdefault((not result.method, result.family, result.method), []).append(result)
    return [_line(family, method, grouped[key]) for key in sorted(grouped) for _, family, method in [key]]


def _line(family: str, method: str, results: list[CaseResult]) -> Line:
    checks = [check for result in results for check in result.checks]
    return Line(
        family=family,
        method=method,
        counts=counts(results),
        worst=worst(checks),
        sources=_distinct(result.source for result in results),
        tolerances=tuple(dict.fromkeys(c.tolerance for c in checks if c.tolerance is not None)),
        reasons=_distinct(check.reason for check in checks if check.agrees is None),
    )


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def title(family: str) -> str:
    """A family's name at the head of a section."""
    return family.upper() if family in ABBREVIATIONS else family[:1].upper() + family[1:].replace("_", " ")


def tolerance_text(tolerance: Tolerance) -> str:
    """A tolerance in words: ``relative 1e-06``, ``absolute 5e-11``; the rounding part is not told."""
    parts = [f"relative {tolerance.relative:.3g}"] if tolerance.relative else []
    if tolerance.absolute > 1e-12 or not parts:
        parts.append(f"absolute {tolerance.absolute:.3g}")
    return " + ".join(parts)


def merged(tolerances: Sequence[Tolerance]) -> list[tuple[str, str]]:
    """Tolerances in words with their reasons; those that differ only in the absolute part are one, with its range."""
    grouped: dict[tuple[float, str], list[Tolerance]] = {}
    for one in tolerances:
        grouped.setdefault((one.relative, one.why), []).append(one)
    found = []
    for (relative, why), same in grouped.items():
        low, high = (pick(same, key=lambda one: one.absolute) for pick in (min, max))
        text = tolerance_text(low)
        if low.absolute != high.absolute:
            part = f"absolute {low.absolute:.1e} to {high.absolute:.1e}"
            text = f"relative {relative:.3g} + {part}" if relative else part
        found.append((text, why))
    return found


def in_words(found: Qualification) -> str:
    """The summary for a terminal: a line for each method, what does not agree, the totals."""
    text = [f"{'method':<58}{'cases':>7}{'agree':>7}{'quantities':>12}{'worst':>10}"]
    for line in lines(found.results):
        if line.method:
            name = f"{line.family}: {line.method}"
            gap = "-" if line.worst is None else f"{line.worst:.0e}"
            many = line.counts
            text.append(f"{name:<58.57}{many.cases:>7}{many.agree:>7}{many.quantities_agree:>12}{gap:>10}")
    wrong = [result for result in found.results if result.status in ("differs", "failed")]
    text += ["", *(_wrong(result) for result in wrong[:MOST])]
    if len(wrong) > MOST:
        text.append(f"... and {len(wrong) - MOST} more: see the report")
    total = counts(found.results)
    text.append(
        f"{total.cases} cases: {total.agree} agree, {total.differ} differ, {total.failed} failed, "
        f"{total.not_covered} not covered. {total.quantities:,} quantities: {total.quantities_agree:,} agree, "
        f"{total.quantities_differ:,} differ, {total.not_compared:,} not compared."
    )
    text.append(
        "Nothing was compared, so nothing is qualified."
        if not total.covered
        else "Everything covered agrees."
        if found.agrees
        else "NOT everything covered agrees."
    )
    return "\n".join(text)


def _wrong(result: CaseResult) -> str:
    name = f"{result.status}: {result.case.area}, {result.case.id}"
    if result.status == "failed":
        return f"{name}: {result.reason}"
    first = next(check for check in result.checks if check.agrees is False)
    more = sum(check.agrees is False for check in result.checks) - 1
    also = f", and {more} more" if more else ""
    return f"{name}: {first.quantity} is {first.got}, expected {first.expected}{also}"


def as_json(found: Qualification) -> JSON:
    """What validation.json holds; numbers that JSON has not are "NaN", "Inf" and "-Inf"."""
    total = counts(found.results)
    return {
        "agrees": found.agrees,
        "folder": found.folder or "the cases that come with the package",
        "counts": {name: getattr(total, name) for name in total.__slots__},
        "environment": found.environment,
        "files_sha256": found.files,
        "cases": [_case(result) for result in found.results],
    }


def _case(result: CaseResult) -> JSON:
    case = result.case
    return {
        "case": case.id,
        "area": case.area,
        "family": result.family,
        "method": result.method or None,
        "program": case.package,
        "version": case.version,
        "call": case.call,
        "note": case.note or None,
        "status": result.status,
        "reason": result.reason or None,
        "warnings": list(result.warnings),
        "seconds": round(result.seconds, 4),
        "quantities": [_check(check) for check in result.checks],
    }


def _check(check: Check) -> JSON:
    tolerance = check.tolerance
    gap = difference(check)
    return {
        "quantity": check.quantity,
        "expected": plain(check.expected),
        "got": plain(check.got),
        "relative_difference": None if gap is None else plain(gap),
        "tolerance": None if tolerance is None else {"relative": tolerance.relative, "absolute": tolerance.absolute},
        "why_tolerance": (tolerance.why or None) if tolerance is not None else None,
        "agrees": check.agrees,
        "reason": check.reason or None,
    }


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Inf" if value > 0 else "-Inf"
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(inner) for inner in value]
    return str(value)


def write(found: Qualification, folder: Path) -> None:
    """Write validation.html and validation.json into a folder; both or neither."""
    from pivotal.validate.page import page

    with whole(folder) as temporary:
        write_json(temporary / "validation.json", as_json(found))
        (temporary / "validation.html").write_text(page(found), encoding="utf-8")
