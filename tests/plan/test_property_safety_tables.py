"""Every kind of safety table: many trials are the trials one by one; by hand; nobody, no event, all missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from safety_made import ARMS, STUDY, TABLES, alone, rows, table, together, trial

from pivotal import stats
from pivotal.derive.steps.step import apply
from pivotal.errors import DataError
from pivotal.plan.tables import rows_of
from pivotal.records.dataset import Dataset, dataset
from pivotal.report.document import Table
from pivotal.report.tables import laid_out
from pivotal.report.tables.layout import Found
from pivotal.study.recipe_grades import GradeByCtcae, Graded
from pivotal.trials import Results

SEED = 11
OVER_ALL = {"events_left_out"}
"""Counted over all trials together."""
OF_ONE = {"subject", "case"}
"""Rows of single patients: of one trial only."""
LABORATORY = [name for name in TABLES if TABLES[name].get("dataset") == "ADLB"]


@pytest.fixture(scope="module")
def trials() -> list[dict[str, pl.DataFrame]]:
    rng = np.random.default_rng(SEED)
    return [trial(rng, n, e) for n, e in ((40, 60), (25, 0), (33, 90))]


@pytest.mark.parametrize("name", TABLES)
def test_many_trials_are_the_trials_one_by_one(name: str, trials: list[dict[str, pl.DataFrame]]) -> None:
    both = {row.key: row for row in rows(name, together(trials, SEED))}
    compared = 0
    for place, each in enumerate(trials):
        for row in rows(name, alone(each)):
            if row.key.statistic in OVER_ALL or OF_ONE & {key for key, _ in row.key.groups}:
                continue
            found = both[row.key]
            np.testing.assert_allclose(found.value[place], row.value[0], rtol=1e-9, atol=1e-12, err_msg=row.key.id)
            compared += 1
    assert compared > 10


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("who", ["nobody", "one patient", "no arm A", "no event and all missing"])
def test_degenerate_trials_have_numbers_or_reasons_and_can_be_laid_out(name: str, who: str) -> None:
    frames = trial(np.random.default_rng(SEED), 30, 40)
    if who == "nobody":
        frames = {key: frame.head(0) for key, frame in frames.items()}
    elif who == "one patient":
        frames = {key: frame.filter(pl.col("USUBJID") == "003") for key, frame in frames.items()}
    elif who == "no arm A":
        frames["ADSL"] = frames["ADSL"].filter(pl.col("TRT01A") != "A")
    else:
        empty = ("AVAL", "CHG", "ANRIND", "BNRIND", "ANRHI")
        frames["ADAE"] = frames["ADAE"].head(0)
        frames["ADLB"] = frames["ADLB"].with_columns(pl.lit(None, frames["ADLB"].schema[c]).alias(c) for c in empty)
        frames["ADSL"] = frames["ADSL"].with_columns(DOSE=pl.lit(None, pl.Float64))
    records = Results("t", tuple(rows(name, alone(frames)))).records()
    for record in records:
        assert record["value"] is not None or record["reason"] not in {None, "not available"}, record["id"]
    if records:
        laid_out(table(name), Found(tuple(records)))


def library(arms: str, values: list[tuple[int, str, Any, Any, Any]]) -> dict[str, Dataset]:
    """Patients 0, 1, ... in the arms; values as (patient, visit, AVAL, at baseline, category), all of ALT, ULN 10."""
    adsl = pl.DataFrame({"USUBJID": [str(n) for n in range(len(arms))], "TRT01A": list(arms)})
    adlb = pl.DataFrame(
        [(str(n), "ALT", visit, value, base, category, 10.0) for n, visit, value, base, category in values],
        schema={"USUBJID": pl.String, "PARAMCD": pl.String, "AVISIT": pl.String, "AVAL": pl.Float64,
                "BNRIND": pl.String, "ANRIND": pl.String, "ANRHI": pl.Float64}, orient="row",
    )  # fmt: skip
    return {"ADSL": dataset("ADSL", adsl), "ADLB": dataset("ADLB", adlb)}


def number(found: list[Any], statistic: str, arm: str | None = "A", **groups: str) -> float:
    mine = [r for r in found if r.key.statistic == statistic and r.key.arm == arm and dict(r.key.groups) == groups
            and r.key.parameter == "ALT"]  # fmt: skip
    assert len(mine) == 1
    return float(mine[0].value[0])


def test_a_patient_is_counted_once_in_every_category_that_he_had() -> None:
    """Patient 0 normal twice and high once: one in each; his baseline counts once. Patient 1: no baseline."""
    data = library("AA", [(0, "Week 2", 1, "N", "N"), (0, "Week 4", 30, "N", "H"), (0, "Week 6", 2, "N", "N"),
                          (1, "Week 2", 1, None, "L")])  # fmt: skip
    found = rows("shift, any", data)
    assert number(found, "n", baseline="Normal") == 2
    after = {c: number(found, "n", baseline="Normal", **{"on treatment": c}) for c in ("Low", "Normal", "High")}
    assert after == {"Low": 1, "Normal": 1, "High": 1}
    assert number(found, "rate", baseline="Normal", **{"on treatment": "High"}) == 0.5


def test_each_visit_has_its_own_patients() -> None:
    values = [(0, "Week 2", 1, "N", "N"), (0, "Week 4", 30, "N", "H"), (1, "Week 4", 1, "L", "L"),
              (1, "Week 8", 9, "L", "H")]  # fmt: skip
    found = rows("shift, each visit", library("AA", values))
    by = {(r.key.visit, *dict(r.key.groups).values()): r.value[0] for r in found
          if r.key.statistic == "n" and r.key.arm == "A" and r.key.parameter == "ALT"}  # fmt: skip
    assert by["Wk 2", "Normal"] == by["Wk 2", "Normal", "Normal"] == 1
    assert by["Wk 4", "Normal", "High"] == by["Wk 4", "Low", "Low"] == 1
    assert sum(v for k, v in by.items() if len(k) == 3) == 3


ABNORMAL = [
    (0, "Week 2", 11, None, None),
    (0, "Week 4", None, None, None),  # missing beside a known value: judged by that
    (1, "Week 2", None, None, None),  # nothing known: not of the N
    (2, "Week 2", 9, None, None),
    *((n, "Week 2", 11, None, None) for n in (3, 4, 5, 6)),
]


def test_abnormal_values_of_those_who_can_be_judged() -> None:
    found = rows("abnormalities", library("AAABBCC", ABNORMAL))
    counts = {
        arm: (number(found, "n", arm, criterion="high"), number(found, "N", arm, criterion="high")) for arm in ARMS
    }
    assert counts == {"A": (1, 2), "B": (2, 2), "C": (2, 2)}
    assert number(found, "n", "Total", criterion="high") == 5
    p = stats.fisher_exact([2], [2], [1], [2]).p
    assert p is not None
    assert number(found, "p", "B", criterion="high") == p[0]


def test_one_p_value_over_all_arms() -> None:
    found = rows("abnormalities, over arms", library("AAABBCC", ABNORMAL))
    p = stats.fisher_exact_table([[[1, 1], [2, 0], [2, 0]]]).p
    assert p is not None
    assert number(found, "p", None, criterion="high") == p[0]
    records = Results("t", tuple(found)).records()
    listed = laid_out(table("abnormalities, over arms"), Found(tuple(records)))
    assert isinstance(listed, Table)
    assert listed.columns[-1].text == "p"
    assert next(line for line in listed.lines if line.cells).cells[-1] == "1.000"


def liver(values: list[tuple[int, str, Any, int]], arms: str = "AB") -> list[Any]:
    """Values as (patient, parameter, AVAL in multiples of ULN, day)."""
    adsl = pl.DataFrame({"USUBJID": [str(n) for n in range(len(arms))], "TRT01A": list(arms)})
    adlb = pl.DataFrame(
        [(str(n), code, None if v is None else 10.0 * v, 10.0, day, day) for n, code, v, day in values],
        schema={"USUBJID": pl.String, "PARAMCD": pl.String, "AVAL": pl.Float64, "ANRHI": pl.Float64, "ADT": pl.Int64,
                "ADY": pl.Int64}, orient="row",
    )  # fmt: skip
    return list(rows_of(table("liver injury"), STUDY, {"ADSL": dataset("ADSL", adsl), "ADLB": dataset("ADLB", adlb)}))


HYS_LAW = [(0, "ALT", 2.0, 5), (0, "AST", 4.0, 9), (0, "BILI", 2.5, 12), (0, "ALP", 1.0, 9), (0, "ALP", 3.0, 12)]


def quadrants(found: list[Any], arm: str) -> dict[str, float]:
    return {dict(r.key.groups)["quadrant"]: r.value[0] for r in found
            if r.key.statistic == "n" and r.key.arm == arm and dict(r.key.groups).get("quadrant")}  # fmt: skip


def test_quadrants_and_the_phosphatase_of_the_day_of_the_highest_transaminase() -> None:
    found = liver([*HYS_LAW, (1, "ALT", 3.0, 1), (1, "BILI", 2.0, 1)])
    assert quadrants(found, "A")["Hy's law range"] == 1
    assert quadrants(found, "B")["Normal range"] == 1  # at the lines, not above them
    case = {(r.key.parameter, r.key.statistic): r.value[0] for r in found if dict(r.key.groups).get("case")}
    assert case["AST", "times ULN"] == 4
    assert case["AST", "day"] == 9
    assert case["ALP", "times ULN"] == 1
    assert case["ALP", "without cholestasis"] == 1


@pytest.mark.parametrize(
    ("values", "quadrant"),
    [
        ([(0, "ALT", 3.1, 1), (0, "BILI", 1.0, 1)], "Temple's corollary"),
        ([(0, "ALT", 3.0, 1), (0, "BILI", 2.1, 1)], "Hyperbilirubinemia"),
        ([(0, "ALT", 5.0, 1)], "Not known"),
        ([(0, "ALT", 5.0, 1), (0, "BILI", None, 1)], "Not known"),
        ([], "Not known"),
    ],
)
def test_each_quadrant_and_who_is_in_none(values: list[Any], quadrant: str) -> None:
    counts = quadrants(liver(values), "A")
    assert counts.pop(quadrant) == 1
    assert not any(counts.values())


def test_a_missing_phosphatase_leaves_hys_law_unknown() -> None:
    found = liver([v for v in HYS_LAW if v[1] != "ALP"])
    judged = [r for r in found if r.key.statistic == "without cholestasis"]
    assert np.isnan(judged[0].value[0])
    assert judged[0].reason


def test_who_reaches_an_amount() -> None:
    adsl = pl.DataFrame({"USUBJID": list("12345"), "TRT01A": list("AAAAB"), "DOSE": [20.0, 19.9, 50.0, None, 1.0],
                         "AGE": [50.0, 70.0, 70.0, 70.0, 70.0]})  # fmt: skip
    found = rows("exposure", {"ADSL": dataset("ADSL", adsl)})
    by = {(dict(r.key.groups)["group"], dict(r.key.groups)["at least"], r.key.statistic): r.value[0] for r in found
          if r.key.arm == "A" and "at least" in dict(r.key.groups)}  # fmt: skip
    assert by["All", "20", "n"] == 2  # the limit itself is reached
    assert by["All", "20", "rate"] == pytest.approx(2 / 3)  # of those with a known dose
    assert by["Old", "40", "n"] == 1
    assert by["Old", "40", "rate"] == 0.5


@pytest.mark.parametrize("name", LABORATORY)
def test_the_order_of_rows_does_not_matter(name: str, trials: list[dict[str, pl.DataFrame]]) -> None:
    first = rows(name, alone(trials[0]))
    shuffled = {key: frame.sample(fraction=1.0, shuffle=True, seed=3) for key, frame in trials[0].items()}
    again = {row.key: row.value for row in rows(name, alone(shuffled))}
    for row in first:
        np.testing.assert_allclose(again[row.key], row.value, rtol=1e-12, err_msg=row.key.id)


def test_two_flagged_baselines_are_named_with_patient_and_parameter() -> None:
    step = GradeByCtcae(step="grade by CTCAE", parameters={"ALT": Graded(high="Alanine aminotransferase increased")})
    frame = pl.DataFrame(
        {
            "USUBJID": ["1", "1", "2", "2", "3"], "PARAMCD": ["ALT"] * 5, "AVAL": [9.0, 8.0, 9.0, 9.0, 1.0],
            "ANRLO": [0.0] * 5, "ANRHI": [10.0] * 5, "BASE": [9.0] * 5, "BNRIND": ["NORMAL"] * 5,
            "ABLFL": ["Y", "Y", "Y", "Y", "Y"],
        }
    )  # fmt: skip
    with pytest.raises(DataError) as error:
        apply(step, frame, {})
    said = [str(fault) for fault in error.value.faults]
    assert len(said) == 2
    assert said[0].startswith("grade by CTCAE: USUBJID 1, PARAMCD ALT is flagged ABLFL = 'Y' on 2 records")
    assert apply(step, frame[[0, 2, 4]], {})["BTOXGRH"].to_list() == ["0", "0", "0"]
