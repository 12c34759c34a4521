"""Extents: what criteria let in of one variable is what the criteria engine answers, value by value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal.label.extent import extent, extents
from pivotal.study.criteria import Criterion, passes
from pivotal.study.model import Variable

NUMBER = Variable(label="X", type="number", unit="%", range=(0, 100))
WHOLE = Variable(label="N", type="integer", range=(0, 4))
YEARS = Variable(label="Age", type="integer", unit="years", range=(0, 100))
WORD = Variable(label="W", type="category", categories=("mild", "moderate", "severe"))
TRUTH = Variable(label="T", type="boolean")

bounds = st.integers(0, 20).map(lambda n: n * 5.0)
comparisons = st.one_of(
    st.builds(lambda b: {"at_least": b}, bounds),
    st.builds(lambda b: {"above": b}, bounds),
    st.builds(lambda b: {"at_most": b}, bounds),
    st.builds(lambda b: {"below": b}, bounds),
    st.builds(lambda a, b: {"between": (min(a, b), max(a, b))}, bounds, bounds),
    st.builds(lambda a, b: {"none_of": (a, b)}, bounds, bounds),
)
kinds = st.sampled_from(["inclusion", "exclusion"])
criterion = st.builds(lambda c, k: Criterion(variable="X", kind=k, **c), comparisons, kinds)
lists = st.lists(criterion, max_size=4)


@given(lists, lists)
def test_cells_answer_as_every_value_does(first, second):
    a, b = extents("X", NUMBER, first, second)
    values = np.arange(0, 100.01, 0.5)
    for one, criteria in ((a, first), (b, second)):
        direct = np.ones(len(values), dtype=bool)
        for each in criteria:
            direct &= passes(each, {"X": values}) == 1
        by_cell = [
            next(let for cell, let in zip(one.cells, one.lets, strict=True) if _in(cell, value)) for value in values
        ]
        assert by_cell == direct.tolist()


@given(lists, lists)
def test_minus_and_shared_part_an_extent(first, second):
    a, b = extents("X", NUMBER, first, second)
    more, common = a.minus(b), a.shared(b)
    assert tuple(x or y for x, y in zip(more.lets, common.lets, strict=True)) == a.lets
    assert not any(x and y for x, y in zip(more.lets, common.lets, strict=True))


def _in(cell, value):
    return value == cell.low if cell.low == cell.high else cell.low < value < cell.high


@pytest.mark.parametrize(
    ("variable", "criteria", "words"),
    [
        (NUMBER, [], "any value"),
        (NUMBER, [{"at_least": 3, "at_most": 20}], "3 to 20 %"),
        (NUMBER, [{"at_most": 20}], "up to 20 %"),
        (NUMBER, [{"below": 3}], "under 3 %"),
        (NUMBER, [{"above": 3}], "over 3 %"),
        (NUMBER, [{"at_least": 3}], "3 % and over"),
        (NUMBER, [{"above": 3, "below": 20}], "over 3 to under 20 %"),
        (NUMBER, [{"any_of": (5,)}], "5 %"),
        (NUMBER, [{"at_least": 3}, {"below": 3}], "no value"),
        (NUMBER, [{"none_of": (5,)}], "under 5 % or over 5 %"),
        (WHOLE, [{"any_of": (2, 3)}], "2 or 3"),
        (WHOLE, [{"at_least": 4}], "4"),
        (YEARS, [{"at_least": 2, "below": 12}], "2 to 11 years"),
        (YEARS, [{"at_least": 12}], "12 years and over"),
        (WORD, [{"any_of": ("mild", "moderate")}], "mild or moderate"),
        (WORD, [{"any_of": ("mild", "moderate", "severe")}], "any value"),
        (TRUTH, [{"is": False}], "no"),
    ],
)
def test_words(variable, criteria, words):
    made = [Criterion(variable="X", **{"is_" if k == "is" else k: v for k, v in c.items()}) for c in criteria]
    assert extent("X", variable, made).words == words


def test_another_variable_is_left_alone():
    mixed = Criterion(any=(Criterion(variable="X", at_least=3), Criterion(variable="Y", at_least=3)))
    assert extent("X", NUMBER, [mixed]).words == "any value"


def test_different_cells_do_not_mix():
    a, b = extent("X", NUMBER, [Criterion(variable="X", at_least=3)]), extent("X", NUMBER, [])
    with pytest.raises(ValueError, match="different cells"):
        a.minus(b)
