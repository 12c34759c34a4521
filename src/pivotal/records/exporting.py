"""One trial in the field's formats: SDTM and ADaM, a define.xml beside each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from pivotal.errors import DataError, Fault, FaultsError, UsageError
from pivotal.files import whole
from pivotal.records.analysis import adam
from pivotal.records.dataset import Dataset
from pivotal.records.define.describing import defined, joined
from pivotal.records.define.model import Define, Standard
from pivotal.records.define.writing import oid_part, write_define
from pivotal.records.formats.library import FORMATS, write_library
from pivotal.records.formats.one import suffix_of
from pivotal.records.sdtm import Drawn, Made, reference_days, sdtm
from pivotal.records.sdtm.drawn import part_of
from pivotal.records.writing import REAL, SIMULATED
from pivotal.study.model import Study
from pivotal.study.sdtm import TERMINOLOGY, Sdtm
from pivotal.trials import Trials

WRITTEN = {
    "xpt": ("xpt", 5),
    "xpt8": ("xpt", 8),
    "dataset-json": ("json", 5),
    "ndjson": ("ndjson", 5),
    "dsjc": ("dsjc", 5),
    "parquet": ("parquet", 5),
    "csv": ("csv", 5),
}
"""Formats by name: that of the library's, and the version of a transport file."""

STANDARDS = {"adam": ("adam",), "sdtm": ("sdtm",), "both": ("sdtm", "adam")}
"""What may be written, and the folders that it is written to."""

ADAMIG = "1.3"
"""Version of ADaM's implementation guide, where the study file names none."""

ABOUT = (
    "{head} Origins say where values would come from in a trial; no value here was collected. Each data set's label "
    "ends with SIMULATED; ADaM data sets have SIMFL = Y in every row, TS has the parameter SIMFL, and identifiers of "
    "patients have SIM in them."
)


def write_trial(
    study: Study, trials: Trials, directory: str | Path, *, format: str = "xpt", standard: str = "adam",
    generator: np.random.Generator | None = None, created: datetime | None = None,
) -> list[Path]:  # fmt: skip
    """Write one trial as SDTM, ADaM or both, with a define.xml, into ``sdtm`` and ``adam`` of a folder.

    Parameters
    ----------
    study
        The trial; its `[sdtm]` says how it stands in SDTM, and from which days on patients were enrolled.
    trials
        Its patients, R = 1.
    directory
        Folder, made if it is not there.
    format
        ``xpt`` (version 5), ``xpt8``, ``dataset-json``, ``ndjson``, ``dsjc``, ``parquet`` or ``csv``.
    standard
        ``adam``, ``sdtm`` or ``both``.
    generator
        Where the patients' reference dates come from; the same for a seed of 1 where None.
    created
        The time that files bear; None for now.

    Returns
    -------
    list of pathlib.Path
        What was written.

    Raises
    ------
    DataError
        Where something does not fit the format, with every fault of every data set; nothing is written.
    UsageError
        If there is no such format or standard, the batch has more than one trial, or the study file has no `[sdtm]`
        and SDTM is asked for.

    Notes
    -----
    `load_data` of the folder gives back the same patients, bit for bit, from the ADaM data sets in every format.
    Without `[sdtm]` ADaM data sets have no dates.
    """
    _known("format", format, WRITTEN)
    _known("standard", standard, STANDARDS)
    drawn = None
    if study.sdtm is not None or standard != "adam":
        part_of(study)
        generator = generator or np.random.Generator(np.random.Philox(1))
        drawn = Drawn(study, trials, reference_days(study, trials.shape[1], generator))
    written: list[Path] = []
    root = Path(directory)
    for folder in STANDARDS[standard]:
        _no_others(root / folder, FORMATS[WRITTEN[format][0]])
    faults: list[Fault] = []
    with whole(root) as temporary:
        for folder in STANDARDS[standard]:
            made = adam(study, trials, drawn) if folder == "adam" else sdtm(_there(drawn))
            place = temporary / folder
            place.mkdir()
            try:
                written += [root / folder / n for n in _write(study, trials, made, place, format, created)]
            except FaultsError as error:
                faults += error.faults
        if faults:
            raise DataError(faults)
    return written


def _no_others(folder: Path, suffix: str) -> None:
    """Data sets of an earlier trial in another format must not stand beside this one's: they might be read for it."""
    others = [p.name for p in sorted(folder.iterdir()) if suffix_of(p.name)] if folder.is_dir() else []
    others = [name for name in others if suffix_of(name) != suffix]
    if others:
        raise UsageError(
            f"{folder} holds data sets of another format ({', '.join(others[:5])}), which might be read in place of "
            "these. Remove them, or name another folder."
        )


def _there(drawn: Drawn | None) -> Drawn:
    assert drawn is not None
    return drawn


def _known(what: str, value: str, names: Mapping[str, object]) -> None:
    if value not in names:
        raise UsageError(f"{what} is {value!r}; it may be one of: {', '.join(names)}. Choose one of them.")


def _write(
    study: Study, trials: Trials, made: Mapping[str, Made], folder: Path, format: str, created: datetime | None
) -> list[str]:
    kind, version = WRITTEN[format]
    define = definition(study, trials, made, FORMATS[kind])
    library: dict[str, Dataset] = {name: _of(study, each.data) for name, each in made.items()}
    write_library(library, folder, format=kind, version=version, created=created)
    write_define(define, folder / "define.xml", created=created)
    return [*(data.file or "" for data in define.datasets.values()), "define.xml"]


def _of(study: Study, data: Dataset) -> Dataset:
    """The data set as one of its study's: Dataset-JSON says so."""
    name = oid_part(study.id)
    return replace(data, more={"studyOID": f"STDY.{name}", "metaDataVersionOID": f"MDV.{name}", **data.more})


def definition(study: Study, trials: Trials, made: Mapping[str, Made], suffix: str) -> Define:
    """What a define.xml says of a trial's data sets.

    Parameters
    ----------
    study, trials
        The trial.
    made
        The data sets.
    suffix
        Of their files: ``.xpt``.

    Returns
    -------
    Define
        Ready to be written.
    """
    parts = [defined(each.description, each.data, f"{name.lower()}{suffix}") for name, each in made.items()]
    about = ABOUT.format(head=SIMULATED) if trials.virtual else REAL
    return Define(
        study=study.id,
        description=study.study.title,
        protocol=study.study.sponsor_id or study.study.registry or study.id,
        standards=standards(study.sdtm, tuple(dict.fromkeys(each.description.standard for each in made.values()))),
        datasets={data.name: data for data, _ in parts},
        codelists=joined(lists for _, lists in parts),
        comment=about,
    )


def standards(part: Sdtm | None, guides: tuple[str, ...]) -> tuple[Standard, ...]:
    """The standards that the study file names, or the usual ones: implementation guides, then terminology."""
    versions = {"SDTMIG": part.sdtmig if part else "3.4", "ADaMIG": part.adamig if part else ADAMIG}
    package = (part.terminology if part else TERMINOLOGY).isoformat()
    named = [Standard(name=guide, type="IG", version=versions[guide]) for guide in guides]
    return (*named, Standard(name="CDISC/NCI", type="CT", version=package, publishing_set="SDTM"))
