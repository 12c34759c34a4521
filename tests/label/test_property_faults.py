"""What a wrong product file or a wrong patient is told: the place, what was found, what is right; all of it at once."""

from __future__ import annotations

import json

import polars as pl
import pytest

from pivotal.errors import DataError, ProductError, UsageError
from pivotal.label import covers, load_product, read_patient, read_product, read_table
from pivotal.label.days import a_day
from pivotal.label.load import product_path

TEXT = product_path("opzelura").read_text(encoding="utf-8")
PRODUCT = load_product("opzelura")
DAY = a_day("2025-09-18")


def spoilt(*edits):
    text, line = TEXT, 0
    for old, new in edits:
        assert old in text, old
        line = text[: text.index(old)].count("\n") + 1
        text = text.replace(old, new, 1)
    return text, line


def file_faults(text):
    with pytest.raises(ProductError) as caught:
        read_product(text, "mine.toml")
    return [str(fault) for fault in caught.value.faults]


AGE_12 = 'text = "Age 12 years and older", variable = "AGE", at_least = 12'
FIRST_BSA = 'variable = "BSA", at_most = 20, unit = "%", source = "DC" }'


@pytest.mark.parametrize(
    ("old", "new", "key", "piece"),
    [
        ('form = "cream"', 'frm = "cream"', "product.frm", "Did you mean 'form'?"),
        ('form = "cream"', "", "product", "product needs a form"),
        ("effective = 2021-09-21", 'effective = "soon"', "indications[0].effective", "a date, as 2025-09-18"),
        ("effective = 2021-09-21", "effective = 2026-09-21", "indications[0].superseded", "it ends after it begins"),
        (
            "superseded = 2025-09-18",
            "superseded = 2025-09-19",
            "indications[0].superseded",
            "effective from 2025-09-18",
        ),
        ('superseded_by = "AD-2025"', 'superseded_by = "AD-2026"', "indications[0].superseded_by", "'AD-2025'?"),
        ('id = "AD-2025"', 'id = "AD-2021"', "indications[2].id", "stands there already"),
        (AGE_12, AGE_12.replace("AGE", "AEG"), "indications[0].criteria[1].variable", "Did you mean 'AGE'?"),
        (AGE_12, AGE_12.replace("12", "250"), "indications[0].criteria[1].at_least", "runs from 0 to 120"),
        ('unit = "years", source = "SA21"', 'unit = "yaers", source = "SA21"', "criteria[1].unit", "is in years"),
        (
            '"mild", "moderate"], source = "SA21"',
            '"mild", "medium"], source = "SA21"',
            "criteria[2].any_of[1]",
            "categor",
        ),
        (
            '"mild", "moderate"], source = "SA21"',
            '"mild"], source = "SA2"',
            "criteria[2].source",
            "Did you mean 'SA21'?",
        ),
        ('trials = ["TRuE-AD1", "TRuE-AD2"]', 'trials = ["TRuE-AD4"]', "indications[0].trials[0]", "TRuE-AD"),
        ('certainty = "unverified"\nnote = "said', 'certainty = "sure"\nnote = "said', "certainty", "is one of 'read'"),
        ('word = "mild"', 'word = "mildish"', "scales[0].grades[2].word", "Did you mean 'mild'?"),
        ("score = 2,", "score = 7,", "scales[0].grades[2].score", "0 to 4"),
        ("facts = { BIOLOGIC = true }", "facts = { BIOLOGICS = true }", "facts.BIOLOGICS", "Did you mean 'BIOLOGIC'?"),
        ("facts = { BIOLOGIC = true }", 'facts = { BIOLOGIC = "yes" }', "facts.BIOLOGIC", "true or false"),
        (
            'aliases = ["immunocompromised"]',
            'aliases = ["iga"]',
            "variables.IMMUNOC.aliases[0]",
            "has this name already",
        ),
        ("grams = 5\n", "grams = -5\n", "packages[0].grams", "above 0"),
    ],
)
def test_each_fault_of_a_product_file_has_its_line(old, new, key, piece):
    text, line = spoilt((old, new))
    found = file_faults(text)
    matching = [f for f in found if piece in f and key in f]
    assert matching, found
    assert matching[0].startswith("mine.toml:")
    if new and "needs" not in piece and "begins" not in piece:
        near = int(matching[0].split(":")[1])
        assert abs(near - line) <= 3


@pytest.mark.parametrize(
    ("old", "new", "piece"),
    [
        (FIRST_BSA, FIRST_BSA + ',\n { id = "b2", variable = "BSA", at_least = 30, unit = "%" }', "no value of BSA"),
        (AGE_12, AGE_12 + ", below = 12", "no value of AGE"),
        (FIRST_BSA, FIRST_BSA + ',\n { id = "x", variable = "IMMUNOC", is = true }', "no value of IMMUNOC"),
        (FIRST_BSA, FIRST_BSA + ',\n { id = "x", variable = "IGA", any_of = [4] }', "whatever the facts"),
        (
            FIRST_BSA,
            FIRST_BSA
            + ',\n { id = "x", any = [{ variable = "AGE", below = 5 }, { variable = "IMMUNOC", is = true }] }',
            "whatever the facts",
        ),
    ],
)
def test_criteria_that_exclude_everyone_are_a_fault_of_the_file(old, new, piece):
    text, _ = spoilt((old, new))
    found = file_faults(text)
    assert len(found) == 1, found
    assert piece in found[0]
    assert "covers nobody" in found[0]


def test_all_faults_of_a_file_at_once():
    text, _ = spoilt(('form = "cream"', 'frm = "cream"'), ("score = 2,", "score = 7,"), (AGE_12, AGE_12[:-2] + '"2"'))
    assert len(file_faults(text)) >= 4


def test_wrong_syntax_and_wrong_names():
    assert "mine.toml:1" in file_faults("[product\n")[0]
    with pytest.raises(UsageError, match="Did you mean 'opzelura'"):
        load_product("opzelora")
    with pytest.raises(UsageError, match="no product file"):
        load_product("nowhere/else.toml")


# ---------------------------------------------------------------- patients


def faults(facts, on="2025-09-18"):
    with pytest.raises(DataError) as caught:
        covers(PRODUCT, facts, on=on)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("facts", "pieces"),
    [
        ({"age": -1}, ("age is '-1'", "0 to 120 years")),
        ({"age": 250}, ("age is '250'", "0 to 120 years")),
        ({"age": "five"}, ("'five'", "a number")),
        ({"age": True}, ("'true'", "a number")),
        ({"age": "inf"}, ("'inf'", "0 to 120")),
        ({"age": "5 lustra"}, ("'5 lustra'", "it is in years")),
        ({"age": "100 weeks"}, ("weeks and days do not tell completed years",)),
        ({"bsa": "1.8 m2"}, ("m2 is the size of the whole body surface",)),
        ({"bsa": "10 cm"}, ("it is in %",)),
        ({"bsa": 101}, ("0 to 100 %",)),
        ({"iga": 5}, ("whole number from 0 to 4",)),
        ({"iga": 2.5}, ("whole number",)),
        ({"severity": "very severe"}, ("the words of the IGA are clear, almost clear, mild", "Did you mean 'severe'?")),
        ({"severity": "mild to moderate"}, ("the words of the IGA",)),
        ({"condition": "atopic dermatits"}, ("Did you mean 'atopic dermatitis'?",)),
        ({"condition": "immunocompromised"}, ("does not know this condition",)),
        ({"immunocompromised": "perhaps"}, ("it is yes, no, or unknown",)),
        ({"imunocompromised": "no"}, ("not a known name", "Did you mean 'immunocompromised'?")),
        ({"birth date": "2020-02-30"}, ("a date of birth is a date such as",)),
        ({"birth date": "17.05.2020"}, ("a date of birth is a date such as",)),
        ({"birth date": "2026-01-01"}, ("not born on 2025-09-18",)),
        ({"birth date": "1850"}, ("0 to 120 years",)),
        ({"severity": "severe", "iga": 2}, ("iga is contradictory: 2 is mild", "severity says severe")),
        ({"age": 5, "birth date": "2015-01-01"}, ("contradictory", "makes 10 years", "age says 5 years")),
        ({"age": 12, "birth date": "2015"}, ("contradictory", "makes 9 to 10 years", "age says 12 years")),
        ({"age": 8.5, "birth date": "2015"}, ("contradictory", "makes 9 to 10 years", "age says 8.5 years")),
        ({"age": 5, "AGE": 6}, ("AGE is contradictory: it says 6", "age says 5")),
        ({"condition": "nonsegmental vitiligo", "segmental": "yes"}, ("contradictory", "condition says no")),
    ],
)
def test_each_fault_of_a_patient_is_said_plainly(facts, pieces):
    found = faults(facts)
    assert len(found) == 1, found
    assert all(piece in found[0] for piece in pieces), found


def test_facts_that_agree_are_no_contradiction():
    found = covers(PRODUCT, {"age": 5, "birth date": "2020", "severity": "mild", "iga": 2}, on="2025-09-18")
    assert found.answer.tolist() == [-1]


def test_a_table_names_file_row_and_patient_all_at_once(tmp_path):
    path = tmp_path / "clinic.csv"
    path.write_text(
        "patient,age,severity,bsa,iga,colour\n"
        "A,5,moderate,10,3,red\n"
        "B,-1,awful,10,,red\n"
        "C,6,mild,ten,3,red\n"
        "D,7,,3 m2,,red\n"
        "A,9,moderate,10,,\n",
        encoding="utf-8",
    )
    with pytest.raises(DataError) as caught:
        read_table(PRODUCT, path, on=DAY)
    found = [str(fault) for fault in caught.value.faults]
    for piece in (
        "clinic.csv: colour is not a known name",
        "clinic.csv row 3: patient B: age is '-1'",
        "clinic.csv row 3: patient B: severity is 'awful'",
        "clinic.csv row 4: patient C: bsa is 'ten'",
        "clinic.csv row 4: patient C: iga is contradictory: 3 is moderate",
        "clinic.csv row 5: patient D: bsa is '3 m2'",
        "clinic.csv row 6: patient A: age is '9'; the same patient is 5 years old in another row",
    ):
        assert any(piece in fault for fault in found), (piece, found)
    assert len(found) == 7
    assert "the header is row 1" in str(caught.value)


def test_a_column_that_is_not_meant_can_be_ignored(tmp_path):
    path = tmp_path / "clinic.csv"
    path.write_text("id,age,colour\nA,5,red\n\nB,,blue\n", encoding="utf-8")
    patients = read_table(PRODUCT, path, on=DAY, ignore=["Colour"])
    assert "colour" not in patients.columns


def test_a_blank_line_is_no_patient_and_is_counted(tmp_path):
    path = tmp_path / "clinic.csv"
    path.write_text("patient,age\nA,5\n\nB,6\n", encoding="utf-8")
    assert read_table(PRODUCT, path, on=DAY).ids.to_list() == ["A", "B"]
    path.write_text("patient,age\nA,5\n\nB,-6\n", encoding="utf-8")
    with pytest.raises(DataError, match="row 4: patient B"):
        read_table(PRODUCT, path, on=DAY)


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(UsageError, match="age 2, bsa 1"):
        covers(PRODUCT, {"age": [5, 6], "bsa": 10}, on=DAY)
    with pytest.raises(UsageError, match="a mapping, a list of mappings"):
        covers(PRODUCT, "clinic.csv", on=DAY)


def test_parquet_is_read_with_its_types(tmp_path):
    path = tmp_path / "clinic.parquet"
    pl.DataFrame(
        {"USUBJID": ["A", "B"], "AGE": [5, 41], "IMMUNOC": [False, None], "IGA": [3.0, float("nan")]}
    ).write_parquet(path)
    patients = read_table(PRODUCT, path, on=DAY)
    assert patients.columns["AGE"].tolist() == [5.0, 41.0]
    assert patients.columns["IMMUNOC"].tolist() == [0, -1]
    assert patients.columns["IGA"].tolist() == [3, -1]
    pl.DataFrame({"AGE": [True]}).write_parquet(path)
    with pytest.raises(DataError, match="row 1"):
        read_table(PRODUCT, path, on=DAY)


@pytest.mark.parametrize(
    ("content", "piece"),
    [
        ("", "empty"),
        ("age,bsa\n", "without rows"),
        ("age,age\n1,2\n", "more than once"),
        ("a,b\n1,2,3\n", "unreadable"),
    ],
)
def test_a_file_that_is_no_table(tmp_path, content, piece):
    path = tmp_path / "clinic.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=piece):
        read_table(PRODUCT, path, on=DAY)


def test_a_patients_file_is_toml_or_json(tmp_path):
    toml = tmp_path / "child.toml"
    toml.write_text('age = 5\n# a comment\nsevrity = "mild"\nbsa = [1, 2]\nbirthdate = 2010-01-01\n', encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_patient(PRODUCT, toml, {"--age": "6"}, on=DAY)
    found = [str(fault) for fault in caught.value.faults]
    for piece in ("child.toml:3: sevrity", "child.toml:4: bsa is a list", "child.toml:5: birthdate is contradictory",
                  "--age is contradictory: it says 6; age says 5"):  # fmt: skip
        assert any(piece in fault for fault in found), (piece, found)
    good = tmp_path / "child.json"
    good.write_text(json.dumps({"age": 5, "severity": "moderate"}), encoding="utf-8")
    patients, notes = read_patient(PRODUCT, good, {"--bsa": "10"}, on=DAY)
    assert patients.columns["BSA"].tolist() == [10.0]
    assert notes == ()


@pytest.mark.parametrize(
    ("name", "content", "error", "piece"),
    [
        ("p.json", '{"age": 5,}', DataError, "not JSON"),
        ("p.json", '{"age": 5, "age": 6}', DataError, "there 2 times"),
        ("p.json", "[5]", DataError, "no table of facts"),
        ("p.toml", "age = = 5", DataError, "not TOML"),
        ("p.txt", "age = 5", UsageError, "neither .toml nor .json"),
    ],
)
def test_a_patients_file_that_cannot_be_read(tmp_path, name, content, error, piece):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(error, match=piece):
        read_patient(PRODUCT, path, {}, on=DAY)
    with pytest.raises(UsageError, match="there is no file"):
        read_patient(PRODUCT, tmp_path / "other.toml", {}, on=DAY)
