"""The truth: an estimator's value in one large population of the scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort import Cohort
from pivotal.plan.population import Sums, large_sample, sums
from pivotal.simulate.engine import in_order, pack, unpack
from pivotal.simulate.streams import Stream, block_size, generator
from pivotal.study.model import Study

Floats = NDArray[np.float64]
POPULATION = 10_000_000


def population_values(
    study: Study,
    cohorts: Mapping[str, Cohort],
    *,
    endpoints: tuple[str, ...] | None,
    seed: int,
    size: int,
    pool: Executor,
    workers: int,
    tell: Callable[[str, int, int], None],
) -> dict[str, Floats]:
    """Value of each hypothesis's estimator in a population of `size` patients of each scenario, (hypothesis,).

    Odds ratios do not collapse over strata, so the truth of an adjusted odds ratio is not to be had from the rates
    of the arms: it is what the same model gives in the whole population. Ratios are on the log scale; what is not
    analysed is NaN.
    """
    counts = {name: _count(study, size) for name in cohorts}
    size_of_block = block_size(_patients(study))
    packed = {name: pack((study, cohort, endpoints)) for name, cohort in cohorts.items()}
    jobs = (
        (packed[name], generator(seed, Stream.POPULATION, b), size_of_block)
        for name in cohorts
        for b in range(counts[name])
    )
    parts = in_order(pool, workers, _part, jobs)
    values = {}
    for done, (name, count) in enumerate(counts.items()):
        tell(f"the truth in {size:,} patients a scenario", done, len(counts))
        pooled = next(parts)
        for _ in range(count - 1):
            pooled += next(parts)
        values[name] = large_sample(study, pooled)
    tell(f"the truth in {size:,} patients a scenario", len(counts), len(counts))
    return values


def _patients(study: Study) -> int:
    return study.size


def _count(study: Study, size: int) -> int:
    """Blocks that make up the population."""
    return max(1, round(size / (block_size(_patients(study)) * _patients(study))))


def _part(packed: bytes, rng: np.random.Generator, replicates: int) -> Sums:
    study, cohort, endpoints = unpack(packed)
    tested = {h.endpoint for h in study.testing.hypotheses} & set(endpoints or [e.name for e in study.endpoints])
    wanted = [e for e in study.endpoints if e.name in tested]
    visits = tuple(v.name for v in study.visits if v.baseline or v.name in {e.visit for e in wanted})
    trials = cohort.draw(replicates, rng, visits=visits, randomised=False)
    return sums(study, trials, tuple(e.name for e in wanted))
