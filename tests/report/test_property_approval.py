"""The section on the approval: what stands in it, what is marked as simulated, and what is not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from report_made import Report, bundle_of, made

from pivotal.label import label_summary
from pivotal.report.approval_figures import additions, at_most, timeline
from pivotal.study import load


@pytest.fixture(scope="module")
def label() -> dict[str, Any]:
    found = label_summary(load("true-ad3"), candidates=2000, draws=2000)
    content: dict[str, Any] = json.loads(json.dumps(found))
    return content


@pytest.fixture(scope="module")
def approved(label: dict[str, Any]) -> Report:
    return made(replace(bundle_of("true-ad3"), label=label))


def text_of(report: Report, name: str) -> str:
    return " ".join(report.page.by_id(name).text.split())


def test_the_section_stands_before_provenance(approved: Report) -> None:
    parts = [e.attributes["id"] for e in approved.page.all("section") if e.attributes.get("class") == "part"]
    assert parts[-2:] == ["approval", "provenance"]


def test_no_product_no_section(virtual: Report) -> None:
    assert "What the approval says" not in virtual.text


def test_html_is_balanced_and_links_arrive(approved: Report) -> None:
    assert approved.page.closed()
    ids = approved.page.ids()
    assert len(ids) == len(set(ids))
    targets = [e.attributes.get("href") or "" for e in approved.page.all("a")]
    assert {t[1:] for t in targets if t.startswith("#")} <= set(ids)
    assert any(t.startswith("#label-source-") for t in targets)


def test_every_indication_with_its_days(approved: Report) -> None:
    text = text_of(approved, "table-label")
    for piece in ("AD-2021", "2021-09-21", "2025-09-18", "superseded by AD-2025", "VIT-2022", "2022-07-18", "in force"):
        assert piece in text, piece


def test_a_trial_that_no_source_names_is_unverified(approved: Report) -> None:
    assert "Unverified: the record says what was studied" in text_of(approved, "table-label")


def test_trial_and_label_stand_under_their_own_heading(approved: Report) -> None:
    table = text_of(approved, "table-against")
    for piece in (
        "Published",
        "SIMULATED share, % (MCSE)",
        "12 years and over",
        "under 3 %".capitalize(),
        "0.0 to 100.0",
    ):
        assert piece in table, piece
    captions = {e.attributes["id"]: e.text for e in approved.page.inside("approval", "figcaption")}
    assert "SIMULATED" in captions["table-against-caption"]
    assert "SIMULATED" in captions["table-parts-caption"]
    assert "SIMULATED" in captions["table-turned-away-caption"]


def test_what_is_computed_from_published_figures_is_not_called_simulated(approved: Report) -> None:
    captions = {e.attributes["id"]: e.text for e in approved.page.inside("approval", "figcaption")}
    for name in ("figure-reach-caption", "table-reach-caption"):
        assert "SIMULATED" not in captions[name]
        assert "Computed from published figures" in captions[name]
    assert "SIMULATED" not in captions["table-label-caption"]


def test_the_bound_is_said_to_be_one(approved: Report) -> None:
    text = text_of(approved, "approval")
    for piece in (
        "at most 23.3+",
        "upper bound",
        "no source gives it",
        "nonsegmental vitiligo",
        "87.5%",
        "No source here",
    ):
        assert piece in text, piece
    assert "medical advice" in text


def test_assumptions_and_seed_are_told(approved: Report) -> None:
    text = text_of(approved, "table-against")
    assert "seed 1" in text
    assert "every candidate has atopic dermatitis" in text
    assert "2,000 draws, seed 1" in text_of(approved, "table-reach")


def test_without_virtual_patients_nothing_is_called_simulated(label: dict[str, Any]) -> None:
    bare = label["against"] | {"simulated": False, "parts": {}}
    bundle = replace(bundle_of("mrc-1948"), oc=None, calibration=None, label=label | {"against": bare})
    assert "SIMULATED" not in made(bundle).text


def test_without_epidemiology_there_is_no_reach(label: dict[str, Any]) -> None:
    report = made(replace(bundle_of("true-ad3"), label=label | {"reach": None}))
    assert "figure-reach" not in report.page.ids()


@pytest.mark.parametrize("narrow", [False, True])
def test_pictures_say_what_they_show(label: dict[str, Any], narrow: bool) -> None:
    drawn = timeline(label["indications"], narrow)
    assert "AD-2021, atopic dermatitis, from 2021-09-21 to 2025-09-18" in drawn.svg
    drawn = additions(label["reach"]["history"], narrow)
    assert "2022-07-18, VIT-2022: not known" in drawn.svg
    assert drawn.width == (370 if narrow else 940)


def test_a_number_that_its_source_calls_over_has_a_plus() -> None:
    amount = {"mean": 21e6, "low": 21e6, "high": 21e6, "floor": True}
    assert at_most(amount) == "21.0+ million"
    assert at_most(amount | {"low": 20e6, "floor": False}) == "21.0 (20.0 to 21.0) million"
