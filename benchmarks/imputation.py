"""How long reference-based imputation takes, from the data to pooled results with their Monte-Carlo errors.

Run by hand: ``python benchmarks/imputation.py``. One thread of linear algebra, so that a core is a core.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import time
from collections.abc import Callable

import numpy as np

from pivotal.stats import (
    ReferenceModel,
    conditional_mean_jackknife,
    impute_chained,
    impute_normal,
    reference_ancova,
    reference_model,
    visit_design,
)

PATIENTS, VISITS, IMPUTATIONS = 330, 4, 100


def trial(replicates: int, patients: int = PATIENTS) -> tuple[ReferenceModel, np.ndarray]:
    """Two arms, a baseline value, four visits, a quarter of the patients lost, a few values missing in between."""
    rng = np.random.default_rng(1)
    arm = np.arange(patients) % 2
    baseline = rng.normal(size=patients)
    factor = np.linalg.cholesky(0.5 * np.eye(VISITS) + 0.5)
    y = rng.normal(size=(replicates, patients, VISITS)) @ factor.T
    y += 0.3 * arm[:, None] * np.arange(VISITS) + 0.5 * baseline[:, None]
    leaves = rng.integers(1, 13, size=(replicates, patients))
    y[np.arange(VISITS) >= leaves[..., None]] = np.nan
    y[rng.random(y.shape) < 0.01] = np.nan
    x = np.stack([np.ones(patients), arm, baseline], axis=1)
    own, reference = visit_design(x, VISITS), visit_design(x * [1, 0, 1], VISITS)
    return reference_model(y, own, reference, arm=arm, strategy="JR"), x


def seconds(run: Callable[[], object], times: int = 3) -> float:
    """The best of several runs."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


def report(what: str, value: float) -> None:
    print(f"{what:<90} {value:8.3f} s")


def main() -> None:
    model, x = trial(1)
    covariates = x[:, 1:]
    shape = f"{PATIENTS} patients x {VISITS} visits"

    def reference(draws: str) -> Callable[[], object]:
        return lambda: reference_ancova(
            model, x, [1], imputations=IMPUTATIONS, rng=np.random.default_rng(1), draws=draws
        )

    def chained(kind: str) -> Callable[[], object]:
        kinds = [kind] * VISITS
        return lambda: impute_chained(model.y, kinds, IMPUTATIONS, np.random.default_rng(1), covariates=covariates)

    report(f"jump to reference, bootstrap, {IMPUTATIONS} imputations, {shape}", seconds(reference("bootstrap")))
    report(f"jump to reference, posterior draws, {IMPUTATIONS} imputations", seconds(reference("bayes")))
    report(
        f"conditional means, jackknife of {PATIENTS} patients",
        seconds(lambda: conditional_mean_jackknife(model, x, [1])),
    )
    report(f"chained equations, linear, 20 iterations, {IMPUTATIONS} imputations", seconds(chained("normal")))
    report("chained equations, predictive mean matching, 20 iterations", seconds(chained("matched"), 1))
    report(
        "multivariate normal, 100 steps",
        seconds(lambda: impute_normal(model.y, IMPUTATIONS, np.random.default_rng(1), covariates=covariates)),
    )
    many, x = trial(200)
    report(
        "200 trials, jump to reference, bootstrap, 20 imputations each",
        seconds(lambda: reference_ancova(many, x, [1], imputations=20, rng=np.random.default_rng(1)), 1),
    )


if __name__ == "__main__":
    main()
