"""The shipped data of the MRC's streptomycin trial give the paper's counts.

Counts: Streptomycin in Tuberculosis Trials Committee, BMJ 1948;2(4582):769-782, doi:10.1136/bmj.2.4582.769: 55 patients
on streptomycin and 52 on bed rest; at six months 4 and 14 deaths, considerable improvement in 28 and 4, considerable or
moderate improvement in 38 and 17.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pivotal.errors import DataError, UsageError
from pivotal.records import data_path, load_data, read, read_mapped, shipped, sources, write
from pivotal.study.load import load
from pivotal.study.model import Study
from pivotal.trials import Trials

from .test_property_round_trip import same

ARMS = ("Streptomycin", "Bed rest")


@pytest.fixture(scope="module")
def mrc() -> Study:
    return load("mrc-1948")


@pytest.fixture(scope="module")
def patients(mrc: Study) -> Trials:
    return load_data(mrc)


@pytest.fixture
def raw(mrc: Study, tmp_path: Path) -> Path:
    found = shipped(mrc)
    assert found is not None
    path = tmp_path / "strep_tb.csv"
    path.write_bytes(found.read_bytes())
    return path


def counts(mrc: Study, trials: Trials, holds: np.ndarray) -> list[int]:
    return [int(((trials.arm == mrc.arm_index(arm)) & holds).sum()) for arm in ARMS]


def test_counts(mrc: Study, patients: Trials) -> None:
    score = patients.value("RADNUM", "Month 6")
    assert counts(mrc, patients, score >= 0) == [55, 52]
    assert counts(mrc, patients, score == 1) == [4, 14]
    assert counts(mrc, patients, score == 6) == [28, 4]
    assert counts(mrc, patients, score >= 5) == [38, 17]


def test_baseline(patients: Trials) -> None:
    assert patients.shape == (1, 107)
    assert not patients.virtual
    labels = patients.categories["CONDIT"]
    condition = patients.subject["CONDIT"]
    assert {label: int((condition == code).sum()) for code, label in enumerate(labels)} == {
        "Good": 16,
        "Fair": 37,
        "Poor": 54,
    }
    assert int((patients.subject["ESR"] < 0).sum()) == 1  # one NA in the file
    assert int((patients.subject["SEX"] == patients.categories["SEX"].index("F")).sum()) == 59
    assert np.all(patients.reason == 0)


def test_as_data_sets_and_back(mrc: Study, patients: Trials, tmp_path: Path) -> None:
    write(mrc, patients, tmp_path)
    same(patients, read(mrc, tmp_path))
    same(patients, load_data(mrc, tmp_path))
    same(patients, load_data(mrc, tmp_path / "adsl.csv"))
    assert "SIMULATED" not in (tmp_path / "README.txt").read_text(encoding="utf-8")


def test_every_way_to_the_raw_file(mrc: Study, patients: Trials, raw: Path) -> None:
    for place in (raw, raw.parent, str(raw)):
        same(patients, load_data(mrc, place))
    same(patients, load_data(mrc, None, raw.parent))
    assert data_path(mrc, raw.parent) == raw
    assert list(sources(raw)) == ["strep_tb.csv"]
    found = shipped(mrc)
    assert found is not None
    assert sources(found) == sources(raw.parent)


def test_no_data(study: Study, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="comes with no data"):
        load_data(study)
    with pytest.raises(UsageError, match=r"no \[data\] section"):
        load_data(study, tmp_path / "x.csv")


def spoilt(raw: Path, *changes: tuple[str, str]) -> Path:
    text = raw.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    raw.write_text(text, encoding="utf-8")
    return raw


def test_faults_name_the_raw_file(mrc: Study, raw: Path) -> None:
    spoilt(
        raw,
        ("\n1,Control,0,0,M,1_Good", "\n1,Contrl,0,0,M,1_God"),
        ("6_Considerable_improvement,6,", "6_Considerable_improvement,7,"),
        ("5_Moderate_improvement,5,", "5_Moderate_improvement,five,"),
        ("\n4,", "\n3,"),
    )
    with pytest.raises(DataError) as caught:
        read_mapped(mrc, raw)
    said = {(f.where, f.found): f for f in caught.value.faults}
    assert set(said) == {
        ("strep_tb.csv row 2, patient 1: arm", "'Contrl'"),
        ("strep_tb.csv row 2, patient 1: baseline_condition", "'1_God'"),
        ("strep_tb.csv row 2, patient 1: rad_num (RADNUM, Month 6)", "7"),
        ("strep_tb.csv row 3, patient 2: rad_num (RADNUM, Month 6)", "'five'"),
        ("strep_tb.csv row 5, patient 3: patient_id", "a patient who stands in row 4 already"),
    }
    mends = {where: fault.mend for (where, _), fault in said.items()}
    assert mends["strep_tb.csv row 2, patient 1: arm"] == "Did you mean 'Control'?"
    assert mends["strep_tb.csv row 2, patient 1: baseline_condition"] == "Did you mean '1_Good'?"


def test_raw_columns_missing(mrc: Study, raw: Path) -> None:
    spoilt(raw, ("rad_num", "radnum"), ("patient_id", "patient"))
    with pytest.raises(DataError) as caught:
        read_mapped(mrc, raw)
    assert [f.where for f in caught.value.faults] == [
        "strep_tb.csv: column patient_id",
        "strep_tb.csv: column rad_num",
    ]
    assert caught.value.faults[0].mend == "Did you mean 'patient'?"


def test_raw_file_missing(mrc: Study, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="missing"):
        load_data(mrc, tmp_path / "nothing.csv")
    with pytest.raises(DataError, match="ADSL"):
        load_data(mrc, tmp_path)
