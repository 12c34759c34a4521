"""The command line as a user meets it: output, exit status, nothing half-written, no traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pivotal.study import library_path


def pivotal(*arguments, cwd=None):
    return subprocess.run([sys.executable, "-m", "pivotal", *map(str, arguments)], capture_output=True, text=True,
                          cwd=cwd, timeout=300, check=False)  # fmt: skip


def test_studies_are_listed():
    done = pivotal("studies")
    assert done.returncode == 0
    assert all(name in done.stdout for name in ("true-ad1", "true-ad2", "true-ad3", "mrc-1948", "cdisc-pilot-01"))


def test_show_tells_sources_and_assumptions():
    done = pivotal("show", "true-ad3")
    assert done.returncode == 0
    assert "NCT04921969" in done.stdout
    assert "assumed" in done.stdout
    assert "derived" in done.stdout


def test_init_makes_a_file_that_check_finds_right(tmp_path):
    assert pivotal("init", tmp_path / "mine.toml").returncode == 0
    assert pivotal("check", tmp_path / "mine.toml").returncode == 0
    again = pivotal("init", tmp_path / "mine.toml")
    assert again.returncode == 2
    assert "exists already" in again.stderr


def broken_study(folder: Path) -> Path:
    """TRuE-AD3 with a ratio of 0, a wrong key, an unknown arm in the graph, weights above 1 and an unknown visit."""
    text = library_path("true-ad3").read_text(encoding="utf-8")
    changes = [
        ("ratio = 1\n", "ratio = 0\n"),
        ("phase = 3\n", "phse = 3\n"),
        ("weight = 0.5", "weight = 0.9"),
        ('visit = "Week 8"', 'visit = "Week 9"'),
    ]
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    at = text.index("hypotheses = [")
    text = text[:at] + text[at:].replace('arm = "Ruxolitinib 1.5%"', 'arm = "Ruxolitinib 1.5"', 1)
    path = folder / "broken.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_check_names_every_fault_with_its_line(tmp_path):
    path = broken_study(tmp_path)
    done = pivotal("check", path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for piece in ("ratio is 0", "phse", "Week 9", "Ruxolitinib 1.5", "Did you mean"):
        assert piece in done.stderr, piece
    lines = path.read_text(encoding="utf-8").splitlines()
    line = next(n for n, text in enumerate(lines, 1) if text.startswith("phse"))
    assert f"broken.toml:{line}:" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "piece"),
    [
        (("show", "true-ad4"), "true-ad"),
        (("simulate", "true-ad3", "--scenario", "nul"), "Did you mean 'null'"),
        (("simulate", "true-ad3", "--replicates", "0"), "replicates"),
        (("report", "nowhere"), "nowhere"),
        (("frobnicate",), "frobnicate"),
        (("draw", "true-ad3"), "out"),
    ],
)
def test_wrong_usage_says_what_is_right(arguments, piece):
    done = pivotal(*arguments)
    assert done.returncode == 2
    assert piece in done.stderr
    assert "Traceback" not in done.stderr


def test_a_trial_drawn_is_analysed_from_its_files(tmp_path):
    assert pivotal("draw", "true-ad3", "--seed", 3, "--out", tmp_path / "drawn").returncode == 0
    done = pivotal("analyse", "true-ad3", "--data", tmp_path / "drawn", "--out", tmp_path / "found")
    assert done.returncode == 0
    assert "SIMULATED" in done.stdout
    content = json.loads((tmp_path / "found" / "results.json").read_text(encoding="utf-8"))
    assert content["study"] == "TRuE-AD3"
    assert {"id", "analysis", "statistic", "value", "reason", "method"} <= set(content["results"][0])


def test_a_trial_drawn_as_sdtm_and_adam_is_analysed_from_either(tmp_path):
    done = pivotal("draw", "true-ad3", "--seed", 3, "--out", tmp_path / "d", "--standard", "both", "--format", "xpt")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("SIMULATED")
    for folder in ("adam", "sdtm"):
        assert f"{folder}/define.xml" in done.stdout
        found = pivotal("analyse", "true-ad3", "--data", tmp_path / "d" / folder)
        assert found.returncode == 0, found.stderr
        assert "SIMULATED" in found.stdout
    wrong = pivotal("draw", "true-ad3", "--out", tmp_path / "e", "--format", "sas7bdat")
    assert wrong.returncode == 2
    assert "sas7bdat" in wrong.stderr
    assert "xpt" in wrong.stderr
    assert not (tmp_path / "e").exists()
    bare = pivotal("draw", "mrc-1948", "--out", tmp_path / "f", "--standard", "sdtm")
    assert bare.returncode in (1, 2)
    assert "[sdtm]" in bare.stderr


def test_wrong_data_are_named_by_file_row_and_patient(tmp_path):
    pivotal("draw", "true-ad3", "--seed", 3, "--out", tmp_path)
    for path in tmp_path.glob("*.parquet"):
        path.unlink()
    file = tmp_path / "adeff.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    header = lines[0].split(",")
    row = next(n for n, line in enumerate(lines) if ",IGA," in line)
    cells = lines[row].split(",")
    cells[header.index("AVAL")] = "7"
    lines[row] = ",".join(cells)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = pivotal("analyse", "true-ad3", "--data", tmp_path)
    assert done.returncode == 1
    assert "adeff.csv" in done.stderr
    assert f"row {row + 1}" in done.stderr
    assert cells[header.index("USUBJID")] in done.stderr
    assert "Traceback" not in done.stderr


def test_the_real_trial_runs_whole(tmp_path):
    done = pivotal("run", "mrc-1948", "--replicates", 200, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    made = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"study.toml", "operating-characteristics.json", "data", "results.parquet", "results.json", "report.html",
            "provenance.json"} <= made  # fmt: skip
    assert "The trial" in done.stdout


@pytest.mark.slow
def test_an_interrupt_leaves_nothing_half_written(tmp_path):
    command = [sys.executable, "-m", "pivotal", "run", "true-ad3", "--replicates", "200000", "--out", "run"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(8)
        os.kill(process.pid, signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; nothing was written" in error
    assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


def test_a_trial_that_comes_without_data_asks_for_them(tmp_path):
    for command in ("run", "analyse"):
        done = pivotal(command, "cdisc-pilot-01", "--out", tmp_path / command)
        assert done.returncode == 2
        assert "give the folder of its data sets" in done.stderr
        assert not (tmp_path / command).exists()
