"""A virtual trial written as SDTM and ADaM in every format is the same trial when it is read, and says SIMULATED."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pivotal import api
from pivotal.errors import DataError, UsageError
from pivotal.records import adeff, adsl, load_data, write_trial
from pivotal.records.define import check_define, open_define, read_define
from pivotal.records.exporting import STANDARDS, WRITTEN
from pivotal.records.formats import read_library
from pivotal.records.formats.library import FORMATS
from pivotal.records.sdtm import Drawn, reference_days, sdtm
from pivotal.study.model import Study
from pivotal.trials import Trials, observed

from .conftest import made_up

NAMES = ("true-ad1", "true-ad2", "true-ad3")
NO_CREATED = datetime(2026, 1, 2)


@pytest.fixture(scope="module", params=NAMES)
def drawn(request: pytest.FixtureRequest) -> tuple[Study, Trials]:
    study = api.load(request.param)
    return study, api.draw(study, seed=5)


@pytest.fixture(scope="module")
def ad3() -> tuple[Study, Trials]:
    study = api.load("true-ad3")
    return study, api.draw(study, seed=7)


@pytest.fixture(scope="module")
def written(ad3: tuple[Study, Trials], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    write_trial(*ad3, folder, standard="both")
    return folder


def number(values: np.ndarray) -> np.ndarray:
    """Values as 64 bits each; every missing value alike."""
    return np.where(observed(values), values.astype(np.float64), np.nan).view(np.uint64)


def same(a: Trials, b: Trials) -> None:
    assert (a.arms, a.visits, a.reasons, a.virtual, dict(a.categories)) == (
        b.arms, b.visits, b.reasons, b.virtual, dict(b.categories),
    )  # fmt: skip
    for name in ("arm", "last_visit", "reason"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert set(a.subject) == set(b.subject)
    assert set(a.values) == set(b.values)
    for mine, other in ((a.subject, b.subject), (a.values, b.values)):
        for key in mine:
            np.testing.assert_array_equal(number(mine[key]), number(other[key]), err_msg=str(key))


@pytest.mark.parametrize("format", WRITTEN)
def test_adam_of_any_format_is_the_same_trial(drawn: tuple[Study, Trials], format: str, tmp_path: Path) -> None:
    study, trials = drawn
    write_trial(study, trials, tmp_path, format=format)
    back = load_data(study, tmp_path)
    same(trials, back)
    assert trials.screening is not None
    assert back.screening is not None
    assert back.screening.screened.tolist() == trials.screening.screened.tolist()
    assert {k: v.tolist() for k, v in back.screening.failures.items()} == {
        k: v.tolist() for k, v in trials.screening.failures.items()
    }
    same(trials, load_data(study, tmp_path / "adam"))
    same_periods(trials, back)


def same_periods(a: Trials, b: Trials) -> None:
    mine, other = a.longterm, b.longterm
    assert mine is not None
    assert other is not None
    assert (mine.sequences, mine.visits, mine.terms) == (other.sequences, other.visits, other.terms)
    for name in ("sequence", "end_day", "reason"):
        np.testing.assert_array_equal(getattr(mine, name), getattr(other, name))
    for part in ("events", "courses"):
        for field in fields(getattr(mine, part)):
            column, back = (getattr(getattr(each, part), field.name) for each in (mine, other))
            np.testing.assert_array_equal(column, back, err_msg=field.name)
    assert mine.values.keys() == other.values.keys()
    for key in mine.values:
        np.testing.assert_array_equal(number(mine.values[key]), number(other.values[key]), err_msg=str(key))


@pytest.mark.parametrize("format", ["xpt", "dataset-json", "csv"])
def test_sdtm_is_the_same_trial(drawn: tuple[Study, Trials], format: str, tmp_path: Path) -> None:
    study, trials = drawn
    api.write_trial(study, trials, tmp_path, format=format, standard="sdtm", seed=2)
    same(trials, api.read_data(study, tmp_path))
    same(trials, api.read_data(study, tmp_path / "sdtm"))


def test_both_routes_give_the_same_results(ad3: tuple[Study, Trials], tmp_path: Path) -> None:
    study, trials = ad3
    api.write_trial(study, trials, tmp_path / "a", standard="adam")
    api.write_trial(study, trials, tmp_path / "s", standard="sdtm", format="parquet")
    found = api.analyse(study, tmp_path / "a").records()
    short = api.analyse(study, tmp_path / "s").records()  # SDTM has the randomised patients, and the blinded weeks
    beyond = {r["analysis"] for r in found} - {r["analysis"] for r in short}
    assert {"screening", "S-1", "S-2", "period adverse events"} <= beyond
    assert [r for r in found if r["analysis"] not in beyond] == short
    assert len(short) > 100


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("format", WRITTEN)
def test_any_study_without_sdtm_writes_adam(study: Study, seed: int, format: str, tmp_path: Path) -> None:
    trials = made_up(study, seed=seed, patients=40)
    write_trial(study, trials, tmp_path, format=format)
    same(trials, load_data(study, tmp_path))
    assert check_define(tmp_path / "adam" / "define.xml") == []


def test_sdtm_needs_the_study_file_s_part(study: Study, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Add \[sdtm\]"):
        write_trial(study, made_up(study), tmp_path, standard="sdtm")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", WRITTEN)
@pytest.mark.parametrize("folder", ["adam", "sdtm"])
def test_every_data_set_is_described(ad3: tuple[Study, Trials], format: str, folder: str, tmp_path: Path) -> None:
    """Data and define.xml agree: names, labels, order, keys; every row is told apart by the keys."""
    write_trial(*ad3, tmp_path, format=format, standard=folder)
    place = tmp_path / folder
    assert check_define(place / "define.xml") == []
    described, library = read_define(place / "define.xml"), read_library(place)
    assert set(described) == set(library)
    for name, data in library.items():
        about = described[name]
        assert (place / (about.file or "")).is_file()
        assert [v.name for v in about.variables] == data.frame.columns
        assert data.label == about.label
        assert data.label.endswith("SIMULATED")
        assert [c.label for c in data.columns] == [v.label for v in about.variables]
        assert data.frame.select(about.keys).is_duplicated().sum() == 0, name
        for variable in about.variables:
            if variable.mandatory:
                assert data.frame[variable.name].null_count() == 0, (name, variable.name)


def test_code_lists_hold_what_the_data_hold(written: Path) -> None:
    for folder in ("adam", "sdtm"):
        define, library = open_define(written / folder / "define.xml"), read_library(written / folder)
        assert any(v.codelist is not None for about in define.datasets.values() for v in about.variables)
        for about in define.datasets.values():
            for variable in about.variables:
                if variable.codelist is not None:
                    values = library[about.name].frame[variable.name].drop_nulls().unique().to_list()
                    found = {f"{v:g}" if isinstance(v, float) else str(v) for v in values}
                    assert found <= set(define.codelists[variable.codelist].decodes), (about.name, variable.name)


def test_every_file_says_simulated(written: Path) -> None:
    adam, sdtm_ = read_library(written / "adam"), read_library(written / "sdtm")
    for data in (*adam.values(), *sdtm_.values()):
        assert data.label.endswith(" - SIMULATED")
        if "USUBJID" in data.frame.columns:
            assert data.frame["USUBJID"].str.contains("-SIM-").all()
    assert {name: data.frame["SIMFL"].unique().to_list() for name, data in adam.items()} == {n: ["Y"] for n in adam}
    summary = sdtm_["TS"].frame
    assert summary.filter(pl.col("TSPARMCD") == "SIMFL")["TSVAL"].to_list() == ["Y"]
    for folder in ("adam", "sdtm"):
        assert open_define(written / folder / "define.xml").comment.startswith("SIMULATED")


def test_sponsor_defined_codes_are_the_study_file_s(written: Path, ad3: tuple[Study, Trials]) -> None:
    study, _ = ad3
    assert study.sdtm is not None
    library = read_library(written / "sdtm")
    for domain in ("RS", "QS"):
        frame = library[domain].frame
        wanted = {(t.code, t.name) for t in study.sdtm.tests if t.domain == domain}
        assert set(frame.select(f"{domain}TESTCD", f"{domain}TEST").unique().iter_rows()) == wanted
        assert all(t.origin == "sponsor-defined" and t.assumed for t in study.sdtm.tests)
        assert all(t.code.startswith("SP") for t in study.sdtm.tests)


def test_the_domains_agree_with_each_other(written: Path, ad3: tuple[Study, Trials]) -> None:
    study, trials = ad3
    data = {name: each.frame for name, each in read_library(written / "sdtm").items()}
    assert list(data["DM"]["USUBJID"]) == list(adsl(study, trials)["USUBJID"])
    start = dict(data["DM"].select("USUBJID", "RFSTDTC").iter_rows())
    for name, which in (("RS", ""), ("QS", ""), ("SV", "ST"), ("EX", "EN"), ("DS", "ST")):
        day, when = f"{name}{which}DY", f"{name}{which}DTC"
        for patient, number_, text in data[name].select("USUBJID", day, when).unique().iter_rows():
            days = (date.fromisoformat(text) - date.fromisoformat(start[patient])).days
            assert number_ == (days + 1 if days >= 0 else days)
    seen = set(data["SV"].select("USUBJID", "VISIT").iter_rows())
    for name in ("RS", "QS"):
        assert set(data[name].select("USUBJID", "VISIT").iter_rows()) <= seen
    assert data["SV"].group_by("USUBJID").len().height == trials.shape[1]
    ends = data["DS"].filter(pl.col("DSCAT") == "DISPOSITION EVENT")
    assert dict(ends.sort("DSSEQ").select("USUBJID", "DSSTDTC").iter_rows()) == dict(
        data["DM"].select("USUBJID", "RFENDTC").iter_rows()
    )
    later = trials.longterm
    assert later is not None
    completed = int((trials.reason == 0).sum()) + int((later.reason == 0).sum())
    assert (ends["DSDECOD"] == "COMPLETED").sum() == completed
    for frame in data.values():
        if "ARMCD" in frame.columns and frame["ARMCD"].null_count() == 0:
            assert set(frame["ARMCD"]) <= {"ARM1", "ARM2", "ARM3"}
    values = sum(int(observed(v).sum()) for v in trials.values.values())
    assert values == adeff(study, trials).height
    assert data["RS"].height + data["QS"].height == values + sum(int(observed(v).sum()) for v in later.values.values())


def test_dates_are_in_the_stated_window_and_in_order(ad3: tuple[Study, Trials], tmp_path: Path) -> None:
    study, trials = ad3
    assert study.sdtm is not None
    days = reference_days(study, 5000, np.random.default_rng(3))
    assert days.is_sorted()
    assert study.sdtm.first_day <= days.min() <= days.max() <= study.sdtm.last_day  # type: ignore[operator]
    api.write_trial(study, trials, tmp_path / "1", seed=1)
    api.write_trial(study, trials, tmp_path / "2", seed=2)
    api.write_trial(study, trials, tmp_path / "again", seed=1)
    one, two, again = (read_library(tmp_path / n / "adam")["ADSL"].frame for n in ("1", "2", "again"))
    assert_frame_equal(one, again)
    assert (one["TRTSDT"] != two["TRTSDT"]).any()
    assert one["TRTSDT"].dtype == pl.Date
    assert (one["TRTEDT"] >= one["TRTSDT"]).all()
    assert_frame_equal(one.drop("RANDDT", "TRTSDT", "TRTEDT"), two.drop("RANDDT", "TRTSDT", "TRTEDT"))


def test_the_same_seed_gives_the_same_bytes(ad3: tuple[Study, Trials], tmp_path: Path) -> None:
    digests = []
    for n in range(2):
        made = np.random.default_rng(1)
        paths = write_trial(*ad3, tmp_path / str(n), standard="both", generator=made, created=NO_CREATED)
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])
    assert digests[0] == digests[1]


def altered(study: Study, how: Callable[[dict], None]) -> Study:
    content = study.model_dump(by_alias=True, exclude_unset=True)
    how(content)
    return Study.model_validate(content)


def test_what_does_not_fit_xpt_is_an_error_and_nothing_is_written(ad3: tuple[Study, Trials], tmp_path: Path) -> None:
    study, trials = ad3

    def long(content: dict) -> None:
        content["sdtm"]["labels"].pop("IGA")
        content["population"]["criteria"][0]["text"] = "x" * 201

    long_study = altered(study, long)
    with pytest.raises(DataError) as caught:
        write_trial(long_study, trials, tmp_path / "out", standard="both")
    places = {fault.where for fault in caught.value.faults}
    assert places == {"TI row 1: IETEST", "ADSL.IGA: label"}
    assert not (tmp_path / "out").exists()
    write_trial(long_study, trials, tmp_path / "out", standard="both", format="dataset-json")
    text = read_library(tmp_path / "out" / "sdtm")["TI"].frame["IETEST"][0]
    assert text == "x" * 201


def test_an_earlier_trial_in_another_format_is_not_mixed_in(ad3: tuple[Study, Trials], tmp_path: Path) -> None:
    write_trial(*ad3, tmp_path, format="parquet")
    with pytest.raises(UsageError, match="another format"):
        write_trial(*ad3, tmp_path, format="xpt")
    write_trial(*ad3, tmp_path, format="parquet")


@pytest.mark.parametrize(("what", "value"), [("format", "sas7bdat"), ("standard", "send")])
def test_unknown_words_are_named(ad3: tuple[Study, Trials], what: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=value):
        write_trial(*ad3, tmp_path, **{what: value})  # type: ignore[arg-type]


def test_a_batch_is_refused(ad3: tuple[Study, Trials], tmp_path: Path) -> None:
    study, _ = ad3
    from pivotal.cohort import build

    batch = build(study, study.scenarios[0].name).draw(2, np.random.default_rng(1))
    with pytest.raises(UsageError, match="one trial"):
        write_trial(study, batch, tmp_path, standard="both")


def test_csv_takes_labels_and_dates_from_the_define_beside_it(ad3: tuple[Study, Trials], tmp_path: Path) -> None:
    write_trial(*ad3, tmp_path / "c", format="csv")
    write_trial(*ad3, tmp_path / "x", format="xpt")
    csv, xpt = read_library(tmp_path / "c" / "adam"), read_library(tmp_path / "x" / "adam")
    for name in ("ADSL", "ADEFF"):
        assert [(c.name, c.label) for c in csv[name].columns] == [(c.name, c.label) for c in xpt[name].columns]
        numbers = [n for n, t in csv[name].frame.schema.items() if t.is_integer()]
        assert_frame_equal(csv[name].frame.with_columns(pl.col(numbers).cast(pl.Float64)), xpt[name].frame)
    (tmp_path / "c" / "adam" / "define.xml").write_text("<!DOCTYPE ODM [<!ENTITY a 'b'>]><ODM/>", encoding="utf-8")
    with pytest.raises(DataError, match="DTD"):
        read_library(tmp_path / "c" / "adam")


def test_a_value_that_the_define_denies_is_named(ad3: tuple[Study, Trials], tmp_path: Path) -> None:
    write_trial(*ad3, tmp_path, format="csv")
    file = tmp_path / "adam" / "adsl.csv"
    frame = pl.read_csv(file, infer_schema=False)
    spoilt = {"AGE": "five", "TRTSDT": "2021-02-30"}
    frame = frame.with_columns(pl.Series(name, [value, *frame[name][1:]]) for name, value in spoilt.items())
    frame.write_csv(file)
    with pytest.raises(DataError) as caught:
        read_library(tmp_path / "adam")
    found = [(fault.where.rpartition("/")[2], fault.found) for fault in caught.value.faults]
    assert found == [("adsl.csv row 2: AGE", "'five'"), ("adsl.csv row 2: TRTSDT", "'2021-02-30'")]


def test_further_data_sets_are_rows_of_one_list(ad3: tuple[Study, Trials]) -> None:
    study, trials = ad3
    made = sdtm(Drawn(study, trials, reference_days(study, trials.shape[1], np.random.default_rng(1))))
    assert list(made) == ["TA", "TE", "TV", "TI", "TS", "DM", "SV", "EX", "DS", "AE", "RS", "QS"]
    assert {kind for kind, _ in WRITTEN.values()} == set(FORMATS)
    assert STANDARDS["both"] == ("sdtm", "adam")


def test_dataset_json_follows_cdisc_s_schema_and_names_the_define_s_identifiers(
    ad3: tuple[Study, Trials], tmp_path: Path
) -> None:
    schemas = Path(__file__).parents[1] / "data" / "datasetjson"
    write_trial(*ad3, tmp_path / "j", format="dataset-json", standard="both")
    write_trial(*ad3, tmp_path / "n", format="ndjson", standard="both")
    schema = json.loads((schemas / "dataset.schema.json").read_text(encoding="utf-8"))
    lines = json.loads((schemas / "dataset-ndjson-schema.json").read_text(encoding="utf-8"))
    for folder in ("adam", "sdtm"):
        text = (tmp_path / "j" / folder / "define.xml").read_text(encoding="utf-8")
        files = sorted((tmp_path / "j" / folder).glob("*.json"))
        assert len(files) >= 3
        for path in files:
            content = json.loads(path.read_text(encoding="utf-8"))
            jsonschema.validate({**content, "rows": content["rows"][:50]}, schema)
            for oid in (content["itemGroupOID"], content["studyOID"], *(c["itemOID"] for c in content["columns"])):
                assert f'OID="{oid}"' in text
            with (tmp_path / "n" / folder / f"{path.stem}.ndjson").open(encoding="utf-8") as stream:
                jsonschema.validate(json.loads(stream.readline()), lines)
