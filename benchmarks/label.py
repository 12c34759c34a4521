"""Seconds of the label's commands: ``python benchmarks/label.py``.

A million patients from CSV and from Parquet, answers and reasons written: the whole command in a fresh process, which
is to stay under 5 s on two cores, and `label show`, which is to stay under 1 s. The best and the median of a few runs.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

PATIENTS = 1_000_000
SEED = 1
DAY = "2025-09-18"


def clinic(n: int) -> pl.DataFrame:
    """Patients of all kinds; a twentieth of the entries are empty, a third of the words of severity."""
    rng = np.random.default_rng(SEED)

    def some(values: np.ndarray, empty: float = 0.05) -> pl.Series:
        return pl.Series(values).set(pl.Series(rng.random(n) < empty), None)

    conditions = ["atopic dermatitis", "nonsegmental vitiligo", "vitiligo", "other"]
    return pl.DataFrame(
        {
            "patient": [f"P{i:07d}" for i in range(n)],
            "age": some(rng.integers(0, 80, n)),
            "condition": rng.choice(conditions, n),
            "severity": some(rng.choice(["mild", "moderate", "severe"], n), 1 / 3),
            "bsa": some(rng.uniform(0, 40, n).round(1)),
            "immunocompromised": some(rng.choice(["yes", "no"], n, p=[0.1, 0.9])),
            "topical failed": some(rng.choice(["yes", "no"], n)),
            "topical inadvisable": some(rng.choice(["yes", "no"], n, p=[0.1, 0.9])),
        }
    )


def report(name: str, *arguments: object, repeats: int = 5) -> None:
    command = [sys.executable, "-m", "pivotal", "label", *map(str, arguments)]
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    print(f"{name:<44}{min(seconds):6.2f} s (median {np.median(seconds):5.2f})")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frame = clinic(PATIENTS)
        frame.write_csv(folder / "clinic.csv")
        frame.write_parquet(folder / "clinic.parquet")
        report("label show", "show", "opzelura", "--on", DAY)
        for kind in ("csv", "parquet"):
            table, out = folder / f"clinic.{kind}", folder / f"answers.{kind}"
            told = ("covers", "opzelura", "--on", DAY, "--patients", table)
            report(f"label covers, {PATIENTS:,} patients, {kind}", *told, "--out", out)


if __name__ == "__main__":
    main()
