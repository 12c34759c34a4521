"""The whole path, as Python calls: load, simulate, draw, analyse, report, run."""

from __future__ import annotations

import json
import platform
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pivotal.errors import DataError, Fault, UsageError, nearest
from pivotal.files import whole, write_json
from pivotal.study import Study, load, source_hash, source_text
from pivotal.trials import Results, Trials

if TYPE_CHECKING:
    from pivotal.derive.prepared import Prepared
    from pivotal.randomise import RandomisationList
    from pivotal.records.checking import Checked
    from pivotal.records.patient import Profile

JSON = dict[str, Any]
Progress = Callable[[str, int, int], None]

__all__ = [
    "analyse",
    "check_data",
    "draw",
    "load",
    "profiles",
    "randomise",
    "read_data",
    "report",
    "run",
    "simulate",
    "write_profiles",
    "write_run",
    "write_trial",
]

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
    return write_trial(_study(study), trials, directory, format=format, standard=standard, generator=dates)


def analyse(study: Study | str, data: Trials | Path | str | None = None) -> Results:
    """Analyse one trial by the study's plan.

    Parameters
    ----------
    study
        A study, or the name or path of one.
    data
        A trial; the folder that its data sets are in (of Pivotal's own layout, or, where the study file says where
        values stand in them, SDTM or ADaM); or the file that the study's `[data]` maps. None takes the data that come
        with the study.

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

    if isinstance(data, Trials):
        return Plan(_study(study)).analyse(data)
    place = Path(data) if data is not None else None
    stored = _stored(_study(study), place)
    if _as_field(stored, place):
        return _analysed(stored, _prepared(stored, place))[1]
    loaded = _study(study)
    results = Plan(loaded).analyse(read_data(study, place))
    return _with_tables(loaded, results, place)


def read_data(study: Study | str, data: Path | str | None = None) -> Trials:
    """The patients of a trial, from its data; what reading them took for granted is in their `notes`.

    Parameters
    ----------
    study
        A study, or the name or path of one.
    data
        The folder that its data sets are in, or the file that its `[data]` maps; None takes the data that come with the
        study: beside its study file, where that is given by its path.

    Returns
    -------
    Trials
        One trial.

    Raises
    ------
    DataError
        If the data are wrong: every fault with its file, row and patient.
    """
    from pivotal.records import load_data

    place = Path(data) if data is not None else None
    stored = _stored(_study(study), place)
    if _as_field(stored, place):
        from pivotal.records.adam import from_library

        prepared = _prepared(stored, place)
        return from_library(stored, prepared.library, prepared.skipped)
    return load_data(_study(study), place, folder_of(study))


def profiles(
    study: Study | str, data: Path | str | None, patients: Sequence[str] = (), *, where: str | None = None
) -> list[Profile]:
    """What a trial's data say of single patients: who, treatments, events, what was measured.

    Parameters
    ----------
    study
        A study, or the name or path of one.
    data
        As in `analyse`.
    patients
        USUBJID of each, or SUBJID where only one patient has it.
    where
        Further patients: those of whom an SQL condition is true, in ADSL or in another data set (``AESER = 'Y'``).

    Returns
    -------
    list of Profile
        A patient each, in the order asked for.

    Raises
    ------
    UsageError
        If no patient is asked for, or one is not there: with the nearest identifiers.
    DataError
        If the data are wrong.
    """
    from pivotal.derive.profile import patients_where, profile, sure_of, trial_library

    if not patients and where is None:
        raise UsageError("no patient is asked for. Name one by --patient, or say which by --where \"AESER = 'Y'\".")
    beside = folder_of(study)
    study = _study(study)
    library = trial_library(study, Path(data) if data is not None else None, beside)
    chosen = sure_of(library, patients) + (patients_where(library, where) if where is not None else [])
    return [profile(study, library, patient) for patient in dict.fromkeys(chosen)]


def write_profiles(made: Sequence[Profile], folder: Path, *, asked: str = "") -> list[Path]:
    """Write a page a patient and `index.html` into a folder; all of them or none.

    Parameters
    ----------
    made
        Patients, from `profiles`.
    folder
        Where to.
    asked
        Words of the index that say who these patients are.

    Returns
    -------
    list of Path
        The index, then the pages.
    """
    from pivotal.report.profile import entry_of, index_page, profile_page

    names = [f"{one.patient.replace('/', '_')}.html" for one in made]
    with whole(folder) as place:
        for one, name in zip(made, names, strict=True):
            (place / name).write_text(profile_page(one), encoding="utf-8")
        entries = [entry_of(one, name) for one, name in zip(made, names, strict=True)]
        simulated = any(one.simulated for one in made)
        text = index_page(made[0].study, entries, simulated=simulated, asked=asked)
        (place / "index.html").write_text(text, encoding="utf-8")
    return [folder / "index.html", *(folder / name for name in names)]


def check_data(study: Study | str, data: Path | str | None = None) -> Checked:
    """Hold a trial's data against what the standards and the study say, before they are analysed.

    Parameters
    ----------
    study
        A study, or the name or path of one.
    data
        As of `analyse`.

    Returns
    -------
    Checked
        Every finding, with data set, row, patient, rule, value and how to mend it.

    Raises
    ------
    UsageError
        If there are no data at the place.
    DataError
        If data sets cannot be read at all: every file that is broken.
    """
    from pivotal.records.checking import Checked, from_faults

    loaded = _study(study)
    place = Path(data) if data is not None else None
    if _as_field(loaded, place):
        return _checked(loaded, _collected(loaded, place))[0]
    try:
        trials = read_data(study, place)
    except DataError as error:
        return Checked(from_faults(error.faults))
    return Checked(from_faults(()), {"patients": trials.shape[1]})


def _checked(study: Study, given: Prepared) -> tuple[Checked, Prepared, list[Fault]]:
    """What checks find in data sets and in what is derived from them; and the faults that stop an analysis."""
    from pivotal.derive.prepared import derived_from
    from pivotal.records.adam import from_library
    from pivotal.records.checking import check

    derived, skipped, faults = derived_from(study, given.library)
    prepared = replace(given, library={**given.library, **derived}, derived=tuple(derived), skipped=skipped)
    if not faults:
        try:
            from_library(study, prepared.library, skipped)
        except DataError as error:
            faults = list(error.faults)
    found = check(study, prepared.library, derived=prepared.derived, skipped=skipped, faults=faults)
    return found, prepared, faults


def folder_of(study: Study | str) -> Path | None:
    """Where the study file of a study given by name or path lies; None for a study that has been loaded."""
    from pivotal.study.load import study_path

    return study_path(study).parent if isinstance(study, str) else None


def _stored(study: Study, place: Path | None) -> Study:
    """The study as its data are stored: where a trial stands as SDTM alone, its ADSL is derived by [sdtm]."""
    from pivotal.records.files import find
    from pivotal.records.layout import ADSL

    if study.sdtm is None or study.from_datasets or place is None or not place.is_dir():
        return study
    folders = [folder for folder in (place, place / "adam", place / "sdtm") if folder.is_dir()]
    if any(find(folder, ADSL) for folder in folders) or not any(find(folder, "DM") for folder in folders):
        return study
    from pivotal.records.sdtm import as_collected

    return as_collected(study)


def _as_field(study: Study, place: Path | None) -> bool:
    """Whether the data are SDTM or ADaM as the field stores them, rather than Pivotal's own ADSL and ADEFF."""
    from pivotal.records.files import find
    from pivotal.records.layout import ADEFF

    own = place is not None and place.is_dir() and find(place, ADEFF)
    return study.from_datasets and not own


def _prepared(study: Study, data: Path | None) -> Prepared:
    from pivotal.derive.prepared import prepare

    return prepare(study, _given(study, data))


def _collected(study: Study, data: Path | None) -> Prepared:
    from pivotal.derive.prepared import collect

    return collect(study, _given(study, data))


def _given(study: Study, data: Path | None) -> Path:
    if data is None:
        raise UsageError(f"{study.id} comes with no data: give the folder of its data sets (SDTM or ADaM) as --data.")
    return data


def _analysed(study: Study, prepared: Prepared) -> tuple[Trials, Results]:
    """Patients from data sets, their analyses, and the tables of the study file."""
    from pivotal.plan import Plan
    from pivotal.plan.tables import table_rows
    from pivotal.records.adam import from_library

    trials = from_library(study, prepared.library, prepared.skipped)
    results = Plan(study).analyse(trials)
    rows = (*results.rows, *table_rows(study, prepared.library))
    return trials, Results(results.study, rows, results.virtual)


def _with_tables(study: Study, results: Results, place: Path | None) -> Results:
    """What the plan made of a folder of ADSL and ADEFF, and the study file's tables of the data sets beside them."""
    from pivotal.derive.profile import trial_library
    from pivotal.plan.tables import table_rows

    if not study.tables or place is None or not place.is_dir():
        return results
    return Results(results.study, (*results.rows, *table_rows(study, trial_library(study, place))), results.virtual)


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
    checked
        What checks of the data sets found; None where the data are not data sets as the field stores them.
    not_made
        Tables of the study file that could not be made, each with the reason.
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
    checked: Checked | None = None
    not_made: Mapping[str, str] = field(default_factory=dict)


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
    from pivotal.plan.tables import not_made

    name = study if isinstance(study, str) else None
    beside = folder_of(study)
    study = _study(study)
    approval = label_summary(study, seed=seed)
    found = None
    if study.cohort is not None and study.scenarios:
        found = simulate(study, replicates=replicates, seed=seed, workers=workers, progress=progress)
    if progress:
        progress("one trial: drawing, analysing, reporting", 0, 1)
    with whole(out) as folder:
        prepared, checked, given, absent = None, None, {}, {}
        virtual = data is None and study.study.patients == "virtual"
        stored = _stored(study, data)
        if not virtual and _as_field(stored, data):
            checked, prepared, faults = _checked(stored, _collected(stored, data))
            if faults:
                raise DataError(faults)
            absent = not_made(stored, prepared.library, prepared.skipped)
            trials, results = _analysed(stored, prepared)
            _write_derived(stored, prepared, folder / "data")
        else:
            if virtual:
                records.write(study, draw(study, seed=seed), folder / "data")
            trials = records.load_data(study, folder / "data" if virtual else data, beside)
            if not virtual:
                given = records.sources(records.data_path(study, data, beside))
                records.write(study, trials, folder / "data")
            results = _with_tables(study, Plan(study).analyse(trials), folder / "data")
        notes = {"data_notes": list(trials.notes)} if trials.notes else {}
        made = Run(
            study=study,
            text=source_text(name) if name is not None else study.model_dump_json(indent=1, by_alias=True),
            results=results,
            published=recompute(study),
            trials=trials,
            operating_characteristics=found,
            calibration=_calibration(study, virtual),
            provenance=provenance(
                study, name, seed, given | (records.sources(folder / "data") if prepared is None else {})
            )
            | (_origins(prepared) if prepared is not None else {})
            | ({"checks_of_the_data": checked.sentence()} if checked is not None else {})
            | ({"tables_not_made": absent} if absent else {})
            | notes,
            label=approval,
            checked=checked,
            not_made=absent,
        )
        shipped = records.shipped(study, beside)
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


def _write_derived(study: Study, prepared: Prepared, folder: Path) -> None:
    """The data sets that recipes derived, and a define.xml that says how."""
    from pivotal.records.define import from_recipes, write_define

    folder.mkdir(parents=True)
    derived = {name: prepared.library[name] for name in prepared.derived}
    for name, data in derived.items():
        data.frame.write_parquet(folder / f"{name.lower()}.parquet")
    if derived:
        write_define(from_recipes(study, derived), folder / "define.xml")


def _origins(prepared: Prepared) -> JSON:
    """Each file's hash, and which data sets were given, which derived."""
    return {
        "data_sha256": prepared.sources,
        "datasets_given": ", ".join(prepared.given),
        "datasets_derived": ", ".join(prepared.derived) or "none",
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
