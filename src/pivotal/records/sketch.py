"""A study file to start from, written from the columns of a data file; whatever was guessed says `assumed`."""

from __future__ import annotations

import json
import re
from pathlib import Path

from pivotal.records.guess import MOST_CATEGORIES, Guess, Seen, guess
from pivotal.records.layout import RESERVED

GUESSED = "guessed from the data file: check it"
CODES = ("9", "99", "999", "9999", "-9", "-99", "-999")
"""Entries that often stand for a missing value."""
DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12}


def sketch(path: str | Path) -> str:
    """The text of a study file for a data file, to be checked and completed by its owner.

    Parameters
    ----------
    path
        A data file, as `read_mapped` takes it.

    Returns
    -------
    str
        A study file without faults that reads the data file. Patients, arm, visits, baseline variables and outcomes are
        guessed from names and entries; each guess says ``assumed``. The primary endpoint is the first outcome.

    Raises
    ------
    DataError
        If the file cannot be read.
    UsageError
        If it cannot be told which column is the arm, an outcome, or the visit.
    """
    found = guess(Path(path))
    names = _names(found)
    return "\n".join(
        [*_head(found), *_variables(found), *_arms(found), *_outcomes(found, names), *_data(found, names), ""]
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _assumed(words: str = GUESSED) -> str:
    return f"assumed = {_quoted(words)}"


def _head(found: Guess) -> list[str]:
    stem = re.sub(r"\W+", "-", found.file.split(".")[0]).strip("-").upper() or "TRIAL"
    return [
        f"# Written from {found.file}: {found.rows:,} rows. What says `assumed` was guessed: change it, or say what is",
        "# known and remove the word. `pivotal check FILE` says what is wrong.",
        "",
        "[study]",
        f"id = {_quoted(stem)}",
        f"title = {_quoted(f'The trial in {found.file}')}",
        'patients = "real"',
        f"data = {_quoted(found.file)}               # beside this file; or leave it out and give --data",
        "",
    ]


def _variables(found: Guess) -> list[str]:
    if not found.variables:
        return []
    lines = ["[variables]                     # known of a patient before treatment"]
    for each in found.variables:
        label = f"label = {_quoted(each.name)}"
        if _category(each):
            kinds = ", ".join(map(_quoted, each.entries))
            lines.append(f'{_variable(each)} = {{ {label}, type = "category", categories = [{kinds}], {_assumed()} }}')
        else:
            kind = "integer" if each.whole else "number"
            lines.append(f"{_variable(each)} = {{ {label}, type = {_quoted(kind)}, {_assumed()} }}{_suspects(each)}")
    return [*lines, ""]


def _category(each: Seen) -> bool:
    return not each.number or len(each.entries) <= 3 or (len(each.entries) <= MOST_CATEGORIES and bool(
        re.search(r"cent(er|re)|site|clinic|stage|race|sex|gender|grade|class|region|stratum", each.name, re.IGNORECASE)
    ))  # fmt: skip


def _variable(each: Seen) -> str:
    name = re.sub(r"\W+", "_", each.name).upper()
    return _quoted(f"{name}_" if name in RESERVED else name) if not name.isascii() else (
        f"{name}_" if name in RESERVED else name
    )  # fmt: skip


def _suspects(each: Seen) -> str:
    odd = [code for code in CODES if code in each.entries[-1:] + each.entries[:1] and len(each.entries) > 2]
    return f" # is {odd[0]} a missing value? Then missing = [{_quoted(odd[0])}] in [data]" if odd else ""


def _arms(found: Guess) -> list[str]:
    lines = []
    for entry in sorted(found.arm.entries, key=lambda e: e != found.control):
        control = ["control = true"] if entry == found.control else []
        lines += ["[[arms]]", f"name = {_quoted(entry)}", *control, _assumed(), ""]
    return lines


def _names(found: Guess) -> dict[str, str]:
    """A parameter's name for each outcome: capitals, at most eight, each once."""
    names: dict[str, str] = {}
    for each in found.outcomes:
        stem = re.sub(r"[^A-Z0-9_]", "", each.name.upper()).lstrip("0123456789_")[:8] or "OUTCOME"
        name, n = stem, 2
        while name in names.values():
            name, n = f"{stem[:7]}{n}", n + 1
        names[each.name] = name
    return names


def _binary(each: Seen) -> bool:
    return len(each.entries) == 2 and (not each.number or each.entries == ("0", "1"))


def _outcomes(found: Guess, names: dict[str, str]) -> list[str]:
    lines = []
    for each in found.outcomes:
        scale = ["range = [0, 1]", "integer = true"] if _binary(each) else []
        better = f'better = "lower"                # or "higher"{_suspects(each)}'
        lines += [
            "[[parameters]]",
            f"name = {_quoted(names[each.name])}",
            f"label = {_quoted(each.name)}",
            *scale,
            better,
        ]
        lines += [_assumed(), ""]
    for name, day in _visits(found):
        first = ["baseline = true"] if name == _visits(found)[0][0] else []
        lines += ["[[visits]]", f"name = {_quoted(name)}", f"day = {day}", *first, _assumed(), ""]
    return [*lines, *_endpoint(found, names)]


def _visits(found: Guess) -> list[tuple[str, int]]:
    """Names and days of the visits, a baseline visit first."""
    entries = found.visit.entries if found.visit is not None else ()
    named = [(_visit_name(found, entry), _day(found, entry)) for entry in entries] or [("End", None)]
    if _has_baseline(found):
        named = [("Baseline", 1), *named]
    days: list[int] = []
    for n, (_, day) in enumerate(named):
        after = days[-1] + 1 if days else 1
        days.append(max(after, day if day is not None else 1 + 7 * n))
    return [(name, day) for (name, _), day in zip(named, days, strict=True)]


def _has_baseline(found: Guess) -> bool:
    """Whether a visit of its own is the baseline: a column holds it, or the first visit of the file is not one."""
    if found.visit is None or found.baseline is not None:
        return True
    return not re.search(r"base|screen|^0+(\.0*)?$|(week|day|month|visit)\s*0$", found.visit.entries[0], re.IGNORECASE)


def _visit_name(found: Guess, entry: str) -> str:
    assert found.visit is not None
    if not found.visit.number:
        return entry
    unit = next((unit for unit in DAYS if unit in found.visit.name.lower()), "visit")
    return f"{unit.capitalize()} {entry}"


def _day(found: Guess, entry: str) -> int | None:
    """The day of a visit whose entry or column says it."""
    assert found.visit is not None
    number = re.search(r"\d+(\.\d+)?", entry)
    text = f"{found.visit.name} {entry}".lower()
    unit = next((unit for unit in DAYS if unit in text), None)
    return round(float(number.group()) * DAYS[unit]) + 1 if number is not None and unit is not None else None


def _endpoint(found: Guess, names: dict[str, str]) -> list[str]:
    first, visits = found.outcomes[0], _visits(found)
    several = found.visit is not None and len(visits) > 2
    parameter = f"parameter = {_quoted(names[first.name])}"
    lines = ["[[endpoints]]                   # the first is primary; add others", f"name = {_quoted(first.name)}"]
    lines.append(f"visit = {_quoted(visits[-1][0])}")
    if several:
        lines.append(f"visits = [{', '.join(_quoted(name) for name, _ in visits[1:-1])}]")
    if _binary(first):
        lines.append(f"derive = {{ {parameter}, value_at_least = 1 }}")
        lines.append('intercurrent = { discontinuation = "observed cases", missing = "observed cases" }')
        lines.append(f"analysis = {{ method = {_quoted('gee' if several else 'fisher')} }}")
    else:
        lines.append(f'derive = {{ {parameter}, quantity = "value" }} # or "change"')
        covariates = f", covariates = [{_quoted(names[first.name])}]" if found.baseline is not None else ""
        lines.append(f"analysis = {{ method = {_quoted('mmrm' if several else 'ancova')}{covariates} }}")
    return [*lines, _assumed(), ""]


def _data(found: Guess, names: dict[str, str]) -> list[str]:
    unread = f"# not read, and listed whenever the file is: {', '.join(found.unread)}"
    lines = ["[data]                          # which column holds what", *([unread] if found.unread else [])]
    if found.subject:
        columns = [_quoted(name) for name in found.subject]
        lines.append(f"subject = {columns[0] if len(columns) == 1 else '[' + ', '.join(columns) + ']'}")
    else:
        lines.append('# subject = "..."             # without it each row is a patient')
    lines += [_assumed(), f"arm = {{ column = {_quoted(found.arm.name)} }}"]
    lines += [f"variables.{_variable(each)} = {{ column = {_quoted(each.name)} }}" for each in found.variables]
    if found.visit is not None:
        values = ", ".join(f"{_quoted(e)} = {_quoted(_visit_name(found, e))}" for e in found.visit.entries)
        lines.append(f"visit = {{ column = {_quoted(found.visit.name)}, values = {{ {values} }} }}")
    return [*lines, "parameters = [", *_columns(found, names), "]"]


def _columns(found: Guess, names: dict[str, str]) -> list[str]:
    lines = []
    if found.baseline is not None:
        first = names[found.outcomes[0].name]
        lines.append(
            f'  {{ parameter = {_quoted(first)}, visit = "Baseline", column = {_quoted(found.baseline.name)} }},'
        )
    for each in found.outcomes:
        visit = "" if found.visit is not None else f", visit = {_quoted(_visits(found)[-1][0])}"
        values = ""
        if not each.number:
            values = f", values = {{ {_quoted(each.entries[0])} = 0, {_quoted(each.entries[1])} = 1 }}"
        lines.append(f"  {{ parameter = {_quoted(names[each.name])}{visit}, column = {_quoted(each.name)}{values} }},")
    return lines
