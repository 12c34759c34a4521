"""Trials a second of exact conditional logistic regression, for a trial like TRuE-AD3.

Run with one thread: OMP_NUM_THREADS=1 python benchmarks/exact_logistic.py [trials]
"""

from __future__ import annotations

import sys
import time

import numpy as np

from pivotal.stats.exact_logistic import cross_levels, exact_logistic

ARMS = (66, 132, 132)
SCENARIOS = {"published-like": (0.11, 0.37, 0.56), "null": (0.11, 0.11, 0.11)}
STRATUM = np.array([0.21, 0.22, 0.30, 0.27])
LOGIT_SHIFT = np.array([0.3, -0.3, 0.3, -0.3])
SEED = 20261123


def trials(rates: tuple[float, ...], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Events and totals, (trial, arm, stratum), with stratum effects on the logit."""
    rng = np.random.default_rng(SEED)
    totals = np.stack([rng.multinomial(size, STRATUM, count) for size in ARMS], axis=1)
    logit = np.log(np.divide(rates, np.subtract(1, rates)))[:, None] + LOGIT_SHIFT
    return rng.binomial(totals, 1 / (1 + np.exp(-logit))), totals


def main(count: int) -> None:
    two, one = cross_levels(2, 2), cross_levels(4)
    cases = [("2 x 2 factors, joint", two, False), ("2 x 2 factors, pairwise", two, True)]
    cases += [("one factor of 4, joint", one, False), ("one factor of 4, pairwise", one, True)]
    for scenario, rates in SCENARIOS.items():
        events, totals = trials(rates, count)
        for name, levels, pairwise in cases:
            exact_logistic(events[:2], totals[:2], levels, pairwise=pairwise)
            best = np.inf
            for _ in range(3):
                began = time.perf_counter()
                exact_logistic(events, totals, levels, pairwise=pairwise)
                best = min(best, time.perf_counter() - began)
            print(f"{scenario:15} {name:26} {count / best:8.0f} trials/s (both comparisons)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 512)
