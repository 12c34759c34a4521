"""Nanoseconds a patient of the batched allocation methods: ``python benchmarks/randomise.py``.

The shape is TRuE-AD3's: 1,000 replicates of 330 patients, 2:2:1. The best and the median of repeated runs on one
core are printed; on a shared machine the best says what the code costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from pivotal.randomise import allocate_blocks, allocate_minimisation, allocate_simple

REPLICATES, PATIENTS = 1_000, 330
RATIO = [2, 2, 1]


def report(name: str, call: Callable[[], object], repeats: int = 30) -> None:
    call()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    best, median = np.min(seconds), np.median(seconds)
    each = 1e9 / (REPLICATES * PATIENTS)
    print(f"{name:<42}{best * each:8.1f} ns a patient (median {median * each:6.1f}) {best * 1e3:9.2f} ms")


def main() -> None:
    rng = np.random.Generator(np.random.SFC64(1))
    shape = (REPLICATES, PATIENTS)
    for n_strata, sizes in [(4, [5]), (1, [5]), (12, [5]), (40, [5]), (4, [5, 10]), (4, [20])]:
        stratum = rng.integers(0, n_strata, shape, dtype=np.uint8)

        def blocks(stratum=stratum, n_strata=n_strata, sizes=sizes):  # type: ignore[no-untyped-def]
            return allocate_blocks(stratum, RATIO, sizes, n_strata, rng)

        report(f"blocks {sizes}, {n_strata} strata", blocks)
    report("simple", lambda: allocate_simple(shape, RATIO, rng))
    factors = rng.integers(0, 2, (*shape, 3), dtype=np.uint8)
    for measure in ("range", "variance"):
        report(
            f"minimisation, 3 factors, {measure}",
            lambda m=measure: allocate_minimisation(factors, RATIO, [2, 2, 2], rng, measure=m),  # type: ignore[misc]
            repeats=3,
        )


if __name__ == "__main__":
    main()
