"""The data sets that a study needs for its analyses: those given, and those that its recipes derive."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pivotal.derive import recipes
from pivotal.errors import DataError, Fault, UsageError
from pivotal.records.dataset import Dataset, Library
from pivotal.records.formats import read_library
from pivotal.study.model import Study

FOLDERS = ("sdtm", "adam")
"""Sub-folders that data sets may lie in, read after the folder itself."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Data sets for analysis.

    Attributes
    ----------
    library
        Every data set by name.
    given
        Names of those that the folder holds.
    derived
        Names of those that recipes derived.
    sources
        SHA-256 of each file of the folder, by its path within it.
    """

    library: Library
    given: tuple[str, ...]
    derived: tuple[str, ...]
    sources: dict[str, str]


def prepare(study: Study, place: str | Path) -> Prepared:
    """Read a folder and derive what is not there.

    Parameters
    ----------
    study
        The trial, with its recipes.
    place
        A folder of data sets, SDTM or ADaM or both, there or in its sub-folders ``sdtm`` and ``adam``; or a zip.

    Returns
    -------
    Prepared
        A data set that is given under the name of a recipe is taken as it is; the recipe is not run, nor is one whose
        own sources are neither given nor derived.

    Raises
    ------
    UsageError
        If `place` is not there.
    DataError
        If it holds no data set, or one of them cannot be read: all faults.
    """
    root = Path(place)
    if not root.exists():
        raise UsageError(
            f"{root} is not there. {study.id} is analysed from a folder or a zip of data sets (SDTM, ADaM or both)."
        )
    places = _places(root)
    collected = _collected(study, places)
    known = dict(collected)
    for recipe in study.datasets:
        if recipe.name not in collected and recipes.sources(recipe) <= set(known):
            known |= recipes.derive((recipe,), known)
    derived = tuple(name for name in known if name not in collected)
    return Prepared(known, tuple(collected), derived, _digests(root, places))


def _places(root: Path) -> list[Path]:
    """The file, or the folder where it has files of its own and its sub-folders of data sets."""
    if root.is_file():
        return [root]
    inner = [path for name in FOLDERS if (path := root / name).is_dir() and _holds_files(path)]
    return [root, *inner] if _holds_files(root) or not inner else inner


def _holds_files(folder: Path) -> bool:
    return any(path.is_file() for path in folder.iterdir())


def _collected(study: Study, places: list[Path]) -> dict[str, Dataset]:
    """The data sets of all places; one that stands in two of them is a fault."""
    collected: dict[str, Dataset] = {}
    twice = []
    for place in places:
        for name, data in read_library(place, missing=study.study.missing).items():
            if name in collected:
                where = f"{collected[name].source} and {data.source}"
                twice.append(Fault(where, f"both {name}", "a data set stands in one file", "Remove one of them."))
            collected[name] = data
    if twice:
        raise DataError(twice)
    return collected


def _digests(root: Path, places: list[Path]) -> dict[str, str]:
    folders = [place for place in places if place.is_dir()]
    files = [path for folder in folders for path in sorted(folder.iterdir()) if path.is_file()] or places
    base = root if root.is_dir() else root.parent
    return {path.relative_to(base).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
