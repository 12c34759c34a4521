"""A run of cases: what agrees, differs, fails or is not covered, each with its reason; and the page of the docs."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from pivotal import validate
from pivotal.errors import DataError, UsageError
from pivotal.validate import Rule, markdown, registry
from pivotal.validate.qualification import difference, run_case, sentence, source
from pivotal.validate.simulated import checked_otherwise
from pivotal.validate.summary import as_json, counts, in_words, lines

ROOT = Path(__file__).parents[2]


def holm(identity="mine/holm", p=(0.01, 0.04), adjusted=(0.02, 0.04), **more):
    case = {
        "id": identity,
        "package": "stats",
        "version": "R 4.2.2",
        "call": "p.adjust(p, method)",
        "input": {"p": list(p), "alpha": 0.05, "method": "holm"},
        "result": {"adjusted": list(adjusted), "reject": [a <= 0.05 for a in adjusted]},
    }
    return case | more


AGREES = holm()
DIFFERS = holm("mine/wrong", adjusted=(0.02, 0.043))
FAILS = holm("mine/fails", p=(0.01, 7))
UNKNOWN = holm("mine/unknown", call="tea(leaves)", input={}, result={"cups": [1, 2, {"hot": True}]})
DESIGN = holm("mine/anything", call="getSampleSizeRates(design, list(pi1 = 0.4))", result={"n": 12})


def folder(tmp_path, *cases, name="mine.json", area="mine"):
    (tmp_path / name).write_text(json.dumps({"area": area, "cases": list(cases)}), encoding="utf-8")
    return tmp_path


def by_id(found):
    return {result.case.id.rpartition("/")[2]: result for result in found.results}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    return validate.run(folder(tmp_path_factory.mktemp("cases"), AGREES, DIFFERS, FAILS, UNKNOWN, DESIGN))


def test_every_case_has_its_status(mixed):
    found = by_id(mixed)
    assert {name: result.status for name, result in found.items()} == {
        "holm": "agrees",
        "wrong": "differs",
        "fails": "failed",
        "unknown": "not covered",
        "anything": "not covered",
    }
    assert "between 0 and 1" in found["fails"].reason
    assert "design tools come in a later version" in found["anything"].reason
    assert "design" not in found["unknown"].reason
    assert found["holm"].family == "multiplicity"
    assert not mixed.agrees


def test_every_leaf_is_counted(mixed):
    found = by_id(mixed)
    assert [check.quantity for check in found["unknown"].checks] == ["cups[0]", "cups[1]", "cups[2].hot"]
    assert all(check.agrees is None and check.reason for check in found["unknown"].checks)
    assert len(found["fails"].checks) == 4
    total = counts(mixed.results)
    assert total.quantities == 4 * 3 + 3 + 1
    assert (total.quantities_agree, total.quantities_differ, total.not_compared) == (7, 1, 8)
    assert (total.cases, total.agree, total.differ, total.failed, total.not_covered) == (5, 1, 1, 1, 2)


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("getDesignGroupSequential(list(kMax = 2L))", "x"),
        ("getSimulationMultiArmRates(list(activeArms = 2))", "x"),
        ("getAnalysisResults(design, getDataset(list(n1 = 30)))", "x"),
        ("gsDesign(k=3)", "x"),
        ("full enumeration dbinom x phyper (one-sided Fisher p<=alpha)", "truead"),
    ],
)
def test_design_tools_are_known_by_their_call(tmp_path, call, kind):
    found = validate.run(folder(tmp_path, holm(f"any/{kind}", call=call, input={}), name="other.json"))
    assert "design tools" in found.results[0].reason
    assert not found.agrees


def test_what_a_rule_leaves_out_is_counted_leaf_by_leaf(monkeypatch, tmp_path):
    rule = Rule(
        "tea",
        lambda case: case.call == "tea(leaves)",
        lambda case: {"cups": [1, 2, {"hot": False}], "n": 3},
        left_out={"pot": "no pot here"},
    )
    monkeypatch.setattr(registry, "by_family", lambda: {"hot_drinks": (rule,)})
    monkeypatch.setattr("pivotal.validate.qualification.rule_for", lambda case: rule)
    case = UNKNOWN | {"result": {"cups": [1, 2, {"hot": True}], "pot": [1, [2, 3]], "n": 3, "m": 4}}
    found = validate.run(folder(tmp_path, case)).results[0]
    assert found.family == "hot drinks"
    assert {check.quantity: check.agrees for check in found.checks} == {
        "cups[0]": True,
        "cups[1]": True,
        "cups[2].hot": False,
        "pot[0]": None,
        "pot[1][0]": None,
        "pot[1][1]": None,
        "n": True,
        "m": None,
    }


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (KeyError("arm"), "the case or its data have no 'arm'"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (RuntimeError(), "RuntimeError"),
        (ValueError("a\n  b" + "x" * 400), "ValueError: a bxxx"),
    ],
)
def test_an_error_is_one_sentence(error, text):
    said = sentence(error)
    assert said.startswith(text)
    assert "\n" not in said
    assert len(said) <= 300


def test_a_rule_that_cannot_even_match_fails_its_case(monkeypatch, mixed):
    def broken(case):
        raise KeyError("level")

    monkeypatch.setattr("pivotal.validate.qualification.rule_for", broken)
    found = run_case(mixed.results[0].case)
    assert found.status == "failed"
    assert found.reason == "the case or its data have no 'level'"


def test_warnings_are_kept_and_not_shown(monkeypatch, mixed):
    def warn(case):
        warnings.warn("near the edge", RuntimeWarning, stacklevel=1)
        warnings.warn("near the edge", RuntimeWarning, stacklevel=1)
        return case.result

    rule = Rule("warned", lambda case: True, warn)
    monkeypatch.setattr("pivotal.validate.qualification.rule_for", lambda case: rule)
    monkeypatch.setattr("pivotal.validate.qualification.family_of", lambda rule: "any")
    found = run_case(mixed.results[0].case)  # a warning that got out would be an error here
    assert found.status == "agrees"
    assert found.warnings == ("RuntimeWarning: near the edge",)


def test_sources(mixed):
    case = mixed.results[0].case
    assert source(case) == "R 4.2.2 stats"
    from dataclasses import replace

    assert source(replace(case, package="multcomp, mvtnorm", version="1.4.22, 1.1.3")) == (
        "multcomp 1.4.22, mvtnorm 1.1.3"
    )
    assert source(replace(case, package="recomputed", version="Python, mpmath")) == "recomputed: Python, mpmath"
    assert source(replace(case, package="", version="")) == "not stated"


def test_relative_difference(mixed):
    checks = {check.quantity: check for check in by_id(mixed)["wrong"].checks}
    assert difference(checks["adjusted[1]"]) == pytest.approx(0.003 / 0.043, rel=1e-4)
    assert difference(checks["adjusted[0]"]) == pytest.approx(0, abs=1e-12)
    assert difference(checks["reject[0]"]) is None
    assert difference(by_id(mixed)["unknown"].checks[0]) is None


def faults(place):
    with pytest.raises(DataError) as caught:
        validate.run(place)
    return str(caught.value)


def test_faults_of_a_folder(tmp_path):
    with pytest.raises(UsageError, match="not there"):
        validate.run(tmp_path / "nowhere")
    file = tmp_path / "a file"
    file.write_text("")
    with pytest.raises(UsageError, match="is a file"):
        validate.run(file)
    assert "without a JSON file" in faults(tmp_path)


@pytest.mark.parametrize(
    ("content", "piece"),
    [
        ("{broken", "no file of cases"),
        ("[]", "no file of cases"),
        ('{"area": "x"}', "no file of cases"),
        ('{"cases": 3}', "no list"),
        ('{"cases": [7]}', "no object"),
        ('{"cases": [{"id": "a"}]}', "without call, input, result"),
        ('{"cases": [{"id": 7, "call": "", "input": {}, "result": {}}]}', "cases[0].id"),
        ('{"cases": [{"id": "a", "call": "", "input": [], "result": {}}]}', "cases[0].input"),
        ('{"cases": [{"id": "a", "call": "", "input": {"csv": "gone.csv"}, "result": {}}]}', "gone.csv"),
        ('{"cases": [{"id": "a", "call": "", "input": {"more": ["gone.csv"]}, "result": {}}]}', "gone.csv"),
    ],
)
def test_faults_name_file_and_mend(tmp_path, content, piece):
    (tmp_path / "bad.json").write_text(content, encoding="utf-8")
    text = faults(tmp_path)
    assert "bad.json" in text or "gone.csv" in text
    assert piece in text
    assert text.rstrip().endswith(".")


def test_all_faults_at_once(tmp_path):
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    (tmp_path / "b.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "c.json").write_text('{"cases": [{"id": "a"}]}', encoding="utf-8")
    assert faults(tmp_path).startswith("3 faults")


def test_a_table_that_cannot_be_read_fails_only_its_case(tmp_path):
    (tmp_path / "torn.csv").write_text("arm,y\nctrl\n", encoding="utf-8")
    case = holm(
        "mine/dunnett",
        call="glht(lm(y~arm),mcp(arm='Dunnett'))",
        input={"csv": "torn.csv", "control": "ctrl"},
        result={"df": 3},
    )
    found = validate.run(folder(tmp_path, case, AGREES))
    assert [result.status for result in found.results] == ["failed", "agrees"]
    assert "torn.csv" in found.files


def test_json_is_whole_and_strict(mixed):
    content = json.loads(json.dumps(as_json(mixed), allow_nan=False))
    assert content["agrees"] is False
    assert content["counts"]["quantities"] == 16
    first = content["cases"][0]
    assert (first["family"], first["program"], first["version"]) == ("multiplicity", "stats", "R 4.2.2")
    assert set(first["quantities"][0]) == {
        "quantity", "expected", "got", "relative_difference", "tolerance", "why_tolerance", "agrees", "reason"
    }  # fmt: skip
    assert {"pivotal", "python", "packages", "blas", "platform", "time"} <= set(content["environment"])
    assert {"numpy", "scipy"} <= set(content["environment"]["packages"])
    assert len(content["files_sha256"]["mine.json"]) == 64


def test_infinite_and_missing_numbers_are_written(tmp_path):
    case = holm("mine/holm", adjusted=(0.02, 0.04))
    case["result"]["adjusted"] = ["Inf", None]
    found = validate.run(folder(tmp_path, case))
    json.dumps(as_json(found), allow_nan=False)
    assert found.results[0].status == "differs"


def test_words_for_a_terminal(mixed):
    text = in_words(mixed)
    assert "5 cases: 1 agree, 1 differ, 1 failed, 2 not covered." in text
    assert "differs: mine, mine/wrong: adjusted[1] is 0.04, expected 0.043" in text
    assert "failed: mine, mine/fails: ValueError: a p-value is 7.0" in text
    assert "NOT everything covered agrees." in text


def test_the_page_of_the_report(mixed, tmp_path):
    validate.write(mixed, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["validation.html", "validation.json"]
    page = (tmp_path / "out" / "validation.html").read_text(encoding="utf-8")
    assert "2 of 3 covered cases do not agree" in page
    places = [page.index(f'<section id="{name}"') for name in
              ("wrong", "summary", "not-covered", "otherwise", "environment", "cases")]  # fmt: skip
    assert places == sorted(places)
    at_top = page[places[0] : places[1]]
    assert "mine/wrong" in at_top
    assert "mine/fails" in at_top
    assert "mine/holm" not in at_top
    assert "http" not in page.replace("http-equiv", "")
    for text in ("p.adjust(p, method)", "0.043", "Signature", "SHA-256", "design tools come in a later version"):
        assert text in page, text


def test_a_case_cannot_write_into_the_page(tmp_path):
    nasty = holm("<script>alert(1)</script>", note="<b>bold</b>")
    page = validate.page.page(validate.run(folder(tmp_path, nasty)))
    assert "<script>alert" not in page
    assert "<b>bold" not in page


def test_markdown_table(mixed):
    text = validate.table("multiplicity", mixed).splitlines()
    assert text[0] == "| " + " | ".join(markdown.HEAD) + " |"
    assert text[1].count("---") == len(markdown.HEAD)
    rows = [line for line in text[2:] if line.startswith("|")]
    assert len(rows) == 1
    assert rows[0].startswith("| adjusted p-values | 3 | 8 of 12 |")
    assert rows[0].endswith("| R 4.2.2 stats | relative 1e-06 | NO |")
    assert "No case of the family tea" in validate.table("tea", mixed)


def test_generated_page_of_the_docs(mixed):
    """Its structure; the numbers are a run's."""
    text = validate.validation_page(mixed)
    heads = [line for line in text.splitlines() if line.startswith("#")]
    assert heads == ["# Validation", "## Multiplicity", "## Not covered", "## Methods without another program's number"]
    for one in checked_otherwise():
        assert one.method in text
    shipped = (ROOT / "docs" / "methods" / "validation.md").read_text(encoding="utf-8")
    assert shipped.startswith("# Validation\n\nThis page is made by `pivotal validate --docs")
    assert "| NO |" not in shipped
    for head in heads[2:]:
        assert head in shipped


def test_methods_checked_otherwise_name_tests_that_exist():
    assert checked_otherwise()
    for one in checked_otherwise():
        assert one.tests
        assert one.how
        for test in one.tests:
            assert (ROOT / test).is_file(), test


def test_summary_lines_add_up(mixed):
    table = lines(mixed.results)
    assert sum(line.counts.cases for line in table) == 5
    assert sum(line.counts.quantities for line in table) == 16
    assert [line.method for line in table] == ["adjusted p-values", ""]


def pivotal(*arguments):
    command = [sys.executable, "-m", "pivotal", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_command_line(tmp_path):
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.mkdir()
    wrong.mkdir()
    folder(right, AGREES, UNKNOWN)
    folder(wrong, AGREES, FAILS)
    done = pivotal("validate", right, "--out", tmp_path / "a", "--docs", tmp_path / "page.md")
    assert done.returncode == 0, done.stderr
    assert "Everything covered agrees." in done.stdout
    assert (tmp_path / "a" / "validation.html").is_file()
    assert (tmp_path / "page.md").read_text(encoding="utf-8").startswith("# Validation")
    done = pivotal("validate", wrong, "--out", tmp_path / "b")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert (tmp_path / "b" / "validation.json").is_file()
    none = tmp_path / "none"
    none.mkdir()
    folder(none, UNKNOWN)
    done = pivotal("validate", none, "--out", tmp_path / "c")
    assert done.returncode == 1
    assert "nothing is qualified" in done.stdout
    done = pivotal("validate", tmp_path / "nowhere")
    assert done.returncode == 2
    done = pivotal("validate", right, "--out", right)
    assert done.returncode == 2
    assert sorted(path.name for path in right.iterdir()) == ["mine.json"]
