"""CDISC's own data sets, each as JSON, lines of JSON, compressed, and transport file (`tests/data/datasetjson`)."""

from __future__ import annotations

import json
import warnings
import zipfile
import zlib
from datetime import datetime
from pathlib import Path

import jsonschema
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import pilot
from pivotal.errors import DataError
from pivotal.records.formats import read_dataset, read_library, write_dataset

HERE = Path(__file__).parents[2] / "data" / "datasetjson"
SETS = sorted(p.relative_to(HERE).with_suffix("") for p in HERE.glob("*/*.json") if p.with_suffix(".xpt").exists())
CREATED = datetime(2026, 1, 2, 3, 4, 5)

LABELS = {
    "adae": {
        "ADURN": "Analysis Duration (N)",
        "ADURU": "Analysis Duration Units",
        "AOCCFL": "1st Occurrence within Subject Flag",
    },
    "adtte": {"STARTDT": "Time-to-Event Origin Date for Subject", "SRCDOM": "Source Data"},
}
"""Labels of variables that the transport files, made from other metadata, have otherwise."""

TEXT_FORMATS = {
    "adtte": "STUDYID SITEID USUBJID AGE AGEGR1 AGEGR1N RACE RACEN SEX TRTDUR TRTP TRTA PARAM PARAMCD EVNTDESC SRCDOM "
    "SRCVAR SAFFL"
}
"""Variables for which only the transport file has a display format (``$12.``, ``3.``)."""

LENGTHS = {"adtte": {"PARAM": 32, "PARAMCD": 4}}
"""Lengths of texts that the transport files have otherwise than the JSON says."""

DATASET_LABELS = {"adae": "", "adsl": "Subject-Level Analysis Dataset", "adtte": ""}
"""Labels of data sets that the transport files have otherwise."""

CONVERTED_BY = {"name": "VDE Dataset Converter", "version": "0.6.0"}
"""The system that made the compressed files of the JSON files; nothing else is different in them."""


def ids(path):
    return str(path)


def test_all_sets_are_there():
    assert len(SETS) == 23


@pytest.mark.parametrize("name", SETS, ids=ids)
@pytest.mark.parametrize("suffix", [".ndjson", ".dsjc"])
def test_the_three_forms_of_dataset_json_say_the_same(name, suffix):
    one, other = (read_dataset((HERE / name).with_suffix(s)) for s in (".json", suffix))
    assert_frame_equal(one.frame, other.frame, check_exact=True)
    assert (one.name, one.label, one.columns) == (other.name, other.label, other.columns)
    made_by = {"sourceSystem": CONVERTED_BY} if suffix == ".dsjc" else {}
    assert one.more | made_by == other.more
    assert [c.more for c in one.columns] == [c.more for c in other.columns]


@pytest.mark.parametrize("name", SETS, ids=ids)
def test_the_transport_file_says_the_same_but_for_what_is_listed(name):
    ours, xpt = (read_dataset((HERE / name).with_suffix(s)) for s in (".json", ".xpt"))
    whole_numbers = [c.name for c in ours.columns if c.type == "integer"]
    assert_frame_equal(ours.frame.with_columns(pl.col(whole_numbers).cast(pl.Float64)), xpt.frame, check_exact=True)
    assert [c.name for c in ours.columns] == [c.name for c in xpt.columns]
    assert [("float" if c.type == "integer" else c.type) for c in ours.columns] == [c.type for c in xpt.columns]
    pairs = list(zip(ours.columns, xpt.columns, strict=True))
    known = name.name if name.parts[0] == "adam" else None
    assert xpt.label == DATASET_LABELS.get(known, ours.label)
    assert {a.name: b.label for a, b in pairs if a.label != b.label} == LABELS.get(known, {})
    assert [a.name for a, b in pairs if a.format != b.format] == TEXT_FORMATS.get(known, "").split()
    assert {a.name: b.length for a, b in pairs if a.length not in (None, b.length)} == LENGTHS.get(known, {})


@pytest.mark.parametrize("name", SETS, ids=ids)
@pytest.mark.parametrize("suffix", ["json", "ndjson", "dsjc", "parquet", "csv", "xpt"])
def test_what_is_written_reads_back_equal(name, suffix, tmp_path):
    data = read_dataset((HERE / name).with_suffix(".xpt" if suffix == "xpt" else ".json"))
    path = tmp_path / f"{data.name.lower()}.{suffix}"
    write_dataset(data, path)
    again = read_dataset(path, columns=data.columns)
    assert_frame_equal(again.frame, data.frame, check_exact=True)
    assert (again.name, again.columns) == (data.name, data.columns)
    if suffix != "csv":
        assert again.label == data.label
        assert [c.more for c in again.columns] == [c.more for c in data.columns]
        assert again.more == data.more


@pytest.mark.parametrize("name", SETS, ids=ids)
def test_written_dataset_json_follows_the_schema(name, tmp_path):
    data = read_dataset((HERE / name).with_suffix(".json"))
    for suffix in ("json", "ndjson", "dsjc"):
        write_dataset(data, tmp_path / f"x.{suffix}", created=CREATED)
    whole = json.loads((tmp_path / "x.json").read_text())
    first, *rows = (tmp_path / "x.ndjson").read_text().splitlines()
    assert (tmp_path / "x.ndjson").read_bytes() == zlib.decompress((tmp_path / "x.dsjc").read_bytes())
    assert whole["datasetJSONCreationDateTime"] == "2026-01-02T03:04:05"
    assert [json.loads(row) for row in rows] == whole["rows"]
    jsonschema.validate(whole, json.loads((HERE / "dataset.schema.json").read_text()))
    jsonschema.validate(json.loads(first), json.loads((HERE / "dataset-ndjson-schema.json").read_text()))


@pytest.mark.parametrize("name", SETS, ids=ids)
@pytest.mark.parametrize("version", [5, 8])
def test_pyreadstat_reads_what_is_written(name, version, tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    data = read_dataset((HERE / name).with_suffix(".xpt"))
    write_dataset(data, tmp_path / "x.xpt", version=version)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame, meta = pyreadstat.read_xport(tmp_path / "x.xpt", output_format="polars")
    never = [n for n, t in frame.schema.items() if t == pl.Null]  # it gives a column without values no type
    frame = frame.with_columns(pl.col(pl.String).replace("", None))
    assert_frame_equal(frame.drop(never), data.frame.drop(never), check_exact=True)
    assert meta.column_labels == [c.label or None for c in data.columns]
    assert meta.table_name == data.name
    assert list(meta.variable_storage_width.values()) == [c.length for c in data.columns]


def test_a_file_with_extensions_reads():
    data = read_dataset(HERE / "extensions" / "extended_dataset.json")
    assert data.frame.shape == (2, 38)
    assert data.frame["AEENDY"].to_list() == [None, None]  # its system says that 'na' is missing
    assert data.more["isReferenceData"] is False


def test_a_file_in_other_scripts_reads():
    data = read_dataset(HERE / "i18n" / "ae.json")
    assert data.frame.height == 1191
    assert any(not text.isascii() for text in data.frame["AETERM"].drop_nulls())


def test_a_folder_of_transport_files_and_zips_reads(tmp_path):
    """The pilot as its submission lies: transport files, one of them in an archive."""
    given = {path.stem: read_dataset(path) for path in pilot.sdtm().glob("*.parquet")}
    assert len(given) > 10
    for name, data in given.items():
        write_dataset(data, tmp_path / f"{name}.xpt")
    with zipfile.ZipFile(tmp_path / "dm.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "dm.xpt", "dm.xpt")
    (tmp_path / "dm.xpt").unlink()
    library = read_library(tmp_path)
    assert library.keys() == {name.upper() for name in given}
    assert library["DM"].source.endswith("dm.zip:dm.xpt")
    for name, data in given.items():
        assert_frame_equal(library[name.upper()].frame, data.frame, check_dtypes=False, check_exact=True)


def test_a_transport_file_of_another_encoding_reads():
    data = read_dataset(pilot.folder() / "original" / "ts.xpt")
    assert data.more["encoding"] == "windows-1252"
    assert "≥" not in "".join(data.frame["TSVAL"].drop_nulls())


@pytest.mark.parametrize(("name", "rows"), [("adlbh", 24_966), ("advs", 32_139)])
def test_larger_compressed_files_read(name, rows):
    assert read_dataset(HERE / "adam" / f"{name}.dsjc").frame.height == rows


@pytest.mark.parametrize(
    ("name", "columns"), [("adnpix", {"AVAL", "CHG", "PCHG"}), ("adadas", {"AVAL", "BASE", "CHG", "PCHG"})]
)
def test_a_column_of_integers_with_fractions_is_refused(name, columns):
    with pytest.raises(DataError) as caught:
        read_dataset(HERE / "adam" / f"{name}.dsjc")
    assert {fault.where.split(": ")[1] for fault in caught.value.faults} == columns
