"""Table 14-5.01 of the pilot's report, every printed number, from its published ADAE and ADSL."""

from __future__ import annotations

import json

from pilot_events import ARMS, data, fragment, pilot_table, shown, study
from printed_events import cut, printed_lines

from pilot import folder, tables_csr

FIGURE_SPACE = "\u2007"
NUMBERS = 2009
"""Numbers that the report prints in the lines of its 16 pages."""


def test_every_number_of_table_14_5_01() -> None:
    printed = printed_lines((tables_csr() / "table_14-5.01.txt").read_text("utf-8"))
    made = pilot_table("14-5.01")
    ours = [
        (cut(str(line.cells[0]), term=line.indent), tuple(str(c).replace(FIGURE_SPACE, "") for c in line.cells[1:]))
        for line in made.lines
    ]
    assert ours == [(line.label, line.cells) for line in printed]
    assert sum(line.numbers for line in printed) == NUMBERS


def test_headings_of_table_14_5_01() -> None:
    made = pilot_table("14-5.01")
    groups = [str(text) for text, _ in made.groups]
    assert groups[1:4] == ["Placebo (N=86)", "Xanomeline Low Dose (N=84)", "Xanomeline High Dose (N=84)"]


def test_p_values_rounded_once_differ_in_four_places() -> None:
    """What the report prints is what PROC FREQ's listing rounds to: rounding the p-values themselves gives others."""
    table = fragment()["14-5.01"]
    once = table.model_copy(update={"p_values": table.p_values.model_copy(update={"rounded_from": "computed"})})
    pairs = zip(shown(once, study(*ARMS), data()).lines, pilot_table("14-5.01").lines, strict=True)
    differ = {
        str(ours.cells[0]): (ours.cells[at], theirs.cells[at])
        for ours, theirs in pairs
        for at in range(len(ours.cells))
        if ours.cells[at] != theirs.cells[at]
    }
    assert differ == {
        "VOMITING": ("0.208", "0.209"),
        "SALIVARY HYPERSECRETION": ("0.057*", "0.058*"),
        "APPLICATION SITE ERYTHEMA": ("0.002*", "0.003*"),
        "SYNCOPE": ("0.057*", "0.058*"),
    }


def test_key_numbers_of_the_text() -> None:
    known = json.loads((folder() / "key_numbers.json").read_text("utf-8"))
    first = {str(line.cells[0]): line.cells for line in reversed(pilot_table("14-5.01").lines)}
    whole = known["14-5.01_TEAE_any"]
    cells = first["ANY BODY SYSTEM"]
    texts = [f"{n} ({percent}%)" for n, percent in zip(whole["subjects"], whole["pct"], strict=True)]
    assert [cells[1], cells[3], cells[5]] == texts
    assert [cells[2], cells[4], cells[6]] == [f"[{events}]" for events in whole["events"]]
    assert [cells[7], cells[8]] == [f"{p}*" for p in whole["fisher_p_vs_placebo"][1:]]
    for term, counts in known["12-1_examples"].items():
        if term != "page":
            line = first[term.upper()]
            assert [int(str(line[at]).split()[0]) for at in (1, 3, 5)] == counts


def test_serious_events() -> None:
    """ADAE has three treatment-emergent events with AESER = Y: a seizure and two syncopes."""
    made = pilot_table("14-5.02")
    counts = {str(line.cells[0]): [str(line.cells[at]) for at in (1, 3, 5)] for line in made.lines}
    assert counts["SYNCOPE"] == ["0", f"1 ({FIGURE_SPACE}1.2%)", f"1 ({FIGURE_SPACE}1.2%)"]
    assert counts["PARTIAL SEIZURES WITH SECONDARY GENERALISATION"] == ["0", "0", f"1 ({FIGURE_SPACE}1.2%)"]
    assert len(made.lines) == 4
