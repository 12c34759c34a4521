"""The pilot's data sets by visit, derived from SDTM and held against the published ones value by value."""

from functools import cache

import polars as pl
import pytest

import pilot
from pivotal.derive.compare import compare
from pivotal.derive.recipes import derive
from pivotal.records.dataset import Dataset
from pivotal.records.formats import read_library
from pivotal.study import load
from pivotal.study.recipes import Recipe

NAMES = ("ADQSADAS", "ADQSCIBC", "ADQSNPIX", "ADVS", "ADLBC", "ADLBH", "ADLBHY")
NUMBERS_IN_CSV = ("SITEID", "SITEGR1", "SUBJID")

ADAS = "published total overwritten by the value carried forward"
HY = "published baseline left out where the visit has no value"
MEAN = "published mean is of Weeks 6 to 12; its label, define.xml and the report say Weeks 4 to 24"
DIFFER: dict[str, dict[str, tuple[int, str]]] = {
    "ADQSADAS": {"AVAL": (19, ADAS), "DTYPE": (19, ADAS), "CHG": (19, ADAS), "PCHG": (19, ADAS)},
    "ADLBHY": {"BASE": (5, HY)},
    "ADQSNPIX": {"AVAL": (175, MEAN)},
}
ONLY_OURS = {"ADQSNPIX": (21, MEAN)}
"""Columns that differ, in how many rows, and why; `docs/cdisc-pilot-differences-visits.md` tells more."""


@cache
def both() -> tuple[dict[str, Dataset], dict[str, Dataset], dict[str, Recipe]]:
    study = load("cdisc-pilot-01")
    folders = (pilot.sdtm(), pilot.folder() / "sdtm_csv"), (pilot.adam(), pilot.adam_csv())
    collected, published = (
        {n: d for folder in some for n, d in read_library(folder, missing=study.study.missing).items()}
        for some in folders
    )
    recipes = tuple(recipe for recipe in study.datasets if recipe.name in NAMES)
    derived = derive(recipes, {**collected, "ADSL": published["ADSL"]})
    return derived, published, {recipe.name: recipe for recipe in recipes}


@pytest.mark.parametrize("name", NAMES)
def test_values_are_the_published_ones(name: str) -> None:
    derived, published, recipes = both()
    theirs = published[name].frame
    theirs = theirs.with_columns(pl.col(c).cast(pl.String) for c in NUMBERS_IN_CSV if c in theirs.columns)
    found = compare(derived[name].frame, theirs, recipes[name].keys)
    assert found.counts == {column: rows for column, (rows, _) in DIFFER.get(name, {}).items()}
    assert (found.only_one, found.only_other) == (ONLY_OURS.get(name, (0, ""))[0], 0)
    assert found.missing == ()


def test_published_mean_of_npi_x_is_of_weeks_6_to_12() -> None:
    """Each published NPTOTMN is the mean of a patient's analysed totals of Weeks 6 to 12, and of no others."""
    rows = both()[1]["ADQSNPIX"].frame
    totals = rows.filter(pl.sql_expr("PARAMCD = 'NPTOT' AND ANL01FL = 'Y' AND AVISITN >= 6 AND AVISITN <= 12"))
    means = rows.filter(pl.sql_expr("PARAMCD = 'NPTOTMN' AND AVISITN = 98")).select("USUBJID", "AVAL")
    found = compare(totals.group_by("USUBJID").agg(pl.col("AVAL").mean()), means, ["USUBJID"])
    assert (found.rows, found.only_one, found.only_other, found.counts) == (214, 0, 0, {})


PRINTED = {
    "Placebo": (78, 9.3, 11.18),
    "Xanomeline Low Dose": (75, 9.1, 12.10),
    "Xanomeline High Dose": (69, 9.6, 11.60),
}
"""Table 14-3.12 of the report: n, mean, SD of the mean of Weeks 4 to 24."""


def test_our_mean_of_npi_x_is_the_one_that_the_report_prints() -> None:
    frame = both()[0]["ADQSNPIX"].frame
    means = frame.filter(pl.sql_expr("PARAMCD = 'NPTOTMN' AND AVISITN = 98 AND EFFFL = 'Y'"))
    about = means.group_by("TRTP").agg(
        pl.len(), pl.col("AVAL").mean().round(1), pl.col("AVAL").std().round(2).alias("SD")
    )
    assert {arm: tuple(rest) for arm, *rest in about.rows()} == PRINTED
