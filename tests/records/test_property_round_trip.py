"""What is written reads back, bit for bit, from Parquet and from CSV."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pivotal.errors import UsageError
from pivotal.records import adeff, adsl, read, sources, write
from pivotal.study.model import Study
from pivotal.trials import Trials, observed

from .conftest import made_up


def keep(folder: Path, suffix: str) -> None:
    """Leave the data sets of one format only."""
    for file in folder.iterdir():
        if file.suffix in {".parquet", ".csv"} and file.suffix != suffix:
            file.unlink()


def bits(values: np.ndarray) -> np.ndarray:
    """Values as 64 bits each; every missing value alike."""
    return np.where(observed(values), values.astype(np.float64), np.nan).view(np.uint64)


def same(a: Trials, b: Trials) -> None:
    assert (a.arms, a.visits, a.reasons, a.virtual) == (b.arms, b.visits, b.reasons, b.virtual)
    assert dict(a.categories) == dict(b.categories)
    for name in ("arm", "last_visit", "reason"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
        assert getattr(b, name).dtype == np.int8
    assert set(a.subject) == set(b.subject)
    assert set(a.values) == set(b.values)
    for mine, other in ((a.subject, b.subject), (a.values, b.values)):
        for key in mine:
            np.testing.assert_array_equal(bits(mine[key]), bits(other[key]), err_msg=str(key))
    for key in a.values:
        assert b.values[key].dtype == a.values[key].dtype
    assert (a.screening is None) == (b.screening is None)
    if a.screening is not None and b.screening is not None:
        assert a.screening.screened.tolist() == b.screening.screened.tolist()
        assert list(a.screening.failures) == list(b.screening.failures)
        assert [c.tolist() for c in a.screening.failures.values()] == [
            c.tolist() for c in b.screening.failures.values()
        ]


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
@pytest.mark.parametrize("seed", range(5))
def test_reads_back_bit_for_bit(study: Study, tmp_path: Path, suffix: str, seed: int) -> None:
    trials = made_up(study, seed=seed, patients=60)
    write(study, trials, tmp_path)
    keep(tmp_path, suffix)
    same(trials, read(study, tmp_path))


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_one_trial_of_a_batch(study: Study, tmp_path: Path, suffix: str) -> None:
    batch = made_up(study, replicates=4)
    for r in range(4):
        write(study, batch.replicate(r), tmp_path / str(r))
        keep(tmp_path / str(r), suffix)
        same(batch.replicate(r), read(study, tmp_path / str(r)))


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.floats(0, 72) | st.integers(0, 1440).map(lambda k: k / 20.0), min_size=8, max_size=8))
def test_any_score_reads_back_from_csv(
    study: Study, tmp_path_factory: pytest.TempPathFactory, values: list[float]
) -> None:
    folder = tmp_path_factory.mktemp("scores")
    trials = made_up(study, patients=8)
    trials.values["EASI", "Baseline"][0] = values
    write(study, trials, folder)
    keep(folder, ".csv")
    back = read(study, folder)
    np.testing.assert_array_equal(bits(back.values["EASI", "Baseline"]), bits(trials.values["EASI", "Baseline"]))


def test_written_again_is_the_same_bytes(study: Study, trials: Trials, tmp_path: Path) -> None:
    write(study, trials, tmp_path / "a")
    write(study, read(study, tmp_path / "a"), tmp_path / "b")
    assert sources(tmp_path / "a") == sources(tmp_path / "b")
    assert sorted(sources(tmp_path / "a")) == [
        f"{name}.{kind}" for name in ("adeff", "adsl", "screening") for kind in ("csv", "parquet")
    ]


def test_made_up_patients_are_marked(study: Study, trials: Trials, tmp_path: Path) -> None:
    paths = write(study, trials, tmp_path)
    assert all(path.is_file() for path in paths)
    assert sorted(paths) == sorted(tmp_path.iterdir())
    assert "SIMULATED" in (tmp_path / "README.txt").read_text(encoding="utf-8").splitlines()[0]
    for path in paths:
        if path.suffix == ".parquet":
            assert pl.read_parquet(path)["SIMFL"].unique().to_list() == ["Y"]
    subjects = pl.read_csv(tmp_path / "adsl.csv")
    assert subjects["USUBJID"].to_list()[0] == "SMALL-SIM-0001"
    assert subjects["SUBJID"].to_list()[-1] == "SIM-0024"


def test_adsl_has_labels_and_strata(study: Study, trials: Trials) -> None:
    frame = adsl(study, trials)
    assert frame.columns == [
        *("STUDYID", "USUBJID", "SUBJID", "ARM", "TRT01P", "TRT01PN"),
        *("AGE", "SEX", "IGA", "EASI", "ATOPY", "HGB", "AGEGR1", "SEXGR1"),
        *("ITTFL", "EOSSTT", "DCSREAS", "LSTVIS", "SIMFL"),
    ]
    assert frame["AGE"].dtype == pl.Int64
    assert set(frame["SEX"]) == {"F", "M", None}
    expected = ["2-6" if age < 7 else "7-11" for age in trials.subject["AGE"][0]]
    assert frame["AGEGR1"].to_list() == expected
    left = frame.filter(pl.col("EOSSTT") == "DISCONTINUED")
    assert left["DCSREAS"].null_count() == 0
    assert frame.filter(pl.col("EOSSTT") == "COMPLETED")["LSTVIS"].unique().to_list() == ["Week 4"]


def test_adeff_has_change_from_baseline(study: Study, trials: Trials) -> None:
    frame = adeff(study, trials)
    observations = sum(int(observed(column).sum()) for column in trials.values.values())
    assert len(frame) == observations
    base = frame.filter(pl.col("AVISIT") == "Baseline")
    assert base["ABLFL"].unique().to_list() == ["Y"]
    assert base["CHG"].null_count() == len(base)
    after = frame.filter(pl.col("AVISIT") != "Baseline", pl.col("PARAMCD") == "EASI")
    assert after["CHG"].to_list() == (after["AVAL"] - after["BASE"]).to_list()
    positive = after.filter(pl.col("BASE") > 0)
    assert positive["PCHG"].to_list() == (100 * positive["CHG"] / positive["BASE"]).to_list()
    assert after["ADY"].unique().sort().to_list() == [15, 29]


def test_an_earlier_trials_screening_does_not_stay(study: Study, trials: Trials, tmp_path: Path) -> None:
    write(study, trials, tmp_path)
    bare = {name: getattr(trials, name) for name in Trials.__dataclass_fields__} | {"screening": None}
    write(study, Trials(**bare), tmp_path)
    assert read(study, tmp_path).screening is None


def test_interrupted_writing_leaves_what_was_there(
    study: Study, trials: Trials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(study, trials, tmp_path)
    before = sources(tmp_path)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pivotal.records.writing._readme", stop)
    with pytest.raises(KeyboardInterrupt):
        write(study, made_up(study, seed=9), tmp_path)
    assert sources(tmp_path) == before
    assert not list(tmp_path.glob(".*"))


def test_a_batch_is_not_written(study: Study, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="hold one trial"):
        write(study, made_up(study, replicates=2), tmp_path)


def test_names_of_files_and_columns_in_any_case(study: Study, trials: Trials, tmp_path: Path) -> None:
    write(study, trials, tmp_path)
    keep(tmp_path, ".csv")
    subjects = pl.read_csv(tmp_path / "adsl.csv", infer_schema=False)
    (tmp_path / "adsl.csv").unlink()
    subjects.rename(str.lower).write_csv(tmp_path / "ADSL.CSV")
    same(trials, read(study, tmp_path))


def test_parquet_is_read_where_both_are_there(study: Study, trials: Trials, tmp_path: Path) -> None:
    write(study, trials, tmp_path)
    (tmp_path / "adsl.csv").write_text("not,a,data,set\n", encoding="utf-8")
    same(trials, read(study, tmp_path))
