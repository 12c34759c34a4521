"""Validation tables for the documentation, made from a run."""

from __future__ import annotations

from pivotal.validate.qualification import Qualification, run
from pivotal.validate.simulated import checked_otherwise
from pivotal.validate.summary import Line, counts, lines, merged, title

HEAD = ("Method", "Cases", "Quantities", "Worst relative difference", "Source", "Tolerance", "Agrees")


def table(family: str, found: Qualification | None = None) -> str:
    """The validation table of a family of methods, in Markdown.

    Parameters
    ----------
    family
        The family's name: that of its module in `pivotal.validate.families`, underscores or spaces alike.
    found
        A run to make it from; None runs the cases that come with the package.

    Returns
    -------
    str
        A row for each method: cases, quantities compared, worst relative difference, the program and version that gave
        the numbers, tolerance, and whether all agree; the reasons of wider tolerances and of what was not compared
        stand below.
    """
    qualification = run() if found is None else found
    name = family.replace("_", " ")
    rows = [line for line in lines(qualification.results) if line.method and line.family == name]
    if not rows:
        return f"No case of the family {name} was run.\n"
    return "\n".join([_row(HEAD), _row(["---"] * len(HEAD)), *map(_method, rows), "", *_notes(rows)]).rstrip() + "\n"


def validation_page(found: Qualification) -> str:
    """The page docs/methods/validation.md, made from a run."""
    total = counts(found.results)
    made = found.environment
    parts = [
        "# Validation",
        "",
        "This page is made by `pivotal validate --docs docs/methods/validation.md`; it is not edited by hand.",
        "",
        f"{total.cases} cases of other programs: {total.agree} agree, {total.differ} differ, {total.failed} failed, "
        f"{total.not_covered} are not covered. Of {total.quantities} quantities {total.quantities_agree} agree, "
        f"{total.quantities_differ} differ, {total.not_compared} were not compared.",
        "",
        f"Pivotal {made['pivotal']}, {made['python']}, numpy {made['packages'].get('numpy')}, "
        f"scipy {made['packages'].get('scipy')}, {made['system']}.",
        "",
        "A difference is relative to the other program's number. Tolerances are relative 1e-06 for estimates and "
        "p-values and 1e-05 for standard errors and degrees of freedom; the reason of a wider one stands below its "
        "table.",
        "",
    ]
    for family in dict.fromkeys(line.family for line in lines(found.results) if line.method):
        parts += [f"## {title(family)}", "", table(family, found)]
    parts += ["## Not covered", "", *_not_covered(found), "", "## Methods without another program's number", ""]
    parts += [_row(("Family", "Method", "How it was checked", "Tests")), _row(["---"] * 4)]
    parts += [
        _row((one.family, one.method, one.how, ", ".join(f"`{test}`" for test in one.tests)))
        for one in checked_otherwise()
    ]
    return "\n".join(parts).rstrip() + "\n"


def _method(line: Line) -> str:
    number = line.counts
    compared = number.quantities_agree + number.quantities_differ
    return _row(
        (
            line.method,
            str(number.cases),
            f"{compared}" + (f" of {number.quantities}" if number.not_compared else ""),
            "–" if line.worst is None else "0" if line.worst == 0 else f"{line.worst:.1e}",
            "; ".join(line.sources),
            "; ".join(dict.fromkeys(text for text, _ in merged(line.tolerances))) or "equal",
            "yes" if not number.differ and not number.failed else "NO",
        )
    )


def _notes(rows: list[Line]) -> list[str]:
    wider = {f"- {line.method}, {text}: {why}." for line in rows for text, why in merged(line.tolerances) if why}
    left = {f"- {line.method}, not compared: {reason}." for line in rows for reason in line.reasons}
    return sorted(wider) + sorted(left)


def _not_covered(found: Qualification) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for result in found.results:
        if result.status == "not covered":
            by_reason.setdefault(result.reason, []).append(f"{result.case.area}/{result.case.id}")
    return [f"- {len(ids)} cases: {reason}." for reason, ids in by_reason.items()] or ["Every case is covered."]


def _row(cells: tuple[str, ...] | list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
