"""The SDTM of a virtual trial holds both of its periods: events, visits, courses of treatment, how each ended."""

from __future__ import annotations

from dataclasses import replace
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


def test_long_term_visits_stand_in_tv_sv_and_findings(drawn: tuple[Study, Trials], sets: Sets) -> None:
    (study, trials), later = drawn, longterm(drawn)
    assert study.long_term is not None
    planned = {v.name: v.day for v in study.long_term.visits}
    own = len(study.visits)
    tv = sets["TV"].filter(pl.col("VISITNUM") > own)
    assert dict(tv.select("VISIT", "VISITDY").iter_rows()) == planned
    patients = np.array(sets["DM"]["USUBJID"].to_list())
    seen = sets["SV"].filter(pl.col("VISITNUM") > own)
    for visit, day in planned.items():
        there = set(patients[later.end_day[0] >= day])
        assert set(seen.filter(pl.col("VISIT") == visit)["USUBJID"]) == there == set(
            patients[later.values["IGA", visit][0] >= 0]
        )  # fmt: skip
    for domain, code, parameter in (("RS", "SPIGA", "IGA"), ("RS", "SPEASI", "EASI")):
        rows = sets[domain].filter((pl.col("VISITNUM") > own) & (pl.col(f"{domain}TESTCD") == code))
        found = {(u, v): x for u, v, x in rows.select("USUBJID", "VISIT", f"{domain}STRESN").iter_rows()}
        wanted = {
            (u, visit): float(x)
            for visit in planned
            for u, x in zip(patients, later.values[parameter, visit][0], strict=True)
            if x >= 0
        }
        assert found == wanted
        assert rows[f"{domain}LOBXFL"].null_count() == rows.height
        assert set(rows["EPOCH"]) == {"CONTINUATION TREATMENT"}
    assert trials.shape[1] == len(patients)


def test_ex_has_a_row_a_course(drawn: tuple[Study, Trials], sets: Sets) -> None:
    (_, trials), later = drawn, longterm(drawn)
    ex, patients = sets["EX"], sets["DM"]["USUBJID"].to_list()
    first = ex.filter(pl.col("EPOCH") == "BLINDED TREATMENT")
    assert first["USUBJID"].to_list() == patients
    np.testing.assert_array_equal(first["EXENDY"].to_numpy(), later.blinded_end[0])
    courses, rows = ex.filter(pl.col("EPOCH") == "CONTINUATION TREATMENT"), later.courses
    assert courses["USUBJID"].to_list() == [patients[i] for i in rows.subject]
    np.testing.assert_array_equal(courses["EXSTDY"].to_numpy(), rows.start)
    np.testing.assert_array_equal(courses["EXENDY"].to_numpy(), rows.stop)
    assert (courses["EXADJ"] == "LESIONS CLEARED").fill_null(value=False).to_list() == rows.cleared.tolist()
    assert first["EXADJ"].null_count() == first.height
    onto = np.array(later.onto)[later.sequence[0][rows.subject]]
    doses = [float(trials.arms[arm].removeprefix("Ruxolitinib ").removesuffix("%")) for arm in onto]
    assert courses["EXDOSE"].to_list() == doses
    overlaps = ex.select(pl.col("EXSTDY") <= pl.col("EXENDY").shift(1).over("USUBJID")).to_series()
    assert not overlaps.any()


def test_ds_and_dm_tell_how_each_patient_left(drawn: tuple[Study, Trials], sets: Sets) -> None:
    later, dm = longterm(drawn), sets["DM"]
    ds, patients = sets["DS"], np.array(dm["USUBJID"].to_list())
    later_rows = ds.filter(pl.col("EPOCH") == "CONTINUATION TREATMENT")
    ends = later_rows.filter(pl.col("DSCAT") == "DISPOSITION EVENT")
    entered = later.sequence[0] >= 0
    assert ends["USUBJID"].to_list() == patients[entered].tolist()
    assert ends["DSTERM"].to_list() == [later.reasons[i] for i in later.reason[0][entered]]
    np.testing.assert_array_equal(ends["DSSTDY"].to_numpy(), later.end_day[0][entered])
    anew = later_rows.filter(pl.col("DSCAT") == "PROTOCOL MILESTONE")
    told = {(u, term.removeprefix("RANDOMIZED TO ")) for u, term in anew.select("USUBJID", "DSTERM").iter_rows()}
    names = [(u, later.sequences[c]) for u, c in zip(patients, later.sequence[0], strict=True) if c >= 0]
    assert told == {(u, name.removeprefix("Vehicle to ")) for u, name in names if name.startswith("Vehicle to ")}
    last = ds.group_by("USUBJID").agg(pl.col("DSSTDTC").max())
    dose = sets["EX"].group_by("USUBJID").agg(pl.col("EXENDTC").max())
    for column, found in (("RFENDTC", last), ("RFPENDTC", last), ("RFXENDTC", dose)):
        assert dict(dm.select("USUBJID", column).iter_rows()) == dict(found.iter_rows())
    assert (dm["RFXENDTC"] <= dm["RFENDTC"]).all()
    for frame, when in ((sets["AE"], "AEENDTC"), (sets["SV"], "SVENDTC"), (sets["RS"], "RSDTC")):
        within = frame.join(dm.select("USUBJID", "RFSTDTC", "RFPENDTC"), on="USUBJID")
        assert ((within[when] <= within["RFPENDTC"]) | within[when].is_null()).all()


def test_the_design_has_the_long_term_period(drawn: tuple[Study, Trials], sets: Sets) -> None:
    study, _ = drawn
    ta, te = sets["TA"], sets["TE"]
    assert ta.height == te.height == 2 * len(study.arms)
    assert set(ta["EPOCH"]) == {"BLINDED TREATMENT", "CONTINUATION TREATMENT"}
    later = dict(ta.filter(pl.col("TAETORD") == 2).select("ARM", "ELEMENT").iter_rows())
    assert later["Vehicle"].endswith(": Ruxolitinib 0.75% or Ruxolitinib 1.5%")
    assert later["Ruxolitinib 1.5%"].endswith(": Ruxolitinib 1.5%")


def test_the_last_dose_of_adam_is_that_of_sdtm(folder: Path, sets: Sets) -> None:
    adsl = read_library(folder / "adam")["ADSL"].frame
    assert adsl["TRTEDT"].dt.to_string("%Y-%m-%d").to_list() == sets["DM"]["RFXENDTC"].to_list()


def test_periods_that_were_not_drawn_leave_no_rows(drawn: tuple[Study, Trials], tmp_path: Path) -> None:
    study, trials = drawn
    write_trial(study, replace(trials, longterm=None), tmp_path, standard="sdtm")
    found = {name: each.frame for name, each in read_library(tmp_path / "sdtm").items()}
    assert "AE" not in found
    assert found["TV"].height == len(study.visits)
    assert found["SV"].height == int((trials.last_visit[0].astype(int) + 1).sum())
    assert found["EX"].height == trials.shape[1]
    assert (found["DM"]["RFENDTC"] == found["DM"]["RFXENDTC"]).all()
    assert check_define(tmp_path / "sdtm" / "define.xml") == []


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
