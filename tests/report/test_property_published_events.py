"""Published events in the report: counts as posted, what the estimators make of them, flags."""

from __future__ import annotations

import re

import pytest

from pivotal.plan import recompute
from pivotal.report import Bundle
from pivotal.report.document import Table
from pivotal.report.published_events import published_events
from pivotal.study import load
from pivotal.trials import Results


def shown(name: str) -> Table:
    study = load(name)
    made = published_events(Bundle(study=study, results=recompute(study), virtual=False))
    assert made is not None
    return made


@pytest.mark.parametrize("name", ["true-ad1", "true-ad2", "true-ad3"])
def test_every_posted_count_stands_in_the_table(name: str) -> None:
    study = load(name)
    lines = [line for line in shown(name).lines if line.cells]
    assert len(lines) == len(study.posted_events) > 0
    counts = sorted(tuple(re.match(r"(\d+)/(\d+)", str(cell)).groups() for cell in line.cells[1:4]) for line in lines)  # type: ignore[union-attr]
    arms = [arm.name for arm in study.arms]
    posted = sorted(tuple(tuple(map(str, e.affected(arm))) for arm in arms) for e in study.posted_events)
    assert counts == posted


def test_a_line_of_true_ad3() -> None:
    line = next(line for line in shown("true-ad3").lines if line.cells and "Nasopharyngitis" in str(line.cells[0]))
    assert [str(cell).split("<")[0] for cell in line.cells[1:]] == [
        "1/65", "9/159", "20/154", "4.1 (−2.9 to 9.2)", "11.4 (4.0 to 18.0)",
    ]  # fmt: skip
    assert "flagged" in str(line.cells[5])
    assert "flagged" not in str(line.cells[4])
    assert "1.5% (0.0 to 8.3)" in str(line.cells[1])


def test_a_study_without_published_events_has_no_such_table() -> None:
    study = load("mrc-1948")
    assert published_events(Bundle(study=study, results=recompute(study), virtual=False)) is None
    assert published_events(Bundle(study=study, results=Results("x"), virtual=False)) is None
