"""What is written is read again; each rule finds what breaks it; what cannot be trusted is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pivotal.errors import DataError
from pivotal.records.define import Define, Origin, check_define, open_define, read_define, write_define


def test_it_reads_back(small: Define, file: Path) -> None:
    assert check_define(file) == []
    assert open_define(file) == replace(small, protocol="S-1 & co")


def test_identifiers_and_order(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.startswith("<?xml version='1.0' encoding='UTF-8'?>")
    places = [text.index(f"<{tag}") for tag in (
        "def:Standards", "def:ValueListDef", "def:WhereClauseDef", "ItemGroupDef", "ItemDef", "CodeList ", "MethodDef",
        "def:CommentDef",
    )]  # fmt: skip
    assert places == sorted(places)
    assert 'OID="IT.RS.RSSTRESN.RSTESTCD.EQ.SPIGA"' in text
    assert 'CreationDateTime="2026-01-02T03:04:05"' in text


SPOILS = {
    "a reference to nothing": ('MethodOID="MT.RS.RSDY"', 'MethodOID="MT.NONE"', "'MT.NONE'"),
    "an unknown origin": ('Type="Derived"', 'Type="Guessed"', "'Guessed'"),
    "an unknown source": ('Source="Sponsor"', 'Source="Nobody"', "'Nobody'"),
    "an unknown class": ('Name="FINDINGS"', 'Name="FOUND"', "'FOUND'"),
    "a data type of its own": ('DataType="date"', 'DataType="day"', "'day'"),
    "an old version": ('def:DefineVersion="2.1.0"', 'def:DefineVersion="2.0.0"', "'2.0.0'"),
    "a length of nothing": ('Length="9"', 'Length="0"', "'0'"),
    "a text without a length": (' Length="9"', "", "text without a length"),
    "a float without decimals": (' SignificantDigits="2"', "", "float without SignificantDigits"),
    "a list of another type": (
        'Name="Tests" DataType="text"', 'Name="Tests" DataType="integer"', "text, and its code list integer"),
    "a value twice": ('CodedValue="SPX"', 'CodedValue="SPIGA"', "'SPIGA' 2 times"),
    "a key twice": ('KeySequence="2"', 'KeySequence="1"', "KeySequence 1 2 times"),
    "an identifier twice": ('<ItemDef OID="IT.RS.RSDTC"', '<ItemDef OID="IT.RS.RSDY"', "there 2 times"),
    "a predecessor unnamed": ("DM.USUBJID", "", "not named"),
    "no label": ("<TranslatedText xml:lang=\"en\">Response</TranslatedText>", "", None),
    "no file name": (' def:ArchiveLocationID="LF.RS"', "", "without a file"),
    "nothing that uses it": ('<CodeListRef CodeListOID="CL.T" />', "", "referred to by nothing"),
    "two standards": (' def:StandardOID="STD.1"', ' def:StandardOID="STD.1" def:IsNonStandard="Yes"', "of no standard"),
    "no method": (' MethodOID="MT.RS.RSDY"', "", "derived, without a method"),
    "a missing attribute": (' Repeating="Yes"', "", "missing"),
    "another namespace": (
        'xmlns:def="http://www.cdisc.org/ns/def/v2.1"', 'xmlns:def="http://www.cdisc.org/ns/def/v2.0"', "namespace"),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILS)
def test_each_rule_finds_what_breaks_it(what: str, file: Path) -> None:
    before, after, found = SPOILS[what]
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    faults = check_define(file)
    if found is None:
        assert faults == []  # a label may be empty in words, as CDISC's own are; the part stands
    else:
        assert any(found in str(fault) for fault in faults), [str(f) for f in faults]


def test_parts_out_of_order(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    start, end = text.index("<CodeList "), text.index("</CodeList>") + len("</CodeList>")
    moved = text[:start] + text[end:]
    place = moved.index("<ItemGroupDef")
    file.write_text(moved[:place] + text[start:end] + moved[place:], encoding="utf-8")
    assert any("stand in the order" in fault.allowed for fault in check_define(file))


def test_nothing_wrong_is_written(small: Define, tmp_path: Path) -> None:
    rs = small.datasets["RS"]
    bare = replace(rs.variable("RSDY"), method="", name="RSENDY", label="Day\x0b")
    wrong = replace(small, datasets={"RS": replace(rs, variables=(*rs.variables, bare))})
    with pytest.raises(DataError) as caught:
        write_define(wrong, tmp_path / "define.xml")
    assert "derived, without a method" in str(caught.value)
    assert "XML has no such character" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


HOSTILE = {
    "an entity": '<!DOCTYPE ODM [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><ODM>&b;</ODM>',
    "a file": '<!DOCTYPE ODM [<!ENTITY a SYSTEM "file:///etc/passwd">]><ODM>&a;</ODM>',
    "a parameter entity": '<!DOCTYPE ODM [<!ENTITY % a SYSTEM "http://localhost/x.dtd"> %a;]><ODM/>',
    "a DTD elsewhere": '<!DOCTYPE ODM SYSTEM "http://localhost/x.dtd"><ODM/>',
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("read", [read_define, check_define])
def test_document_types_are_refused(what: str, read: object, tmp_path: Path) -> None:
    path = tmp_path / "define.xml"
    path.write_text('<?xml version="1.0"?>\n' + HOSTILE[what], encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read(path)  # type: ignore[operator]
    (fault,) = caught.value.faults
    assert "DTD" in fault.found
    assert fault.where.startswith(f"{path}:2")


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("", "no XML"),
        ("<ODM", "no XML"),
        ("<ODM><Study></ODM>", "no XML"),
        ("<html/>", "root html"),
        ("<ODM/>", "no MetaDataVersion"),
        ("<ODM>&undefined;</ODM>", "no XML"),
    ],
)
def test_what_is_no_define_is_named(text: str, piece: str, tmp_path: Path) -> None:
    path = tmp_path / "define.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_define(path)
    assert piece in str(caught.value)
    with pytest.raises(DataError, match="missing"):
        read_define(tmp_path / "none.xml")


def test_a_file_cut_off_anywhere_is_an_error(file: Path) -> None:
    data = file.read_bytes()
    for size in range(0, len(data) - 5, 97):
        file.write_bytes(data[:size])
        with pytest.raises(DataError):
            read_define(file)


def test_a_reference_to_nothing_names_the_variable(file: Path) -> None:
    text = file.read_text(encoding="utf-8").replace('OID="MT.RS.RSDY" Name', 'OID="MT.RS.OTHER" Name')
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_define(file)
    assert "RS, IT.RS.RSDY" in str(caught.value)


TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc"), max_codepoint=0xFFFF), max_size=30).map(
    lambda t: " ".join(t.replace("\ufffe", "").replace("\uffff", "").split())
)


@settings(max_examples=60, deadline=None)
@given(label=TEXTS, method=TEXTS.filter(bool), text=TEXTS.filter(bool))
def test_any_text_reads_back(label: str, method: str, text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    from .conftest import SMALL

    path = tmp_path_factory.mktemp("texts") / "define.xml"
    rs = SMALL.datasets["RS"]
    day = replace(
        rs.variable("RSDY"), label=label, method=method, origin=Origin(type="Derived", source="Sponsor", text=text)
    )
    one = replace(SMALL, datasets={"RS": replace(rs, variables=(*rs.variables[:-1], day))}, protocol="p")
    write_define(one, path)
    assert open_define(path) == one
