"""The validation report as one self-contained HTML page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from pivotal.validate.compare import Check
from pivotal.validate.qualification import CaseResult, Qualification, difference
from pivotal.validate.simulated import checked_otherwise
from pivotal.validate.summary import counts, lines, title, tolerance_text

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
STYLE = Path(__file__).parents[1] / "report" / "templates" / "style.css"
"""The reports of this house look alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Cases that share a reason."""

    reason: str
    results: tuple[CaseResult, ...]

    @property
    def quantities(self) -> int:
        """How many numbers they hold."""
        return sum(len(result.checks) for result in self.results)


def page(found: Qualification) -> str:
    """The report of a run.

    Parameters
    ----------
    found
        The run.

    Returns
    -------
    str
        HTML that loads nothing from anywhere: verdict, what differs or failed, summary by family and method, what is
        not covered, methods without another program's number, environment, then every case with all its quantities.
    """
    results = found.results
    return (
        _environment()
        .get_template("validation.html")
        .render(
            found=found,
            total=counts(results),
            lines=[line for line in lines(results) if line.method],
            wrong=[result for result in results if result.status in ("differs", "failed")],
            groups=_not_covered(results),
            left_out=_left_out(results),
            otherwise=checked_otherwise(),
            families=_families(results),
            styles=Markup(STYLE.read_text(encoding="utf-8")),
        )
    )


def _not_covered(results: Sequence[CaseResult]) -> list[Group]:
    reasons = dict.fromkeys(result.reason for result in results if result.status == "not covered")
    return [
        Group(reason=reason, results=tuple(r for r in results if r.status == "not covered" and r.reason == reason))
        for reason in reasons
    ]


def _left_out(results: Sequence[CaseResult]) -> list[tuple[str, str, int, int]]:
    """Quantities of covered cases that were not compared: method, reason, how many, in how many cases."""
    found: dict[tuple[str, str], list[int]] = {}
    for result in results:
        if result.status in ("agrees", "differs"):
            for reason in dict.fromkeys(check.reason for check in result.checks if check.agrees is None):
                many = sum(check.agrees is None and check.reason == reason for check in result.checks)
                found.setdefault((f"{result.family}: {result.method}", reason), []).append(many)
    return [(method, reason, sum(many), len(many)) for (method, reason), many in found.items()]


def _families(results: Sequence[CaseResult]) -> list[tuple[str, list[CaseResult]]]:
    names = dict.fromkeys(result.family for result in sorted(results, key=lambda r: (not r.method, r.family)))
    return [(name, [result for result in results if result.family == name]) for name in names]


def shown(value: Any) -> str:
    """A value as the report shows it: fifteen digits, words for what is no number."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        number = float(value)
        if math.isnan(number):
            return "not a number"
        return f"{number:.15g}".replace("inf", "infinite")
    return str(value)


def gap(check: Check) -> str:
    """A relative difference as the report shows it."""
    found = difference(check)
    if found is None:
        return ""
    return "0" if found == 0 else "infinite" if math.isinf(found) else f"{found:.1e}"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"shown": shown, "gap": gap, "tolerance": tolerance_text, "title_of": title}
    made.filters["scientific"] = lambda value: "" if value is None else "0" if value == 0 else f"{value:.1e}"
    return made
