"""CDISC's own define.xml files are read, and held against the rules that what we write is held against."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from pivotal.errors import DataError
from pivotal.records.define import check_define, open_define, read_define, rules, write_define
from pivotal.records.define.terminology import LISTS
from pivotal.records.formats import read_library

DATA = Path(__file__).parents[2] / "data"


def terms(file: str, *names: str) -> dict[str, dict[str, str]]:
    content = json.loads(gzip.decompress((DATA / "ct" / file).read_bytes()))
    found = {c["submissionValue"]: c for c in content["codelists"] if c["submissionValue"] in names}
    assert set(found) == set(names)
    return {
        n: {t["submissionValue"]: t["conceptId"] for t in c["terms"]} | {"": c["conceptId"]} for n, c in found.items()
    }


def test_analysis_data_sets_break_no_rule() -> None:
    path = DATA / "datasetjson" / "adam" / "define.xml"
    assert check_define(path) == []
    found = open_define(path)
    assert found.version == "2.1.0"
    assert next((s.name, s.version) for s in found.standards) == ("ADaMIG", "1.1")
    adsl = found.datasets["ADSL"]
    assert (adsl.label, adsl.class_, adsl.keys, adsl.file) == (
        "Subject-Level Analysis", "SUBJECT LEVEL ANALYSIS DATASET", ("USUBJID",), "adsl.xpt",
    )  # fmt: skip
    assert len(found.datasets) == 12
    assert len(found.codelists) == 97
    aval = found.datasets["ADADAS"].variable("AVAL")
    assert len(aval.values) == 15
    assert aval.values[-1].variable.method.startswith("Sum of ADAS scores for items 1, 2, 4, 5, 6, 7, 8, 11, 12, 13")
    assert [(c.variable, c.comparator, c.values) for c in aval.values[0].where] == [("PARAMCD", "EQ", ("ACITM01",))]


def test_tabulation_data_sets_break_only_the_rules_that_they_do_break() -> None:
    """The file says STDTMIG for SDTMIG and Final for FINAL, and nothing else is wrong with it."""
    path = DATA / "datasetjson" / "sdtm" / "define.xml"
    assert [(f.where.rpartition(": ")[2], f.found) for f in check_define(path)] == [
        ("Name", "'STDTMIG'"), *[("Status", "'Final'")] * 4,
    ]  # fmt: skip
    found = read_define(path)
    assert found["TA"].keys == ("STUDYID", "ARMCD", "TAETORD")
    assert found["AE"].variable("AESTDY").method.startswith("Study day relative to RFSTDTC")


@pytest.mark.parametrize(("name", "sets", "lists"), [("adam_xpt", 10, 58), ("sdtm_xpt", 22, 68)])
def test_version_1_is_read(name: str, sets: int, lists: int) -> None:
    found = open_define(DATA / "cdiscpilot01" / "define" / f"{name}.xml")
    assert (found.version, len(found.datasets), len(found.codelists)) == ("1.0.0", sets, lists)
    keys = {
        "adam_xpt": ("ADAE", ("USUBJID", "AETERM", "ASTDT", "AESEQ")),
        "sdtm_xpt": ("TA", ("STUDYID", "ARMCD", "TAETORD")),
    }
    data, wanted = keys[name]
    assert found.datasets[data].keys == wanted


def test_what_holds_no_data_is_written_so(tmp_path: Path) -> None:
    """CDISC's SDTM one with its slips mended: three data sets and 13 variables and 2 parts of one were planned and hold
    nothing."""
    found = open_define(DATA / "datasetjson" / "sdtm" / "define.xml")
    names = {"STDTMIG": "SDTMIG"}
    mended = tuple(replace(s, name=names.get(s.name, s.name), status=s.status.upper()) for s in found.standards)
    sets = {
        name: replace(data, standard=names.get(data.standard or "", data.standard))
        for name, data in found.datasets.items()
    }
    write_define(replace(found, standards=mended, datasets=sets), tmp_path / "define.xml")
    again = open_define(tmp_path / "define.xml")
    assert [name for name, data in again.datasets.items() if data.empty] == ["NV", "SUPPNV", "SUPPOE"]
    variables = [v for data in again.datasets.values() for v in data.variables]
    assert sum(v.empty for v in variables) == 13
    assert sum(level.variable.empty for v in variables for level in v.values) == 2


def test_what_breaks_rules_is_not_written(tmp_path: Path) -> None:
    """The names and states of its standards are wrong, and the writer says so."""
    found = open_define(DATA / "datasetjson" / "sdtm" / "define.xml")
    with pytest.raises(DataError) as caught:
        write_define(found, tmp_path / "define.xml")
    assert {fault.found for fault in caught.value.faults} == {"'STDTMIG'", "'Final'"}
    assert list(tmp_path.iterdir()) == []


def test_what_is_read_is_written_and_read_again(tmp_path: Path) -> None:
    found = open_define(DATA / "datasetjson" / "adam" / "define.xml")
    write_define(found, tmp_path / "define.xml")
    again = open_define(tmp_path / "define.xml")
    assert list(again.datasets) == list(found.datasets)
    for data, other in zip(found.datasets.values(), again.datasets.values(), strict=True):
        assert (data.label, data.keys, data.structure, data.class_) == (
            other.label,
            other.keys,
            other.structure,
            other.class_,
        )
        for mine, their in zip(data.variables, other.variables, strict=True):
            assert (mine.name, mine.label, mine.type, mine.method, mine.comment, mine.codelist) == (
                their.name, their.label, their.type, their.method, their.comment, their.codelist,
            )  # fmt: skip
            assert [v.where for v in mine.values] == [v.where for v in their.values]
    assert {o: c.decodes for o, c in again.codelists.items()} == {o: c.decodes for o, c in found.codelists.items()}


def test_labels_of_the_transport_files_are_those_of_the_define() -> None:
    """Two independent descriptions of the same variables: CDISC's XPT files and its define.xml."""
    place = DATA / "datasetjson" / "sdtm"
    described = read_define(place / "define.xml")
    data = read_library(place / "dm.xpt")["DM"]
    assert {c.name: c.label for c in data.columns} == {v.name: v.label for v in described["DM"].variables}


def test_terms_of_the_rules_are_cdisc_s() -> None:
    lists = terms(
        "define-xmlct-2026-03-27.json.gz", "ORIGINT", "ORIGINS", "GNRLOBSC", "STDNAM", "STDSTAT", "STDTYP", "ODMCNTX",
        "CTSTDTYP",
    )  # fmt: skip
    ours = {
        "ORIGINT": rules.ORIGIN_TYPES, "ORIGINS": rules.ORIGIN_SOURCES, "GNRLOBSC": rules.CLASSES,
        "STDNAM": rules.STANDARD_NAMES, "STDSTAT": rules.TERMS["Standard", "Status"],
        "STDTYP": rules.TERMS["Standard", "Type"], "ODMCNTX": rules.TERMS["ODM", "Context"],
        "CTSTDTYP": rules.TERMS["Standard", "PublishingSet"],
    }  # fmt: skip
    for name, values in ours.items():
        assert set(values) == set(lists[name]) - {""}, name


def test_codes_of_the_terminology_are_nci_s() -> None:
    lists = terms("sdtmct-2015-12-18.json.gz", *LISTS)
    for name, ours in LISTS.items():
        assert ours.code == lists[name][""]
        assert {term: lists[name].get(term) for term in ours.terms} == dict(ours.terms)
