"""Fits a second of logistic regression from cells, beside a loop of statsmodels, and trials a second of the exact one.

Run with one thread: OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/logistic.py [replicates]

Times are processor time of this process, the best of three. A fit is Newton's method to 1e-7, the covariance, and the
Wald interval and test of both arms; 3 arms x 4 strata of two factors: 12 cells, 5 parameters. The exact comparison is
both active arms against control, two factors of two levels, 330 patients.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from pivotal import stats

ARMS = (66, 132, 132)
RATES = (0.11, 0.37, 0.56)
STRATUM = np.array([0.21, 0.22, 0.30, 0.27])
LOGIT_SHIFT = np.array([0.3, -0.3, 0.3, -0.3])
DESIGN = np.array([[1.0, a == 1, a == 2, s // 2, s % 2] for a in range(3) for s in range(4)])
SEED = 20261125
LOOPED = 200
EXACT = 1024


def trials(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Events and totals, (trial, arm, stratum), with stratum effects on the logit."""
    rng = np.random.default_rng(SEED)
    totals = np.stack([rng.multinomial(size, STRATUM, count) for size in ARMS], axis=1)
    logit = np.log(np.divide(RATES, np.subtract(1, RATES)))[:, None] + LOGIT_SHIFT
    return rng.binomial(totals, 1 / (1 + np.exp(-logit))), totals


def best(work: Callable[[], object]) -> float:
    """Seconds of processor time."""
    times = []
    for _ in range(3):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def fit_wald(events: np.ndarray, totals: np.ndarray) -> None:
    fit = stats.fit_logistic(events, totals, DESIGN)
    for column in (1, 2):
        stats.wald(fit, column)


def fit_statsmodels(events: np.ndarray, totals: np.ndarray) -> None:
    import statsmodels.api as sm

    for x, n in zip(events, totals, strict=True):
        fit = sm.GLM(np.column_stack([x, n - x]), DESIGN, family=sm.families.Binomial()).fit()
        fit.conf_int()


def main(count: int) -> None:
    events, totals = trials(count)
    cells = events.reshape(count, -1), totals.reshape(count, -1)
    some = tuple(each[:LOOPED] for each in cells)
    levels = stats.cross_levels(2, 2)
    exact = tuple(each[:EXACT] for each in (events, totals))
    tenth = tuple(each[: count // 10] for each in cells)
    rows = [
        ("maximum likelihood, Wald", count, lambda: fit_wald(*cells)),
        ("statsmodels GLM, one by one", LOOPED, lambda: fit_statsmodels(*some)),
        ("likelihood ratio, profile limits", count // 10, lambda: stats.logistic_lr(*tenth, DESIGN, 1)),
        ("Firth, profile limits", count // 10, lambda: stats.firth(*tenth, DESIGN, 1)),
        ("exact, pairwise", EXACT, lambda: stats.exact_logistic(*exact, levels, pairwise=True)),
        ("exact, joint", EXACT, lambda: stats.exact_logistic(*exact, levels)),
    ]
    for name, number, work in rows:
        print(f"{name:34} {number / best(work):12,.0f} a second")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
