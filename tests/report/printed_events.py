"""The report's table 14-5.01, read from its text: every line's label and printed cells."""

from __future__ import annotations

import re
from dataclasses import dataclass

_OUTSIDE = re.compile(
    r"^(\[csr|Protocol|Population|Note:|Source:|group\b|\s*$|\s+(Table|Incidence|Placebo|\(N=|System|Preferred))"
)
_ARM = re.compile(r"\s(?:(\d+) \(\s*(\d+\.\d)%\)\s+\[(\d+)\]|0(?=\s{5}|$))")
_P = re.compile(r">0\.99|\d\.\d+\*?")
_LABEL, _INDENT = 40, 2
"""Characters of a label that the report has room for, and those that it sets a term in by."""


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """A line: its label, cut at 40 characters; whether it is a preferred term; its cells, "" where none is printed."""

    label: str
    term: bool
    cells: tuple[str, ...]

    @property
    def numbers(self) -> int:
        """How many numbers are printed in it."""
        return sum(len(re.findall(r"\d+(?:\.\d+)?", cell)) for cell in self.cells)


def printed_lines(text: str) -> list[PrintedLine]:
    """Every line of the table, in order."""
    lines: list[tuple[str, str, int]] = []
    for line in text.replace("\u2003", " ").splitlines():
        if _OUTSIDE.match(line):
            continue
        found = _ARM.search(_plain(line))
        if found is None:
            label, rest, start = lines[-1]
            lines[-1] = (f"{label} {line.strip()}", rest, start)
        else:
            lines.append((line[: found.start()], line[found.start() :], found.start()))
    return [_line(label, rest, start) for label, rest, start in lines]


def cut(label: str, *, term: bool) -> str:
    """A label as far as the report has room for it."""
    return label[: _LABEL - _INDENT if term else _LABEL].strip()


def _plain(line: str) -> str:
    """The line with the spaces inside its percentages as they are elsewhere: ``(  2.3%)`` and ``47  (56.0%)``."""
    return re.sub(r"(\d)\s+\(\s*", lambda m: m[1] + " (" + " " * (len(m[0]) - 3), line)


def _line(label: str, rest: str, start: int) -> PrintedLine:
    arms, at = [], 0
    text = _plain(rest)
    for _ in range(3):
        found = _ARM.search(text, at)
        assert found is not None, rest
        at = found.end()
        arms += [f"{found[1]} ({found[2]}%)", f"[{found[3]}]"] if found[1] else ["0", ""]
    return PrintedLine(re.sub(r"\s+", " ", label).strip(), label.startswith("  "), (*arms, *_ps(text[at:], start + at)))


def _ps(text: str, start: int) -> tuple[str, str]:
    """Both p-values: one alone stands under its heading, the second from character 113."""
    found = list(_P.finditer(text))
    values = ["", ""]
    for match in found:
        values[start + match.start() > 112] = match[0]
    return values[0], values[1]
