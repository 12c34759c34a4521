"""Each rule finds what it is about, with row, patient and value; data in order have no finding."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from pivotal.records.checking import check
from pivotal.records.checking.dates import is_date
from pivotal.records.checking.finding import SCHEMA
from pivotal.records.dataset import Dataset, dataset
from pivotal.study import load

STUDY = load("cdisc-pilot-01")
HIGH = "Xanomeline High Dose"


def clean() -> dict[str, pl.DataFrame]:
    """Two patients, placebo and high dose, with nothing wrong."""
    who = {"STUDYID": ["S", "S"], "USUBJID": ["S-1", "S-2"]}
    day = ["2014-01-02", "2014-01-03"]
    dm = who | {
        "DOMAIN": ["DM", "DM"], "SUBJID": ["1", "2"], "SITEID": ["701", "701"], "SEX": ["F", "M"], "AGE": [70, 81],
        "AGEU": ["YEARS", "YEARS"], "BRTHDTC": ["1943-05", "1932"], "RFSTDTC": day, "RFENDTC": ["2014-07-02", None],
        "RFICDTC": ["2013-12-20", "2013-12-21"], "DTHDTC": [None, "2014-09-01"], "COUNTRY": ["USA", "USA"],
        "ARMCD": ["Pbo", "Hi"], "ARM": ["Placebo", HIGH], "ACTARM": ["Placebo", HIGH],
    }  # fmt: skip
    ex = who | {
        "DOMAIN": ["EX", "EX"], "EXSEQ": [1, 1], "EXTRT": ["PLACEBO", "XANOMELINE"], "EXDOSE": [0.0, 81.0],
        "EXDOSU": ["mg", "mg"], "EXSTDTC": day, "EXENDTC": ["2014-06-30", "2014-05-01"],
    }  # fmt: skip
    vs = {
        "STUDYID": ["S"] * 4, "USUBJID": ["S-1", "S-1", "S-2", "S-2"], "DOMAIN": ["VS"] * 4, "VSSEQ": [1, 2, 1, 2],
        "VSTESTCD": ["WEIGHT"] * 4, "VSTEST": ["Weight"] * 4, "VSSTRESC": ["60.5", "61", "80", "79"],
        "VSSTRESN": [60.5, 61.0, 80.0, 79.0], "VSSTRESU": ["kg"] * 4, "VSBLFL": ["Y", None, "Y", None],
        "VISITNUM": [3.0, 8.0, 3.0, 8.0], "VISIT": ["BASELINE", "WEEK 8", "BASELINE", "WEEK 8"],
        "VSDTC": ["2014-01-02T09:30", "2014-02-27", "2014-01-03", "2014-02-28"], "VSDY": [1, 57, 1, 57],
    }  # fmt: skip
    qs = {
        "STUDYID": ["S"] * 2, "USUBJID": ["S-1", "S-2"], "DOMAIN": ["QS"] * 2, "QSSEQ": [1, 1],
        "QSTESTCD": ["ACTOT"] * 2, "QSTEST": ["Total"] * 2, "QSCAT": ["ADAS"] * 2, "VISIT": ["WEEK 8"] * 2,
        "QSDTC": ["2014-02-27", "2014-02-28"], "QSDY": [57, 57],
    }  # fmt: skip
    ae = {
        "STUDYID": ["S"], "USUBJID": ["S-2"], "DOMAIN": ["AE"], "AESEQ": [1], "AETERM": ["itch"],
        "AEDECOD": ["PRURITUS"], "AESEV": ["MILD"], "AESER": ["N"], "AESTDTC": ["2014-02"], "AEENDTC": ["2014-02-03"],
    }  # fmt: skip
    supp = {
        "STUDYID": ["S"], "RDOMAIN": ["AE"], "USUBJID": ["S-2"], "IDVAR": ["AESEQ"], "IDVARVAL": ["1"],
        "QNAM": ["AETRTEM"], "QLABEL": ["Treatment emergent"], "QVAL": ["Y"], "QORIG": ["DERIVED"],
    }  # fmt: skip
    adsl = who | {
        "SUBJID": ["1", "2"], "SITEID": ["701", "701"], "SEX": ["F", "M"], "AGE": [70, 81], "AGEU": ["YEARS"] * 2,
        "RACE": ["WHITE", "WHITE"], "ARM": ["Placebo", HIGH], "TRT01P": ["Placebo", HIGH], "TRT01A": ["Placebo", HIGH],
        "TRTSDT": [date(2014, 1, 2), date(2014, 1, 3)], "TRTEDT": [date(2014, 6, 30), date(2014, 5, 1)],
        "MMSETOT": [20, 12],
    }  # fmt: skip
    adqs = {
        "STUDYID": ["S"] * 4, "USUBJID": ["S-1", "S-1", "S-2", "S-2"], "PARAM": ["ADAS-Cog(11)"] * 4,
        "PARAMCD": ["ACTOT"] * 4, "AVISIT": ["Baseline", "Week 8"] * 2, "AVISITN": [0.0, 8.0] * 2, "ADY": [1, 57] * 2,
        "ADT": [date(2014, 1, 2), date(2014, 2, 27), date(2014, 1, 3), date(2014, 2, 28)],
        "AVAL": [20.0, 22.0, 30.0, 29.0], "BASE": [20.0, 20.0, 30.0, 30.0], "CHG": [None, 2.0, None, -1.0],
        "ABLFL": ["Y", None, "Y", None], "ANL01FL": ["Y"] * 4, "DTYPE": pl.Series([None] * 4, dtype=pl.String),
        "QSSEQ": [1, 2, 1, 2], "TRTP": ["Placebo", "Placebo", HIGH, HIGH],
    }  # fmt: skip
    tables = {"DM": dm, "EX": ex, "VS": vs, "QS": qs, "AE": ae, "SUPPAE": supp, "ADSL": adsl, "ADQSADAS": adqs}
    return {name: pl.DataFrame(columns) for name, columns in tables.items()}


def library(frames: dict[str, pl.DataFrame]) -> dict[str, Dataset]:
    return {name: dataset(name, frame) for name, frame in frames.items()}


def spoilt(name: str, column: str, row: int, value: Any) -> dict[str, pl.DataFrame]:
    """The clean data with one value changed; `row` counts from 1."""
    frames = clean()
    values = frames[name][column].to_list()
    values[row - 1] = value
    frames[name] = frames[name].with_columns(pl.Series(column, values, dtype=frames[name].schema[column]))
    return frames


def found(frames: dict[str, pl.DataFrame]) -> list[tuple[str, str, int | None, str | None, str | None, str | None]]:
    return [(f.rule, f.dataset, f.row, f.patient, f.variable, f.value) for f in check(STUDY, library(frames))]


def test_data_in_order_have_no_finding():
    assert found(clean()) == []


ONE = [
    # keys and people
    ("AE", "AETERM", 1, None, "missing value", "S-2", "AETERM", None),
    ("VS", "VSSEQ", 2, 1, "duplicate keys", "S-1", "USUBJID, VSSEQ", "S-1, 1"),
    ("EX", "USUBJID", 2, "S-22", "unknown patient", "S-22", "USUBJID", "S-22"),
    ("AE", "DOMAIN", 1, "CE", "wrong domain", "S-2", "DOMAIN", "CE"),
    ("VS", "STUDYID", 1, "T", "several studies", "S-1", "STUDYID", "T"),
    ("SUPPAE", "IDVARVAL", 1, "7", "supplement of nothing", "S-2", "AESEQ of AE", "7"),
    ("DM", "USUBJID", 2, "S-1", "two patients with one USUBJID", "S-1", "SUBJID", "2"),
    ("DM", "SUBJID", 2, "1", "one SUBJID, two USUBJID", "S-2", "SUBJID", "1"),
    ("ADSL", "SEX", 2, "F", "differs from DM", "S-2", "SEX", "F"),
    # dates
    ("VS", "VSDTC", 2, "2014-13-45", "no date", "S-1", "VSDTC", "2014-13-45"),
    ("EX", "EXENDTC", 2, "2014-01-01", "dates out of order", "S-2", "EXENDTC", "2014-01-01"),
    ("DM", "RFICDTC", 1, "2014-02-01", "before consent", "S-1", "EXSTDTC", "2014-01-02"),
    ("DM", "BRTHDTC", 1, "2014-03", "before birth", "S-1", "EXSTDTC", "2014-01-02"),
    ("VS", "VSDTC", 4, "2015-02-28", "after death", "S-2", "VSDTC", "2015-02-28"),
    ("VS", "VSDY", 2, 56, "study day", "S-1", "VSDY", "56"),
    ("AE", "AEENDTC", 1, "2014-01-31", "events", "S-2", "end", "2014-01-31, before its start 2014-02"),
    ("ADSL", "TRTEDT", 1, date(2014, 1, 1), "dates out of order", "S-1", "TRTEDT", "2014-01-01"),
    # terms
    ("DM", "SEX", 1, "X", "no such term", "S-1", "SEX", "X"),
    ("AE", "AESEV", 1, "Mild", "term spelt otherwise", "S-2", "AESEV", "Mild"),
    ("EX", "EXDOSU", 1, "patchfuls", "term of its own", "S-1", "EXDOSU", "patchfuls"),
    ("ADSL", "RACE", 1, "GREEN", "no category of the study", "S-1", "RACE", "GREEN"),
    # values
    ("ADSL", "MMSETOT", 2, 99, "out of range", "S-2", "MMSETOT", "99"),
    ("ADQSADAS", "AVAL", 2, 77.0, "out of range", "S-1", "AVAL", "77.0"),
    ("DM", "AGE", 1, -3, "impossible age", "S-1", "AGE", "-3"),
    ("EX", "EXDOSE", 2, -54.0, "negative dose", "S-2", "EXDOSE", "-54.0"),
    ("VS", "VSSTRESN", 2, 610.0, "hardly possible", "S-1", "VSSTRESN", "610.0"),
    ("VS", "VSSTRESN", 3, 81.0, "two results", "S-2", "VSSTRESN", "81.0"),
    ("ADQSADAS", "CHG", 2, 3.0, "change", "S-1", "CHG", "3.0"),
    # units and tests
    ("VS", "VSSTRESU", 2, "LB", "units mixed", "S-1", "VSSTRESU", "LB"),
    ("VS", "VSSTRESU", 4, None, "unit missing", "S-2", "VSSTRESU", None),
    ("VS", "VSTEST", 4, "Mass", "code and name", "S-2", "VSTEST", "Mass"),
    # baseline
    ("VS", "VSBLFL", 2, "Y", "two baselines", "S-1", "VSBLFL", "Y"),
    ("VS", "VSBLFL", 1, None, "no baseline", "S-1", "VSBLFL", "WEIGHT of 1 patients"),
    ("VS", "VSDTC", 1, "2014-01-05", "baseline after treatment", "S-1", "VSBLFL", "2014-01-05"),
    ("ADQSADAS", "BASE", 2, 21.0, "baseline value", "S-1", "BASE", "21.0"),
    # treatment
    ("DM", "ARM", 2, "Xanomeline Hi Dose", "no arm of the study", "S-2", "ARM", "Xanomeline Hi Dose"),
    ("DM", "ACTARM", 2, "Placebo", "treated otherwise than randomised", "S-2", "ACTARM", "Placebo"),
    ("ADSL", "TRT01A", 2, "Placebo", "actual treatment differs", "S-2", "TRT01A", "Placebo"),
    ("ADSL", "TRT01P", 2, "Placebo", "treatment differs", "S-2", "TRT01P", "Placebo"),
    ("ADQSADAS", "TRTP", 4, "Placebo", "treatment differs", "S-2", "TRTP", "Placebo"),
    ("EX", "EXTRT", 1, "XANOMELINE", "treatment against allocation", "S-1", "EXTRT", "XANOMELINE"),
    ("EX", "EXTRT", 2, "PLACEBO", "treatment against allocation", "S-2", "EXTRT", "PLACEBO"),
    ("EX", "EXDOSE", 2, 162.0, "dose above the arm's", "S-2", "EXDOSE", "162.0"),
    ("DM", "ARM", 1, "Screen Failure", "treated and not randomised", "S-1", "EXTRT", "in Screen Failure"),
    # visits
    ("QS", "QSDY", 2, 100, "visit outside its window", "S-2", "VISIT", "WEEK 8 on day 100"),
    ("ADQSADAS", "ADY", 2, 120, "analysis visit outside its window", "S-1", "AVISIT", "Week 8 on day 120"),
    ("VS", "VISIT", 2, "WEEK 9", "visit number and name", None, "VISIT", None),
]


@pytest.mark.parametrize(
    ("name", "column", "row", "value", "rule", "patient", "variable", "shown"), ONE, ids=[f"{o[4]} {o[0]}" for o in ONE]
)
def test_each_rule_finds_its_fault(name, column, row, value, rule, patient, variable, shown):
    told = [one for one in found(spoilt(name, column, row, value)) if one[0] == rule and one[4] == variable]
    assert told, found(spoilt(name, column, row, value))
    if patient is not None:
        assert (patient, shown) in {(one[3], one[5]) for one in told}


@pytest.mark.parametrize("name", ["DM", "AE", "EX", "VS", "ADSL", "ADQSADAS", "SUPPAE"])
def test_a_missing_variable(name):
    frames = clean()
    frames[name] = frames[name].drop("USUBJID")
    told = found(frames)
    assert ("missing variable", name, None, None, "USUBJID", None) in told


def test_a_column_of_the_wrong_type():
    frames = clean()
    frames["VS"] = frames["VS"].with_columns(VSSTRESN=pl.Series(["60.5", "61,0", "80", "79"]))
    frames["DM"] = frames["DM"].with_columns(SITEID=pl.Series([701.0, 701.0]))
    assert ("wrong type", "VS", 2, "S-1", "VSSTRESN", "61,0") in found(frames)
    assert {one[1] for one in found(frames)} == {"VS"}  # a number in place of a text is read as one


def test_randomised_and_not_treated_and_recorded_twice():
    frames = clean()
    frames["EX"] = frames["EX"].head(1)
    frames["AE"] = pl.concat([frames["AE"], frames["AE"].with_columns(AESEQ=pl.lit(2, pl.Int64))])
    rules = {one[0]: one for one in found(frames)}
    assert rules["randomised and not treated"][3] == "S-2"
    assert rules["recorded twice"][2:4] == (2, "S-2")
    assert rules["recorded twice"][5] == "as row 1"


@pytest.mark.parametrize("name", sorted(clean()))
def test_no_rule_stumbles_over_a_column_that_is_missing_empty_or_of_another_type(name):
    for column in clean()[name].columns:
        for change in (
            lambda f, c: f.drop(c),
            lambda f, c: f.with_columns(pl.lit(None).alias(c)),
            lambda f, c: f.with_columns(pl.lit(1.5).alias(c)),
        ):
            frames = clean()
            frames[name] = change(frames[name], column)
            checked = check(STUDY, library(frames))
            assert checked.frame.schema == SCHEMA
            told = checked.frame.filter(pl.col("rule") == "not checked")
            assert told.is_empty(), (column, told.rows())


def test_counts_and_summary():
    checked = check(STUDY, library(spoilt("DM", "SEX", 1, "X")))
    assert checked.wrong
    assert checked.count("error") == 2  # the term, and ADSL's copy that differs
    assert checked.sentence() == "2 errors"
    assert checked.summary()["findings"].to_list() == [1, 1]
    assert check(STUDY, library(clean())).sentence() == "nothing found"


def test_a_thousand_wrong_rows_are_a_finding_each():
    frames = clean()
    many = pl.concat([frames["VS"].head(1)] * 1000).with_columns(
        VSSEQ=pl.int_range(1, 1001, eager=True), VSDTC=pl.lit("2014-02-30"), VSBLFL=pl.lit(None, pl.String)
    )
    frames["VS"] = many
    wrong = [one for one in found(frames) if one[0] == "no date"]
    assert len(wrong) == 1000
    assert wrong[-1][2] == 1000


@pytest.mark.parametrize(
    "text",
    ["2014", "2014-01", "2014-01-31", "2012-02-29", "2014-01-02T11", "2014-01-02T11:45", "2014-01-02T11:45:59.5Z",
     "2014---15", "--12-15", "-----T07:15", "2014-01-02/2014-01-05", "2014-01-02T11:45+02:00", "2014-01-02T24:00"],
)  # fmt: skip
def test_dates(text):
    assert is_date(text)


@pytest.mark.parametrize(
    "text", ["2014-13-45", "2014-02-30", "2013-02-29", "14-01-02", "2014/01", "02JAN2014", "2014-1-2",
             "2014-01-02 11:45", "2014-01-02T25:00", "2014-01-02T11:60", "unknown", ""]
)  # fmt: skip
def test_no_dates(text):
    assert not is_date(text)
