"""The SDTM of a virtual trial holds both of its periods: events, visits, courses of treatment, how each ended."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pivotal import api
from pivotal.records import write_trial
from pivotal.records.define import check_define, open_define
from pivotal.records.define.describing import Description, Field, defined, described
from pivotal.records.formats import read_library
from pivotal.study.model import Study
from pivotal.trials import Trials
from pivotal.trials.longterm import SEVERITIES, LongTerm

Sets = dict[str, pl.DataFrame]


@pytest.fixture(scope="module", params=["true-ad1", "true-ad2", "true-ad3"])
def drawn(request: pytest.FixtureRequest) -> tuple[Study, Trials]:
    study = api.load(request.param)
    return study, api.draw(study, seed=11)


@pytest.fixture(scope="module", params=["xpt", "dataset-json"])
def folder(
    drawn: tuple[Study, Trials], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    place = tmp_path_factory.mktemp("periods")
    write_trial(*drawn, place, format=request.param, standard="both")
    return place


@pytest.fixture(scope="module")
def sets(folder: Path) -> Sets:
    return {name: each.frame for name, each in read_library(folder / "sdtm").items()}


def longterm(drawn: tuple[Study, Trials]) -> LongTerm:
    later = drawn[1].longterm
    assert later is not None
    return later


def test_ae_has_a_row_an_event(drawn: tuple[Study, Trials], sets: Sets) -> None:
    later = longterm(drawn)
    rows, ae = later.events, sets["AE"]
    assert ae.height == len(rows.start) > 100
    patients = sets["DM"]["USUBJID"].to_list()
    assert ae["USUBJID"].to_list() == [patients[i] for i in rows.subject]
    assert ae["AEDECOD"].to_list() == ae["AETERM"].to_list() == [later.terms[i][1] for i in rows.term]
    assert ae["AEBODSYS"].to_list() == [later.terms[i][0] for i in rows.term]
    assert ae["AESEV"].to_list() == [SEVERITIES[i] for i in rows.severity]
    np.testing.assert_array_equal((ae["AESER"] == "Y").to_numpy(), rows.serious)
    np.testing.assert_array_equal(ae["AESTDY"].to_numpy(), rows.start)
    np.testing.assert_array_equal(ae["AEENDY"].fill_null(-1).to_numpy(), rows.end)
    np.testing.assert_array_equal((ae["EPOCH"] == "CONTINUATION TREATMENT").to_numpy(), rows.period == 2)


def test_ae_is_the_adam_data_set_s(folder: Path, sets: Sets) -> None:
    keys = ["USUBJID", "AESEQ", "AEDECOD", "AESEV", "AESER"]
    adae = read_library(folder / "adam")["ADAE"].frame
    assert adae.select(keys).rows() == sets["AE"].select(keys).rows()


def dated(frame: pl.DataFrame, start: dict[str, str], when: str, day: str) -> None:
    """Every date has its study day: days from the reference date, plus 1 on and after it."""
    assert frame[when].is_null().to_list() == frame[day].is_null().to_list()
    for patient, text, number in frame.select("USUBJID", when, day).drop_nulls().unique().iter_rows():
        days = (date.fromisoformat(text) - date.fromisoformat(start[patient])).days
        assert number == (days + 1 if days >= 0 else days), (patient, when)


def test_days_are_dates_less_the_reference_date(sets: Sets) -> None:
    start = dict(sets["DM"].select("USUBJID", "RFSTDTC").iter_rows())
    for name, parts in {"AE": ("ST", "EN"), "SV": ("ST", "EN"), "EX": ("ST", "EN"), "DS": ("ST",), "RS": ("",)}.items():
        for part in parts:
            dated(sets[name], start, f"{name}{part}DTC", f"{name}{part}DY")


def test_the_define_is_free_of_faults_and_holds_every_value(folder: Path) -> None:
    for standard in ("sdtm", "adam"):
        assert check_define(folder / standard / "define.xml") == []
        define, library = open_define(folder / standard / "define.xml"), read_library(folder / standard)
        for about in define.datasets.values():
            frame = library[about.name].frame
            assert frame.select(about.keys).is_duplicated().sum() == 0, about.name
            for variable in (v for v in about.variables if v.codelist is not None):
                values = frame[variable.name].drop_nulls().unique().to_list()
                found = {f"{v:g}" if isinstance(v, float) else str(v) for v in values}
                assert found <= set(define.codelists[variable.codelist or ""].decodes), (about.name, variable.name)


def test_a_list_that_two_variables_share_has_the_values_of_both() -> None:
    flags = (Field(name="AFL", label="A", codelist="NY"), Field(name="BFL", label="B", codelist="NY"))
    about = Description(name="ADX", label="X", structure="One record", class_="ADAM OTHER", keys=(), fields=flags)
    frame = pl.DataFrame({"AFL": ["N", "Y"], "BFL": ["U", "U"]})
    _, lists = defined(about, described(about, frame), "adx.xpt")
    assert [item.value for item in lists["CL.NY"].items] == ["N", "U", "Y"]
