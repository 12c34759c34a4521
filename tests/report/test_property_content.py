"""What the sections say: headline, flow, results with reasons, published beside computed, sources, assumptions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from report_made import Report, bundle_of, changed, made

from pivotal.report.headline import headline
from pivotal.report.published import published_section
from pivotal.report.sources import Sources, ledger

NO_NUMBER = {"value": None, "reason": "no events in either arm"}


def table(report: Report, name: str) -> str:
    return report.page.by_id(name).text


def cells(report: Report, name: str) -> list[str]:
    return [" ".join(e.text.split()) for e in report.page.elements if e.tag in {"td", "th"} and name in e.parents]


def test_headline_is_made_of_rows(virtual: Report) -> None:
    bundle = virtual.bundle
    arm, endpoint = bundle.arms[-1], bundle.primary
    keys = {"endpoint": endpoint.name, "visit": endpoint.visit, "arm": arm}
    x, n = (bundle.rows.get("response", statistic=s, **keys).value for s in ("n", "N"))
    first, second = headline(bundle)
    assert f"({x:.0f} of {n:.0f}) on {arm}" in first
    assert first.startswith("In this one simulated trial")
    assert "null hypotheses" in second


def test_headline_of_real_patients(real: Report) -> None:
    assert headline(real.bundle)[0].startswith("In this trial")


def test_every_count_of_the_flow_is_drawn(virtual: Report) -> None:
    rows = virtual.bundle.rows
    label = next(e.attributes["aria-label"] for e in virtual.page.inside("figure-flow", "svg")) or ""
    for record in [*rows.where("screening"), *rows.where("disposition")]:
        if record["value"] and record.get("arm") in {None, *virtual.bundle.arms}:
            assert f" {record['value']}" in label


def test_unscreened_trial_starts_with_randomisation(real: Report) -> None:
    flow = real.page.by_id("flow").text
    assert "Nothing is known of who was screened" in flow
    assert "Screened" not in flow


def test_reason_stands_where_there_is_no_number() -> None:
    bundle = bundle_of("true-ad3")
    for statistic in ("estimate", "ci_low", "ci_high", "p"):
        wanted = {"analysis": "IGA-TS exact conditional logistic", "arm": bundle.arms[-1], "statistic": statistic}
        bundle = changed(bundle, NO_NUMBER, **wanted)
    report = made(replace(bundle, oc=None))
    assert "no events in either arm" in table(report, "table-results")
    assert "no events in either arm" in report.page.by_id("figure-forest-odds-ratio").text
    assert "no events in either arm" in headline(bundle)[1]


def test_unbounded_limit_is_said_with_its_reason() -> None:
    bundle = bundle_of("true-ad3")
    change = {"value": None, "reason": "the conditional estimate is infinite: the median-unbiased one is given"}
    wanted: dict[str, Any] = {"analysis": "IGA-TS exact conditional logistic", "statistic": "ci_high"}
    text = table(made(replace(changed(bundle, change, **wanted), oc=None)), "table-results")
    assert "no upper limit" in text
    assert "The conditional estimate is infinite" in text


def test_not_converged_is_a_footnote() -> None:
    bundle = changed(bundle_of("true-ad3"), {"value": False}, statistic="converged", endpoint="EASI75")
    assert "The iteration did not converge" in table(made(replace(bundle, oc=None)), "table-results")


def test_published_and_simulated_share_no_column(virtual: Report) -> None:
    sources = Sources(virtual.bundle.study.sources)
    section = published_section(virtual.bundle, sources)
    assert section is not None
    found = next(block for block in section.blocks if block.kind == "table")
    groups = [text for text, _ in found.groups]
    assert groups == ["", "Published", "Published counts", "Simulated", "This simulated trial"]


def test_posted_figures_stand_as_printed(virtual: Report) -> None:
    shown = " | ".join(cells(virtual, "table-published")).replace("\xa0", " ")
    for posted in virtual.bundle.study.posted:
        if posted.value is not None and posted.digits is not None:
            assert f"{posted.value:.{posted.digits}f}" in shown
        if posted.low is not None and posted.high is not None:
            digits = posted.limit_digits if posted.limit_digits is not None else posted.digits
            assert f"({posted.low:.{digits}f} to {posted.high:.{digits}f})" in shown


def test_every_source_is_listed_and_every_assumption(virtual: Report) -> None:
    page, study = virtual.page, virtual.bundle.study
    listed = [e.text for e in page.all("li") if (e.attributes.get("id") or "").startswith("source-")]
    assert len(listed) == len(study.sources)
    assert all(source.cite in text for source, text in zip(study.sources.values(), listed, strict=True))
    assumed = page.by_id("table-assumed").text
    for entry in ledger(study, "assumed"):
        assert entry.why[1:] in assumed


def test_badges_say_where_a_figure_comes_from(virtual: Report) -> None:
    kinds = {e.attributes.get("class") for e in virtual.page.elements if "badge" in (e.attributes.get("class") or "")}
    assert kinds == {"badge published", "badge derived", "badge assumed"}


def test_every_criterion_is_told(virtual: Report) -> None:
    told = table(virtual, "table-inclusion") + table(virtual, "table-exclusion")
    for criterion in virtual.bundle.study.population.criteria:
        assert (criterion.text or "") in told


def test_operating_characteristics_carry_their_error(virtual: Report) -> None:
    row = next(r for r in virtual.bundle.oc["rows"] if 0 < r["power"] < 1)  # type: ignore[index]
    assert f"{100 * row['power']:.2f}% ({100 * row['mcse']:.2f})" in table(virtual, "table-operating")


def test_decisions_are_drawn(virtual: Report) -> None:
    names = [h.name for h in virtual.bundle.study.testing.hypotheses]
    rejected = [n for n in names if virtual.bundle.rows.hypothesis(n)["rejected"].value]
    drawn = virtual.page.inside("figure-graph", "svg")[0]
    assert f"Rejected: {', '.join(rejected)}." in (drawn.attributes["aria-label"] or "")
    assert drawn.text.count("✓ rejected") == len(rejected)


def test_provenance_is_told(virtual: Report) -> None:
    text = virtual.page.by_id("provenance").text
    for piece in ("a" * 64, "b" * 64, "pivotal run true-ad3 --seed 1 --out out", "2026-11-23T20:00:00+00:00"):
        assert piece in text


class TestMissingParts:
    def test_nothing_but_a_study(self) -> None:
        report = made(replace(bundle_of("true-ad3"), results=(), oc=None, provenance={}, calibration=None))
        assert report.page.closed()
        assert headline(report.bundle) == []
        assert "The trial was not simulated" in report.page.by_id("operating").text
        assert "no baseline rows" in report.page.by_id("baseline").text

    def test_a_bare_study(self) -> None:
        bundle = bundle_of("mrc-1948")
        testing = bundle.study.testing.model_copy(update={"hypotheses": (), "edges": ()})
        nothing: dict[str, Any] = {"periods": (), "scenarios": (), "grids": (), "posted": (), "sources": {}}
        bare = bundle.study.model_copy(update={**nothing, "testing": testing, "cohort": None})
        kept = [r for r in bundle.results if r["analysis"] not in {"testing", "published"}]  # type: ignore[union-attr]
        report = made(replace(bundle, study=bare, results=kept, oc=None))
        assert "names no hypotheses" in report.page.by_id("synopsis").text
        assert not {"testing", "operating", "published"} & set(report.page.ids())

    @pytest.mark.parametrize("part", ["grids", "rates"])
    def test_operating_characteristics_in_part(self, part: str) -> None:
        bundle = bundle_of("mrc-1948")
        assert bundle.oc is not None
        assert made(replace(bundle, oc={**bundle.oc, part: []})).page.closed()

    def test_numbers_that_could_not_be_worked_out(self) -> None:
        bundle = bundle_of("mrc-1948")
        assert bundle.oc is not None
        gone = dict.fromkeys(("truth", "bias", "bias_mcse", "coverage", "coverage_mcse", "not_estimable"))
        rows = [{**row, **gone} for row in bundle.oc["rows"]]
        report = made(replace(bundle, oc={**bundle.oc, "rows": rows}))
        assert "There is no truth to compare with" in table(report, "table-operating")
