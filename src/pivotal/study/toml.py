"""A TOML file as text, as data, and its faults with their lines: for study files and others of their kind."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pivotal.errors import Fault, FaultsError, StudyError
from pivotal.study.checks.node import Problem
from pivotal.study.lines import line_of, locate, spell


def text_of(path: Path, *, file: str = "a study file", error: type[FaultsError] = StudyError) -> str:
    """The text of a file; a byte that is not UTF-8 is a fault."""
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as wrong:
        line = path.read_bytes()[: wrong.start].count(b"\n") + 1
        fault = Fault(f"{path.name}:{line}", "not UTF-8 text", f"{file} is UTF-8", "Save it as UTF-8.")
        raise error([fault]) from None


def parsed(text: str, name: str, *, error: type[FaultsError] = StudyError) -> dict[str, Any]:
    """The text as data; wrong syntax is a fault."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise error([_syntax_fault(str(wrong), text, name)]) from None


def faults(found: Iterable[Problem], text: str, name: str) -> list[Fault]:
    """Problems as faults with file and line, in the file's order, each once."""
    lines = locate(text)
    placed = []
    for problem in dict.fromkeys(found):
        line = line_of(lines, problem.path)
        place = name if line is None else f"{name}:{line}"
        where = f"{place}: {spell(problem.path)}" if problem.path else place
        placed.append((line or 0, Fault(where, problem.found, problem.allowed, problem.mend)))
    return [fault for _, fault in sorted(placed, key=lambda pair: pair[0])]


def _syntax_fault(message: str, text: str, name: str) -> Fault:
    said = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    if said is None:
        return Fault(name, "not TOML", message, "Mend the syntax.")
    line = int(said[2]) if said[2] else max(len(text.splitlines()), 1)
    place = f"{name}:{line}" + (f":{said[3]}" if said[3] else "")
    reason = said[1][:1].lower() + said[1][1:]
    return Fault(place, "not TOML", reason, "Mend the syntax: texts in quotes, lists in [ ], one key = value a line.")
