"""The truth: an estimator's value in one large population of the scenario."""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort import Cohort
from pivotal.plan.population import Sums, large_sample, sums
from pivotal.simulate.engine import in_order
from pivotal.simulate.streams import BLOCK, Stream, generator
from pivotal.study.model import Study

Floats = NDArray[np.float64]
POPULATION = 10_000_000


def truth(
    study: Study,
    cohort: Cohort,
    *,
    endpoints: tuple[str, ...] | None,
    seed: int,
    size: int,
    pool: Executor,
    workers: int,
) -> Floats:
    """Value of each hypothesis's estimator in a population of `size` patients, (hypothesis,); NaN where not analysed.

    Odds ratios do not collapse over strata, so the truth of an adjusted odds ratio is not to be had from the rates
    of the arms: it is what the same model gives in the whole population. Ratios are on the log scale.
    """
    count = max(1, round(size / (BLOCK * study.population.size)))
    jobs = [(study, cohort, endpoints, seed, block) for block in range(count)]
    pooled: Sums | None = None
    for part in in_order(pool, workers, _part, jobs):
        pooled = part if pooled is None else pooled + part
    assert pooled is not None
    return large_sample(study, pooled)


def _part(study: Study, cohort: Cohort, endpoints: tuple[str, ...] | None, seed: int, block: int) -> Sums:
    tested = {h.endpoint for h in study.testing.hypotheses} & set(endpoints or [e.name for e in study.endpoints])
    wanted = [e for e in study.endpoints if e.name in tested]
    visits = tuple(v.name for v in study.visits if v.baseline or v.name in {e.visit for e in wanted})
    trials = cohort.draw(BLOCK, generator(seed, Stream.POPULATION, block), visits=visits)
    return sums(study, trials, tuple(e.name for e in wanted))
