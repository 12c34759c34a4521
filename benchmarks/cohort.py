"""How fast virtual patients are drawn: run by hand, `python benchmarks/cohort.py`.

Times are the process's CPU time on one core (the best of several blocks of 256 trials), so that other work on the
machine matters less. Numbers to reach: marginal 80 ns a patient; joint 1.2 microseconds a patient (2,500 trials of 330
a second); Week 8 alone 0.6 microseconds; calibration 1.5 s.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from pivotal.cohort import build
from pivotal.study.load import load

REPLICATES, BLOCKS = 256, 15


def seconds(work: Callable[[], object], repeats: int) -> float:
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    study = load("true-ad3")
    patients = REPLICATES * study.population.size
    rng = np.random.Generator(np.random.Philox(1))
    print(f"calibrate, first           {seconds(lambda: build(study, 'published'), 1):8.3f} s")
    print(f"calibrate, next            {seconds(lambda: build(study, 'null'), 3):8.3f} s")
    joint, fast = build(study, "published"), build(study, "published", endpoints=("IGA-TS",))
    week8 = ("Baseline", "Week 8")
    draws: dict[str, Callable[[], object]] = {
        "marginal": lambda: fast.draw(REPLICATES, rng),
        "joint, everything": lambda: joint.draw(REPLICATES, rng),
        "joint, Week 8": lambda: joint.draw(REPLICATES, rng, visits=week8),
        "joint, Week 8, unscreened": lambda: joint.draw(REPLICATES, rng, visits=week8, randomised=False),
    }
    for name, draw in draws.items():
        took = seconds(draw, BLOCKS)
        print(f"{name:26} {took / patients * 1e9:8.1f} ns a patient {REPLICATES / took:10,.0f} trials/s")


if __name__ == "__main__":
    main()
