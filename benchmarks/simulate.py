"""Whole trials a second, beside a plain loop over statsmodels doing the same job.

Run by hand: ``python benchmarks/simulate.py [--quick]``. One thread of linear algebra, so that a core is a core.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import statistics
import subprocess
import sys
import time

import numpy as np

from pivotal.cohort import build
from pivotal.simulate import Stream, generator
from pivotal.simulate.engine import executor, in_order, pack
from pivotal.simulate.operating import Job, run_packed
from pivotal.study import Study, load


def with_method(study: Study, method: str) -> Study:
    """The study with the primary endpoint analysed by another method."""
    primary = study.endpoints[0]
    changed = primary.model_copy(update={"analysis": primary.analysis.model_copy(update={"method": method})})
    return study.model_copy(update={"endpoints": (changed, *study.endpoints[1:])})


def job(study: Study, endpoints: tuple[str, ...] | None) -> Job:
    hypotheses = len(study.testing.hypotheses)
    cohort = build(study, "published", endpoints=endpoints)
    return Job(study, cohort, endpoints, np.zeros(hypotheses), np.zeros(hypotheses, dtype=bool), seed=1)


def warm_up(packed: bytes, count: int) -> int:
    """One block, and the process that ran it."""
    run_packed(packed, 0, count)
    return os.getpid()


def rate(one: Job, count: int, workers: int = 1) -> float:
    """Whole trials a second: drawn, derived, analysed, tested, reduced; workers have started and are warm."""
    sizes, packed = one.blocks(count), pack(one)
    with executor(workers) as (pool, width):
        warm: set[int] = set()
        while len(warm) < width:  # a process that is still starting would be counted as slow
            warm |= set(in_order(pool, width, warm_up, ((packed, sizes[0]) for _ in range(2 * width))))
        start = time.perf_counter()
        for _ in in_order(pool, width, run_packed, ((packed, b, n) for b, n in enumerate(sizes))):
            pass
        return count / (time.perf_counter() - start)


def gain(one: Job, count: int, runs: int = 5) -> float:
    """How much faster two workers are than one: medians of runs in turn, as a machine's speed drifts.

    With fewer than some 20 blocks to share the end of a run, when one worker has nothing left, counts too.
    """
    pairs = [(rate(one, count), rate(one, count, workers=2)) for _ in range(runs)]
    return statistics.median(two for _, two in pairs) / statistics.median(alone for alone, _ in pairs)


def statsmodels_rate(study: Study, trials: int) -> float:
    """The same job in a loop: draw a trial of the same shape, fit a logistic model, two Wald tests."""
    import statsmodels.api as sm

    rng = np.random.default_rng(1)
    n = study.population.size
    rates = np.array([7 / 65, 49 / 134, 74 / 131])
    start = time.perf_counter()
    for _ in range(trials):
        iga, young = rng.random(n) < 0.75, rng.random(n) < 0.5
        stratum = iga * 2 + young
        arm = np.empty(n, dtype=int)
        for s in range(4):
            here = np.flatnonzero(stratum == s)
            blocks = [rng.permutation([0, 1, 1, 2, 2]) for _ in range(len(here) // 5 + 1)]
            arm[here] = np.concatenate(blocks)[: len(here)]
        response = (rng.random(n) < rates[arm]).astype(float)
        design = np.column_stack([np.ones(n), arm == 1, arm == 2, iga, young]).astype(float)
        fit = sm.Logit(response, design).fit(disp=0)
        fit.pvalues[1:3]
    return trials / (time.perf_counter() - start)


def seconds(*command: str) -> float:
    """Wall time of a whole process, the best of three."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)


def peak_memory(replicates: int) -> float:
    """Peak memory in MB of a process of its own that simulates so many trials, its two workers included."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import resource; from simulate import load, with_method\n"
        "from pivotal.simulate import simulate\n"
        "study = with_method(load('true-ad3'), 'logistic wald')\n"
        "simulate(study, scenarios=('published',), endpoints=('IGA-TS',), replicates=int(sys.argv[2]), workers=2)\n"
        "own, child = (resource.getrusage(w).ru_maxrss for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))\n"
        "print((own + 2 * child) / 1024)"
    )
    here = os.path.dirname(os.path.abspath(__file__))
    command = [sys.executable, "-c", code, here, str(replicates)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    quick = parser.parse_args().quick
    trials = 4_096 if quick else 40_960
    # First, as a child starts with its parent's peak.
    millions = 100_000 if quick else 1_000_000
    print(f"peak memory, {millions:9,} replicates   {peak_memory(millions):10.0f} MB (aim 600)")
    study = load("true-ad3")
    primary = (study.endpoints[0].name,)
    wald = job(with_method(study, "logistic wald"), primary)
    fast = rate(wald, 10 * trials)
    print(f"primary endpoint, logistic Wald      {fast:10,.0f} trials/s a core (aim 20,000)")
    loop = statsmodels_rate(study, 200)
    print(f"the same in a loop over statsmodels  {loop:10,.0f} trials/s: ratio {fast / loop:.0f} (aim 60)")
    pairwise = job(with_method(study, "exact conditional logistic pairwise"), primary)
    print(f"primary, exact conditional, pairwise {rate(pairwise, trials // 4):10,.0f} trials/s a core (aim 1,000)")
    exact = rate(job(study, primary), trials // 4)
    print(f"primary, exact conditional, joint    {exact:10,.0f} trials/s a core (aim 100)")
    joint = job(with_method(study, "logistic wald"), tuple(e.name for e in study.endpoints))
    print(f"all endpoints and visits, joint      {rate(joint, trials // 2):10,.0f} trials/s a core (aim 1,500)")
    sizes = joint.blocks(trials // 4)
    start = time.perf_counter()
    for b, n in enumerate(sizes):
        joint.cohort.draw(n, generator(1, Stream.REPLICATES, b))
    print(f"  of which drawing                   {trials // 4 / (time.perf_counter() - start):10,.0f} trials/s")
    print(f"two workers, primary                 {gain(wald, 409_600):10.2f} times one (aim 1.8)")
    print(f"two workers, exact conditional joint {gain(job(study, primary), 40_960, 3):10.2f} times one (aim 1.8)")
    print(f"two workers, joint                   {gain(joint, 40_960):10.2f} times one (aim 1.8)")
    print(f"import pivotal                       {seconds('-c', 'import pivotal'):10.2f} s (aim 0.3)")
    print(f"pivotal show true-ad3                {seconds('-m', 'pivotal', 'show', 'true-ad3'):10.2f} s (aim 1)")


if __name__ == "__main__":
    main()
