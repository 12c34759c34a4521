"""Trials a second of negative binomial and proportional odds regression, beside a loop of statsmodels.

Run with one thread: OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/counts.py [trials]
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

from pivotal import stats

PATIENTS = 300
LOOPED = 20
SEED = 20261125


def best_of(run: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest of a few runs, after one to warm up."""
    run()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        found.append(time.perf_counter() - began)
    return min(found)


def designs(rng: np.random.Generator, count: int) -> np.ndarray:
    """Arms and a baseline covariate of their own in every trial, (trial, patient, column), with an intercept."""
    arm = rng.permuted(np.tile(np.arange(PATIENTS) % 2, (count, 1)), axis=1)
    return np.stack([np.ones(arm.shape), arm, rng.normal(size=arm.shape)], axis=-1)


def negative_binomial(count: int) -> None:
    from statsmodels.api import NegativeBinomial

    rng = np.random.default_rng(SEED)
    design, k = designs(rng, count), 0.7
    exposure = rng.uniform(0.3, 1.0, (count, PATIENTS))
    mean = exposure * np.exp(design @ [0.6, -0.4, 0.2])
    y = rng.poisson(mean * rng.gamma(1 / k, k, mean.shape))
    seconds = best_of(lambda: stats.fit_negative_binomial(y, exposure, design))
    report("negative binomial, patients", count, seconds)

    def loop() -> list[float]:
        fits = (NegativeBinomial(y[i], design[i], exposure=exposure[i]).fit(disp=0) for i in range(LOOPED))
        return [float(fit.params[1]) for fit in fits]

    report("  statsmodels", LOOPED, best_of(loop, 1), count / seconds)
    ours = stats.fit_negative_binomial(y[:LOOPED], exposure[:LOOPED], design[:LOOPED]).coefficients[:, 1]
    print(f"  largest difference in the log rate ratio {np.abs(ours - loop()).max():.1e}")
    lr = min(count, 100)
    chosen = slice(lr)
    seconds = best_of(lambda: stats.negative_binomial_lr(y[chosen], exposure[chosen], design[chosen], 1), 1)
    report("  likelihood-ratio test and profile limits", lr, seconds)


def proportional_odds(count: int) -> None:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rng = np.random.default_rng(SEED)
    design = designs(rng, count)[..., 1:]
    y = np.digitize(design @ [0.5, -0.4] + rng.logistic(size=design.shape[:2]), [-1, 0, 1, 2])
    counts = stats.category_counts(y, 5)
    seconds = best_of(lambda: stats.fit_proportional_odds(counts, design))
    report("proportional odds, patients", count, seconds)

    def loop() -> list[float]:
        models = (OrderedModel(y[i], design[i], distr="logit") for i in range(LOOPED))
        return [float(model.fit(method="bfgs", disp=0).params[0]) for model in models]

    report("  statsmodels", LOOPED, best_of(loop, 1), count / seconds)
    ours = stats.fit_proportional_odds(counts[:LOOPED], design[:LOOPED]).coefficients[:, 0]
    print(f"  largest difference in the log odds ratio {np.abs(ours - loop()).max():.1e}")
    cells = stats.category_counts(y, 5, design[..., 0].astype(int), 2)
    report("  from cells of arms", count, best_of(lambda: stats.fit_proportional_odds(cells, [[0], [1]])))


def report(name: str, count: int, seconds: float, against: float | None = None) -> None:
    beside = "" if against is None else f", ours is {against * seconds / count:.0f} times as fast"
    print(f"{name:45} {count / seconds:9.0f} trials/s{beside}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    negative_binomial(trials)
    proportional_odds(trials)
