"""Trial against label: shares of 100,000 virtual candidates (seed 1) against the shares that the cohort asks for.

Monte-Carlo standard error: 0.16 percentage points at most; 4.5 of them are allowed.
"""

from __future__ import annotations

import numpy as np
import pytest

from pivotal.cohort.margins import margins
from pivotal.cohort.screening import make_screener
from pivotal.errors import UsageError
from pivotal.label import against, load_epidemiology, load_product
from pivotal.label.candidates import share
from pivotal.study import load

STUDY, PRODUCT = load("true-ad3"), load_product("opzelura")
FOUND = against(STUDY, PRODUCT, on="2025-09-18")
BEFORE = against(STUDY, PRODUCT, on="2025-09-17")
ERRORS = 4.5


def screened(name):
    return next(s for s in STUDY.cohort.screening if s.variable == name)


def row(found, subject):
    return next(r for r in found.rows if subject in r.subject)


def near(got, wanted, error):
    assert abs(got - wanted) <= ERRORS * error, (got, wanted, error)


def test_what_the_label_takes_and_the_trial_does_not():
    assert row(FOUND, "Age").label_only == "12 years and over"
    assert row(FOUND, "Body surface").label_only == "under 3 %"
    assert row(FOUND, "Itch").label_only == "patients without it"
    assert row(FOUND, "JAK inhibitor").label_only == "patients with it"
    assert "scalp excluded" in row(FOUND, "Body surface").note


def test_what_the_trial_takes_and_the_label_does_not():
    assert [r.trial_only for r in FOUND.rows if r.trial_only] == ["patients without it"]
    assert "topical prescription therapies" in next(r.subject for r in FOUND.rows if r.trial_only)
    assert row(BEFORE, "Age").trial_only == "2 to under 12 years"


def test_what_both_ask():
    assert [r.subject for r in FOUND.rows if r.same] == [
        "Investigator's Global Assessment",
        "Immunocompromised",
        "Condition",
    ]
    assert row(FOUND, "Global").label == "mild or moderate (2 or 3)"


def test_every_criterion_of_both_has_its_row():
    label = {c.text for c in FOUND.indication.criteria}
    assert (
        len(FOUND.rows)
        == len(label) + len(STUDY.population.criteria) - len([r for r in FOUND.rows if r.trial and r.label]) + 1
    )


def test_who_is_enrolled():
    """Nobody is known to be covered; the trial takes all candidates without a finding."""
    kept_out = sum(s.percent for s in STUDY.cohort.screening) / 100
    for name in ("both", "trial only"):
        part = FOUND.parts[name]
        assert part.low == 0
        near(part.high, 1 - kept_out, part.mcse)


def test_whom_the_label_leaves_out_for_certain():
    """Severity, the extent above 20 %, and those under 2 years."""
    outside = screened("IGA").percent + screened("BSA").percent / 2 + screened("AGE").percent / 3
    part = FOUND.parts["neither"]
    near(part.low, outside / 100, part.mcse)


def test_share_of_one_criterion():
    may = 1 - (screened("IGA").percent + screened("BSA").percent / 2 + screened("AGE").percent / 3) / 100
    itch = row(FOUND, "Itch").missed
    near(itch.low, screened("ITCHNRS").percent / 100 / may, itch.mcse)
    small = row(FOUND, "Body surface").missed
    near(small.low, screened("BSA").percent / 200 / may, small.mcse)


def test_an_unknown_criterion_runs_from_nobody_to_everybody():
    left_out = next(r.left_out for r in FOUND.rows if r.trial_only)
    assert (left_out.low, left_out.high) == (0, 1)
    assert FOUND.unknown == (next(r.subject for r in FOUND.rows if r.trial_only),)


def test_what_nobody_draws_is_not_zero():
    assert row(FOUND, "HIV").missed is None
    assert row(FOUND, "Hanifin").missed is None


def test_parts_hold_everybody():
    columns = [FOUND.parts[name] for name in ("both", "label only", "trial only", "neither")]
    assert sum(p.low for p in columns) <= 1 <= sum(p.high for p in columns)


def test_before_the_children_were_covered_the_trial_studied_none_that_were():
    assert BEFORE.indication.id == "AD-2021"
    assert BEFORE.parts["both"].high == 0
    near(BEFORE.parts["trial only"].low, FOUND.parts["both"].high, BEFORE.parts["trial only"].mcse)
    assert BEFORE.parts["trial only"].low == BEFORE.parts["trial only"].high


def test_ages_from_sourced_numbers():
    """21 of 21 and 3 million are 87.5 %; as the 21 are said to be more, there is no upper end."""
    assert FOUND.ages.low == pytest.approx(21 / 24)
    assert FOUND.ages.high is None
    assert (BEFORE.ages.low, BEFORE.ages.high) == (1.0, 1.0)


def test_ages_of_a_trial_from_age_12():
    """Of 21 and 2 to 3 million, the children are 8.7 to 12.5 % at most: the 21 million may be more."""
    found = against("true-ad1", PRODUCT, candidates=1000)
    assert found.ages.low == 0.0
    assert found.ages.high == pytest.approx(3 / 24)


def test_seed_and_day():
    again = against(STUDY, PRODUCT, candidates=2000, seed=7)
    assert again.as_json() == against(STUDY, PRODUCT, candidates=2000, seed=7).as_json()
    assert again.parts != against(STUDY, PRODUCT, candidates=2000, seed=8).parts
    assert again.on == FOUND.on


def test_before_the_product_existed():
    with pytest.raises(UsageError, match="the first is from 2021-09-21"):
        against(STUDY, PRODUCT, on="2020-01-01")


def test_another_condition():
    head = STUDY.study.model_copy(update={"condition": "psoriasis"})
    with pytest.raises(UsageError, match="no indication for 'psoriasis'"):
        against(STUDY.model_copy(update={"study": head}), PRODUCT)


def test_another_unit():
    months = STUDY.variables["AGE"].model_copy(update={"unit": "months"})
    with pytest.raises(UsageError, match="AGE is in months in TRuE-AD3 and in years in Opzelura"):
        against(STUDY.model_copy(update={"variables": dict(STUDY.variables) | {"AGE": months}}), PRODUCT)


def test_without_virtual_patients_there_are_no_shares():
    found = against(STUDY.model_copy(update={"cohort": None}), PRODUCT)
    assert found.parts == {}
    assert not found.as_json()["simulated"]
    assert row(found, "Age").label_only == "12 years and over"
    assert all(r.missed is None and r.left_out is None for r in found.rows)


def test_without_epidemiology_of_the_jurisdiction_there_are_no_ages():
    head = PRODUCT.product.model_copy(update={"jurisdiction": "Atlantis"})
    assert against(STUDY, PRODUCT.model_copy(update={"product": head}), candidates=100).ages is None
    numbers = load_epidemiology("us-atopic-dermatitis")
    assert against(STUDY, PRODUCT, candidates=100, epidemiology=numbers).ages.outside


def test_share_of_answers():
    found = share(np.array([1, 0, -1, -1], dtype=np.int8))
    assert (found.low, found.high, found.n) == (0.25, 0.75, 4)
    assert found.mcse == pytest.approx(np.sqrt(0.25 * 0.75 / 4))
    assert share(np.array([], dtype=np.int8)) is None


def test_candidates_have_what_criteria_read():
    """Every variable that a criterion reads, with the shares of findings that the cohort asks for."""
    count = 50_000
    columns = make_screener(STUDY, margins(STUDY)).candidates(np.random.default_rng(5), count)
    asked = set().union(*(c.variables() for c in STUDY.population.criteria))
    assert asked <= set(columns)
    assert {len(column) for column in columns.values()} == {count}
    jak = columns["PRIORJAK"].mean()
    near(jak, 0.003, np.sqrt(0.003 * 0.997 / count))
    assert np.isnan(columns["ITCHNRS"][columns["AGE"] < 6]).all()
