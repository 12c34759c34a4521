"""Every printed number of the pilot's report on populations, disposition, demographics, efficacy and the first
dermatologic event, digit for digit, against the tables as this package lays them out.

Reference: clinical study report of the CDISC pilot, 27 June 2006, SAS 9.1; pages 43 to 60, 151 and 469 to 482, as text
in tables_csr, and the same numbers with those of figure 14-1 in key_numbers.json.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pilot_report import ARMS, analysed, cells, count, gather, named, packed, table

from pilot import folder, tables_csr
from pivotal.api import run
from pivotal.report import Bundle
from pivotal.report.document import Table
from pivotal.report.rounding import printed

PRINTED = {  # how many numbers each table prints, those over its columns on every page among them
    "14-1.01": 44,
    "14-1.02": 111,
    "14-2.01": 310,
    "14-3.01": 73,
    "14-3.02": 37,
    "14-3.07": 73,
    "14-3.12": 55,
}
HEAD = re.compile(r"^\[csr|^Protocol:|^Population:|^\s+Table\s|^Source:|^CDISC\s")
FOOT = re.compile(r"^\[\d\]|^NOTE:|^Note")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder()
    return analysed(tmp_path_factory.mktemp("pilot"))


def body(name: str) -> list[str]:
    """The printed lines of a table's body, page after page, packed."""
    kept, inside = [], False
    for line in (tables_csr() / f"table_{name}.txt").read_text(encoding="utf-8").splitlines():
        if re.search(r"\(N\s*=", line):
            inside = True
        elif HEAD.match(line) or FOOT.match(line):
            inside = False
        elif inside and line.strip() and packed(line) != "[1]":
            kept.append(packed(line))
    return kept


def heads(name: str) -> list[str]:
    """The numbers of patients over the columns, of every page."""
    text = (tables_csr() / f"table_{name}.txt").read_text(encoding="utf-8")
    return ["".join(re.findall(r"\(N=\d+\)", packed(line))) for line in text.splitlines() if "(N=" in packed(line)]


@pytest.mark.parametrize("name", PRINTED)
def test_every_printed_number_of_a_table(bundle: Bundle, name: str) -> None:
    made = table(bundle, name)
    own = "".join(re.findall(r"\(N=\d+\)", "".join(packed(str(column.text)) for column in made.columns)))
    found = 0
    for head in heads(name):
        assert head == own
        found += count(head)
    lines = [line for line in made.lines if line.heading is None]
    printed_lines = [line for line in body(name) if values(line)]
    assert len(printed_lines) == len(lines)
    for theirs, line in zip(printed_lines, lines, strict=True):
        ours = cells(line)
        assert theirs.endswith(ours), (theirs, ours)
        assert not re.search(r"\d", unlabelled(theirs[: len(theirs) - len(ours)])), theirs
        found += sum(count(str(cell)) for cell in line.cells[1:])
    assert found == PRINTED[name]


def unlabelled(label: str) -> str:
    """What is left of a printed label without the numbers that are words: weeks, limits of classes, footnote marks."""
    words = r"\[\d\]|Week\d+|<65yrs|65-80yrs|>80yrs|<12months|>=12months|<25|25-<30|>=30|95%CI"
    return re.sub(words, "", label)


def values(line: str) -> bool:
    """Whether a printed line has values, rather than being a heading of its block."""
    return bool(re.search(r"\d", unlabelled(re.sub(r"^MeanofWeeks4-24$", "", line))))


# ---------------------------------------------------------------- SAS output behind tables 14-3.01 and 14-3.02

TERMS = {"dose": "TRTDOSE", "treatment": "TRTPCD", "SITEGR1": "SITEGRP", "ACTOT": "BASE"}
LETTERS = dict(zip(ARMS, "PLH", strict=True))
SITES = "701 703 704 705 708 709 710 713 716 718 900"


SasLine = tuple[str, list[str], str]
"""What stands before the results of a line, the results, and what stands after them."""


def sas_lines(made: Table, *, dose: bool) -> list[SasLine]:
    """The lines that PROC GLM prints of the model, from our table's cells."""
    used, levels = named(made, "Observations used")[0], named(made, "Levels of SITEGR1")[0]
    lines: list[SasLine] = [("SITEGRP", [levels], packed(SITES))]
    lines += [("TRTPCD", [str(len(ARMS))], "HLP")] if not dose else []
    lines += [(f"NumberofObservations{what}", [used], "") for what in ("Read", "Used")]
    for line in (line for line in made.lines if line.heading is None):
        label, row = str(line.cells[0]), [str(cell) for cell in line.cells[1:] if cell]
        if label in ("Model", "Error", "Corrected Total"):
            lines.append((packed(label), row, ""))
        elif label in TERMS:
            lines.append((TERMS[label], row, ""))
        elif label == "" and row[0] not in ("R-square", "Estimate"):
            lines.append(("", row, ""))
    return lines


def sas_comparisons(made: Table) -> list[SasLine]:
    """Estimates, least-squares means, their matrix of p-values and their limits, arms in the order H, L, P."""
    order = list(reversed(ARMS))
    pair = {(a, b): named(made, f"{a} - {b}") for i, a in enumerate(order) for b in order[i + 1 :]}
    lines: list[SasLine] = [(f"{LETTERS[a]}vs{LETTERS[b]}", row[:4], "") for (a, b), row in pair.items()]
    for i, arm in enumerate(order):
        estimate, se, _, p, limits = named(made, arm)
        lines.append((LETTERS[arm], [estimate, se, p], str(i + 1)))
        lines.append((LETTERS[arm], [six(estimate), *limits.split(" to ")], ""))
        lines.append((str(i + 1), [(pair.get((arm, b)) or pair[b, arm])[3] for b in order if b != arm], ""))
    for (a, b), row in pair.items():
        lines.append((f"{order.index(a) + 1}{order.index(b) + 1}", [six(row[0]), *row[4].split(" to ")], ""))
    return lines


def six(cell: str) -> str:
    """A number of eight decimals as SAS prints it with six."""
    return printed(float(cell), 6)


@pytest.mark.parametrize(("name", "numbers"), [("14-3.01", 140), ("14-3.02", 120)])
def test_every_number_of_the_sas_output(bundle: Bundle, name: str, numbers: int) -> None:
    text = (tables_csr() / f"supporting_sas_output_{name}.txt").read_text(encoding="utf-8")
    dose, arms = table(bundle, f"{name}a"), table(bundle, f"{name}b")
    ours = [*sas_lines(dose, dose=True), *sas_lines(arms, dose=False), *sas_comparisons(arms)]
    titles = re.compile(r"Supporting|Endpoint|^\[csr|Protocol:|LSMean\(i\)|^i/j|LSMEAN$|^TRTPCDVAL|^TRTPCDCHG|95%")
    theirs = [packed(line) for line in text.splitlines() if re.search(r"\d", line)]
    theirs = [line for line in theirs if not titles.search(line)]
    assert sorted(theirs) == sorted(before + "".join(row) + after for before, row, after in ours)
    assert sum(len(row) for _, row, _ in ours) == numbers


# ---------------------------------------------------------------- key_numbers.json


def across(made: Table, label: str, nth: int = 0) -> list[str]:
    return named(made, label, nth)[:3]


def numbers(made: Table, label: str, nth: int = 0) -> list[float]:
    """The first number of each arm's cell."""
    return [float(re.findall(r"-?\d+\.?\d*", cell)[0]) for cell in across(made, label, nth)]


def pairs(made: Table, label: str, nth: int = 0) -> list[Any]:
    """Both numbers of each arm's cell; None where it is blank."""
    found = [re.findall(r"-?\d+\.?\d*", cell) for cell in across(made, label, nth)]
    return [[float(each) for each in cell] or None for cell in found]


def populations(bundle: Bundle) -> dict[str, Any]:
    made = table(bundle, "14-1.01")
    words = {"ITT": "Intent-To-Treat (ITT)", "Safety": "Safety", "Efficacy": "Efficacy"}
    words |= {name: name for name in ("Complete Week 24", "Complete Study")}
    return {name: numbers(made, label) for name, label in words.items()}


def disposition(bundle: Bundle) -> dict[str, Any]:
    made = table(bundle, "14-1.02")
    words = {
        "completed_wk24": "Completed Week 24", "early_term": "Early Termination (prior to Week 24)",
        "AE": "Adverse Event", "Death": "Death", "Lack of efficacy": "Lack of Efficacy",
        "Lost to follow-up": "Lost to Follow-up", "Subject withdrew": "Subject decided to withdraw",
        "Physician": "Physician decided to withdraw subject", "Protocol criteria not met": "Protocol criteria not met",
        "Protocol violation": "Protocol violation", "Sponsor decision": "Sponsor decision",
    }  # fmt: skip
    found: dict[str, Any] = {name: numbers(made, label) for name, label in words.items()}
    p = {name: named(made, words[name])[-1] for name in ("completed_wk24", "AE", "Lack of efficacy")}
    return found | {"p_fisher": p["completed_wk24"], "AE_p": p["AE"], "Lack_p": float(p["Lack of efficacy"])}


def demographics(bundle: Bundle) -> dict[str, Any]:
    made = table(bundle, "14-2.01")
    measured = ["age", "MMSE", "duration_months", "education", "weight", "height_cm", "bmi"]
    labels = ["Age (y)", "MMSE", "Duration of disease", "Years of education", "Baseline weight (kg)",
              "Baseline height (cm)", "Baseline BMI"]  # fmt: skip
    found: dict[str, Any] = {}
    for place, (name, label) in enumerate(zip(measured, labels, strict=True)):
        row = {s: numbers(made, s.capitalize(), place) for s in ("mean", "median", "min", "max")}
        row |= {"n": numbers(made, f"{label}: n"), "sd": numbers(made, "SD", place)}
        found[name] = row | {"anova_p": float(named(made, f"{label}: n")[-1])}
    classes = {"<65": "<65 yrs", "65-80": "65-80 yrs", ">80": ">80 yrs"}
    found["age_groups"] = {name: numbers(made, label) for name, label in classes.items()}
    found["age_groups"]["pearson_p"] = float(named(made, "<65 yrs")[-1])
    found["sex"] = {name: numbers(made, name) for name in ("Male", "Female")}
    found["sex"]["pearson_p"] = float(named(made, "Sex: n")[-1])
    races = ("Caucasian", "African Descent", "Hispanic", "Other")
    found["race_origin"] = {name: numbers(made, name) for name in races}
    found["race_origin"]["pearson_p"] = float(named(made, "Race (Origin): n")[-1])
    return found


def compared(made: Table) -> dict[str, Any]:
    """What the summary has of dose response and comparisons."""
    versus = "p-value (against Placebo)"
    p = [None if cell == "" else float(cell) for cell in across(made, versus)]
    last = "p-value (against Xanomeline Low Dose)"
    differences = pairs(made, "Diff of LS Means (SE)")
    high = pairs(made, "Diff of LS Means (SE)", 1)[2]
    return {
        "p_dose_response": float(across(made, "p-value (dose response)")[2]),
        "p_vs_placebo": p,
        "diff_lsm_se_vs_placebo": differences,
        "diff_se": differences,
        "ci95_vs_placebo": pairs(made, "95% CI"),
        "ci95": pairs(made, "95% CI"),
        "high_minus_low": {
            "p": float(across(made, last)[2]), "diff": high[0], "se": high[1], "ci95": pairs(made, "95% CI", 1)[2],
        },
    }  # fmt: skip


def adas(bundle: Bundle) -> dict[str, Any]:
    made = table(bundle, "14-3.01")
    means = [pairs(made, "Mean (SD)", part) for part in range(3)]
    found = {"n": numbers(made, "n"), "change_median_range": across(made, "Median (Range)", 2)}
    found |= {f"{name}_mean_sd": row for name, row in zip(("baseline", "week24", "change"), means, strict=True)}
    dose, arms = table(bundle, "14-3.01a"), table(bundle, "14-3.01b")

    def row(of: Table, label: str, nth: int = 0) -> list[float]:
        return [float(cell) for cell in named(of, label, nth) if cell and not cell.startswith("<")]

    found["supporting_sas_full_precision"] = {
        "N": row(dose, "Observations used")[0],
        "dose_response_model": {
            "model_SS": row(dose, "Model")[1], "error_SS": row(dose, "Error")[1],
            "TRTDOSE_typeIII_SS": row(dose, "dose", 1)[1], "F": row(dose, "dose", 1)[3], "p": row(dose, "dose", 1)[4],
            "SITEGRP_typeIII_SS": row(dose, "SITEGR1", 1)[1], "BASE_typeIII_SS": row(dose, "ACTOT", 1)[1],
        },
        "treatment_model": {
            "model_SS": row(arms, "Model")[1], "model_df": row(arms, "Model")[0], "error_SS": row(arms, "Error")[1],
            "error_df": row(arms, "Error")[0], "MSE": row(arms, "Error")[2],
            "TRTPCD_typeI_SS": row(arms, "treatment")[1], "F": row(arms, "treatment")[3],
            "p": row(arms, "treatment")[4], "BASE_SS": row(arms, "ACTOT")[1], "BASE_p": row(arms, "ACTOT")[4],
        },
    }  # fmt: skip
    return found | compared(made)


def cibic(bundle: Bundle) -> dict[str, Any]:
    made = table(bundle, "14-3.02")
    return {"n": numbers(made, "n"), "mean_sd": pairs(made, "Mean (SD)")} | compared(made)


def npi(bundle: Bundle) -> dict[str, Any]:
    made = table(bundle, "14-3.12")
    first = {"baseline_n": numbers(made, "n"), "baseline_mean_sd": pairs(made, "Mean (SD)")}
    return first | {"n": numbers(made, "n", 1), "mean_sd": pairs(made, "Mean (SD)", 1)} | compared(made)


def dermatologic(bundle: Bundle) -> dict[str, Any]:
    made = table(bundle, "14-1a")
    rows = [named(made, arm) for arm in ARMS]
    limits = [[float(x) for x in row[3].split(" to ")] if " to " in row[3] else None for row in rows]
    return {
        "events": [float(row[0]) for row in rows],
        "N": [float(row[1]) for row in rows],
        "median_days": [float(row[2]) if row[2].isdigit() else "not estimable" for row in rows],
        "ci95": limits,
        "logrank_p": "<0.0001" if "p <.0001" in str(made.notes[0]) else str(made.notes[0]),
    }


SECTIONS = {
    "14-1.01_populations": populations,
    "14-1.02_early_termination": disposition,
    "14-2.01_demographics": demographics,
    "14-3.01_ADAS_Cog11_wk24_LOCF": adas,
    "14-3.02_CIBIC_wk24_LOCF": cibic,
    "14-3.12_NPIX_mean_wk4_24": npi,
    "figure_14-1_time_to_first_dermatologic_event": dermatologic,
}
ABOUT = {"page", "pages", "population", "model", "rechecked_here"}
"""Keys that are no results."""


def leaves(value: Any) -> int:
    """Numbers (or what stands for one) in a part of the file."""
    if isinstance(value, dict):
        return sum(leaves(each) for key, each in value.items() if key not in ABOUT)
    if isinstance(value, list):
        return sum(leaves(each) for each in value)
    if isinstance(value, str) and ";" in value:
        return count(value.replace(";", " "))
    return value is not None


def agrees(theirs: Any, ours: Any) -> bool:
    """Whether every key of the file has our value."""
    if isinstance(theirs, dict):
        return all(agrees(value, ours[key]) for key, value in theirs.items() if key not in ABOUT)
    if isinstance(theirs, list):
        return len(theirs) == len(ours) and all(agrees(a, b) for a, b in zip(theirs, ours, strict=True))
    return bool(theirs == ours)


@pytest.mark.parametrize("section", SECTIONS)
def test_key_numbers(bundle: Bundle, section: str) -> None:
    theirs = json.loads((folder() / "key_numbers.json").read_text(encoding="utf-8"))[section]
    ours = SECTIONS[section](bundle)
    for key, value in theirs.items():
        if key not in ABOUT:
            assert agrees(value, ours[key]), (key, value, ours[key])


def test_how_many_key_numbers_are_met() -> None:
    theirs = json.loads((folder() / "key_numbers.json").read_text(encoding="utf-8"))
    assert sum(leaves(theirs[section]) for section in SECTIONS) == 264


def test_a_wrong_digit_would_be_seen(bundle: Bundle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = (tables_csr() / "table_14-3.01.txt").read_text(encoding="utf-8")
    (tmp_path / "table_14-3.01.txt").write_text(text.replace("0.569", "0.568"), encoding="utf-8")
    monkeypatch.setitem(globals(), "tables_csr", lambda: tmp_path)
    with pytest.raises(AssertionError, match=r"0\.56"):
        test_every_printed_number_of_a_table(bundle, "14-3.01")


def test_the_run_says_what_was_given_and_hashes_every_file(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    run("cdisc-pilot-01", data=gather(data), out=tmp_path / "run")
    told = json.loads((tmp_path / "run" / "provenance.json").read_text(encoding="utf-8"))
    assert set(told["data_sha256"]) == {path.name for path in data.iterdir()}
    assert "ADQSADAS" in told["datasets_given"]
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Datasets given" in report
    assert "SIMULATED" not in report
    for section in ("testing", "operating", "published"):
        assert f'<section id="{section}"' not in report
    rows = json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))["results"]
    identified = [row["id"] for row in rows]
    assert len(identified) == len(set(identified)), "a row's id is its own"
