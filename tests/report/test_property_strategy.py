"""Tipping points and simultaneous limits on the page: the numbers of the results, where there are any."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_made import bundle_of

from pivotal.report import render
from pivotal.report.graph import SIMULTANEOUS, graph_section
from pivotal.report.outcomes import outcomes_section
from pivotal.report.tables.layout import Found
from pivotal.report.tables.tipping import tipping_points
from pivotal.study.sensitivity_tables import TippingPoint

PAIR = {"arm": "Drug", "comparator": "Placebo"}


def record(statistic, value, reason=None, **groups):
    pair = PAIR if groups else {"arm": None, "comparator": None}
    named = {key.replace("_", " "): text for key, text in groups.items()}
    return {"analysis": "S-1", "statistic": statistic, "value": value, "reason": reason, "scale": "mean difference",
            "groups": named, **pair}  # fmt: skip


def laid(p, points):
    """A table from p-values by both deltas, tipping points by (delta of the comparator, way)."""
    records = [record("alpha", 0.025), record("level", 0.9)]
    for (delta, other), value in p.items():
        about = {"delta": delta, "delta_of_comparator": other}
        records += [
            record("estimate", -1.25, **about),
            record("ci_low", -2.0, **about),
            record("ci_high", None, **about),
        ]
        records.append(record("p", value, **about))
    for (other, way), value in points.items():
        reason = "no delta that was tried changes the conclusion" if value is None else None
        records.append(record("tipping point", value, reason, delta_of_comparator=other, direction=way))
    table = TippingPoint(kind="tipping point", id="S-1", title="t", endpoint="e", deltas=(0.0,))
    return tipping_points(table, Found(tuple(records)))


def test_a_line_a_delta_and_the_tipping_point_in_words():
    table = laid({("0", "0"): 0.01, ("-2", "0"): 0.03}, {("0", "down"): -2.0})
    assert [column.text for column in table.columns] == ["Delta", "Mean difference", "90% interval", "p"]
    assert [line.cells for line in table.lines if line.cells] == [
        ("0", "−1.25", "−2.00 to no upper limit", "0.0100"),
        ("−2", "−1.25", "−2.00 to no upper limit", "0.0300"),
    ]
    assert "p exceeds 0.025" in table.notes[0]
    assert table.notes[1] == "Tipping point, Drug against Placebo: −2."


def test_a_grid_of_p_and_each_direction():
    p = {("0", "0"): 0.01, ("1", "0"): 0.03, ("0", "-1"): 0.04, ("1", "-1"): None}
    table = laid(p, {("0", "up"): 1.0, ("-1", "up"): 0.0, ("0", "down"): None, ("-1", "down"): None})
    assert [(column.text, column.group) for column in table.columns[1:]] == [
        ("0", "p by delta of the comparator"), ("−1", "p by delta of the comparator"),
    ]  # fmt: skip
    assert [line.cells for line in table.lines if line.cells] == [("0", "0.0100", "0.0400"), ("1", "0.0300", "–")]
    up, down = table.notes[1:3]
    assert up.endswith(
        "upwards: 1 with 0 added in the comparator; "
        "0 (the conclusion does not hold without any) with −1 added in the comparator."
    )
    assert down.endswith(
        "downwards: none (no delta that was tried changes the conclusion) with 0 and −1 added in the comparator."
    )


def with_limits(low, high, reason=None):
    """The shipped study's results with simultaneous limits, the same of every hypothesis."""
    bundle = bundle_of("true-ad3")
    records = list(bundle.results)
    for found in [r for r in records if r["analysis"] == "testing" and r["statistic"] == "p"]:
        more = {"scale": "odds ratio", "reason": reason}
        records += [found | more | {"statistic": "ci_low", "value": low}]
        records += [found | more | {"statistic": "ci_high", "value": high}]
    return replace(bundle, results=records)


def columns(section):
    table = next(block for block in section.blocks if block.kind == "table")
    return table, [str(column.text) for column in table.columns]


@pytest.mark.parametrize(
    ("low", "high", "said"), [(1.234, None, "at least 1.23"), (None, 0.5, "at most 0.50"), (0.2, 3.0, "0.20 to 3.00")]
)
@pytest.mark.parametrize("section", [graph_section, outcomes_section])
def test_limits_stand_beside_the_adjusted_p(section, low, high, said):
    table, named = columns(section(with_limits(low, high)))
    place = named.index(SIMULTANEOUS)
    assert named[place - 1].startswith("Adjusted")
    shown = [str(line.cells[place]) for line in table.lines if line.cells]
    assert shown.count(said) == 6
    assert any(
        "Simultaneous one-sided 97.5% limits on the favourable side: odds ratio" in n for n in map(str, table.notes)
    )


@pytest.mark.parametrize("section", [graph_section, outcomes_section])
def test_without_limits_there_is_no_column(section):
    table, named = columns(section(bundle_of("true-ad3")))
    assert SIMULTANEOUS not in named
    assert all(len(line.cells) == len(named) for line in table.lines if line.cells)


def test_a_limit_that_is_missing_says_why():
    table, named = columns(graph_section(with_limits(None, None, "the estimate is infinite")))
    assert any("The estimate is infinite" in note for note in map(str, table.notes))
    assert SIMULTANEOUS in named


def test_dunnett_has_no_graph():
    bundle = with_limits(0.2, 3.0)
    testing = bundle.study.testing.model_copy(update={"procedure": "dunnett", "edges": ()})
    page = render(replace(bundle, study=bundle.study.model_copy(update={"testing": testing})))
    assert "Dunnett's single-step test" in page.replace("&#39;", "'")
    assert 'id="figure-graph"' not in page
    assert "along a graph" not in page
