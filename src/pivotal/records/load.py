"""Whichever way a trial's data come: data sets in a folder, a raw file, or what is shipped with the study."""

from __future__ import annotations

from pathlib import Path

from pivotal.errors import UsageError
from pivotal.records.files import find, is_data_file
from pivotal.records.layout import ADEFF, ADSL
from pivotal.records.longterm_reading import with_long_term
from pivotal.records.mapped import read_mapped, shipped
from pivotal.records.reading import read
from pivotal.study.model import Study
from pivotal.trials import Trials


def load_data(study: Study, place: str | Path | None = None, folder: str | Path | None = None) -> Trials:
    """A trial's patients, from wherever their data are.

    Parameters
    ----------
    study
        The trial.
    place
        A folder with ADSL and ADEFF, a folder with the raw file of the study's `[data]`, that file itself, or None for
        the data that come with the study.
    folder
        Where the study file lies; the library for a study that comes with the package.

    Returns
    -------
    Trials
        One trial (R = 1).

    Raises
    ------
    UsageError
        If nothing is given and the study comes with no data, or a raw file is given and the study has no `[data]`.
    DataError
        If anything is wrong with the data.
    """
    path = data_path(study, place, folder)
    if is_data_file(path):
        return read_mapped(study, path)
    return with_long_term(study, read(study, path), path)


def data_path(study: Study, place: str | Path | None = None, folder: str | Path | None = None) -> Path:
    """Where `load_data` reads from: the folder of ADSL and ADEFF, or the raw file. `sources` hashes the same place."""
    if place is None:
        found = shipped(study, folder)
        if found is None:
            given = "the file that its [data] maps" if study.data is not None else "a folder with ADSL and ADEFF"
            raise UsageError(f"the study {study.id} comes with no data; give {given} (--data)")
        return found
    path = Path(place)
    if path.is_dir():
        return path if find(path, ADSL) else _raw(study, path) or path
    return path.parent if path.stem.upper() in (ADSL, ADEFF) else path


def _raw(study: Study, folder: Path) -> Path | None:
    """The raw file of a folder: the one named like the shipped data, or else the only one."""
    if study.data is None or find(folder, ADEFF):
        return None
    files = sorted(p for p in folder.iterdir() if is_data_file(p))
    named = [p for p in files if p.name == study.study.data]
    return named[0] if named else files[0] if len(files) == 1 else None
