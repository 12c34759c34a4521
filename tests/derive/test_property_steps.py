"""Every step: what comes out of a few rows by hand, and what rows' order, replicates, blocks of patients and empty data
may not change."""

from __future__ import annotations

from typing import get_args

import polars as pl
import pytest
from pydantic import TypeAdapter
from step_cases import CASES, Case

from pivotal.derive.steps import apply
from pivotal.errors import DataError
from pivotal.records.dataset import Dataset, dataset
from pivotal.study.recipes import Step

STEP: TypeAdapter[Step] = TypeAdapter(Step)
each = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def done(case: Case, frame: pl.DataFrame, known: dict[str, pl.DataFrame]) -> pl.DataFrame:
    library: dict[str, Dataset] = {name: dataset(name, rows) for name, rows in known.items()}
    return apply(STEP.validate_python(dict(case.step)), frame, library)


def known(case: Case) -> dict[str, pl.DataFrame]:
    return {name: pl.DataFrame(dict(rows)) for name, rows in case.known.items()}


def in_order(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort(pl.all())


def same(one: pl.DataFrame, other: pl.DataFrame) -> None:
    assert one.schema == other.schema
    assert in_order(one).equals(in_order(other))


def test_every_step_has_a_case() -> None:
    models = get_args(get_args(Step)[0])
    assert {case.step["step"] for case in CASES} == {get_args(m.model_fields["step"].annotation)[0] for m in models}


@each
def test_by_hand(case: Case) -> None:
    found = done(case, case.frame(), known(case)).sort(case.by)
    for column, values in case.gives.items():
        assert found[column].to_list() == values, column


@each
def test_order_of_rows_does_not_matter(case: Case) -> None:
    rows = case.frame()
    others = {name: frame.reverse() for name, frame in known(case).items()}
    expected = done(case, rows, known(case))
    for seed in range(3):
        same(done(case, rows.sample(fraction=1, shuffle=True, seed=seed), others), expected)


@each
def test_rows_that_were_there_keep_their_order(case: Case) -> None:
    rows = case.frame().sample(fraction=1, shuffle=True, seed=1)
    found = done(case, rows, known(case))
    there = [n for n in rows["N"] if n in set(found["N"])]
    assert found["N"].head(len(there)).to_list() == there


@each
def test_a_replicate_is_one_more_key(case: Case) -> None:
    """Two replicates, the second without the last patient, are what each is alone."""
    rows, others = case.frame(), known(case)
    most = rows["USUBJID"].max()
    parts = {1: (rows, others), 2: tuple(_without(most, rows, others))}
    numbered = [(one.with_columns(REPLICATE=pl.lit(k)), k) for k, (one, _) in parts.items()]
    data = {
        name: pl.concat([more[name].with_columns(REPLICATE=pl.lit(k)) for k, (_, more) in parts.items()])
        for name in others
    }
    found = done(case, pl.concat([one for one, _ in numbered]), data)
    for k, (alone, more) in parts.items():
        same(found.filter(pl.col("REPLICATE") == k).drop("REPLICATE"), done(case, alone, more))


def _without(patient: object, rows: pl.DataFrame, others: dict[str, pl.DataFrame]):  # type: ignore[no-untyped-def]
    yield rows.filter(pl.col("USUBJID") != patient)
    yield {name: frame.filter(pl.col("USUBJID") != patient) for name, frame in others.items()}


@each
def test_no_rows_give_no_rows_of_the_same_columns(case: Case) -> None:
    whole = done(case, case.frame(), known(case))
    empty = done(case, case.frame().clear(), {name: frame.clear() for name, frame in known(case).items()})
    assert empty.height == 0
    assert empty.schema == whole.schema


@pytest.mark.parametrize("case", [case for case in CASES if not case.across], ids=lambda case: case.name)
def test_patients_one_by_one_are_all_patients(case: Case) -> None:
    rows, others = case.frame(), known(case)
    parts = [
        done(case, part, {name: frame.filter(pl.col("USUBJID") == patient) for name, frame in others.items()})
        for (patient,), part in rows.group_by("USUBJID")
    ]
    same(pl.concat(parts), done(case, rows, others))


def test_a_word_without_a_code_is_a_fault() -> None:
    step = {"step": "codes", "column": "SEX", "into": "SEXN", "values": {"M": 1}}
    with pytest.raises(DataError, match=r"SEX is 'F'; one of M"):
        apply(STEP.validate_python(step), pl.DataFrame({"SEX": ["F", "M"]}), {})


def test_a_pick_of_the_only_row_refuses_two() -> None:
    step = {"step": "pick", "from": "AE", "columns": {"A": "AESEQ"}}
    events = dataset("AE", pl.DataFrame({"USUBJID": ["1", "1"], "AESEQ": [1, 2]}))
    with pytest.raises(DataError, match="AE: USUBJID 1 is in 2 rows; one row is taken"):
        apply(STEP.validate_python(step), pl.DataFrame({"USUBJID": ["1"]}), {"AE": events})


def test_two_baseline_rows_are_a_fault() -> None:
    step = {"step": "baseline", "columns": {"BASE": "AVAL"}}
    rows = pl.DataFrame({"USUBJID": ["1", "1"], "PARAMCD": ["X", "X"], "AVAL": [1.0, 2.0], "ABLFL": ["Y", "Y"]})
    with pytest.raises(DataError, match="1 X is two baseline rows"):
        apply(STEP.validate_python(step), rows, {})


def test_pool_knows_the_arms_of_each_replicate() -> None:
    """A replicate without patients of one arm pools by the arms that it has."""
    step = {"step": "pool", "column": "SITE", "into": "P", "across": "ARM", "least": 1, "label": "900"}
    one = pl.DataFrame({"REPLICATE": [1, 1, 1], "SITE": ["a", "a", "b"], "ARM": ["P", "X", "P"]})
    two = pl.DataFrame({"REPLICATE": [2, 2], "SITE": ["a", "b"], "ARM": ["P", "P"]})
    found = apply(STEP.validate_python(step), pl.concat([one, two]), {})
    assert found["P"].to_list() == ["a", "a", "900", "a", "b"]
