"""Operating characteristics: what a trial's plan does, over replicates of the trial, under each scenario."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort import Cohort, build, resolve
from pivotal.errors import UsageError, nearest
from pivotal.plan import Plan
from pivotal.plan.batch import visits
from pivotal.simulate.engine import executor, in_order, pack, unpack
from pivotal.simulate.population import POPULATION, population_values
from pivotal.simulate.safety import safety_characteristics
from pivotal.simulate.streams import Stream, block_size, blocks, generator
from pivotal.simulate.summary import hypothesis_rows, rate_rows, scenario_row
from pivotal.simulate.tally import Tally, tally
from pivotal.study.model import Study

Floats = NDArray[np.float64]
JSON = dict[str, Any]
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, how many there are."""


@dataclass(frozen=True, slots=True)
class OperatingCharacteristics:
    """Operating characteristics of a study's plan.

    Attributes
    ----------
    study
        The study's identifier.
    rows
        One for each scenario and hypothesis.
    scenarios
        One for each scenario: family-wise error, power for any and for all hypotheses.
    rates
        Simulated response by scenario, endpoint, visit and arm, beside what the scenario asks for.
    grids
        Power over trial size, control rate and effect.
    safety
        What the boundaries and the screen of `[monitoring]` do; empty where only some endpoints are simulated.
    seconds, trials_per_second, replicates, seed, workers
        How it was run.
    """

    study: str
    rows: list[JSON]
    scenarios: list[JSON]
    rates: list[JSON]
    seed: int
    replicates: int
    workers: int
    seconds: float
    trials_per_second: float
    grids: list[JSON] = field(default_factory=list)
    safety: JSON = field(default_factory=dict)

    def as_json(self) -> JSON:
        """As `operating-characteristics.json` holds it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Job:
    """All that a block of replicates needs, wherever it runs."""

    study: Study
    cohort: Cohort
    endpoints: tuple[str, ...] | None
    truth: Floats
    true_null: NDArray[np.bool_]
    seed: int
    stream: Stream = Stream.REPLICATES

    def blocks(self, replicates: int) -> list[int]:
        """Sizes of the blocks that make up so many replicates."""
        return blocks(replicates, block_size(self.study.size))


def run_block(job: Job, block: int, replicates: int) -> Tally:
    """Draw one block of trials, analyse it by the study's plan, and reduce it to sums."""
    trials = job.cohort.draw(replicates, generator(job.seed, job.stream, block))
    results = Plan(job.study, job.endpoints).analyse(trials, scope="hypotheses")
    return tally(job.study, results, job.truth, job.true_null)


def run_packed(job: bytes, block: int, replicates: int) -> Tally:
    """`run_block` of a packed job, as it is sent to workers."""
    return run_block(unpack(job), block, replicates)


def simulate(
    study: Study,
    *,
    scenarios: tuple[str, ...] | None = None,
    endpoints: tuple[str, ...] | None = None,
    replicates: int = 10_000,
    seed: int = 1,
    workers: int = 1,
    dask: str | None = None,
    threads: bool = False,
    population: int = POPULATION,
    progress: Progress | None = None,
) -> OperatingCharacteristics:
    """Operating characteristics of a study's plan under its scenarios.

    Parameters
    ----------
    study
        The study.
    scenarios
        Names of the scenarios; all of them by default.
    endpoints
        Names of the endpoints to simulate; all of them by default. One binary endpoint alone is drawn from its
        marginal distribution, which is much faster than the joint cohort.
    replicates
        Trials a scenario.
    seed
        The same seed gives the same bits for any number of workers.
    workers
        Worker processes; 1 works in this process.
    dask
        Address of a Dask scheduler, instead of workers on this machine.
    threads
        Whether several workers are threads of this process rather than processes.
    population
        Patients in the population whose value of the estimator is the truth for bias and coverage.
    progress
        Called as the work goes on.

    Returns
    -------
    OperatingCharacteristics
        Power, family-wise error, bias and coverage, each with its Monte-Carlo standard error.

    Raises
    ------
    UsageError
        If a scenario or endpoint does not exist, or there is nothing to simulate.
    """
    names = _chosen(study, scenarios)
    _known_endpoints(study, endpoints)
    if replicates < 1:
        raise UsageError(f"replicates is {replicates}; at least 1 is needed. Try 10000.")
    tell = progress or (lambda what, done, of: None)
    start = time.perf_counter()
    with executor(workers, dask, threads=threads) as (pool, width):
        jobs = _jobs(study, names, endpoints, seed, population, pool, width, tell)
        begin = time.perf_counter()
        tallies = _tallies(jobs, replicates, pool, width, tell)
        busy = time.perf_counter() - begin
    rows: list[JSON] = []
    summaries: list[JSON] = []
    rates: list[JSON] = []
    for name, job in jobs.items():
        found = tallies[name]
        rows += hypothesis_rows(study, name, found, job.truth, job.true_null, endpoints)
        summaries.append(scenario_row(study, name, found, job.true_null))
        rates += rate_rows(study, name, found, _counted(study, endpoints, job.cohort))
    return OperatingCharacteristics(
        study.id, rows, summaries, rates, seed, replicates, width,
        seconds=time.perf_counter() - start, trials_per_second=len(names) * replicates / busy,
        safety=(
            safety_characteristics(study, replicates=replicates, seed=seed, progress=tell) if endpoints is None else {}
        ),
    )  # fmt: skip


def _jobs(
    study: Study,
    names: list[str],
    endpoints: tuple[str, ...] | None,
    seed: int,
    population: int,
    pool: Executor,
    workers: int,
    tell: Progress,
) -> dict[str, Job]:
    """Each scenario's cohort, calibrated, and its truth."""
    cohorts = {}
    for done, name in enumerate(names):
        tell("calibrating the virtual patients", done, len(names))
        cohorts[name] = build(study, name, endpoints=endpoints or tuple(e.name for e in study.endpoints))
    tell("calibrating the virtual patients", len(names), len(names))
    truths = population_values(
        study, cohorts, endpoints=endpoints, seed=seed, size=population, pool=pool, workers=workers, tell=tell
    )
    return {
        name: Job(study, cohort, endpoints, truths[name], true_nulls(study, name, endpoints), seed)
        for name, cohort in cohorts.items()
    }


def _tallies(jobs: dict[str, Job], replicates: int, pool: Executor, workers: int, tell: Progress) -> dict[str, Tally]:
    """All blocks of all scenarios in one queue, so that no worker waits for a scenario's last block."""
    blocks = {name: job.blocks(replicates) for name, job in jobs.items()}
    packed = {name: pack(job) for name, job in jobs.items()}
    work = ((packed[name], b, n) for name in jobs for b, n in enumerate(blocks[name]))
    parts = in_order(pool, workers, run_packed, work)
    found: dict[str, Tally] = {}
    for name, sizes in blocks.items():
        for done, _ in enumerate(sizes):
            tell(name, sum(sizes[:done]), replicates)
            part = next(parts)
            found[name] = found[name] + part if name in found else part
        tell(name, replicates, replicates)
    return found


def true_nulls(study: Study, scenario: str, endpoints: tuple[str, ...] | None = None) -> NDArray[np.bool_]:
    """Which hypotheses are true under a scenario: where both arms have the same response, (hypothesis,)."""
    resolved = resolve(study, scenario)
    found = []
    for h in study.testing.hypotheses:
        visit = study.endpoint(h.endpoint).visit
        rates = [r for r in resolved.rates if r.endpoint == h.endpoint and r.visit == visit]
        analysed = endpoints is None or h.endpoint in endpoints
        found.append(analysed and bool(rates) and rates[0].proportion(h.arm) == rates[0].proportion(h.comparator))
    return np.array(found, dtype=np.bool_)


def _counted(study: Study, endpoints: tuple[str, ...] | None, cohort: Cohort) -> list[tuple[str, str]]:
    """(endpoint, visit) pairs in the order in which the plan counts responders."""
    measured = cohort.measured
    return [
        (endpoint.name, visit)
        for endpoint in study.endpoints
        if endpoint.kind == "binary" and (endpoints is None or endpoint.name in endpoints)
        for visit in visits(endpoint, study)
        if (endpoint.derive.parameter, visit) in measured
    ]


def _chosen(study: Study, scenarios: tuple[str, ...] | None) -> list[str]:
    known = [s.name for s in study.scenarios]
    if study.cohort is None or not known:
        raise UsageError(f"{study.id} has no cohort or no scenario, so nothing can be simulated. Add [[scenarios]].")
    for name in scenarios or ():
        if name not in known:
            raise UsageError(f"{study.id} has no scenario {name!r}. {nearest(name, known)}")
    return list(scenarios or known)


def _known_endpoints(study: Study, endpoints: tuple[str, ...] | None) -> None:
    known = [e.name for e in study.endpoints]
    for name in endpoints or ():
        if name not in known:
            raise UsageError(f"{study.id} has no endpoint {name!r}. {nearest(name, known)}")
