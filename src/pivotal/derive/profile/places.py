"""The data sets that patients' pages are gathered from, wherever a trial's data are."""

from __future__ import annotations

from pathlib import Path

from pivotal.derive.prepared import prepare
from pivotal.records import datasets
from pivotal.records.dataset import Dataset, Library, dataset
from pivotal.records.files import find, is_data_file
from pivotal.records.formats.one import SUFFIXES, read_dataset
from pivotal.records.layout import ADEFF, ADSL, SCREEN
from pivotal.records.load import load_data
from pivotal.study.model import Study


def trial_library(study: Study, place: Path | None, folder: Path | None = None) -> Library:
    """A trial's data sets by name, ADSL among them.

    Parameters
    ----------
    study
        The trial, with its recipes.
    place
        A folder or zip of SDTM or ADaM, from which the recipes derive what is missing; a folder of Pivotal's own ADSL
        and ADEFF, with whatever other data sets it holds; or the file that the study's `[data]` maps. None takes the
        data that come with the study.
    folder
        Where the study file lies.

    Returns
    -------
    Library

    Raises
    ------
    UsageError
        If nothing is given and the study comes with no data, or the place is not there.
    DataError
        If anything is wrong with the data.
    """
    own = place is not None and place.is_dir() and bool(find(place, ADEFF))
    mapped = place is None or (study.data is not None and place.is_file() and is_data_file(place))
    if place is not None and not own and not mapped:
        return prepare(study, place).library
    trials = load_data(study, place, folder)
    made = {ADSL: dataset(ADSL, datasets.adsl(study, trials)), ADEFF: dataset(ADEFF, datasets.adeff(study, trials))}
    return made | (_others(study, place) if own and place is not None else {})


def _others(study: Study, place: Path) -> dict[str, Dataset]:
    """The other data sets of a folder of ADSL and ADEFF; of two files of one name the first."""
    found: dict[str, Dataset] = {}
    for path in sorted(place.iterdir(), key=lambda p: (p.name.lower().endswith((".csv", ".csv.gz")), p.name)):
        name = path.name.split(".")[0].upper()
        if path.is_file() and path.name.lower().endswith(tuple(SUFFIXES)) and name not in (ADSL, ADEFF, SCREEN):
            data = read_dataset(path, missing=study.study.missing)
            found.setdefault(data.name, data)
    return found
