"""The whole path, as Python calls: load, simulate, draw, analyse, report, run."""

from __future__ import annotations

import json
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pivotal.errors import UsageError, nearest
from pivotal.files import whole, write_json
from pivotal.study import Study, load, source_hash, source_text
from pivotal.trials import Results, Trials

if TYPE_CHECKING:
    from pivotal.randomise import RandomisationList

JSON = dict[str, Any]
Progress = Callable[[str, int, int], None]

__all__ = ["analyse", "draw", "load", "randomise", "report", "run", "simulate", "write_run"]

OC_FILE = "operating-characteristics.json"


def simulate(
    study: Study | str,
    *,
    scenarios: tuple[str, ...] | None = None,
    endpoints: tuple[str, ...] | None = None,
    replicates: int = 10_000,
    seed: int = 1,
    workers: int = 1,
    dask: str | None = None,
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
    workers, dask
        Worker processes (1 works in this process), or the address of a Dask scheduler.
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

    study = _study(study)
    found = simulate_scenarios(
        study,
        scenarios=scenarios,
        endpoints=endpoints,
        replicates=replicates,
        seed=seed,
        workers=workers,
        dask=dask,
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

    study = _study(study)
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
        per_stratum=per_stratum or study.population.size,
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

    study = _study(study)
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


def analyse(study: Study | str, data: Trials | Path | str | None = None) -> Results:
    """Analyse one trial by the study's plan.

    Parameters
    ----------
    study
        A study, or the name or path of one.
    data
        A trial, or the folder that its data sets are in; None takes the data that come with a shipped real trial.

    Returns
    -------
    Results
        Every row of the report's tables.

    Raises
    ------
    DataError
        If the data are wrong: every fault with its file, row and patient.
    """
    from pivotal.plan import Plan
    from pivotal.records import load_data

    study = _study(study)
    trials = data if isinstance(data, Trials) else load_data(study, Path(data) if data is not None else None)
    return Plan(study).analyse(trials)


@dataclass(frozen=True, slots=True)
class Run:
    """All that one run made, before it is written.

    Attributes
    ----------
    study
        The study.
    text
        The study file's text as run.
    results
        The trial's results.
    published
        The published counts through the same estimators.
    trials
        The trial's data.
    operating_characteristics
        None where nothing was simulated.
    calibration
        What the scenario asks of the virtual patients, and what they give.
    provenance
        Versions, seed, hashes, time, command.
    label
        What the approval says; None where the study names no product.
    """

    study: Study
    text: str
    results: Results
    published: Results
    trials: Trials
    operating_characteristics: JSON | None
    calibration: list[JSON]
    provenance: JSON
    label: JSON | None = None


def run(
    study: Study | str,
    *,
    data: Path | None = None,
    out: Path,
    replicates: int = 10_000,
    seed: int = 1,
    workers: int = 1,
    progress: Progress | None = None,
) -> Run:
    """Simulate, draw one trial or take the real one, analyse, report; leave it all in `out`.

    Parameters
    ----------
    study
        A study, or the name or path of one.
    data
        Folder of a real trial's data sets; None draws a virtual trial, or takes the data that come with the study.
    out
        Folder for what the run makes. It appears whole or not at all.
    replicates, seed, workers, progress
        As in `simulate`.

    Returns
    -------
    Run
        What was written.
    """
    from pivotal import records
    from pivotal.label import label_summary
    from pivotal.plan import Plan, recompute

    name = study if isinstance(study, str) else None
    study = _study(study)
    approval = label_summary(study, seed=seed)
    found = None
    if study.cohort is not None and study.scenarios:
        found = simulate(study, replicates=replicates, seed=seed, workers=workers, progress=progress)
    if progress:
        progress("one trial: drawing, analysing, reporting", 0, 1)
    with whole(out) as folder:
        virtual = data is None and study.study.patients == "virtual"
        if virtual:
            records.write(study, draw(study, seed=seed), folder / "data")
        trials = records.load_data(study, folder / "data" if virtual else data)
        if not virtual:
            records.write(study, trials, folder / "data")
        made = Run(
            study=study,
            text=source_text(name) if name is not None else study.model_dump_json(indent=1, by_alias=True),
            results=Plan(study).analyse(trials),
            published=recompute(study),
            trials=trials,
            operating_characteristics=found,
            calibration=_calibration(study, virtual),
            provenance=provenance(study, name, seed, records.sources(folder / "data")),
            label=approval,
        )
        shipped = records.shipped(study)
        if shipped is not None:  # the study file names it, and lies beside it
            shutil.copyfile(shipped, folder / shipped.name)
        write_run(made, folder)
    return made


def write_run(made: Run, folder: Path) -> None:
    """Write a run's files into a folder: study, operating characteristics, results, provenance, report."""
    import polars as pl

    (folder / "study.toml").write_text(made.text, encoding="utf-8")
    if made.operating_characteristics is not None:
        write_json(folder / OC_FILE, made.operating_characteristics)
    rows = made.results.records() + made.published.records()
    write_json(folder / "results.json", {"study": made.study.id, "virtual": made.results.virtual, "results": rows})
    flat = [row | {"groups": json.dumps(row["groups"]), "value": _number(row["value"])} for row in rows]
    pl.DataFrame(flat, infer_schema_length=None).write_parquet(folder / "results.parquet")
    write_json(folder / "calibration.json", made.calibration)
    if made.label is not None:
        write_json(folder / "label.json", made.label)
    write_json(folder / "provenance.json", made.provenance)
    report(folder)


def report(folder: Path) -> Path:
    """Write `report.html` from what a run left in a folder.

    Parameters
    ----------
    folder
        A folder with `study.toml`, `results.json` and `provenance.json`; operating characteristics where there are.

    Returns
    -------
    Path
        The report.
    """
    from pivotal.report import Bundle, write

    missing = [n for n in ("study.toml", "results.json", "provenance.json") if not (folder / n).is_file()]
    if missing:
        names = ", ".join(missing)
        raise UsageError(f"{folder} has no {names}, so it is not the folder of a run. Use pivotal run --out first.")
    content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    bundle = Bundle(
        study=load(folder / "study.toml"),
        results=content["results"],
        oc=_optional(folder / OC_FILE),
        provenance=json.loads((folder / "provenance.json").read_text(encoding="utf-8")),
        calibration=_optional(folder / "calibration.json") or [],
        label=_optional(folder / "label.json"),
        virtual=content["virtual"],
    )
    target = folder / "report.html"
    write(bundle, target)
    return target


def provenance(study: Study, name: str | None, seed: int, data: dict[str, str]) -> JSON:
    """Versions, seed, hashes of the study and of each data file, time and command."""
    packages = ("pivotal", "numpy", "scipy", "polars", "pydantic", "matplotlib")
    return {
        "study": study.id,
        "study_sha256": source_hash(name) if name is not None else None,
        "seed": seed,
        "versions": {"python": platform.python_version()} | {package: version(package) for package in packages},
        "platform": f"{platform.system()} {platform.machine()}",
        "data_sha256": data,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["pivotal", *sys.argv[1:]]) if Path(sys.argv[0]).name.startswith("pivotal") else None,
    }


def _calibration(study: Study, virtual: bool) -> list[JSON]:
    if not virtual:
        return []
    from pivotal.cohort import build, calibration_report

    return calibration_report(build(study, study.scenarios[0].name))


def _optional(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _number(value: float | bool | None) -> float | None:
    return None if value is None else float(value)


def _study(study: Study | str) -> Study:
    return load(study) if isinstance(study, str) else study
