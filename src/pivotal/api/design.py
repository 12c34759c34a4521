"""A trial that is planned: simulated, randomised, drawn, written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pivotal.api.common import JSON, Progress, loaded
from pivotal.errors import UsageError, nearest
from pivotal.study import Study
from pivotal.trials import Trials

if TYPE_CHECKING:
    from pivotal.randomise import RandomisationList


def simulate(
    study: Study | str,
    *,
    scenarios: tuple[str, ...] | None = None,
    endpoints: tuple[str, ...] | None = None,
    replicates: int = 10_000,
    seed: int = 1,
    workers: int = 1,
    dask: str | None = None,
    threads: bool = False,
    grids: bool = True,
    progress: Progress | None = None,
) -> JSON:
    """Operating characteristics of a study's plan, and its power grids.

    Parameters
    ----------
    study
        A study, or the name or path of one.
    scenarios, endpoints
        Names; all of them by default.
    replicates
        Trials a scenario; a grid point takes a fifth of it.
    seed
        The same seed gives the same bits for any number of workers.
    workers, dask, threads
        Worker processes (1 works in this process), or the address of a Dask scheduler; whether workers are threads.
    grids
        Whether the study's power grids are simulated too.
    progress
        Called with what is being done, how many are done, how many there are.

    Returns
    -------
    dict
        What `operating-characteristics.json` holds.
    """
    from pivotal.simulate import power_grid
    from pivotal.simulate import simulate as simulate_scenarios

    study = loaded(study)
    found = simulate_scenarios(
        study,
        scenarios=scenarios,
        endpoints=endpoints,
        replicates=replicates,
        seed=seed,
        workers=workers,
        dask=dask,
        threads=threads,
        progress=progress,
    ).as_json()
    wanted = [g for g in study.grids if endpoints is None or g.endpoint in endpoints] if grids else []
    for grid in wanted:
        found["grids"] += power_grid(
            study,
            grid,
            replicates=max(1, replicates // 5),
            seed=seed,
            workers=workers,
            dask=dask,
            threads=threads,
            progress=progress,
        )
    return found


def randomise(study: Study | str, *, per_stratum: int | None = None, seed: int = 1) -> RandomisationList:
    """The randomisation list of one trial, as a randomisation system takes it.

    Parameters
    ----------
    study
        A study, or the name or path of one.
    per_stratum
        Entries for each stratum, at least; by default the trial's size, so that no stratum can run out.
    seed
        Keep it, and the list, from those who enrol patients.

    Returns
    -------
    RandomisationList
        Its columns and the settings that reproduce it.

    Raises
    ------
    UsageError
        If the study's method has no list in advance (minimisation), or the trial was not randomised here.
    """
    from itertools import product

    from pivotal.randomise import randomisation_list

    study = loaded(study)
    design = study.randomisation
    if design.method not in ("stratified permuted blocks", "simple"):
        raise UsageError(
            f"{study.id} is randomised by {design.method!r}, which has no list in advance. "
            "For minimisation use pivotal.randomise.Minimiser, patient by patient."
        )
    labels = [[f"{s.name} {level.label}" for level in s.levels] for s in design.strata]
    return randomisation_list(
        [arm.name for arm in study.arms],
        [arm.ratio for arm in study.arms],
        per_stratum=per_stratum or study.size,
        seed=seed,
        block_sizes=design.block_sizes if design.method == "stratified permuted blocks" else None,
        strata=[", ".join(each) for each in product(*labels)] if labels else ("all",),
    )


def draw(study: Study | str, *, scenario: str | None = None, seed: int = 1) -> Trials:
    """Draw one virtual trial.

    Parameters
    ----------
    study
        A study, or the name or path of one.
    scenario
        Name of the scenario; the first one by default.
    seed
        The same seed gives the same trial.

    Returns
    -------
    Trials
        One replicate, marked as virtual, with what follows the blinded weeks where the study says it.

    Raises
    ------
    UsageError
        If the study has no such scenario, or no cohort.
    """
    from pivotal.cohort import build
    from pivotal.cohort.longterm import follow, has_long_term
    from pivotal.simulate import Stream, generator

    study = loaded(study)
    known = [s.name for s in study.scenarios]
    if study.cohort is None or not known:
        raise UsageError(f"{study.id} has no cohort or no scenario, so no trial can be drawn. Add [[scenarios]].")
    if scenario is not None and scenario not in known:
        raise UsageError(f"{study.id} has no scenario {scenario!r}. {nearest(scenario, known)}")
    name = scenario or known[0]
    trials = build(study, name).draw(1, generator(seed, Stream.TRIAL, 0))
    if not has_long_term(study, study.scenario(name)):
        return trials
    later = follow(study, study.scenario(name), trials, generator(seed, Stream.LONGTERM, 0))
    return replace(trials, longterm=later)


def write_trial(
    study: Study | str,
    trials: Trials,
    directory: str | Path,
    *,
    format: str = "xpt",
    standard: str = "adam",
    seed: int = 1,
) -> list[Path]:
    """Write one trial as SDTM, ADaM or both, a define.xml beside each.

    Parameters
    ----------
    study
        A study, or the name or path of one.
    trials
        One trial.
    directory
        Folder, made if it is not there; data sets go into its folders ``sdtm`` and ``adam``.
    format, standard
        As of `pivotal.records.write_trial`.
    seed
        Of the patients' reference dates.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    DataError
        If something does not fit the format: every fault.
    UsageError
        If SDTM is asked for and the study file has no `[sdtm]`.
    """
    from pivotal.records import write_trial
    from pivotal.simulate import Stream, generator

    dates = generator(seed, Stream.DATES, 0)
    return write_trial(loaded(study), trials, directory, format=format, standard=standard, generator=dates)
