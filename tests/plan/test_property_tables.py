"""Tables of characteristics and of endpoints: many trials as one by one, degenerate arms, faults of the study file."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from pivotal import stats
from pivotal.derive import derive
from pivotal.errors import DataError, StudyError
from pivotal.plan.batch import Batch
from pivotal.plan.methods import run
from pivotal.plan.tables import rows_of, table_rows
from pivotal.plan.tables.people import REPLICATE
from pivotal.records.dataset import Dataset, dataset
from pivotal.report.tables.words import number, p_printed, share
from pivotal.study import Study, load, read, source_text
from pivotal.study.characteristics_tables import Characteristics
from pivotal.trials import Trials

STUDY = load("cdisc-pilot-01")
ARMS = [arm.name for arm in STUDY.arms]
SEED = 7_301
TABLE = Characteristics.model_validate(
    {
        "id": "1", "title": "t", "kind": "characteristics", "dataset": "ADSL", "total": True,
        "variables": [
            {"shows": "summary", "label": "Age", "of": "AGE", "test": "anova"},
            {"shows": "categories", "label": "Sex", "of": "SEX", "levels": {"M": "Men", "F": "Women"},
             "missing": "Missing", "test": "fisher", "tested": {"M": "pearson"}},
            {"shows": "categories", "of": "CASE WHEN AGE > 60 THEN 'old' ELSE 'young' END",
             "levels": {"old": "Old", "young": "Young"}, "test": "cmh", "strata": "SEX"},
        ],
    }
)  # fmt: skip


def adsl(rng: np.random.Generator, n: int) -> pl.DataFrame:
    age = rng.normal(60, 9, n)
    return pl.DataFrame(
        {
            "USUBJID": [f"{i}" for i in range(n)],
            "TRT01P": rng.choice(ARMS, n),
            "AGE": np.where(rng.random(n) < 0.1, np.nan, age),
            "SEX": rng.choice(["M", "F", None], n, p=[0.5, 0.4, 0.1]).astype(str),
        }
    ).with_columns(pl.col("AGE").fill_nan(None), pl.col("SEX").replace("None", None))


def rows(frame: pl.DataFrame) -> dict[tuple[Any, ...], np.ndarray]:
    found = rows_of(TABLE, STUDY, {"ADSL": dataset("ADSL", frame)})
    return {(r.key.arm, r.key.groups, r.key.statistic): r.value for r in found}


@pytest.fixture(scope="module")
def trials() -> list[pl.DataFrame]:
    rng = np.random.default_rng(SEED)
    return [adsl(rng, n) for n in (40, 55, 33)]


def test_many_trials_are_each_alone(trials: list[pl.DataFrame]) -> None:
    both = rows(pl.concat([t.with_columns(pl.lit(i).alias(REPLICATE)) for i, t in enumerate(trials)]).sample(
        fraction=1.0, shuffle=True, seed=SEED
    ))  # fmt: skip
    for place, trial in enumerate(trials):
        for key, value in rows(trial).items():
            np.testing.assert_allclose(both[key][place], value[0], rtol=1e-9, equal_nan=True)


def test_counts_add_up_and_tests_are_those_of_stats(trials: list[pl.DataFrame]) -> None:
    trial, found = trials[0], rows(trials[0])
    sex = (("variable", "1"),)
    for arm in (*ARMS, "Total"):
        parts = sum(found[arm, (*sex, ("category", w)), "n"][0] for w in ("Men", "Women", "Missing"))
        assert parts == found[arm, (), "N"][0]
    counts = [[trial.filter((pl.col("TRT01P") == a) & (pl.col("SEX") == s)).height for s in "MF"] for a in ARMS]
    assert found[None, sex, "p"][0] == pytest.approx(stats.fisher_exact_table([counts]).p[0], rel=1e-12)
    groups = [trial.filter(pl.col("TRT01P") == a)["AGE"].drop_nulls().to_numpy() for a in ARMS]
    y, code = np.concatenate(groups), np.concatenate([np.full(len(g), i) for i, g in enumerate(groups)])
    assert found[None, (("variable", "0"),), "p"][0] == pytest.approx(stats.one_way([y], code, 3).p[0], rel=1e-12)


def test_an_empty_arm_and_nobody_at_all(trials: list[pl.DataFrame]) -> None:
    some = rows(trials[0].filter(pl.col("TRT01P") != ARMS[0]))
    assert some[ARMS[0], (), "N"][0] == 0
    assert np.isnan(some[ARMS[0], (("variable", "1"), ("category", "Men")), "rate"][0])
    nobody = rows(trials[0].head(0))
    assert nobody["Total", (), "N"][0] == 0
    assert np.isnan(nobody[None, (("variable", "0"),), "p"][0])


def test_a_column_that_is_not_there_is_said_with_the_table() -> None:
    found: dict[str, Dataset] = {"ADSL": dataset("ADSL", pl.DataFrame({"USUBJID": ["1"], "TRT01P": [ARMS[0]]}))}
    with pytest.raises(DataError, match=r"tables\[0\] \(14-1\.01\) of ADSL"):
        table_rows(STUDY, found)


HYPOTHESIS = '{ name = "H", endpoint = "CIBIC24", arm = "Xanomeline Low Dose", comparator = "Placebo", weight = 1 }'


def changed(old: str, new: str) -> str:
    text = source_text("cdisc-pilot-01")
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("dose = 54\n", "", "a dose response needs the dose of every arm"),
        ('derive = { parameter = "TTDE" }', 'derive = { parameter = "TTDE", value_at_least = 1 }', "recorded as such"),
        ('kind = "time to event"', 'kind = "binary"', "the parameter is a time to event"),
        ('endpoint = "DERM"', 'endpoint = "DREM"', "no endpoint has this name"),
        ('dose = "dose response"', 'dose = "dose respons"', "analysis of the endpoint"),
        ('mean_over = ["Week 4"', 'mean_over = ["Week 5"', "no visit has this name"),
        ("hypotheses = []", f"hypotheses = [{HYPOTHESIS}]", "main analysis is of the doses of all"),
        ('id = "14-1.02"', 'id = "14-1.01"', "another table"),
    ],
)
def test_what_a_study_file_may_not_ask(old: str, new: str, said: str) -> None:
    with pytest.raises(StudyError, match=said):
        read(changed(old, new))


def test_a_study_of_real_patients_reads_back_from_json() -> None:
    again = Study.model_validate_json(json.dumps(STUDY.model_dump(mode="json", by_alias=True)))
    assert again == STUDY


def test_numbers_as_sas_prints_them() -> None:
    assert [p_printed(p) for p in (0.00009, 0.0001, 0.05, 1.0, None)] == ["<.0001", "0.0001", "0.0500", "1.0000", "–"]
    assert p_printed(0.0004, 3) == "<.001"
    assert share(1, 0.004, rare=True) == "1 (<1%)"
    assert (share(None, None), number(None, 2), number(-0.04, 1)) == ("–", "–", "-0.0")


def test_a_dose_response_is_the_slope_of_its_regression() -> None:
    rng = np.random.default_rng(SEED)
    dose, base = rng.choice([0.0, 54.0, 81.0], 90), rng.normal(20, 5, 90)
    y = 1.0 + 0.02 * dose + 0.3 * base + rng.normal(0, 2, 90)
    x = np.column_stack([np.ones(90), dose, base])
    trials = Trials(
        arms=tuple(ARMS), visits=tuple(v.name for v in STUDY.visits),
        arm=np.searchsorted([0.0, 54.0, 81.0], dose)[None].astype(np.int8),
        subject={"SITEGR1": np.zeros((1, 90), dtype=np.int16), "EFFFL": np.ones((1, 90), dtype=np.bool_)},
        values={("ACTOT", "Baseline"): base[None], ("ACTOT", "Week 24"): (base + y)[None]},
        last_visit=np.full((1, 90), 13, dtype=np.int8), reason=np.zeros((1, 90), dtype=np.int8),
        categories={"SITEGR1": STUDY.variables["SITEGR1"].categories or ()}, virtual=False,
    )  # fmt: skip
    endpoint = STUDY.endpoint("ADAS-Cog24")
    (found,) = run(Batch(STUDY, trials), endpoint, endpoint.analysis, "Week 24", [(1, 0)])
    coefficients, residual, *_ = np.linalg.lstsq(x, y, rcond=None)
    se = np.sqrt(residual[0] / 87 * np.linalg.inv(x.T @ x)[1, 1])
    assert found.pair is None
    assert found.estimate.estimate is not None
    assert found.estimate.se is not None
    assert found.estimate.estimate[0] == pytest.approx(coefficients[1], rel=1e-9)
    assert found.estimate.se[0] == pytest.approx(se, rel=1e-9)


def test_the_mean_over_visits_is_of_what_was_seen() -> None:
    endpoint = STUDY.endpoint("NPI-X")
    names = tuple(v.name for v in STUDY.visits)
    seen = {"Week 2": 99.0, "Week 4": 4.0, "Week 12": 8.0, "Week 26": 99.0}
    trials = Trials(
        arms=tuple(ARMS), visits=names, arm=np.zeros((1, 2), dtype=np.int8), subject={},
        values={("NPTOT", v): np.array([[seen.get(v, np.nan), np.nan]]) for v in names},
        last_visit=np.zeros((1, 2), dtype=np.int8), reason=np.zeros((1, 2), dtype=np.int8), virtual=False,
    )  # fmt: skip
    found = derive(endpoint, trials, "Week 24", "Baseline")
    np.testing.assert_array_equal(found.value, [[6.0, np.nan]])
    assert found.included is not None
    assert found.included.tolist() == [[True, False]]
