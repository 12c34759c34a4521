"""ADSL, ADAE and ADTTE of the pilot, derived from SDTM and held against the published ones value by value."""

from __future__ import annotations

from functools import cache

import pytest

import pilot
from pivotal.derive.compare import Comparison, compare
from pivotal.derive.recipes import derive
from pivotal.records.dataset import Dataset
from pivotal.records.formats import read_library
from pivotal.study import load

NAMES = ("ADSL", "ADAE", "ADTTE")
NO_WEIGHT = "01-702-1082"
DIFFER = {"ADSL": {"BMIBLGR1": 1}}
"""Patient 01-702-1082 has no weight, so no BMI, and no class of BMI; the published set says <25, because SAS takes a
missing value for the smallest number. `docs/cdisc-pilot-differences.md` tells more."""


@cache
def derived() -> dict[str, Dataset]:
    study = load("cdisc-pilot-01")
    collected = {}
    for folder in (pilot.sdtm(), pilot.folder() / "sdtm_csv"):
        collected |= read_library(folder, missing=study.study.missing)
    return derive(tuple(recipe for recipe in study.datasets if recipe.name in NAMES), collected)


@cache
def published() -> dict[str, Dataset]:
    return read_library(pilot.adam())


@cache
def compared(name: str) -> Comparison:
    recipe = next(recipe for recipe in load("cdisc-pilot-01").datasets if recipe.name == name)
    return compare(derived()[name].frame, published()[name].frame, recipe.keys)


@pytest.mark.parametrize("name", NAMES)
def test_values_are_the_published_ones(name: str) -> None:
    found = compared(name)
    assert found.counts == DIFFER.get(name, {})
    assert (found.only_one, found.only_other, found.missing) == (0, 0, ())
    assert found.rows == derived()[name].frame.height > 0


def test_the_one_difference_is_the_patient_without_a_weight() -> None:
    (difference,) = compared("ADSL").differences
    assert [example[-3:] for example in difference.examples] == [(NO_WEIGHT, None, "<25")]
