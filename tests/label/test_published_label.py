"""The shipped label against the dates and limits that were published (sources in the product file)."""

from __future__ import annotations

from datetime import date

import pytest

from pivotal.label import covers, load_product

PRODUCT = load_product("opzelura")
CHILD = {
    "age": 5,
    "condition": "atopic dermatitis",
    "severity": "moderate",
    "bsa": 10,
    "immunocompromised": "no",
    "topical failed": "yes",
}
TEENAGER = {"age": 14, "condition": "nonsegmental vitiligo", "bsa": 5}


def answer(facts, on):
    return int(covers(PRODUCT, facts, on=on).answer[0])


def test_a_child_of_5_is_covered_from_the_day_of_the_supplement():
    assert answer(CHILD, "2025-09-17") == 0
    assert answer(CHILD, "2025-09-18") == 1


@pytest.mark.parametrize(
    ("fact", "named"),
    [
        ("age", "the age"),
        ("condition", "the condition to be treated"),
        ("severity", "the severity"),
        ("bsa", "the body surface affected"),
        ("immunocompromised", "whether the patient is immunocompromised"),
        ("topical failed", "whether topical prescription therapies failed"),
    ],
)
@pytest.mark.parametrize("how", ["left out", "none", "empty", "unknown"])
def test_with_one_fact_unknown_it_cannot_be_told_and_the_fact_is_named(fact, named, how):
    blank = {"none": None, "empty": "", "unknown": "unknown"}
    facts = {k: v for k, v in CHILD.items() if k != fact} if how == "left out" else CHILD | {fact: blank[how]}
    found = covers(PRODUCT, facts, on="2025-09-18")
    assert found.answer.tolist() == [-1]
    said = found.reasons()[0]
    assert said.startswith("cannot tell")
    assert named in said
    others = {"the age", "the condition", "the severity", "body surface", "immunocompromised", "topical"} - {
        word for word in ("the age", "the condition", "the severity", "body surface", "immunocompromised", "topical")
        if word in named
    }  # fmt: skip
    assert not [word for word in others if word in said]


def test_a_teenager_with_nonsegmental_vitiligo_is_covered_from_2022_07_18():
    assert answer(TEENAGER, "2022-07-17") == 0
    assert answer(TEENAGER, "2022-07-18") == 1
    assert answer(TEENAGER, "2026-01-01") == 1
    assert answer(TEENAGER | {"bsa": 11}, "2026-01-01") == 0
    assert answer(TEENAGER | {"age": 11}, "2026-01-01") == 0


def test_vitiligo_of_no_stated_type_cannot_be_told_and_segmental_is_not_covered():
    assert answer(TEENAGER | {"condition": "vitiligo"}, "2023-01-01") == -1
    assert answer(TEENAGER | {"condition": "segmental vitiligo"}, "2023-01-01") == 0


def test_age_12_has_been_covered_since_the_first_approval():
    adult = CHILD | {"age": 12}
    assert answer(adult, "2021-09-20") == 0
    assert [answer(adult, day) for day in ("2021-09-21", "2025-09-17", "2025-09-18")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("change", "right"),
    [
        ({"age": 2}, 1),
        ({"age": 1.9}, 0),
        ({"severity": "severe"}, 0),
        ({"severity": "almost clear"}, 0),
        ({"severity": "mild"}, 1),
        ({"severity": None, "iga": 2}, 1),
        ({"severity": None, "iga": 3}, 1),
        ({"severity": None, "iga": 4}, 0),
        ({"severity": None, "iga": 1}, 0),
        ({"bsa": 20}, 1),
        ({"bsa": 20.1}, 0),
        ({"immunocompromised": "yes"}, 0),
        ({"topical failed": "no"}, -1),
        ({"topical failed": "no", "topical inadvisable": "yes"}, 1),
        ({"topical failed": "no", "topical inadvisable": "no"}, 0),
        ({"topical failed": None, "topical inadvisable": "yes"}, 1),
        ({"topical failed": None, "topical inadvisable": "no"}, -1),
        ({"condition": "other"}, 0),
    ],
)
def test_each_criterion_of_the_label_of_2025(change, right):
    assert answer(CHILD | change, "2025-09-18") == right


def test_the_days_and_what_followed_what():
    assert PRODUCT.first_approved == date(2021, 9, 21)
    days = {
        "2021-09-20": [],
        "2021-09-21": ["AD-2021"],
        "2022-07-17": ["AD-2021"],
        "2022-07-18": ["AD-2021", "VIT-2022"],
        "2025-09-17": ["AD-2021", "VIT-2022"],
        "2025-09-18": ["VIT-2022", "AD-2025"],
    }
    for day, ids in days.items():
        assert [i.id for i in PRODUCT.in_force(date.fromisoformat(day))] == ids, day
    assert PRODUCT.indication("AD-2025").supplement == "S-007"


def test_dose_limits_by_age_and_day():
    old, new = PRODUCT.indication("AD-2021"), PRODUCT.indication("AD-2025")
    assert [d.text for d in old.doses(date(2021, 10, 1))] == ["at most 60 g a week"]
    assert [[a.grams for a in d.amounts] for d in old.doses(date(2023, 1, 1))] == [[60, 100]]
    younger = new.doses(date(2025, 9, 18))[1]
    assert [(a.grams, a.days) for a in younger.amounts] == [(60, 14)]
    assert PRODUCT.certainty(younger) == "secondary"


def test_every_criterion_and_statement_says_how_sure_it_is():
    for indication in PRODUCT.indications:
        for criterion in indication.criteria:
            assert criterion.source in PRODUCT.sources
            assert PRODUCT.certainty(criterion) in ("read", "excerpted", "secondary")
    unverified = [s.id for s in PRODUCT.interactions if PRODUCT.certainty(s) == "unverified"]
    assert unverified == ["strong-inhibitors"]
    assert {g.word: (g.score, PRODUCT.certainty(g)) for g in PRODUCT.scales[0].grades if g.assumed} == {
        "mild": (2, "assumed"), "moderate": (3, "assumed")
    }  # fmt: skip


def test_boxed_warning_and_limitations_are_those_published():
    assert [t.id for t in PRODUCT.boxed_warning] == ["infections", "mortality", "malignancy", "MACE", "thrombosis"]
    assert {"biologics", "jak-inhibitors", "immunosuppressants"} <= {each.id for each in PRODUCT.limitations}


def test_a_limitation_of_use_is_told_and_decides_nothing():
    found = covers(PRODUCT, CHILD | {"biologic": "yes"}, on="2025-09-18")
    assert found.answer.tolist() == [1]
    ids = [each.id for each in found.limitations]
    assert found.limited[0, ids.index("biologics")] == 1
    assert found.limited[0, ids.index("jak-inhibitors")] == -1
    assert found.frame()["LIMITATION"][0] == "biologics"
