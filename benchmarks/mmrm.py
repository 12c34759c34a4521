"""Fits of a mixed model for repeated measures a second on one core: ``python benchmarks/mmrm.py [REPLICATES]``.

330 patients in three arms, 4 visits, 24 fixed effects (six covariates by visit), unstructured, REML; with each fit the
differences between an arm and control at the visits, by Satterthwaite's and by Kenward and Roger's method. Processor
time. R's mmrm takes 146 and 189 ms a fit of such data. Then one trial from a long Polars data
frame (a row a patient and visit) to the contrasts, by the wall clock.
"""

from __future__ import annotations

import sys
from time import perf_counter, process_time

import numpy as np
import polars as pl

from pivotal.stats import fit_mmrm, long_data, mmrm_contrasts, visit_design

PATIENTS, VISITS = 330, 4
SIGMA = np.array([[40.0, 14, 5, 13], [14, 27, 3, 7], [5, 3, 15, 1], [13, 7, 1, 95]])


def trials(replicates: int, *, monotone: bool) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(1)
    arm = np.arange(PATIENTS) % 3
    factor = draw.integers(0, 2, (2, PATIENTS))
    x = np.column_stack([np.ones(PATIENTS), arm == 1, arm == 2, draw.normal(50, 8, PATIENTS), *factor]).astype(float)
    y = draw.multivariate_normal(np.zeros(VISITS), SIGMA, (replicates, PATIENTS)) + (x @ draw.normal(size=6))[:, None]
    if monotone:
        last = np.where(draw.random(y.shape[:2]) < 0.25, draw.integers(1, VISITS, y.shape[:2]), VISITS)
        gone = np.arange(VISITS) >= last[..., None]
    else:
        gone = draw.random(y.shape) < 0.2
    return np.where(gone, np.nan, y), x


def analyse(y: np.ndarray, x: np.ndarray, df: str | None) -> None:
    fit = fit_mmrm(y, visit_design(x, VISITS))
    if df is not None:
        mmrm_contrasts(fit, np.eye(6 * VISITS)[VISITS : 2 * VISITS], df=df)


def frame(y: np.ndarray, x: np.ndarray) -> pl.DataFrame:
    """One trial as a long data frame in random order, a row an outcome observed."""
    patient, visit = np.nonzero(~np.isnan(y))
    arms = np.array(["placebo", "low", "high"])[(x[:, 1] + 2 * x[:, 2]).astype(int)]
    columns = {
        "USUBJID": [f"TRIAL-{number:04d}" for number in patient],
        "AVISITN": visit * 2 + 2,
        "TRTP": arms[patient],
        "BASE": x[patient, 3],
        "REGION": np.array(["north", "south"])[x[patient, 4].astype(int)],
        "PRIOR": np.array(["no", "yes"])[x[patient, 5].astype(int)],
        "CHG": y[patient, visit],
    }
    return pl.DataFrame(columns).sample(fraction=1.0, shuffle=True, seed=1)


def analyse_frame(rows: pl.DataFrame) -> None:
    covariates = {name: rows[name] for name in ("TRTP", "BASE", "REGION", "PRIOR")}
    data = long_data(rows["USUBJID"], rows["AVISITN"], rows["CHG"], covariates, reference={"TRTP": "placebo"})
    fit = fit_mmrm(data.y, data.design())
    mmrm_contrasts(fit, np.concatenate([data.row("TRTP", "high", visit) for visit in data.visits]))


def main() -> None:
    replicates = int(sys.argv[1]) if len(sys.argv) > 1 else 512
    for name, monotone in (("monotone dropout", True), ("15 patterns", False)):
        y, x = trials(replicates, monotone=monotone)
        analyse(y[:8], x, "kenward-roger")
        for df in (None, "satterthwaite", "kenward-roger"):
            start = process_time()
            analyse(y, x, df)
            rate = replicates / (process_time() - start)
            print(f"{name}, {df or 'fit alone'}: {rate:,.0f} a second a core")
        times = []
        for replicate in range(20):
            start = perf_counter()
            analyse(y[replicate : replicate + 1], x, "satterthwaite")
            times.append(perf_counter() - start)
        print(f"{name}, one fit with Satterthwaite, median: {np.median(times) * 1e3:.1f} ms")
        times = []
        for replicate in range(20):
            rows = frame(y[replicate], x)
            start = perf_counter()
            analyse_frame(rows)
            times.append(perf_counter() - start)
        print(f"{name}, one data frame with Satterthwaite, median: {np.median(times) * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
