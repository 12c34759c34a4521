"""``pivotal evidence``, ``label against`` and ``label reach`` as a user meets them: output, files, exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from pivotal.errors import StudyError
from pivotal.label import label_summary, load_product, product_of
from pivotal.study import load

STUDY = load("true-ad3")


def pivotal(*arguments):
    return subprocess.run([sys.executable, "-m", "pivotal", *map(str, arguments)], capture_output=True, text=True,
                          timeout=300, check=False)  # fmt: skip


def test_evidence(tmp_path):
    done = pivotal("evidence", "true-ad3-news", "--out", tmp_path / "verdicts.json")
    assert done.returncode == 0, done.stderr
    assert "3 agree, 9 contradict, 5 cannot be decided" in done.stdout
    assert "1. CONTRADICTS: The approval is for mild to severe atopic dermatitis." in done.stdout
    judged = json.loads((tmp_path / "verdicts.json").read_text())["judged"]
    assert len(judged) == 17
    assert judged[0]["verdict"] == "contradicts"
    assert judged[0]["findings"][0]["answer"] == "contradicts"
    assert max(map(len, done.stdout.splitlines())) <= 120


def test_evidence_lists_its_facts():
    done = pivotal("evidence", "true-ad3-news", "--facts")
    assert done.returncode == 0
    assert "study.eligible.AGE = 2 to 11 years" in done.stdout
    assert "product.AD-2025.SEVERITY = mild or moderate" in done.stdout


def test_a_wrong_file_of_claims_is_told(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        '[evidence]\nid = "m"\ntitle = "M"\n[[claims]]\nid = "1"\nclaim = "C"\nquote = "' + "w " * 16 + '"\n'
    )
    done = pivotal("evidence", file)
    assert done.returncode == 1
    assert "mine.toml:7: claims[0].quote is 16 words long" in done.stderr
    assert pivotal("evidence", "none-such").returncode == 2


def test_against(tmp_path):
    done = pivotal("label", "against", "true-ad3", "opzelura", "--candidates", 2000, "--out", tmp_path / "a.json")
    assert done.returncode == 0, done.stderr
    pieces = [
        "SIMULATED: 2,000 virtual candidates",
        "seed 1",
        "MCSE",
        "Age: 12 years and over",
        "not known, 0.0 to",
        "at least 87.5 %",
        "Assumed:",
        "Not adequately controlled with topical",
    ]
    said = done.stdout.replace("\u00a0", " ")
    assert [piece for piece in pieces if piece not in said] == []
    assert json.loads((tmp_path / "a.json").read_text())["simulated"]


@pytest.mark.parametrize(
    ("arguments", "piece"),
    [
        (("against", "true-ad3", "opzelura", "--on", "2020-01-01"), "the first is from 2021-09-21"),
        (("against", "true-ad3", "opzelura", "--on", "2025-13-01"), "is no day"),
        (("against", "true-ad3", "opzelur"), "Did you mean 'opzelura'"),
        (("against", "mrc-1948", "opzelura"), "has no indication for"),
        (("reach", "opzelura", "--epidemiology", "us"), "no epidemiology of the package"),
        (("reach", "opzelura", "--on", "yesterday"), "is no day"),
    ],
)
def test_wrong_usage(arguments, piece):
    done = pivotal("label", *arguments)
    assert done.returncode == 2
    assert piece in done.stderr
    assert "Traceback" not in done.stderr


def test_reach(tmp_path):
    picture, numbers = tmp_path / "reach.svg", tmp_path / "reach.json"
    done = pivotal("label", "reach", "opzelura", "--draws", 2000, "--picture", picture, "--out", numbers)
    assert done.returncode == 0, done.stderr
    for piece in ("at most 2.3 million", "at most 21.0 million, or more", "no source gives the share, so at most 1",
                  "VIT-2022: unknown", "2,000,000 to 3,000,000 people", "United States"):  # fmt: skip
        assert piece in " ".join(done.stdout.split()), piece
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")
    assert json.loads(numbers.read_text())["total"]["floor"]


def test_reach_before_the_product_existed():
    done = pivotal("label", "reach", "opzelura", "--on", "2020-01-01", "--draws", 100)
    assert done.returncode == 0
    assert "first approved on 2021-09-21" in done.stdout


def with_product(name):
    return STUDY.model_copy(update={"study": STUDY.study.model_copy(update={"product": name})})


def test_the_study_file_says_which_product_is_its_own():
    assert product_of(STUDY) == load_product("opzelura")
    assert product_of(with_product(None)) is None
    assert label_summary(with_product(None)) is None
    with pytest.raises(StudyError, match=r"TRuE-AD3: study.product is 'opzelur'"):
        product_of(with_product("opzelur"))


def test_check_looks_at_the_product(tmp_path):
    from pivotal.study import source_text

    file = tmp_path / "mine.toml"
    file.write_text(source_text("true-ad3").replace('product = "opzelura"', 'product = "opzelur"'))
    done = pivotal("check", file)
    assert done.returncode == 1
    assert "mine.toml:17: study.product is 'opzelur'" in done.stderr
    assert "Did you mean 'opzelura'?" in done.stderr


def test_the_summary_is_plain_data():
    found = label_summary(STUDY, candidates=500, draws=500)
    assert json.loads(json.dumps(found, allow_nan=False))["on"] == "2025-09-18"
    assert [one["id"] for one in found["indications"] if one["this_trial"]] == ["AD-2025"]
    assert found == label_summary(STUDY, candidates=500, draws=500)
