"""Each thing that can be wrong with data is named with file, row, patient and variable; nothing is dropped silently."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest

from pivotal.errors import DataError
from pivotal.records import read, write
from pivotal.records.faults import SHOWN
from pivotal.study.model import Study
from pivotal.trials import Trials

from .conftest import Spoil, made_up


def value_row(spoil: Spoil, parameter: str, visit: str = "Baseline") -> int:
    return spoil.row("adeff", PARAMCD=parameter, AVISIT=visit)


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("parameter", "entry", "found", "allowed"),
    [
        ("IGA", "7", "7", "IGA is a whole number from 0 to 4"),
        ("IGA", "-1", "-1", "IGA is a whole number from 0 to 4"),
        ("IGA", "2.5", "2.5", "IGA is a whole number from 0 to 4"),
        ("EASI", "72.05", "72.05", "EASI is a number from 0 to 72"),
        ("EASI", "-0.1", "-0.1", "EASI is a number from 0 to 72"),
        ("EASI", "mild", "'mild'", "EASI is a number from 0 to 72"),
        ("EASI", "12,5", "'12,5'", "EASI is a number from 0 to 72"),
        ("EASI", "inf", "'inf'", "EASI is a number from 0 to 72"),
    ],
)
def test_a_value_that_cannot_be(spoil: Spoil, parameter: str, entry: str, found: str, allowed: str) -> None:
    row = value_row(spoil, parameter)
    patient = spoil.set("adeff", row, "AVAL", entry)
    fault = spoil.only()
    assert fault.where == f"adeff.csv row {row}, patient {patient}: AVAL ({parameter}, Baseline)"
    assert (fault.found, fault.allowed) == (found, allowed)


@pytest.mark.parametrize("entry", ["", "NA", ".", "NaN"])
def test_missing_marks_are_missing(spoil: Spoil, study: Study, entry: str) -> None:
    row = value_row(spoil, "EASI")
    patient = spoil.set("adeff", row, "AVAL", entry)
    trials = read(study, spoil.folder)
    assert trials.ids is not None
    column = trials.values["EASI", "Baseline"][0]
    assert column[trials.ids.index(patient)] != column[trials.ids.index(patient)]


def test_visit_outside_the_schedule(spoil: Spoil) -> None:
    row = value_row(spoil, "IGA", "Week 2")
    patient = spoil.set("adeff", row, "AVISIT", "Wek 2")
    fault = spoil.only()
    assert fault.where == f"adeff.csv row {row}, patient {patient}: AVISIT"
    assert fault.found == "'Wek 2'"
    assert "'Baseline', 'Week 2', 'Week 4'" in fault.allowed
    assert fault.mend == "Did you mean 'Week 2'?"


def test_unknown_parameter(spoil: Spoil) -> None:
    row = value_row(spoil, "EASI")
    spoil.set("adeff", row, "PARAMCD", "EASIX")
    fault = spoil.only()
    assert fault.where.startswith(f"adeff.csv row {row}, patient SMALL-SIM-")
    assert fault.mend == "Did you mean 'EASI'?"


def test_value_twice(spoil: Spoil) -> None:
    frame = spoil.frame("adeff")
    spoil.put("adeff", pl.concat([frame, frame[3:4]]))
    fault = spoil.only()
    assert fault.where.startswith(f"adeff.csv row {len(frame) + 2}, patient {frame['USUBJID'][3]}: AVAL")
    assert "row 5 has a value already" in fault.found


def test_patient_who_is_not_in_adsl(spoil: Spoil) -> None:
    row = value_row(spoil, "IGA")
    spoil.set("adeff", row, "USUBJID", "SMALL-SIM-9999")
    fault = spoil.only()
    assert fault.where == f"adeff.csv row {row}, patient SMALL-SIM-9999: USUBJID"
    assert fault.allowed == "ADEFF holds patients of ADSL"


def test_value_of_nobody(spoil: Spoil) -> None:
    spoil.set("adeff", 4, "USUBJID", None)
    fault = spoil.only()
    assert fault.where == "adeff.csv row 4: USUBJID"
    assert fault.found == "empty"


def test_arm_that_differs_from_adsl(spoil: Spoil) -> None:
    frame = spoil.frame("adeff")
    other = "Vehicle" if frame["TRTP"][0] != "Vehicle" else "Active 1.5%"
    patient = spoil.set("adeff", 2, "TRTP", other)
    fault = spoil.only()
    assert fault.where == f"adeff.csv row 2, patient {patient}: TRTP"
    assert repr(frame["TRTP"][0]) in fault.allowed


def test_value_after_the_last_visit(spoil: Spoil) -> None:
    row = value_row(spoil, "IGA", "Week 4")
    patient = spoil.frame("adeff")["USUBJID"][row - 2]
    there = spoil.row("adsl", USUBJID=patient)
    for column, entry in (("LSTVIS", "Week 2"), ("EOSSTT", "DISCONTINUED"), ("DCSREAS", "adverse event")):
        spoil.set("adsl", there, column, entry)
    spoil.change("adeff", lambda frame: frame.filter((pl.col("USUBJID") != patient) | (pl.col("PARAMCD") == "IGA")))
    fault = spoil.only()
    assert f"patient {patient}: AVAL (IGA, Week 4)" in fault.where
    assert fault.allowed == "the patient's last visit attended is 'Week 2'"


# ---------------------------------------------------------------- subjects


def test_patient_twice(spoil: Spoil) -> None:
    frame = spoil.frame("adsl")
    spoil.put("adsl", pl.concat([frame, frame[4:5]]))
    fault = spoil.only()
    assert fault.where == f"adsl.csv row {len(frame) + 2}, patient SMALL-SIM-0005: USUBJID"
    assert fault.found == "a patient who stands in row 6 already"


def test_arm_that_the_study_has_not(spoil: Spoil) -> None:
    spoil.change("adeff", lambda frame: frame.drop("TRTP"))
    spoil.set("adsl", 7, "TRT01P", "Vehicel")
    fault = spoil.only()
    assert fault.where == "adsl.csv row 7, patient SMALL-SIM-0006: TRT01P"
    assert fault.found == "'Vehicel'"
    assert fault.mend == "Did you mean 'Vehicle'?"


def test_no_arm(spoil: Spoil) -> None:
    spoil.set("adsl", 7, "TRT01P", None)
    fault = spoil.only()
    assert (fault.where, fault.found) == ("adsl.csv row 7, patient SMALL-SIM-0006: TRT01P", "empty")


@pytest.mark.parametrize(
    ("column", "entry", "allowed"),
    [
        ("AGE", "13", "AGE is a whole number from 2 to 11 years"),
        ("AGE", "six", "it must be a number"),
        ("IGA", "2.5", "IGA is a whole number from 0 to 4"),
        ("HGB", "26", "HGB is a number from 0 to 25"),
        ("SEX", "Female", "SEX is one of: 'F', 'M'"),
        ("ATOPY", "perhaps", "it must be Y or N"),
        ("EOSSTT", "ONGOING", "a patient is: 'COMPLETED', 'DISCONTINUED'"),
        ("LSTVIS", "Week 3", "the study's visits are: 'Baseline', 'Week 2', 'Week 4'"),
        ("AGEGR1", "7-12", "levels of AGEGR1 are: '2-6', '7-11'"),
    ],
)
def test_a_variable_that_cannot_be(spoil: Spoil, column: str, entry: str, allowed: str) -> None:
    patient = spoil.set("adsl", 3, column, entry)
    fault = next(f for f in spoil.faults() if f.where == f"adsl.csv row 3, patient {patient}: {column}")
    assert fault.allowed == allowed
    assert entry in fault.found


def test_stratum_that_disagrees(spoil: Spoil) -> None:
    frame = spoil.frame("adsl")
    age, right = frame["AGE"][0], frame["AGEGR1"][0]
    spoil.set("adsl", 2, "AGEGR1", "2-6" if right == "7-11" else "7-11")
    fault = spoil.only()
    assert fault.where == "adsl.csv row 2, patient SMALL-SIM-0001: AGEGR1"
    assert fault.allowed == f"the patient's AGE of {age} belongs to AGEGR1 {right!r}"


def test_completed_and_yet_left(spoil: Spoil) -> None:
    row = spoil.row("adsl", EOSSTT="COMPLETED")
    spoil.set("adsl", row, "DCSREAS", "adverse event")
    assert "who completed has no reason" in spoil.only().allowed


def test_another_studys_data(spoil: Spoil) -> None:
    spoil.change("adsl", lambda frame: frame.with_columns(pl.lit("OTHER").alias("STUDYID")))
    faults = spoil.faults()
    assert len(faults) == 24
    assert faults[0].found == "'OTHER'"


def test_the_sponsors_study_identifier_is_this_study(spoil: Spoil, study: Study) -> None:
    spoil.change("adsl", lambda frame: frame.with_columns(pl.lit("SP-1").alias("STUDYID")))
    assert read(study, spoil.folder).shape == (1, 24)


def test_made_up_and_real_patients_together(spoil: Spoil) -> None:
    spoil.set("adsl", 5, "SIMFL", "N")
    fault = spoil.only()
    assert fault.where == "adsl.csv row 5, patient SMALL-SIM-0004: SIMFL"


def test_made_up_values_of_real_patients(spoil: Spoil) -> None:
    spoil.change("adsl", lambda frame: frame.with_columns(pl.lit("N").alias("SIMFL")))
    assert "made-up" in spoil.only().allowed


# ---------------------------------------------------------------- columns and files


@pytest.mark.parametrize(
    ("name", "column", "instead", "mend"),
    [
        ("adsl", "USUBJID", "USUBJD", "Did you mean 'USUBJD'?"),
        ("adsl", "AGE", "AGEYEARS", "Did you mean 'AGEYEARS'?"),
        ("adeff", "AVAL", "AVALUE", "Did you mean 'AVALUE'?"),
        ("adeff", "PARAMCD", "PARCD", "Did you mean 'PARCD'?"),
        ("adeff", "AVISIT", "AVISITT", "Did you mean 'AVISITT'?"),
    ],
)
def test_missing_column(spoil: Spoil, name: str, column: str, instead: str, mend: str) -> None:
    spoil.change(name, lambda frame: frame.rename({column: instead}))
    fault = next(f for f in spoil.faults() if f.found == "missing")
    assert fault.where == f"{name}.csv: column {column}"
    assert fault.mend == mend


def test_arm_column_missing(spoil: Spoil) -> None:
    spoil.change("adsl", lambda frame: frame.drop("TRT01P", "ARM"))
    assert spoil.only().where == "adsl.csv: column TRT01P"


def test_other_column_names_that_are_known(spoil: Spoil, study: Study) -> None:
    spoil.change("adsl", lambda frame: frame.drop("TRT01P").rename({"HGB": "HGBBL"}))
    assert "HGB" in read(study, spoil.folder).subject
    spoil.set("adsl", 2, "HGBBL", "99")
    spoil.set("adsl", 3, "ARM", "Nothing")
    assert {f.where.split(": ")[1] for f in spoil.faults()} >= {"HGBBL", "ARM"}


def test_column_twice(spoil: Spoil) -> None:
    path = spoil.folder / "adsl.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines = [f"{line},{'Sex' if n == 0 else 'F'}" for n, line in enumerate(lines)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fault = spoil.only()
    assert (fault.where, fault.found) == ("adsl.csv: column SEX", "there 2 times")


def test_data_set_missing(spoil: Spoil) -> None:
    (spoil.folder / "adeff.csv").unlink()
    fault = spoil.only()
    assert (fault.where, fault.found) == (f"{spoil.folder}: ADEFF", "missing")


@pytest.mark.parametrize(("content", "found"), [(b"", "empty"), (b"\n\n", "a header without rows")])
def test_empty_file(spoil: Spoil, content: bytes, found: str) -> None:
    (spoil.folder / "adeff.csv").write_bytes(content)
    fault = spoil.only()
    assert (fault.where, fault.found) == (str(spoil.folder / "adeff.csv"), found)


def test_header_without_rows(spoil: Spoil) -> None:
    spoil.change("adsl", lambda frame: frame.head(0))
    faults = spoil.faults()
    assert faults[0].found == "a header without rows"


@pytest.mark.parametrize("content", [b"a,b\n1,\xff\n", b"a,b\n1,2,3\n", b'a,b\n1,"x\n'])
def test_file_that_is_no_csv(spoil: Spoil, content: bytes) -> None:
    (spoil.folder / "adeff.csv").write_bytes(content)
    assert spoil.only().found.startswith("unreadable: ")


@pytest.mark.parametrize("kept", [0.0, 0.001, 0.3, 0.6, 0.9, 0.999])
def test_truncated_parquet(study: Study, trials: Trials, tmp_path: Path, kept: float) -> None:
    write(study, trials, tmp_path)
    path = tmp_path / "adeff.parquet"
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(DataError) as caught:
        read(study, tmp_path)
    assert [f.where for f in caught.value.faults] == [str(path)]


def test_not_a_folder(study: Study, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a folder"):
        read(study, tmp_path / "nowhere")


def test_data_set_twice(spoil: Spoil) -> None:
    (spoil.folder / "ADSL.CSV").write_bytes((spoil.folder / "adsl.csv").read_bytes())
    assert "there 2 times (ADSL.CSV, adsl.csv)" in [f.found for f in spoil.faults()]


def test_blank_lines_keep_the_row_numbers(spoil: Spoil) -> None:
    path = spoil.folder / "adsl.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[3] = lines[3].replace("SMALL,", "OTHER,", 1)
    path.write_text("\n".join([*lines[:3], "", *lines[3:], ""]), encoding="utf-8")
    assert spoil.only().where == "adsl.csv row 5, patient SMALL-SIM-0003: STUDYID"


def test_columns_of_strange_types(study: Study, trials: Trials, tmp_path: Path) -> None:
    write(study, trials, tmp_path)
    frame = pl.read_parquet(tmp_path / "adeff.parquet")
    frame.with_columns(pl.concat_list("AVAL").alias("AVAL")).write_parquet(tmp_path / "adeff.parquet")
    with pytest.raises(DataError) as caught:
        read(study, tmp_path)
    assert len(caught.value.faults) == len(frame)
    assert caught.value.faults[0].where.startswith("adeff.parquet row 1, patient SMALL-SIM-0001: AVAL")


def test_screening_counts(spoil: Spoil) -> None:
    frame = spoil.frame("screening")
    spoil.put("screening", frame.with_columns(COUNT=pl.Series(["31", "-5", "some"])))
    assert [f.where for f in spoil.faults()] == ["screening.csv row 4: COUNT", "screening.csv row 3: COUNT"]


# ---------------------------------------------------------------- many at once


def test_all_faults_at_once(spoil: Spoil) -> None:
    first = value_row(spoil, "IGA")
    spoil.set("adeff", first, "AVAL", "7")
    spoil.set("adeff", value_row(spoil, "EASI"), "AVAL", "none")
    spoil.set("adeff", value_row(spoil, "EASI", "Week 2"), "AVISIT", "Week 3")
    spoil.set("adsl", 4, "SEX", "X")
    spoil.set("adsl", 5, "AGE", "40")
    spoil.change("adsl", lambda frame: frame.drop("IGA"))
    error = spoil.error()
    text = str(error)
    assert text.startswith(f"{len(error.faults)} faults in the data:")
    for part in ("column IGA is missing", "is 7;", "'none'", "'Week 3'", "'X'", "AGE is 40;"):
        assert part in text
    assert all(str(fault) in text for fault in error.faults)


def test_many_faults_of_a_kind_are_counted_and_all_kept(study: Study, tmp_path: Path) -> None:
    trials = made_up(study, patients=20_000)
    write(study, trials, tmp_path)
    frame = pl.read_parquet(tmp_path / "adeff.parquet")
    bad = frame.with_columns(AVAL=pl.when(pl.col("PARAMCD") == "IGA").then(9.0).otherwise(pl.col("AVAL")))
    bad.write_parquet(tmp_path / "adeff.parquet")
    with pytest.raises(DataError) as caught:
        read(study, tmp_path)
    count = frame.filter(pl.col("PARAMCD") == "IGA").height
    assert len(caught.value.faults) == count
    assert f"and {count - SHOWN:,} more of this kind" in str(caught.value)
    assert len(str(caught.value).splitlines()) == SHOWN + 3


# ---------------------------------------------------------------- anything at all

COLUMNS = {
    "adsl": "STUDYID USUBJID TRT01P AGE SEX EASI ATOPY AGEGR1 EOSSTT DCSREAS LSTVIS SIMFL",
    "adeff": "USUBJID TRTP PARAMCD AVISIT AVAL",
    "screening": "EVENT CRITERION COUNT",
}
STRANGE = {
    "nulls": pl.lit(None),
    "text": pl.lit("x"),
    "nan": pl.lit(float("nan")),
    "infinite": pl.lit(float("inf")),
    "truth": pl.lit(True),
    "date": pl.date(2021, 7, 19),
    "bytes": pl.lit(b"\xff"),
    "struct": pl.struct(pl.lit(1).alias("a")),
}


@pytest.mark.parametrize("kind", STRANGE)
@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_anything_is_read_or_refused(study: Study, tmp_path: Path, name: str, kind: str) -> None:
    write(study, made_up(study, patients=4), tmp_path)
    path = tmp_path / f"{name}.parquet"
    whole = pl.read_parquet(path)
    for column in COLUMNS[name].split():
        whole.with_columns(STRANGE[kind].alias(column)).write_parquet(path)
        with suppress(DataError):
            assert read(study, tmp_path).shape == (1, 4)
