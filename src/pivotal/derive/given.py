"""A trial's data as they are given: its patients, and its data sets by name, wherever they stand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pivotal.derive.prepared import Prepared, prepare
from pivotal.errors import UsageError
from pivotal.records import datasets
from pivotal.records.adam import from_library
from pivotal.records.dataset import Dataset, Library, dataset
from pivotal.records.files import find
from pivotal.records.formats.one import SUFFIXES, read_dataset
from pivotal.records.layout import ADEFF, ADSL, SCREEN
from pivotal.records.load import data_path, load_data
from pivotal.records.sdtm import as_collected
from pivotal.study.model import Study
from pivotal.trials import Trials


@dataclass(frozen=True, slots=True)
class Given:
    """A trial's data.

    Attributes
    ----------
    study
        The trial, as its data are stored.
    trials
        Its patients (R = 1).
    library
        Its data sets by name, ADSL among them.
    prepared
        Which data sets were given and which derived; None of Pivotal's own ADSL and ADEFF, and of a `[data]` file.
    """

    study: Study
    trials: Trials
    library: Library
    prepared: Prepared | None = None

    @property
    def skipped(self) -> dict[str, str]:
        """Data sets that no recipe could make, each with the reason."""
        return self.prepared.skipped if self.prepared is not None else {}


def given(study: Study, place: Path | None, folder: Path | None = None) -> Given:
    """Read a trial's data from wherever they are.

    Parameters
    ----------
    study
        The trial.
    place
        A folder or zip of SDTM or ADaM, from which recipes derive what is missing; a folder of Pivotal's own ADSL and
        ADEFF, with whatever other data sets it holds; or the file that the study's `[data]` maps. None takes the data
        that come with the study.
    folder
        Where the study file lies.

    Raises
    ------
    UsageError
        If nothing is given and the study comes with no data.
    DataError
        If anything is wrong with the data: every fault.
    """
    study = stored_as(study, place)
    if of_the_field(study, place):
        return of_prepared(study, prepare(study, needed(study, place)))
    trials = load_data(study, place, folder)
    return Given(study, trials, own_library(study, trials, data_path(study, place, folder)))


def of_prepared(study: Study, prepared: Prepared) -> Given:
    """The patients of data sets that were collected and derived."""
    return Given(study, from_library(study, prepared.library, prepared.skipped), prepared.library, prepared)


def trial_library(study: Study, place: Path | None, folder: Path | None = None) -> Library:
    """A trial's data sets by name, ADSL among them; as `given`, but for what only the analyses need."""
    study = stored_as(study, place)
    if of_the_field(study, place):
        return prepare(study, needed(study, place)).library
    return own_library(study, load_data(study, place, folder), data_path(study, place, folder))


def stored_as(study: Study, place: Path | None) -> Study:
    """The study as its data are stored: where a trial stands as SDTM alone, its ADSL is derived by `[sdtm]`."""
    if study.sdtm is None or study.from_datasets or place is None or not place.is_dir():
        return study
    folders = [folder for folder in (place, place / "adam", place / "sdtm") if folder.is_dir()]
    if any(find(folder, ADSL) for folder in folders) or not any(find(folder, "DM") for folder in folders):
        return study
    return as_collected(study)


def of_the_field(study: Study, place: Path | None) -> bool:
    """Whether the data are SDTM or ADaM as the field stores them, rather than Pivotal's own ADSL and ADEFF."""
    own = place is not None and place.is_dir() and find(place, ADEFF)
    return study.from_datasets and not own


def needed(study: Study, place: Path | None) -> Path:
    """The place of a study's data sets, which do not come with it."""
    if place is None:
        raise UsageError(f"{study.id} comes with no data: give the folder of its data sets (SDTM or ADaM) as --data.")
    return place


def own_library(study: Study, trials: Trials, path: Path) -> Library:
    """ADSL and ADEFF of patients that have been read, and the other data sets of the folder that they come from."""
    made = {ADSL: dataset(ADSL, datasets.adsl(study, trials)), ADEFF: dataset(ADEFF, datasets.adeff(study, trials))}
    return made | (_others(study, path) if path.is_dir() and find(path, ADEFF) else {})


def _others(study: Study, place: Path) -> dict[str, Dataset]:
    """The other data sets of a folder of ADSL and ADEFF; of two files of one name the first."""
    found: dict[str, Dataset] = {}
    for path in sorted(place.iterdir(), key=lambda p: (p.name.lower().endswith((".csv", ".csv.gz")), p.name)):
        name = path.name.split(".")[0].upper()
        if name not in (ADSL, ADEFF, SCREEN, *found) and path.name.lower().endswith(tuple(SUFFIXES)):
            found[name] = read_dataset(path, missing=study.study.missing)
    return found
