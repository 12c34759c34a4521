"""What must hold of any patients: the label's own words, one by one as in a batch, and unknown never taken as no."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pivotal.errors import UsageError
from pivotal.label import covers, load_product

PRODUCT = load_product("opzelura")
DAYS = ("2020-05-01", "2021-09-21", "2022-07-18", "2024-02-29", "2025-09-17", "2025-09-18")
WORDS = ("clear", "almost clear", "mild", "moderate", "severe")
CONDITIONS = ("atopic dermatitis", "nonsegmental vitiligo", "segmental vitiligo", "other")
TRUTH = ("yes", "no")

whole = st.fixed_dictionaries(
    {
        "age": st.integers(0, 90),
        "condition": st.sampled_from(CONDITIONS),
        "severity": st.sampled_from(WORDS),
        "bsa": st.sampled_from([0, 3, 9.9, 10, 10.1, 20, 20.5, 60]),
        "immunocompromised": st.sampled_from(TRUTH),
        "topical failed": st.sampled_from(TRUTH),
        "topical inadvisable": st.sampled_from(TRUTH),
    }
)
partly = st.fixed_dictionaries(
    {
        "age": st.none() | st.integers(0, 90),
        "condition": st.sampled_from([None, "vitiligo", *CONDITIONS]),
        "severity": st.sampled_from([None, *WORDS]),
        "bsa": st.sampled_from([None, 0, 3, 9.9, 10, 10.1, 20, 20.5, 60]),
        "immunocompromised": st.sampled_from([None, *TRUTH]),
        "topical failed": st.sampled_from([None, *TRUTH]),
        "topical inadvisable": st.sampled_from([None, *TRUTH]),
    }
)


def by_the_words(p, day):
    """The label read aloud, for a patient of whom everything is known."""
    eczema = (
        p["condition"] == "atopic dermatitis"
        and p["severity"] in ("mild", "moderate")
        and p["immunocompromised"] == "no"
        and "yes" in (p["topical failed"], p["topical inadvisable"])
        and p["bsa"] <= 20
    )
    vitiligo = p["condition"] == "nonsegmental vitiligo" and p["age"] >= 12 and p["bsa"] <= 10
    from_age = 2 if day >= "2025-09-18" else 12
    return (day >= "2021-09-21" and eczema and p["age"] >= from_age) or (day >= "2022-07-18" and vitiligo)


@given(st.lists(whole, min_size=1, max_size=20), st.sampled_from(DAYS))
@settings(deadline=None, max_examples=80)
def test_with_everything_known_the_answer_is_the_labels(patients, day):
    found = covers(PRODUCT, patients, on=day)
    assert found.answer.tolist() == [int(by_the_words(p, day)) for p in patients]


@given(partly, whole, st.sampled_from(DAYS))
@settings(deadline=None, max_examples=80)
def test_an_answer_stands_whatever_the_unknown_facts_turn_out_to_be(known, rest, day):
    filled = {k: rest[k] if known[k] is None else known[k] for k in known}
    if known["condition"] == "vitiligo":
        filled["condition"] = "nonsegmental vitiligo" if rest["age"] % 2 else "segmental vitiligo"
    before, after = (int(covers(PRODUCT, facts, on=day).answer[0]) for facts in (known, filled))
    assert before in (-1, after)
    assert after != -1


@given(st.lists(partly, min_size=1, max_size=12), st.sampled_from(DAYS))
@settings(deadline=None, max_examples=30)
def test_a_batch_answers_as_its_patients_one_by_one(patients, day):
    together = covers(PRODUCT, patients, on=day)
    reasons = together.reasons()
    for row, patient in enumerate(patients):
        alone = covers(PRODUCT, patient, on=day)
        assert alone.answer[0] == together.answer[row]
        assert alone.by_indication[0].tolist() == together.by_indication[row].tolist()
        assert [c[0].tolist() for c in alone.by_criterion] == [c[row].tolist() for c in together.by_criterion]
        assert alone.reasons()[0] == reasons[row]


@given(partly, st.sampled_from(DAYS))
@settings(deadline=None, max_examples=60)
def test_cannot_tell_names_only_facts_that_are_unknown(patient, day):
    found = covers(PRODUCT, patient, on=day)
    said = found.reasons()[0]
    words = {"age": "the age", "severity": "the severity", "bsa": "body surface", "condition": "the condition",
             "immunocompromised": "is immunocompromised", "topical failed": "failed to control",
             "topical inadvisable": "not advisable"}  # fmt: skip
    if found.answer[0] == -1:
        named = {key for key, word in words.items() if word in said}
        assert all(patient[key] is None for key in named)
        assert named or "segmental" in said
    counts = found.counts()
    assert sum(counts.values()) == 1


def test_answers_of_a_random_crowd_do_not_hang_on_the_order_of_rows():
    rng = np.random.default_rng(20251124)
    n = 2_000
    frame = pl.DataFrame(
        {
            "patient": [f"P{i}" for i in range(n)],
            "age": rng.integers(0, 80, n),
            "condition": rng.choice(CONDITIONS, n),
            "iga": rng.integers(0, 5, n),
            "bsa": rng.uniform(0, 40, n),
            "immunocompromised": rng.choice(TRUTH, n),
            "topical failed": rng.choice(["yes", "no", ""], n),
        }
    )
    order = rng.permutation(n)
    straight, shuffled = (covers(PRODUCT, f, on="2025-09-18") for f in (frame, frame[order]))
    assert straight.answer[order].tolist() == shuffled.answer.tolist()
    assert straight.reasons().gather(order).to_list() == shuffled.reasons().to_list()
    assert set(straight.answer.tolist()) == {-1, 0, 1}
    assert straight.frame().columns == ["PATIENT", "ANSWER", "INDICATION", "REASON", "LIMITATION"]
    assert straight.frame()["PATIENT"].to_list() == frame["patient"].to_list()


REST = {"condition": "AD", "iga": 3, "bsa": 10, "immunocompromised": False, "topical failed": True}


@pytest.mark.parametrize(
    ("born", "on", "right"),
    [
        ("2023-09-18", "2025-09-18", 1),
        ("2023-09-19", "2025-09-18", 0),
        ("2023", "2025-09-18", -1),
        ("2023", "2025-12-31", 1),
        ("2024", "2025-12-31", 0),
        ("2022", "2025-09-18", 1),
        ("2023-09", "2025-09-18", -1),
        ("2023-08", "2025-09-18", 1),
        ("2023-10", "2025-09-18", 0),
        ("2025", "2025-09-18", 0),
        ("2012-02-29", "2024-02-29", 1),
        ("2012-02-29", "2024-02-28", 0),
    ],
)
def test_a_partial_date_of_birth_decides_only_where_every_age_agrees(born, on, right):
    found = covers(PRODUCT, REST | {"birth date": born}, on=on)
    assert found.answer.tolist() == [right]
    if right == -1:
        assert "the age (known as 1 to 2 years)" in found.reasons()[0]


def test_a_stated_age_settles_a_year_of_birth():
    assert covers(PRODUCT, REST | {"birth date": "2023", "age": 2}, on="2025-09-18").answer.tolist() == [1]


def test_units_are_converted():
    facts = REST | {"age": "30 months", "bsa": "12 handprints"}
    found = covers(PRODUCT, facts, on="2025-09-18")
    assert found.patients.columns["AGE"].tolist() == [2.5]
    assert found.patients.columns["BSA"].tolist() == [12.0]
    assert covers(PRODUCT, REST | {"age": "24 mo"}, on="2025-09-18").answer.tolist() == [1]
    assert covers(PRODUCT, REST | {"age": "23 mo"}, on="2025-09-18").answer.tolist() == [0]


def test_columns_of_python_values():
    table = {"age": [5, None, 40], "condition": ["AD", "AD", "vitiligo"], "severity": ["mild"] * 3,
             "bsa": np.array([5.0, 5.0, np.nan]), "immunocompromised": [False, False, None],
             "topical failed": [True, True, None]}  # fmt: skip
    found = covers(PRODUCT, table, on=date(2025, 9, 18))
    assert found.answer.tolist() == [1, -1, -1]
    assert len(found) == 3


def test_before_the_first_approval_nobody_is_covered():
    found = covers(PRODUCT, [REST, {}], on="2021-09-20")
    assert found.answer.tolist() == [0, 0]
    assert found.by_indication.shape == (2, 0)
    assert "first approved on 2021-09-21" in found.reasons()[0]


def test_of_nothing_nothing_can_be_told():
    assert covers(PRODUCT, {}, on="2025-09-18").answer.tolist() == [-1]


def test_patients_read_for_another_day_are_refused():
    read = covers(PRODUCT, REST, on="2025-09-18").patients
    with pytest.raises(UsageError, match="read for 2025-09-18"):
        covers(PRODUCT, read, on="2025-09-19")
    with pytest.raises(UsageError, match="no day"):
        covers(PRODUCT, REST, on="18.09.2025")
