"""Power over trial size, control rate and effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pivotal.cohort import build
from pivotal.simulate.engine import executor, in_order, pack
from pivotal.simulate.operating import Job, Progress, run_packed
from pivotal.simulate.streams import Stream, block_size, blocks
from pivotal.simulate.summary import share
from pivotal.simulate.tally import total
from pivotal.study.model import Grid, Rates, Scenario, Study

JSON = dict[str, Any]
TRUTH = "grid"


def power_grid(
    study: Study,
    grid: Grid,
    *,
    replicates: int,
    seed: int = 1,
    workers: int = 1,
    dask: str | None = None,
    threads: bool = False,
    progress: Progress | None = None,
) -> list[JSON]:
    """Power of each hypothesis on the grid's endpoint, over the grid.

    Parameters
    ----------
    study
        The study; its randomisation, strata and testing strategy are kept.
    grid
        Sizes, control rates and differences. Every other arm has the control rate plus the difference.
    replicates
        Trials a point.
    seed, workers, dask, threads, progress
        As in `simulate`.

    Returns
    -------
    list of dict
        A row a point and hypothesis. The endpoint is analysed alone, so each hypothesis is tested at its initial share
        of alpha plus what the other hypotheses on the same endpoint pass on to it directly.
    """
    points = [(n, p, d) for n in grid.sizes for p in grid.control_rates for d in grid.differences if 0 <= p + d <= 1]
    rows: list[JSON] = []
    with executor(workers, dask, threads=threads) as (pool, width):
        jobs = ((point, pack(_job(study, grid, *point, seed))) for point in points)  # calibrated while others run
        work = ((job, b, n) for point, job in jobs for b, n in enumerate(_blocks(replicates, point)))
        tallies = in_order(pool, width, run_packed, work)
        for done, point in enumerate(points, 1):
            found = total(next(tallies) for _ in _blocks(replicates, point))
            rows += _rows(study, grid, point, found.rejected, found.replicates)
            if progress:
                progress(grid.label, done, len(points))
    return rows


def _blocks(replicates: int, point: tuple[int, float, float]) -> list[int]:
    return blocks(replicates, block_size(point[0]))


def _job(study: Study, grid: Grid, size: int, control_rate: float, difference: float, seed: int) -> Job:
    endpoint = study.endpoint(grid.endpoint)
    control = study.arms[study.control].name
    percent = {arm.name: 100 * (control_rate + (0 if arm.name == control else difference)) for arm in study.arms}
    rates = Rates(endpoint=endpoint.name, visit=endpoint.visit, arms=percent, assumed="a point of the grid")
    alone = endpoint.model_copy(
        update={"analysis": endpoint.analysis.model_copy(update={"method": grid.method}), "visits": ()}
    )
    point = study.model_copy(
        update={
            "population": study.population.model_copy(update={"size": size}),
            "scenarios": (Scenario(name=TRUTH, label=TRUTH, rates=(rates,)),),
            "endpoints": tuple(alone if e.name == endpoint.name else e for e in study.endpoints),
        }
    )
    hypotheses = len(study.testing.hypotheses)
    return Job(
        study=point,
        cohort=build(point, TRUTH, endpoints=(endpoint.name,), mode="marginal"),
        endpoints=(endpoint.name,),
        truth=np.full(hypotheses, np.nan),
        true_null=np.zeros(hypotheses, dtype=np.bool_),
        seed=seed,
        stream=Stream.GRID,
    )


def _rows(
    study: Study, grid: Grid, point: tuple[int, float, float], rejected: np.ndarray[Any, Any], replicates: int
) -> Iterator[JSON]:
    size, control_rate, difference = point
    for h, hypothesis in enumerate(study.testing.hypotheses):
        if hypothesis.endpoint == grid.endpoint:
            power, mcse = share(float(rejected[h]), replicates)
            yield {
                "grid": grid.name,
                "endpoint": grid.endpoint,
                "hypothesis": hypothesis.name,
                "arm": hypothesis.arm,
                "comparator": hypothesis.comparator,
                "method": grid.method,
                "size": size,
                "control_rate": control_rate,
                "difference": difference,
                "power": power,
                "mcse": mcse,
                "replicates": replicates,
            }
