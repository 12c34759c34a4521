"""A real trial from ADSL and basic data structures: what is taken, what is not looked at, and every fault at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from pivotal.derive.prepared import prepare
from pivotal.errors import DataError, UsageError
from pivotal.records.adam import from_library
from pivotal.records.dataset import Dataset, dataset
from pivotal.study import Study, load

STUDY = load("cdisc-pilot-01")
PATIENTS = ("01-1", "01-2", "01-3")


def adsl(**more: list[Any]) -> pl.DataFrame:
    columns: dict[str, list[Any]] = {
        "STUDYID": ["CDISCPILOT01"] * 3,
        "USUBJID": list(PATIENTS),
        "TRT01P": [arm.name for arm in STUDY.arms],
        "SITEGR1": ["701", "703", "701"],
        "SEX": ["M", "F", "F"],
        "EFFFL": ["Y", "Y", "N"],
        "SAFFL": ["Y"] * 3,
        "ITTFL": ["Y"] * 3,
        "COMP24FL": ["Y", "N", "N"],
        "DCREASCD": ["Completed", "Death", "Adverse Event"],
    }
    return pl.DataFrame(columns | more)


def scores(code: str, rows: list[tuple[str, str, float | None, str | None, str | None]]) -> pl.DataFrame:
    columns = ("USUBJID", "AVISIT", "AVAL", "ANL01FL", "DTYPE")
    schema = {name: pl.Float64 if name == "AVAL" else pl.String for name in columns}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.lit(code).alias("PARAMCD"))


def library(**more: pl.DataFrame) -> dict[str, Dataset]:
    rows = [(p, v, 20.0 + i + 2 * j, "Y", None) for i, p in enumerate(PATIENTS) for j, v in enumerate(VISITS)]
    apart = [("01-1", "Week 24", 99.0, None, None), ("01-2", "Week 24", 1.0, "Y", "LOCF")]
    npi = [("01-1", "   Baseline ", 3.0, "Y", None), ("01-1", "Unscheduled", 9.0, "Y", None)]
    frames = {
        "ADSL": adsl(),
        "ADQSADAS": scores("ACTOT", [*rows, *apart]),
        "ADQSCIBC": scores("CIBICVAL", [("01-1", "Week 8", 4.0, "Y", None)]),
        "ADQSNPIX": scores("NPTOT", npi),
        "ADTTE": pl.DataFrame(
            {"USUBJID": list(PATIENTS), "PARAMCD": ["TTDE"] * 3, "AVAL": [3.0, 40.0, 5.0], "CNSR": [0.0, 1.0, 0.0]}
        ),
    } | more  # fmt: skip
    return {name: dataset(name, frame) for name, frame in frames.items()}


VISITS = ("Baseline", "Week 8", "Week 16")


def test_values_stand_where_the_study_file_says() -> None:
    trials = from_library(STUDY, library())
    assert trials.ids == PATIENTS
    assert not trials.virtual
    np.testing.assert_array_equal(trials.value("ACTOT", "Week 16")[0], [24.0, 25.0, 26.0])
    assert trials.value("NPTOT", "Baseline")[0].tolist()[0] == 3.0
    assert np.isnan(trials.value("ACTOT", "Week 24")).all(), "rows carried forward, or not to be analysed, are left out"


def test_who_left_and_why() -> None:
    trials = from_library(STUDY, library())
    assert [trials.reasons[code] for code in trials.reason[0]] == ["completed", "Death", "Adverse Event"]


def test_times_to_event_are_taken_as_recorded() -> None:
    trials = from_library(STUDY, library())
    assert trials.times["TTDE"].tolist() == [[3.0, 40.0, 5.0]]
    assert trials.events["TTDE"].tolist() == [[True, False, True]]
    assert trials.replicate(0).times["TTDE"].tolist() == [[3.0, 40.0, 5.0]]


def test_a_patient_without_a_time_is_unknown() -> None:
    short = library()["ADTTE"].frame.head(2)
    trials = from_library(STUDY, library(ADTTE=short))
    assert np.isnan(trials.times["TTDE"][0, 2])


def test_order_of_rows_does_not_matter() -> None:
    mixed = {name: each.frame.reverse() if name != "ADSL" else each.frame for name, each in library().items()}
    one, other = from_library(STUDY, library()), from_library(STUDY, library(**mixed))
    assert one.values.keys() == other.values.keys() != set()
    for key, column in one.values.items():
        np.testing.assert_array_equal(column, other.values[key])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"ADSL": adsl(TRT01P=["Placebo", "Plcebo", "Placebo"])}, "Plcebo"),
        ({"ADSL": adsl(USUBJID=["01-1", "01-1", "01-3"])}, "01-1"),
        ({"ADSL": adsl(STUDYID=["CDISCPILOT02"] * 3)}, "CDISCPILOT02"),
        ({"ADSL": adsl(SITEGR1=["701", "777", "701"])}, "777"),
        ({"ADQSCIBC": scores("CIBICVAL", [("01-1", "Week 8", 9.0, "Y", None)])}, "row 1 of ADQSCIBC"),
        ({"ADQSCIBC": scores("CIBICVAL", [("01-9", "Week 8", 4.0, "Y", None)])}, "01-9"),
        ({"ADQSCIBC": scores("CIBICVAL", [("01-1", "Week 8", 4.0, "Y", None)] * 2)}, "row 2 of ADQSCIBC"),
        ({"ADTTE": library()["ADTTE"].frame.with_columns(AVAL=pl.lit(-1.0))}, "at least 0"),
        ({"ADTTE": pl.concat([library()["ADTTE"].frame] * 2)}, "row 4 of ADTTE"),
        ({"ADTTE": library()["ADTTE"].frame.drop("CNSR")}, "CNSR"),
        ({"ADQSCIBC": library()["ADQSCIBC"].frame.drop("DTYPE")}, "DTYPE"),
        ({"ADSL": adsl().drop("DCREASCD")}, "DCREASCD"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(more: dict[str, pl.DataFrame], said: str) -> None:
    with pytest.raises(DataError) as error:
        from_library(STUDY, library(**more))
    assert said in str(error.value)


def test_every_missing_data_set_at_once() -> None:
    with pytest.raises(DataError) as error:
        from_library(STUDY, {"ADSL": library()["ADSL"]})
    for name in ("ADQSADAS", "ADQSCIBC", "ADQSNPIX", "ADTTE"):
        assert f"data set {name} is missing" in str(error.value)


class TestPrepare:
    @pytest.fixture
    def study(self) -> Study:
        recipe = {
            "name": "ADXX", "label": "Made", "structure": "other", "keys": ["USUBJID"], "from": "DM",
            "steps": [{"step": "compute", "columns": {"TWICE": "AGE * 2"}}],
        }  # fmt: skip
        content = STUDY.model_dump(mode="json", by_alias=True) | {"datasets": [recipe]}
        return Study.model_validate(content)

    def test_what_is_given_is_taken_and_what_is_not_is_derived(self, study: Study, tmp_path: Any) -> None:
        for name in ("sdtm", "adam"):
            (tmp_path / name).mkdir()
        pl.DataFrame({"USUBJID": ["2", "1"], "AGE": [5, 6]}).write_csv(tmp_path / "sdtm" / "dm.csv")
        found = prepare(study, tmp_path)
        assert (found.given, found.derived) == (("DM",), ("ADXX",))
        assert found.library["ADXX"].frame["TWICE"].to_list() == [12, 10]
        assert list(found.sources) == ["sdtm/dm.csv"]
        pl.DataFrame({"USUBJID": ["1"], "TWICE": [99]}).write_csv(tmp_path / "adam" / "adxx.csv")
        found = prepare(study, tmp_path)
        assert (found.given, found.derived) == (("DM", "ADXX"), ())
        assert found.library["ADXX"].frame["TWICE"].to_list() == [99]
        assert len(found.sources["adam/adxx.csv"]) == 64

    def test_a_recipe_without_its_source_is_not_run(self, study: Study, tmp_path: Any) -> None:
        pl.DataFrame({"USUBJID": ["1"]}).write_csv(tmp_path / "adsl.csv")
        assert prepare(study, tmp_path).derived == ()

    def test_no_folder_and_an_empty_one(self, study: Study, tmp_path: Any) -> None:
        with pytest.raises(UsageError, match="is not there"):
            prepare(study, tmp_path / "nowhere")
        with pytest.raises(DataError, match="is empty"):
            prepare(study, tmp_path)
