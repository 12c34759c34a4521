"""The data sets that a study needs for its analyses: those given, and those that its recipes derive."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

from pivotal.derive import recipes
from pivotal.errors import DataError, Fault, UsageError, nearest
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
    skipped
        Names of the data sets that no recipe could make, and why: what they come from is neither given nor derived.
    """

    library: Library
    given: tuple[str, ...]
    derived: tuple[str, ...]
    sources: dict[str, str]
    skipped: dict[str, str] = field(default_factory=dict)


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
        own sources are neither given nor derived (`skipped` says which they are).

    Raises
    ------
    UsageError
        If `place` is not there.
    DataError
        If it holds no data set, one of them cannot be read, or a recipe cannot be followed: all faults.
    """
    given = collect(study, place)
    derived, skipped, faults = derived_from(study, given.library)
    if faults:
        raise DataError(faults)
    return replace(given, library={**given.library, **derived}, derived=tuple(derived), skipped=skipped)


def collect(study: Study, place: str | Path) -> Prepared:
    """The data sets of a folder as they are given; nothing is derived.

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
    return Prepared(collected, tuple(collected), (), _digests(root, places))


def derived_from(study: Study, given: Library) -> tuple[dict[str, Dataset], dict[str, str], list[Fault]]:
    """What the study's recipes make of the data sets that are given.

    Parameters
    ----------
    study
        The trial, with its recipes.
    given
        Data sets by name.

    Returns
    -------
    tuple
        The data sets derived; those not made, each with the reason; and the faults of those that could not be made.
    """
    made: dict[str, Dataset] = {}
    skipped: dict[str, str] = {}
    faults: list[Fault] = []
    for number, recipe in enumerate(study.datasets):
        if recipe.name in given:
            continue
        known = {**given, **made}
        missing = sorted(recipes.sources(recipe) - set(known))
        if missing:
            skipped[recipe.name] = _not_there(missing, [*known, *(other.name for other in study.datasets)])
            continue
        try:
            made[recipe.name] = recipes.cook(recipe, known, number)
        except DataError as error:
            faults += error.faults
            skipped[recipe.name] = "its recipe cannot be followed"
    return made, skipped, faults


def _not_there(missing: list[str], names: list[str]) -> str:
    """Which data sets are not there, and those that may be meant, where one is misspelt."""
    said = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not there"
    unknown = [name for name in missing if name not in names and len(name) > 2]  # two letters are a domain not given
    meant = [mend for name in unknown if (mend := nearest(name, names)).startswith("Did you mean")]
    return f"{said}. {meant[0].rstrip('?')}, for {unknown[0]}?" if meant else said


def _places(root: Path) -> list[Path]:
    """The file, or the folder where it has files of its own and its sub-folders of data sets; an empty one is none."""
    if root.is_file():
        return [root]
    inner = [path for name in FOLDERS if (path := root / name).is_dir() and any(path.iterdir())]
    own = any(path.is_file() for path in root.iterdir())
    return [root, *inner] if own or not inner else inner


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
