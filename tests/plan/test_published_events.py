"""Published adverse events of TRuE-AD1 through the estimators.

Counts: ClinicalTrials.gov NCT03745638, results as posted 2023-09-28: patients with each term up to week 60 by treatment
at onset, of 126 on vehicle, 300 on 0.75% and 300 on 1.5% (vehicle patients who crossed count in both).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats as scipy_stats

from pivotal import stats
from pivotal.errors import DataError
from pivotal.plan.published_events import Judging, PlainTerm, recompute_events

ARMS = ("Vehicle", "Ruxolitinib 0.75%", "Ruxolitinib 1.5%")
AT_RISK = (126, 300, 300)
TERMS = (
    ("Acute abdomen", "Gastrointestinal disorders", True, 0, 0, 1),
    ("Colitis", "Gastrointestinal disorders", True, 0, 0, 1),
    ("Anaemia postoperative", "Injury, poisoning and procedural complications", True, 0, 1, 0),
    ("Femur fracture", "Injury, poisoning and procedural complications", True, 0, 1, 0),
    ("Humerus fracture", "Injury, poisoning and procedural complications", True, 0, 1, 0),
    ("Pelvic fracture", "Injury, poisoning and procedural complications", True, 0, 1, 0),
    ("Radius fracture", "Injury, poisoning and procedural complications", True, 0, 1, 0),
    ("Rib fracture", "Injury, poisoning and procedural complications", True, 0, 1, 0),
    ("Ulna fracture", "Injury, poisoning and procedural complications", True, 0, 1, 0),
    ("Bronchitis", "Infections and infestations", True, 0, 0, 1),
    ("Cholecystitis infective", "Infections and infestations", True, 0, 0, 1),
    ("Pneumonia", "Infections and infestations", True, 0, 2, 1),
    ("Central nervous system lesion", "Nervous system disorders", True, 0, 1, 0),
    ("Dizziness", "Nervous system disorders", True, 0, 0, 1),
    ("Cholangitis", "Hepatobiliary disorders", True, 0, 0, 1),
    ("Cholelithiasis", "Hepatobiliary disorders", True, 0, 0, 1),
    ("Jaundice cholestatic", "Hepatobiliary disorders", True, 0, 0, 1),
    ("Dermatitis atopic", "Skin and subcutaneous tissue disorders", True, 1, 0, 0),
    ("Hypovolaemia", "Metabolism and nutrition disorders", True, 0, 0, 1),
    ("Type 2 diabetes mellitus", "Metabolism and nutrition disorders", True, 0, 1, 0),
    ("Nasal sinus cancer", "Neoplasms benign, malignant and unspecified (incl cysts and polyps)", True, 1, 0, 0),
    ("Pyrexia", "General disorders", True, 0, 0, 1),
    ("Serositis", "General disorders", True, 0, 0, 1),
    ("Substance-induced psychotic disorder", "Psychiatric disorders", True, 0, 1, 0),
    ("Nasopharyngitis", "Infections and infestations", False, 2, 18, 31),
    ("Upper respiratory tract infection", "Infections and infestations", False, 4, 27, 36),
    ("Headache", "Nervous system disorders", False, 5, 11, 16),
)
POSTED = tuple(
    PlainTerm(term, system, serious, {arm: (x, n) for arm, x, n in zip(ARMS, counts, AT_RISK, strict=True)})
    for term, system, serious, *counts in TERMS
)


def rows(posted=POSTED, **how):
    found = recompute_events("TRuE-AD1", posted, ARMS, "Vehicle", Judging(**how))
    return {(dict(r.key.groups)["list"], dict(r.key.groups)["term"], r.key.arm, r.key.comparator, r.key.statistic): r
            for r in found}  # fmt: skip


@pytest.fixture(scope="module")
def found():
    return rows()


def test_rates_have_clopper_pearson_limits(found):
    """Nasopharyngitis on 1.5%: 31 of 300; limits by beta quantiles."""
    of = "other", "Nasopharyngitis", ARMS[2], None
    assert [found[(*of, s)].value[0] for s in ("n", "N")] == [31, 300]
    assert found[(*of, "rate")].value[0] == pytest.approx(31 / 300)
    assert found[(*of, "ci_low")].value[0] == pytest.approx(scipy_stats.beta.ppf(0.025, 31, 270))
    assert found[(*of, "ci_high")].value[0] == pytest.approx(scipy_stats.beta.ppf(0.975, 32, 269))
    assert found["serious", "Pyrexia", ARMS[0], None, "ci_low"].value[0] == 0


def test_arms_are_compared_by_fisher_and_miettinen_nurminen(found):
    of = "other", "Nasopharyngitis", ARMS[2], "Vehicle"
    assert found[(*of, "p")].value[0] == pytest.approx(scipy_stats.fisher_exact([[31, 269], [2, 124]])[1])
    interval = stats.miettinen_nurminen([31], [300], [2], [126])
    assert [found[(*of, s)].value[0] for s in ("estimate", "ci_low", "ci_high")] == pytest.approx(
        [interval.estimate[0], interval.ci_low[0], interval.ci_high[0]]
    )


def test_the_screen_flags_within_each_list(found):
    """Two infections of 1.5%, of three frequent terms in two classes; no serious term, each of one or two patients."""
    flagged = {key[1:3] for key, r in found.items() if key[4] == "rejected" and r.value[0]}
    assert ("Nasopharyngitis", ARMS[2]) in flagged
    assert ("Upper respiratory tract infection", ARMS[2]) in flagged
    assert not any(key[0] == "serious" and r.value[0] for key, r in found.items() if key[4] == "rejected")
    p = [scipy_stats.fisher_exact([[x, 300 - x], [y, 126 - y]])[1] for x, y in ((31, 2), (36, 4), (16, 5))]
    infections = scipy_stats.false_discovery_control(p[:2])
    classes = scipy_stats.false_discovery_control([infections.min(), p[2]])
    assert classes[0] <= 0.1 < classes[1]
    adjusted = found["other", "Nasopharyngitis", ARMS[2], "Vehicle", "p_adjusted"].value[0]
    assert adjusted == pytest.approx(infections[0])
    headache = found["other", "Headache", ARMS[2], "Vehicle", "p_adjusted"]
    assert np.isnan(headache.value[0])
    assert headache.reason == ("its class is not kept by the first step",)


def test_rare_terms_stand_outside_the_family():
    found = rows(least_patients=3)
    pneumonia = found["serious", "Pneumonia", ARMS[1], "Vehicle", "p_adjusted"]
    assert pneumonia.reason == ("too few patients",)


def test_a_treatment_that_was_not_posted_has_no_rate_and_no_test():
    found = rows([PlainTerm("Cough", "Lungs", False, {"Vehicle": (3, 126)})])
    assert found["other", "Cough", "Vehicle", None, "rate"].value[0] == pytest.approx(3 / 126)
    absent = {key[4]: row for key, row in found.items() if key[2] == ARMS[1]}
    for statistic in ("rate", "estimate", "p_adjusted"):
        assert np.isnan(absent[statistic].value[0])
        assert absent[statistic].reason
        assert absent[statistic].reason[0]


def test_relabelled_arms_turn_the_difference_around(found):
    turned = [replace(t, counts={"Vehicle": t.counts[ARMS[2]], ARMS[2]: t.counts["Vehicle"]}) for t in POSTED]
    other = {(dict(r.key.groups)["term"], r.key.statistic, dict(r.key.groups)["list"]): r.value[0]
             for r in recompute_events("x", turned, ("Vehicle", ARMS[2]), "Vehicle") if r.key.comparator}  # fmt: skip
    for each in POSTED:
        for statistic, sign in (("estimate", -1), ("p", 1)):
            group = "serious" if each.serious else "other"
            row = found[group, each.term, ARMS[2], "Vehicle", statistic]
            assert other[each.term, statistic, group] == pytest.approx(sign * row.value[0], rel=1e-9, abs=1e-12)


def test_every_wrong_count_is_named():
    wrong = [PlainTerm("Cough", "Lungs", False, {"Vehicle": (127, 126)}), PlainTerm("Ache", "Body", True, {}),
             PlainTerm("Ache", "Body", True, {"Vehicle": (-1, 126)})]  # fmt: skip
    with pytest.raises(DataError) as error:
        recompute_events("x", wrong, ARMS, "Vehicle")
    said = [str(fault) for fault in error.value.faults]
    assert len(said) == 3
    assert said[0].startswith("posted event 'Cough' (other): Vehicle is 127 of 126")
    assert any("there twice" in fault for fault in said)
    assert len(recompute_events("x", [], ARMS, "Vehicle")) == 0
