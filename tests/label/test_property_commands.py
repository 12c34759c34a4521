"""``pivotal label ...`` as a user meets it: output, exit status, nothing half-written, no traceback."""

from __future__ import annotations

import json
import subprocess
import sys

import fhir_made as b
import polars as pl
import pytest

CHILD = ("--age", 5, "--condition", "atopic dermatitis", "--severity", "moderate", "--bsa", 10, "--immunocompromised",
         "no", "--topical-failed", "yes")  # fmt: skip


def label(*arguments):
    return subprocess.run([sys.executable, "-m", "pivotal", "label", *map(str, arguments)], capture_output=True,
                          text=True, timeout=300, check=False)  # fmt: skip


def test_show_tells_the_indications_of_the_day_with_sources_and_certainty():
    done = label("show", "opzelura", "--on", "2025-09-18")
    assert done.returncode == 0
    assert "AD-2025: atopic dermatitis" in done.stdout
    assert "AD-2021: atopic dermatitis" not in done.stdout
    for word in ("[PR25, secondary]", "[DC, excerpted]", "[FDA22, read]", "unverified", "mild = IGA 2", "assumed",
                 "serious infections", "one 60 g tube in 2 weeks", "Sources"):  # fmt: skip
        assert word in done.stdout, word
    assert "AD-2021: atopic dermatitis" in label("show", "opzelura", "--on", "2025-09-17").stdout
    assert label("show", "opzelura").returncode == 0


def test_before_the_first_approval_it_is_said_plainly():
    said = "first approved on 2021-09-21"
    assert said in label("show", "opzelura", "--on", "2021-09-20").stdout
    done = label("covers", "opzelura", "--on", "2021-09-20", *CHILD)
    assert done.returncode == 0
    assert said in done.stdout
    assert "NOT COVERED" in done.stdout


@pytest.mark.parametrize(
    ("on", "extra", "head"),
    [
        ("2025-09-18", (), "COVERED"),
        ("2025-09-17", (), "NOT COVERED"),
        ("2025-09-18", ("--bsa", "unknown"), "CANNOT TELL"),
    ],
)
def test_a_patient_by_options(on, extra, head):
    done = label("covers", "opzelura", "--on", on, *CHILD, *extra)
    assert done.returncode == 0, done.stderr
    assert f"on {on}: {head}" in done.stdout
    assert "no medical advice" in done.stdout
    assert "Limitations of use" in done.stdout
    if head == "CANNOT TELL":
        assert "unknown is the body surface affected" in done.stdout
    if head == "COVERED":
        assert "one 60 g tube in 2 weeks" in done.stdout
        assert "[PR25, secondary]" in done.stdout


def test_a_patient_from_a_bundle_with_what_was_not_taken_as_a_fact(tmp_path):
    path = tmp_path / "child.json"
    steroid = {k: v for k, v in b.STEROID_R4.items() if k != "statusReason"}
    path.write_text(json.dumps(b.child(steroid=steroid)), encoding="utf-8")
    done = label("covers", "opzelura", "--on", "2025-09-18", "--patient", path)
    assert done.returncode == 0
    assert "CANNOT TELL" in done.stdout
    assert "that is no proof that they" in done.stdout
    again = label("covers", "opzelura", "--on", "2025-09-18", "--patient", path, "--topical-failed", "yes")
    assert "2025-09-18: COVERED" in again.stdout


def test_a_table_of_patients_writes_answers_and_reasons(tmp_path):
    table, out = tmp_path / "clinic.csv", tmp_path / "answers.parquet"
    table.write_text(
        "patient,birth date,condition,iga,bsa,immunocompromised,topical failed,biologic\n"
        "A,2020-05-17,AD,3,10,no,yes,no\n"
        "B,2020,AD,4,10,no,yes,\n"
        "C,2024,AD,3,10,no,yes,\n"
        "D,,AD,3,10,no,yes,yes\n",
        encoding="utf-8",
    )
    done = label("covers", "opzelura", "--on", "2025-09-18", "--patients", table, "--out", out)
    assert done.returncode == 0, done.stderr
    frame = pl.read_parquet(out)
    assert frame["PATIENT"].to_list() == ["A", "B", "C", "D"]
    assert frame["ANSWER"].to_list() == ["covered", "not covered", "not covered", "cannot tell"]
    assert "the age" in frame["REASON"][3]
    assert frame["LIMITATION"].to_list() == ["", "", "", "biologics"]
    assert "4 patients" in done.stdout
    assert "limitation of use, in 1" in done.stdout
    assert "no medical advice" in done.stdout


def test_wrong_patients_stop_it_and_nothing_is_written(tmp_path):
    table, out = tmp_path / "clinic.csv", tmp_path / "answers.csv"
    table.write_text("patient,age,bsa\nA,-1,10\nB,250,ten\n", encoding="utf-8")
    done = label("covers", "opzelura", "--on", "2025-09-18", "--patients", table, "--out", out)
    assert done.returncode == 1
    assert "3 faults" in done.stderr
    assert "row 2: patient A: age" in done.stderr
    assert not out.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["clinic.csv"]


def test_the_product_is_written_as_fhir(tmp_path):
    out = tmp_path / "opzelura.json"
    done = label("fhir", "opzelura", "--out", out)
    assert done.returncode == 0
    assert json.loads(out.read_text(encoding="utf-8"))["resourceType"] == "Bundle"


@pytest.mark.parametrize(
    ("arguments", "status", "piece"),
    [
        (("show", "opzelora"), 2, "Did you mean 'opzelura'"),
        (("show", "opzelura", "--on", "yesterday"), 2, "a day is written as 2025-09-18"),
        (("show", "opzelura", "--on", "2025-02-30"), 2, "2025-02-30"),
        (("covers", "opzelura", "--on", "2025-09-18"), 2, "nothing is told of a patient"),
        (("covers", "opzelura", "--age", "250"), 1, "0 to 120 years"),
        (("covers", "opzelura", "--age", "-1"), 1, "'-1'"),
        (("covers", "opzelura", "--severity", "severe", "--iga", "2"), 1, "contradictory"),
        (("covers", "opzelura", "--fact", "SEGMENTAL"), 2, "NAME=VALUE"),
        (("covers", "opzelura", "--fact", "SEGMENTL=no"), 1, "Did you mean 'SEGMENTAL'"),
        (("covers", "opzelura", "--patients", "x.csv", "--age", "5"), 2, "Give either"),
        (("covers", "opzelura", "--patients", "x.xlsx"), 2, "neither .csv nor .parquet"),
        (("covers", "opzelura", "--patients", "x.csv"), 2, "there is no file x.csv"),
        (("covers", "opzelura", "--patient", "x.xml"), 2, "neither .toml nor .json"),
    ],
)
def test_wrong_usage_and_wrong_facts(arguments, status, piece):
    done = label(*arguments)
    assert done.returncode == status
    assert piece in done.stderr
    assert "Traceback" not in done.stderr


def test_show_needs_no_data_frames():
    """`label show` answers in a fraction of a second, as it imports neither polars nor scipy."""
    code = ("import sys; from datetime import date; from pivotal.label.load import load_product; "
            "from pivotal.label.show import describe; describe(load_product('opzelura'), date(2025, 9, 18)); "
            "print(sorted({m.split('.')[0] for m in sys.modules} & {'polars', 'scipy', 'matplotlib'}))")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
