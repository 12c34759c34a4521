"""Tables 14-4.01, 14-6.01, 14-6.06, 14-7.01 and 14-7.03 of the CDISC pilot's report, every printed number.

The report's tables lie as text beside the data; each printed number is held against the same cell of the table as laid
out here from the published ADaM data sets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from labs_made import made

import pilot

NOT_MET: dict[str, set[tuple[str, ...]]] = {}
"""Cells that differ, by table: none. See docs/cdisc-pilot-results-labs.md."""
PRINTED = {"14-4.01": 78, "14-6.01": 4770, "14-6.06": 54, "14-7.01": 513, "14-7.03": 96}
"""How many numbers each table prints, N of the columns among them."""
NUMBER = re.compile(r"-?\d+\.?\d*")
Cells = Iterator[tuple[tuple[str, ...], str, str]]
"""Where a number stands, as printed and as laid out."""


def lines_of(number: str) -> list[str]:
    text = (pilot.tables_csr() / f"table_{number}.txt").read_text(encoding="utf-8")
    return [" ".join(line.split()) for line in text.splitlines()]


def paired(where: tuple[str, ...], printed: str, shown: str) -> Cells:
    left, right = NUMBER.findall(printed), NUMBER.findall(shown)
    assert len(left) == len(right), (where, printed, shown)
    for place, (p, s) in enumerate(zip(left, right, strict=True)):
        yield (*where, str(place)), p, s


def by_visit() -> Cells:
    """Table 14-6.01: a parameter's name on a line of its own, then a line a visit."""
    laid = iter(made("14-6.01").lines)
    for line in lines_of("14-6.01"):
        visit = re.match(r"(Bsln|Wk \d+|End\[1\]) \d", line)
        if line.isupper() and not line.startswith("TABLE"):
            assert next(laid).heading.upper() == line
            parameter = line
        elif visit:
            shown = next(laid)
            assert shown.cells[0] == visit[1]
            yield from paired((parameter, visit[1]), line[visit.end(1) :], " ".join(shown.cells[1:]))
    assert next(laid, None) is None


def at_visits(number: str) -> Cells:
    """Tables 14-7.01 and 14-7.03: the arm and its N on its first line, then a time and six numbers."""
    arms = {"Placebo": "Placebo", "Xan.Low": "Xanomeline Low Dose", "Xan.High": "Xanomeline High Dose"}
    lines = made(number).lines
    headings = [n for n, line in enumerate(lines) if line.heading is not None]
    laid = ((line, max(h for h in headings if h <= n)) for n, line in enumerate(lines) if line.heading is None)
    row = re.compile(r"(?:(Placebo|Xan\.Low|Xan\.High) (\d+) )?(Baseline|Week 24|End of Trt\.) (\d+ .*)$")
    for line in lines_of(number):
        found = row.search(line)
        if found:
            shown, heading = next(laid)
            arm, size, time, numbers = found.groups()
            assert (shown.cells[0], shown.cells[2]) == (arms[arm] if arm else "", time)
            where = (lines[heading].heading, arm or "", time)
            yield from paired(where, f"{size or ''} {numbers}", " ".join((shown.cells[1], *shown.cells[3:])))
    assert next(laid, None) is None


def exposure() -> Cells:
    """Table 14-4.01: six columns, a line a statistic."""
    table = made("14-4.01")
    heads = next(line for line in lines_of("14-4.01") if line.startswith("(N="))
    yield from paired(("N",), heads, " ".join(re.findall(r"N=\d+", " ".join(c.text for c in table.columns))))
    names = {"std": "SD", "mean": "Mean", "median": "Median", "min": "Min.", "max": "Max.", "n": "n"}
    laid = (line for line in table.lines if line.heading is None)
    for line in lines_of("14-4.01"):
        found = re.search(r"(?:^|\] |\) )(n|mean|std|median|min|max)((?: -?[\d.]+){6})$", line)
        if found:
            shown = next(laid)
            assert shown.cells[0] == names[found[1]]
            yield from paired((found[1],), found[2], " ".join(shown.cells[1:]))
    assert next(laid, None) is None


def hys_law() -> Cells:
    """Table 14-6.06: a line a category during treatment; the p-value on the line of n."""
    table = made("14-6.06")
    heads = next(line for line in lines_of("14-6.06") if line.startswith("Placebo (N="))
    groups = " ".join(dict.fromkeys(str(c.group) for c in table.columns))
    yield from paired(("N",), heads, groups)
    laid = (line for line in table.lines if line.heading is None)
    for line in lines_of("14-6.06"):
        found = re.search(r"(?:^|ULN )(n|Normal|High) (\d.*)$", line)
        if found:
            shown = next(laid)
            assert shown.cells[0] == found[1]
            yield from paired((found[1],), found[2], " ".join(shown.cells[1:]))
    assert next(laid, None) is None


WALKS = {
    "14-4.01": exposure,
    "14-6.01": by_visit,
    "14-6.06": hys_law,
    "14-7.01": lambda: at_visits("14-7.01"),
    "14-7.03": lambda: at_visits("14-7.03"),
}


@pytest.mark.parametrize("number", WALKS)
def test_every_printed_number_is_met(number):
    cells = list(WALKS[number]())
    assert len(cells) == PRINTED[number]
    assert {where for where, printed, shown in cells if printed != shown} == NOT_MET.get(number, set())


def test_exposure_of_the_key_numbers():
    wanted = json.loads((pilot.folder() / "key_numbers.json").read_text())["14-4.01_exposure_safety_pop"]
    lines = {(n // 7, line.cells[0]): line.cells[4:] for n, line in enumerate(made("14-4.01").lines) if line.cells}
    names = {"avg_daily_dose_mean": (0, "Mean"), "sd": (0, "SD"), "median": (0, "Median")}
    names |= {"cum_dose_mean": (1, "Mean"), "cum_sd": (1, "SD")}
    for name, place in names.items():
        assert [float(cell) for cell in lines[place]] == wanted[name]
