"""The criteria engine: Kleene's truth tables, every comparison, groups, kinds, `when`."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal.study import Answer, Criterion, eligible, evaluate, passes
from pivotal.study.criteria import both, either, negate

NO, YES, UNKNOWN = Answer.NO, Answer.YES, Answer.UNKNOWN
A = Criterion.model_validate({"variable": "A", "is": True})
B = Criterion.model_validate({"variable": "B", "is": True})


def one(answer):
    return np.array([answer], dtype=np.int8)


def ask(criterion, **values):
    return Answer(int(evaluate(criterion, {name: one(value) for name, value in values.items()})[0]))


AND = {(YES, YES): YES, (YES, NO): NO, (YES, UNKNOWN): UNKNOWN, (NO, NO): NO, (NO, UNKNOWN): NO,
       (UNKNOWN, UNKNOWN): UNKNOWN}  # fmt: skip
OR = {(YES, YES): YES, (YES, NO): YES, (YES, UNKNOWN): YES, (NO, NO): NO, (NO, UNKNOWN): UNKNOWN,
      (UNKNOWN, UNKNOWN): UNKNOWN}  # fmt: skip


@pytest.mark.parametrize(("a", "b"), list(product(Answer, Answer)))
def test_kleenes_tables(a, b):
    pair = (a, b) if (a, b) in AND else (b, a)
    assert both(one(a), one(b))[0] == AND[pair]
    assert either(one(a), one(b))[0] == OR[pair]
    assert ask(Criterion(all=(A, B)), A=a, B=b) is AND[pair]
    assert ask(Criterion(any=(A, B)), A=a, B=b) is OR[pair]


@pytest.mark.parametrize(("a", "negated"), [(YES, NO), (NO, YES), (UNKNOWN, UNKNOWN)])
def test_not_keeps_the_unknown(a, negated):
    assert negate(one(a))[0] == negated
    assert ask(Criterion.model_validate({"not": A}), A=a) is negated


@pytest.mark.parametrize(
    ("bound", "values", "answers"),
    [
        ({"at_least": 2}, [1.9, 2.0, np.nan], [0, 1, -1]),
        ({"above": 2}, [2.0, 2.1, np.nan], [0, 1, -1]),
        ({"at_most": 2}, [2.0, 2.1, np.nan], [1, 0, -1]),
        ({"below": 2}, [1.9, 2.0, np.nan], [1, 0, -1]),
        ({"between": (3, 20)}, [2.9, 3.0, 20.0, 20.1, np.nan], [0, 1, 1, 0, -1]),
        ({"any_of": (2, 3)}, [1.0, 2.0, 3.0, np.nan], [0, 1, 1, -1]),
        ({"none_of": (2, 3)}, [1.0, 2.0, np.nan], [1, 0, -1]),
        ({"at_least": 2, "below": 12}, [1.0, 2.0, 11.9, 12.0, np.nan], [0, 1, 1, 0, -1]),
    ],
)
def test_every_comparison_holds_at_its_bound(bound, values, answers):
    criterion = Criterion(variable="V", **bound)
    assert evaluate(criterion, {"V": np.array(values)}).tolist() == answers


def test_unknown_whatever_the_type():
    text = Criterion(variable="V", any_of=("F",))
    assert evaluate(text, {"V": np.array(["F", "M", ""])}).tolist() == [1, 0, -1]
    assert evaluate(text, {"V": np.array(["F", "M", None], dtype=object)}).tolist() == [1, 0, -1]
    number = Criterion(variable="V", at_least=2)
    assert evaluate(number, {"V": np.array([1, 2.5, None, float("nan")], dtype=object)}).tolist() == [0, 1, -1, -1]
    assert evaluate(number, {"V": np.array([1, 2, -1])}).tolist() == [0, 1, -1]
    assert evaluate(A, {"A": np.array([True, False])}).tolist() == [1, 0]
    assert evaluate(number, {"W": np.zeros((2, 3))}).tolist() == [[-1] * 3] * 2


@pytest.mark.parametrize(
    ("kind", "asked", "answer", "passed"),
    [
        ("inclusion", YES, YES, YES),
        ("inclusion", YES, NO, NO),
        ("inclusion", NO, NO, YES),
        ("inclusion", NO, UNKNOWN, YES),
        ("inclusion", UNKNOWN, NO, UNKNOWN),
        ("inclusion", UNKNOWN, YES, YES),
        ("exclusion", YES, YES, NO),
        ("exclusion", YES, NO, YES),
        ("exclusion", NO, YES, YES),
        ("exclusion", NO, UNKNOWN, YES),
        ("exclusion", UNKNOWN, YES, UNKNOWN),
        ("exclusion", UNKNOWN, NO, YES),
    ],
)
def test_where_nothing_is_asked_the_patient_passes(kind, asked, answer, passed):
    criterion = A.model_copy(update={"kind": kind, "when": B})
    assert passes(criterion, {"A": one(answer), "B": one(asked)})[0] == passed


def test_an_exclusion_is_passed_where_it_does_not_hold():
    criterion = A.model_copy(update={"kind": "exclusion"})
    columns = {"A": np.array([1, 0, -1], dtype=np.int8)}
    assert passes(criterion, columns).tolist() == [0, 1, -1]
    assert eligible([criterion, A], columns).tolist() == [0, 0, -1]


@given(st.lists(st.tuples(st.sampled_from(list(Answer)), st.sampled_from(list(Answer))), min_size=1, max_size=8))
def test_filling_in_an_unknown_never_turns_a_clear_answer(rows):
    a, b = (np.array(column, dtype=np.int8) for column in zip(*rows, strict=True))
    for rule in (Criterion(all=(A, B)), Criterion(any=(A, B)), Criterion.model_validate({"not": {"all": [A, B]}})):
        before = evaluate(rule, {"A": a, "B": b})
        for filled in (0, 1):
            after = evaluate(rule, {"A": np.where(a < 0, filled, a).astype(np.int8), "B": b})
            assert (after[before >= 0] == before[before >= 0]).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"variable": "A"},
        {"all": []} | {"variable": "A", "at_least": 1},
        {"text": "nothing"},
        {"variable": "A", "between": [3, 2]},
        {"variable": "A", "at_least": float("nan")},
    ],
)
def test_a_criterion_has_one_form(wrong):
    with pytest.raises(ValueError):
        Criterion.model_validate(wrong)
