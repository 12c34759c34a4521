"""The how-to from a CSV to a report does what it says: its study file is read, its commands run, its output appears."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOC = ROOT / "docs" / "your-own-trial.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    return BLOCK.findall(DOC.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("how-to")
    shutil.copy(ROOT / "tests" / "data" / "studies" / "antidepressant_data.csv", place / "trial.csv")
    (study,) = [text for kind, text in blocks() if kind == "toml"]
    (place / "mine.toml").write_text(study, encoding="utf-8")
    program = place / "bin" / "pivotal"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m pivotal "$@"\n', encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return place


@pytest.fixture(scope="module")
def said(folder) -> str:
    """What all commands of the page print, in one shell, each of which must end as the page says."""
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    commands = "set -e\n" + "".join(text for kind, text in blocks() if kind == "sh")
    done = subprocess.run(
        ["bash", "-c", commands],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": path},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_output(said):
    shown = [line.strip() for kind, text in blocks() if not kind for line in text.splitlines()]
    printed = [line for line in shown if not re.match(r"(analysis|intercurrent|imputation) = ", line)]
    assert len(printed) >= 7
    for line in printed:
        assert line in said


def test_report(said, folder):
    page = (folder / "mine" / "report.html").read_text(encoding="utf-8")
    assert "Columns that nothing reads" in page
    assert "SIMULATED" not in page


def test_csv_of_the_page_is_the_file(folder):
    (shown,) = [text for kind, text in blocks() if kind == "csv"]
    assert (folder / "trial.csv").read_text(encoding="utf-8").startswith(shown)


@pytest.mark.parametrize("line", [t for k, x in blocks() if not k for t in x.splitlines() if t.startswith("analysis")])
def test_other_analyses(folder, line):
    """Each line is one that a study file takes: in place of the example's, or for a binary endpoint."""
    from pivotal.study import read

    text = (folder / "mine.toml").read_text(encoding="utf-8")
    found = re.sub(r"^analysis = .*$", lambda _: line, text, flags=re.MULTILINE)
    if "gee" in line:
        found = found.replace('quantity = "change"', "percent_improvement_at_least = 50")
    assert read(found).endpoints[0].analysis.method in line
