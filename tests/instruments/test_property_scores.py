"""Scores: examples of the docstrings, ends of the ranges, and what must hold for every score."""

import doctest
import importlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal.instruments import PARAMETERS, bsa, easi, iga, itch

AGES = st.integers(0, 90)
HALVES = st.lists(st.integers(0, 24), min_size=4, max_size=4).map(lambda h: np.array(h) / 2)
AREAS = st.lists(st.floats(0, 100), min_size=4, max_size=4).map(np.array)


@pytest.mark.parametrize("name", ["easi", "iga", "bsa", "itch"])
def test_examples(name):
    result = doctest.testmod(importlib.import_module(f"pivotal.instruments.{name}"))
    assert result.attempted > 0
    assert result.failed == 0


def test_parameters_cover_the_instruments():
    assert set(PARAMETERS) == {"IGA", "EASI", *easi.REGIONS, "BSA", "ITCHNRS"}
    assert [PARAMETERS[code].high for code in ("IGA", "EASI", "EASIHN", "EASILE", "BSA", "ITCHNRS")] == pytest.approx(
        [4, 72, 14.4, 28.8, 100, 10]
    )
    assert {code for code, one in PARAMETERS.items() if one.integer} == {"IGA", "ITCHNRS"}


@given(AGES, AREAS, HALVES)
def test_total_lies_in_range_and_is_the_exact_sum_of_its_regions(age, area, signs):
    regions = easi.region_score(easi.weights(age), easi.area_score(area), signs)
    total = float(easi.total(regions))
    assert 0 <= total <= 72
    assert round(20 * total) == sum(round(20 * r) for r in regions)
    assert total == float(f"{total:.2f}")  # what is printed reads back identical


@pytest.mark.parametrize("age", [2, 7, 8, 40])
def test_worst_skin_scores_72(age):
    regions = easi.region_score(easi.weights(age), easi.area_score([100] * 4), [12] * 4)
    assert float(easi.total(regions)) == 72
    assert float(bsa.affected([100] * 4, age, scalp=True)) == pytest.approx(100)
    assert float(bsa.affected([100] * 4, age)) < 100


@given(AREAS)
def test_area_score_rises_with_area(area):
    order = np.sort(area)
    assert (np.diff(easi.area_score(order)) >= 0).all()
    assert ((easi.area_score(area) == 0) == (area == 0)).all()


def test_every_pair_of_grades_that_is_treatment_success():
    now, before = np.meshgrid(np.arange(5), np.arange(5))
    found = {
        (int(b), int(n)) for b, n in zip(before[iga.success(now, before)], now[iga.success(now, before)], strict=True)
    }
    assert found == {(2, 0), (3, 0), (3, 1), (4, 0), (4, 1)}


def test_itch_response_cannot_be_had_from_under_four():
    now, before = np.meshgrid(np.arange(11), np.arange(11))
    assert before[itch.response(now, before)].min() == itch.RESPONSE
