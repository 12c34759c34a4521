"""The page as a whole: its sections, its marks, what it loads, and that it parses."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from report_made import Report, bundle_of, made

from pivotal.report import render, write

SECTIONS = [
    "synopsis", "flow", "baseline", "response", "results", "testing", "forest", "published", "operating", "provenance",
]  # fmt: skip
LIMIT = 1_500_000


@pytest.fixture(params=["virtual", "real", "real_alone"])
def report(request: pytest.FixtureRequest) -> Report:
    found: Report = request.getfixturevalue(request.param)
    return found


def test_sections_in_order(report: Report) -> None:
    parts = [e.attributes["id"] for e in report.page.all("section") if e.attributes.get("class") == "part"]
    assert [part for part in parts if part != "tables"] == SECTIONS
    if "tables" in parts:  # of the study file, before what was published
        assert parts.index("tables") == parts.index("published") - 1


def test_html_is_balanced(report: Report) -> None:
    assert report.page.closed()


def test_ids_are_unique_and_links_arrive(report: Report) -> None:
    ids = report.page.ids()
    assert len(ids) == len(set(ids))
    targets = [e.attributes.get("href") or "" for e in report.page.elements if "href" in e.attributes]
    inner = {t[1:] for t in targets if t.startswith("#")}
    labels = {e.attributes["aria-labelledby"] for e in report.page.elements if "aria-labelledby" in e.attributes}
    clips = set(re.findall(r"url\(#([^)]+)\)", report.text))
    assert inner | labels | clips <= set(ids)


def test_nothing_is_loaded(report: Report) -> None:
    for tag in ("link", "img", "iframe", "object", "embed", "base"):
        assert not report.page.all(tag)
    assert not [e for e in report.page.elements if "src" in e.attributes]
    assert "@import" not in report.text
    assert not re.search(r"url\((?!#)", report.text)
    policy = next(e for e in report.page.all("meta") if e.attributes.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in (policy.attributes["content"] or "")


def test_links_out_are_only_links(report: Report) -> None:
    outside = [e for e in report.page.elements if (e.attributes.get("href") or "").startswith("http")]
    assert {e.tag for e in outside} <= {"a"}


def test_drawings_are_described(report: Report) -> None:
    drawings = report.page.all("svg")
    assert drawings
    for drawing in drawings:
        assert drawing.attributes.get("role") == "img"
        assert drawing.attributes.get("aria-label")


def test_size(report: Report) -> None:
    assert len(report.text.encode()) < LIMIT


def test_no_template_or_python_leaks(report: Report) -> None:
    for leak in ("{{", "{%", "None", "nan", "Markup(", "&lt;span", "&lt;sup"):
        assert not re.search(
            rf"(?<![\w-]){re.escape(leak)}(?![\w-])", re.sub(r"<style>.*?</style>", "", report.text, flags=re.S)
        )


def test_virtual_patients_are_marked_everywhere(virtual: Report) -> None:
    captions = virtual.page.all("figcaption")
    assert len(captions) > 20
    assert all("SIMULATED" in caption.text for caption in captions)
    assert all("SIMULATED" in drawing.text for drawing in virtual.page.all("svg"))
    assert "SIMULATED" in next(e for e in virtual.page.all("div") if e.attributes.get("class") == "ribbon").text
    assert "SIMULATED" in next(e for e in virtual.page.all("div") if e.attributes.get("class") == "banner").text
    assert "SIMULATED" in virtual.page.all("title")[0].text


def test_real_patients_are_not_marked(real_alone: Report) -> None:
    assert "SIMULATED" not in real_alone.text


def test_replicates_are_marked_even_beside_real_patients(real: Report) -> None:
    marked = {e.attributes["id"] for e in real.page.all("figcaption") if "SIMULATED" in e.text}
    inside = {e.attributes["id"] for e in real.page.inside("operating", "figcaption")}
    assert marked == inside
    assert inside


def test_same_bundle_same_text(virtual: Report) -> None:
    assert render(bundle_of("true-ad3")) == virtual.text


def test_study_text_is_escaped() -> None:
    bundle = bundle_of("mrc-1948")
    head = bundle.study.study.model_copy(update={"title": "<script>alert(1)</script> & <b>", "condition": "<i>x"})
    page = made(replace(bundle, study=bundle.study.model_copy(update={"study": head}), oc=None))
    assert "<script>alert(1)" not in page.text
    assert page.page.closed()


def test_written_whole(tmp_path: Path, real_alone: Report) -> None:
    target = tmp_path / "report.html"
    target.write_text("old", encoding="utf-8")
    assert write(real_alone.bundle, target) == target
    assert target.read_text(encoding="utf-8") == real_alone.text
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
