"""Reach: upper bounds from published numbers with their uncertainty (100,000 draws, seed 1); nothing is invented."""

from __future__ import annotations

import numpy as np
import pytest

from pivotal.errors import EpidemiologyError, UsageError
from pivotal.label import load_epidemiology, load_product, reach
from pivotal.label.counting import amount
from pivotal.label.epidemiology import epidemiologies, read_epidemiology

PRODUCT, NUMBERS = load_product("opzelura"), load_epidemiology("us-atopic-dermatitis")
FOUND = reach(PRODUCT, NUMBERS, on="2025-09-18")
CHILDREN, OLDER = FOUND.chains


def test_published_numbers():
    children, older = NUMBERS.people
    assert (children.low, children.high, older.low, older.high) == (2e6, 3e6, 21e6, None)
    shares = {one.word: (one.percent, one.low, one.high) for one in NUMBERS.splits[0].shares}
    assert shares == {"mild": (67.0, 64.8, 69.2), "moderate": (26.0, 23.9, 28.1), "severe": (7.0, 5.8, 8.3)}
    assert [(p.percent, p.low, p.high) for p in NUMBERS.prevalence] == [
        (12.97, 12.42, 13.53),
        (10.7, None, None),
        (12.6, 11.6, 13.5),
    ]


def test_the_bound_of_the_children():
    """2 to 3 million times 93 %."""
    bound = CHILDREN.bound
    assert abs(bound.mean - 2.5e6 * 0.93) < 5 * bound.mcse + 2000  # the mean of a logit-normal share is not its median
    assert bound.low == pytest.approx(2.025e6 * 0.93, rel=0.01)
    assert bound.high == pytest.approx(2.975e6 * 0.93, rel=0.01)
    assert not bound.floor


def test_the_share_has_the_printed_limits():
    share = CHILDREN.steps[1]
    assert share.mean == pytest.approx(0.93, abs=0.001)
    assert share.low == pytest.approx(1 - 0.083, abs=0.002)
    assert share.high == pytest.approx(1 - 0.058, abs=0.002)


def test_if_the_press_counts_only_what_the_label_covers():
    assert CHILDREN.otherwise.mean == pytest.approx(2.5e6, rel=0.01)
    assert OLDER.otherwise is None


def test_the_older_are_a_stated_number():
    assert (OLDER.bound.mean, OLDER.bound.low, OLDER.bound.high, OLDER.bound.mcse) == (21e6, 21e6, 21e6, 0)
    assert OLDER.bound.floor
    assert "Mild to moderate" in OLDER.missing


def test_what_no_source_gives_is_named():
    for chain in FOUND.chains:
        text = " ".join(chain.missing)
        assert "topical prescription therapies" in text
        assert "body surface" in text
        assert "Immunocompromised" in text
    assert "Mild to moderate" not in CHILDREN.missing
    assert [one.indication for one in FOUND.uncounted] == ["VIT-2022"]
    assert FOUND.gaps


def test_what_each_approval_added():
    days = [(one.day.isoformat(), one.indications, one.replaced) for one in FOUND.history]
    assert days == [
        ("2021-09-21", ("AD-2021",), ()),
        ("2022-07-18", ("VIT-2022",), ()),
        ("2025-09-18", ("AD-2025",), ("AD-2021",)),
    ]
    first, vitiligo, children = FOUND.history
    assert first.added.mean == 21e6
    assert vitiligo.added is None
    assert vitiligo.uncounted
    assert children.added.mean == pytest.approx(CHILDREN.bound.mean)
    assert children.total.mean == pytest.approx(FOUND.total.mean)


@pytest.mark.parametrize(
    ("day", "chains", "total"),
    [("2020-01-01", 0, None), ("2021-09-20", 0, None), ("2021-09-21", 1, 21e6), ("2025-09-17", 1, 21e6)],
)
def test_days(day, chains, total):
    found = reach(PRODUCT, NUMBERS, on=day, draws=1000)
    assert len(found.chains) == chains
    assert (found.total and found.total.mean) == total


def test_same_seed_same_draws():
    one, two, three = (reach(PRODUCT, NUMBERS, draws=5000, seed=s).total for s in (3, 3, 4))
    assert one == two
    assert one != three


def edited(old, new):
    indications = []
    for one in PRODUCT.indications:
        criteria = tuple(c.model_copy(update=new) if one.id == "AD-2025" and c.id == old else c for c in one.criteria)
        indications.append(one.model_copy(update={"criteria": criteria}))
    return PRODUCT.model_copy(update={"indications": tuple(indications)})


def test_a_label_for_part_of_an_age_band_names_the_age_as_missing():
    found = reach(edited("age", {"at_least": 6, "text": "Age 6 years and older"}), NUMBERS, draws=1000)
    assert "Age 6 years and older" in found.chains[0].missing
    assert "Age 6 years and older" not in found.chains[1].missing


def test_a_label_for_every_severity_has_the_whole_number():
    every = edited("severity", {"any_of": ("mild", "moderate", "severe")})
    found = reach(every, NUMBERS, draws=1000)
    assert found.chains[0].steps[1].mean == pytest.approx(1)


def test_nobody_is_counted_twice():
    """Two indications in force for the same people are no more people."""
    first = PRODUCT.indication("AD-2021").model_copy(update={"superseded": None, "superseded_by": None})
    indications = tuple(first if i.id == "AD-2021" else i for i in PRODUCT.indications)
    found = reach(PRODUCT.model_copy(update={"indications": indications}), NUMBERS, draws=1000)
    assert len(found.chains) == 3
    assert found.total.mean == pytest.approx(reach(PRODUCT, NUMBERS, draws=1000).total.mean)


def test_amount():
    drawn = amount(np.arange(1001.0))
    assert (drawn.mean, drawn.low, drawn.high) == pytest.approx((500, 25, 975))
    assert amount(np.full(5, 3.0)).mcse == 0
    assert amount(np.array([3.0])).mcse == 0


def test_no_epidemiology_of_a_jurisdiction():
    head = PRODUCT.product.model_copy(update={"jurisdiction": "Atlantis"})
    with pytest.raises(UsageError, match="no epidemiology of 'Atlantis'"):
        reach(PRODUCT.model_copy(update={"product": head}))


TEXT = """
[epidemiology]
id = "mine"
title = "Mine"
jurisdiction = "United States"

[sources]
A = { cite = "A survey", certainty = "read" }

[[people]]
id = "all"
text = "Everybody"
condition = "atopic dermatitis"
who = { variable = "AGE", at_least = 2, unit = "years" }
low = 100
high = 200
source = "A"

[[splits]]
id = "severity"
text = "Severity"
condition = "atopic dermatitis"
variable = "SEVERITY"
people = ["all"]
source = "A"
shares = [
  { word = "mild", percent = 60, low = 50, high = 70 },
  { word = "moderate", percent = 30 },
  { word = "severe", percent = 10 },
]
"""


def test_a_file_of_ones_own():
    found = reach(PRODUCT, read_epidemiology(TEXT), draws=20_000)
    assert found.chains[0].otherwise is None
    assert found.chains[0].bound.mean == pytest.approx(150 * 0.9, rel=0.01)


@pytest.mark.parametrize(
    ("old", "new", "place", "piece"),
    [
        ("low = 100", "low = 300", "people[0]", "upside down"),
        ('unit = "years"', 'unit = "months"', "who.unit", "AGE is in years"),
        ('variable = "AGE"', 'variable = "BSA"', "who.variable", "Use AGE"),
        ("percent = 10", "percent = 20", "splits[0].shares", "shares that sum to 110 %"),
        ("low = 50", "low = 65", "shares[0]", "does not lie between"),
        (", high = 70", "", "shares[0]", "both limits"),
        ('people = ["all"]', 'people = ["al"]', "people[0]", "Did you mean 'all'"),
        ('source = "A"', 'source = "B"', "source", "no source has this name"),
        ("percent = 60", "percent = -1", "percent", "of at least 0"),
        ('certainty = "read"', 'certainty = "sure"', "certainty", "'read'"),
    ],
)
def test_faults(old, new, place, piece):
    with pytest.raises(EpidemiologyError) as caught:
        read_epidemiology(TEXT.replace(old, new, 1), "mine.toml")
    found = [str(fault) for fault in caught.value.faults]
    assert any(place in fault and piece in fault for fault in found), found


def test_no_such_file():
    with pytest.raises(UsageError, match="Did you mean 'us-atopic-dermatitis'"):
        load_epidemiology("us-atopic")
    assert epidemiologies() == ["us-atopic-dermatitis"]
