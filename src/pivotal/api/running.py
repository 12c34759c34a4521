"""All of it in one call: simulate, draw or read, analyse, report."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pivotal.api.analysis import Analysed, analysed, checked
from pivotal.api.common import JSON, Progress, folder_of, loaded
from pivotal.api.design import draw, simulate
from pivotal.api.reporting import Run, provenance, write_run
from pivotal.errors import DataError
from pivotal.files import whole
from pivotal.study import Study, source_text

if TYPE_CHECKING:
    from pivotal.derive.prepared import Prepared
    from pivotal.records.checking import Checked


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
    from pivotal.plan import recompute

    name, beside = study if isinstance(study, str) else None, folder_of(study)
    study = loaded(study)
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
        made, findings = _analysed(study, folder / "data" if virtual else data, beside)
        written = {} if virtual else _write_data(made, data, beside, folder / "data")
        done = Run(
            study=study,
            text=source_text(name) if name is not None else study.model_dump_json(indent=1, by_alias=True),
            results=made.results,
            published=recompute(study),
            trials=made.given.trials,
            operating_characteristics=found,
            calibration=_calibration(study) if virtual else [],
            provenance=provenance(study, name, seed, written | _own(made, folder / "data")) | _said(made, findings),
            label=approval,
            checked=findings,
            not_made=made.not_made,
        )
        shipped = records.shipped(study, beside)
        if shipped is not None:  # the study file names it, and lies beside it
            shutil.copyfile(shipped, folder / shipped.name)
        write_run(done, folder)
    return done


def _analysed(study: Study, place: Path | None, beside: Path | None) -> tuple[Analysed, Checked | None]:
    """A trial's data analysed; what the field's data sets are, is checked on the way."""
    from pivotal.derive.given import given, needed, of_the_field, stored_as
    from pivotal.derive.prepared import collect

    stored = stored_as(study, place)
    if not of_the_field(stored, place):
        return analysed(given(study, place, beside)), None
    findings, data, faults = checked(stored, collect(stored, needed(stored, place)))
    if data is None:
        raise DataError(faults)
    return analysed(data), findings


def _write_data(made: Analysed, place: Path | None, beside: Path | None, folder: Path) -> dict[str, str]:
    """Leave what was derived, or ADSL and ADEFF as they were read; gives the hashes of the files they come from."""
    from pivotal import records

    if made.given.prepared is not None:
        _write_derived(made.given.study, made.given.prepared, folder)
        return made.given.prepared.sources
    records.write(made.given.study, made.given.trials, folder)
    return records.sources(records.data_path(made.given.study, place, beside))


def _write_derived(study: Study, prepared: Prepared, folder: Path) -> None:
    """The data sets that recipes derived, and a define.xml that says how."""
    from pivotal.records.define import from_recipes, write_define

    folder.mkdir(parents=True)
    derived = {name: prepared.library[name] for name in prepared.derived}
    for name, data in derived.items():
        data.frame.write_parquet(folder / f"{name.lower()}.parquet")
    if derived:
        write_define(from_recipes(study, derived), folder / "define.xml")


def _own(made: Analysed, folder: Path) -> dict[str, str]:
    """The hashes of ADSL and ADEFF as a run leaves them."""
    from pivotal import records

    return records.sources(folder) if made.given.prepared is None else {}


def _said(made: Analysed, findings: Checked | None) -> JSON:
    """What provenance says of the data, besides their hashes."""
    prepared, notes = made.given.prepared, made.given.trials.notes
    said: JSON = {}
    if prepared is not None:
        said["datasets_given"] = ", ".join(prepared.given)
        said["datasets_derived"] = ", ".join(prepared.derived) or "none"
    if findings is not None:
        said["checks_of_the_data"] = findings.sentence()
    if made.not_made:
        said["tables_not_made"] = dict(made.not_made)
    if notes:
        said["data_notes"] = list(notes)
    return said


def _calibration(study: Study) -> list[JSON]:
    from pivotal.cohort import build, calibration_report

    return calibration_report(build(study, study.scenarios[0].name))
