"""The fifteen claims of a news report, and two that it has right, against the published record (gathered in 2026)."""

from __future__ import annotations

import pytest

from pivotal.label import hold, load_claims
from pivotal.label.facts import catalogue
from pivotal.study import load

AGREES, CONTRADICTS, OPEN = "agrees", "contradicts", "cannot be decided"
CLAIMS, FACTS = load_claims("true-ad3-news")
JUDGED = {one.claim.id: one for one in hold(CLAIMS, FACTS)}

EXPECTED = {
    "1": (CONTRADICTS, "mild or moderate"),
    "2": (CONTRADICTS, "mild or moderate"),
    "3": (CONTRADICTS, "2 to 11 years"),
    "4": (CONTRADICTS, "67.2 %"),
    "5": (CONTRADICTS, "p = 0.4198"),
    "6": (OPEN, "1 of 154 patients"),
    "7": (CONTRADICTS, "vehicle cream"),
    "8": (OPEN, "non-continuous chronic"),
    "9": (CONTRADICTS, "nonsegmental vitiligo"),
    "10": (CONTRADICTS, "2022-07-18"),
    "11": (AGREES, "330 patients"),
    "12": (OPEN, "United States"),
    "13": (OPEN, "1.5 %"),
    "14": (OPEN, None),
    "15": (CONTRADICTS, "2025-03-28"),
    "allocation": (AGREES, "2"),
    "severity enrolled": (AGREES, "2 or 3"),
}


def test_every_claim_is_expected():
    assert set(JUDGED) == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_verdict(name):
    verdict, known = EXPECTED[name]
    one = JUDGED[name]
    assert one.verdict == verdict
    assert known is None or any(known in finding.known for finding in one.findings)


@pytest.mark.parametrize("name", [name for name, (verdict, _) in EXPECTED.items() if verdict == CONTRADICTS])
def test_what_contradicts_has_its_source(name):
    against = [finding for finding in JUDGED[name].findings if finding.answer == 0]
    assert against
    assert all(finding.source for finding in against)


@pytest.mark.parametrize("name", [name for name, (verdict, _) in EXPECTED.items() if verdict == OPEN])
def test_what_is_open_says_why(name):
    assert JUDGED[name].why


def test_why():
    assert "agrees if read as to week 8; contradicts if read as to week 60" in JUDGED["6"].why
    assert "does not say: United States" in JUDGED["12"].why
    assert "breaks off after “in the”" in JUDGED["14"].why


def test_notes_tell_where_a_figure_belongs():
    assert "threshold" in JUDGED["4"].findings[0].note
    assert JUDGED["15"].findings[0].note == "2025-03-10 is study.dates.last_update_submitted"
    assert JUDGED["3"].findings[0].note == "the claim takes in 12 years"


def test_endpoints_met():
    secondary = catalogue(study=load("true-ad3"))["study.met.secondary"]
    assert secondary.value == 0
    assert "EASI75 at Week 8: no test posted" in secondary.shown
    assert catalogue(study=load("true-ad3"))["study.met.primary"].value == 1


def test_quotes_are_short():
    assert all(len((claim.quote or "").split()) <= 15 for claim in CLAIMS.claims)


def test_posted_facts():
    assert FACTS["study.posted.IGA-TS.Week 8.rate.Ruxolitinib 1.5%"].value == 56.5
    assert FACTS["study.posted.IGA-TS.Week 8.rate.Ruxolitinib 1.5%.count"].shown == "74 of 131 patients"
    assert FACTS["study.posted.IGA-TS.Week 8.odds ratio.Ruxolitinib 1.5%.p"].shown == "p < 0.0001"
    assert FACTS["study.facts.any serious adverse event to Week 60, Ruxolitinib 1.5%"].shown == "3 of 154 (1.9 %)"
