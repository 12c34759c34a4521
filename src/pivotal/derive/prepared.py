"""The data sets that a study needs for its analyses: those given, and those that its recipes derive."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pivotal.derive import recipes
from pivotal.errors import UsageError
from pivotal.records.dataset import Dataset, Library
from pivotal.records.formats.library import read_library
from pivotal.study.model import Study
from pivotal.study.recipes import Recipe

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
        A folder of data sets, SDTM or ADaM or both, there or in its sub-folders ``sdtm`` and ``adam``.

    Returns
    -------
    Prepared
        A data set that is given under the name of a recipe is taken as it is; the recipe is not run, nor is one whose
        own sources are neither given nor derived.

    Raises
    ------
    UsageError
        If `place` is no folder, or holds no data set.
    """
    root = Path(place)
    if not root.is_dir():
        raise UsageError(
            f"{root} is no folder. {study.id} is analysed from a folder of data sets (SDTM, ADaM or both)."
        )
    folders = [root, *(path for name in FOLDERS if (path := root / name).is_dir())]
    collected: dict[str, Dataset] = {}
    for folder in folders:
        collected |= read_library(folder)
    if not collected:
        raise UsageError(f"{root} holds no data set. Give a folder with .xpt, .csv, .csv.gz, or .zip files of .xpt.")
    known = dict(collected)
    for recipe in study.datasets:
        if recipe.name not in collected and _sources(recipe) <= set(known):
            known |= recipes.derive((recipe,), known)
    derived = tuple(name for name in known if name not in collected)
    return Prepared(known, tuple(collected), derived, _digests(root, folders))


def _sources(recipe: Recipe) -> set[str]:
    """The data sets that a recipe reads."""
    return {recipe.from_, *(name for step in recipe.steps if (name := getattr(step, "from_", None)) is not None)}


def _digests(root: Path, folders: list[Path]) -> dict[str, str]:
    files = [path for folder in folders for path in sorted(folder.iterdir()) if path.is_file()]
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
