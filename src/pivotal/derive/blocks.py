"""Recipes run on some patients at a time, so that memory holds a block of a large trial and not the whole of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl

from pivotal.derive.recipes import derive
from pivotal.errors import DataError, Fault
from pivotal.files import whole
from pivotal.records.dataset import Dataset, Library
from pivotal.records.stored import Stored
from pivotal.study.recipes import Recipe

SUBJECT, STUDY = "USUBJID", "STUDYID"
ROWS = 100_000
"""Rows as collected that make a block. Steps take longer per row in larger ones, which leave the processor's cache, and
in much smaller ones, where each step costs what an empty one does."""


def derive_in_blocks(
    recipes: Sequence[Recipe], collected: Library, folder: Path, *, rows: int = ROWS
) -> dict[str, Dataset]:
    """Derived data sets as `derive` gives them, but made for some patients at a time and left on disk.

    Parameters
    ----------
    recipes
        How each comes about; one may use those before it.
    collected
        The data sets as collected, by name; large ones as `pivotal.records.stored.Stored`, sorted by patient, so that
        a block is read without the rest.
    folder
        Where the data sets are left, a folder each, in Parquet files; it appears whole or not at all.
    rows
        About how many rows of the recipes' sources make a block; a patient is never divided.

    Returns
    -------
    dict of str to Dataset
        By name: `Stored`, and in memory those whose recipe looks across patients (`across_patients`).

    Raises
    ------
    DataError
        As `derive` raises it, with the faults of all blocks: a value that a step does not know is told once.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pivotal.records.dataset import dataset
    >>> recipe = Recipe.model_validate({
    ...     "name": "ADLB", "label": "Laboratory", "structure": "other", "keys": ["USUBJID"], "from": "LB",
    ...     "steps": [{"step": "compute", "columns": {"TWICE": "2 * AVAL"}}]})
    >>> lab = dataset("LB", pl.DataFrame({"USUBJID": ["2", "1"], "AVAL": [5.0, 6.0]}))
    >>> with TemporaryDirectory() as folder:
    ...     made = derive_in_blocks([recipe], {"LB": lab}, Path(folder), rows=1)
    ...     print(made["ADLB"], made["ADLB"].frame.rows())
    Stored('ADLB', 2 pieces) [('1', 6.0, 12.0), ('2', 5.0, 10.0)]
    """
    known: dict[str, Dataset] = dict(collected)
    with whole(folder) as place:
        for apart, part in groupby(recipes, key=lambda recipe: across_patients(recipe, collected)):
            some = tuple(part)
            known |= derive(some, known) if apart else _in_blocks(some, known, place, rows)
    return {recipe.name: _moved(known[recipe.name], place, folder) for recipe in recipes}


def across_patients(recipe: Recipe, known: Library) -> bool:
    """Whether a recipe needs all patients at once.

    It does where a step pools groups by their size, or works by keys without the patient; where its data set has no
    patients; and where its rows are not sorted by patient first. A data set without patients (visits of the trial's
    design) is joined whole, by any keys.
    """
    source = known.get(recipe.from_)
    if source is not None and not _has_patients(source):
        return True
    before = recipe.keys[: recipe.keys.index(SUBJECT)] if SUBJECT in recipe.keys else recipe.keys
    return any(key != STUDY for key in before) or any(_step_across(step, known) for step in recipe.steps)


def _step_across(step: Any, known: Library) -> bool:
    if step.step == "pool":
        return True
    other = known.get(getattr(step, "from_", ""))
    if other is not None and not _has_patients(other):
        return False
    return SUBJECT not in getattr(step, "by", (SUBJECT,))


def _has_patients(data: Dataset) -> bool:
    return any(column.name == SUBJECT for column in data.columns)


def _in_blocks(recipes: tuple[Recipe, ...], known: Library, place: Path, rows: int) -> dict[str, Dataset]:
    """Some recipes, block by block, into a folder each."""
    made: dict[str, list[Path]] = {recipe.name: [] for recipe in recipes}
    about: dict[str, Dataset] = {}
    faults: dict[Fault, None] = {}
    for number, block in enumerate(_blocks(recipes, known, rows)):
        try:
            derived = derive(recipes, block)
        except DataError as error:
            faults |= dict.fromkeys(error.faults)
            continue
        about = about or {name: data.with_frame(data.frame.clear()) for name, data in derived.items()}
        for name, data in derived.items():
            made[name].append(_written(data, place / name.lower(), number))
    if faults:
        raise DataError(faults)
    return {n: Stored(n, paths, label=about[n].label, columns=about[n].columns) for n, paths in made.items()}


def _written(data: Dataset, folder: Path, number: int) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{number:05d}.parquet"
    data.frame.write_parquet(path)
    return path


def _moved(data: Dataset, old: Path, new: Path) -> Dataset:
    if not isinstance(data, Stored):
        return data
    pieces = [new / path.relative_to(old) for path in data.pieces]
    return Stored(data.name, pieces, label=data.label, columns=data.columns)


def _blocks(recipes: tuple[Recipe, ...], known: Library, rows: int) -> Iterator[Library]:
    """The library of each block: of data sets with patients the block's, the others whole."""
    own = {recipe.name for recipe in recipes}
    sources = _sources(recipes) - own
    cuts = {name: _Cut.of(known[name]) for name in sources if _has_patients(known[name])}
    rest = {name: known[name] for name in sources - set(cuts)}
    starts = {recipe.from_ for recipe in recipes} - own
    for first, last in _bounds([known[name] for name in sorted(starts)], rows):
        yield rest | {name: cut.between(first, last) for name, cut in cuts.items()}


def _sources(recipes: tuple[Recipe, ...]) -> set[str]:
    steps = [getattr(step, "from_", None) for recipe in recipes for step in recipe.steps]
    return {recipe.from_ for recipe in recipes} | {name for name in steps if name is not None}


def _bounds(sources: list[Dataset], rows: int) -> list[tuple[str | None, str | None]]:
    """First and last patient of each block; None, where it is open to that side."""
    counts = pl.concat([data.scan().group_by(SUBJECT).agg(pl.len().cast(pl.Int64)) for data in sources])
    sizes = counts.drop_nulls().group_by(SUBJECT).agg(pl.col("len").sum()).sort(SUBJECT).collect()
    block = (sizes["len"].cum_sum() - sizes["len"]) // rows
    firsts = sizes[SUBJECT].filter(block != block.shift(1)).to_list()
    return list(zip([None, *firsts], [*firsts, None], strict=True))


@dataclass(frozen=True, slots=True)
class _Cut:
    """A data set of which some patients are taken."""

    data: Dataset

    @classmethod
    def of(cls, data: Dataset) -> _Cut:
        """A data set in memory is sorted by patient, rows of one in the order that they have."""
        if isinstance(data, Stored) or data.frame[SUBJECT].is_sorted():
            return cls(data)
        return cls(data.with_frame(data.frame.sort(SUBJECT, maintain_order=True)))

    def between(self, first: str | None, last: str | None) -> Dataset:
        """The patients from the first up to, and without, the last; those without a name are before the first."""
        if not isinstance(self.data, Stored):
            frame = self.data.frame
            places = frame[SUBJECT]
            nulls = places.null_count()
            low = 0 if first is None else nulls + int(places.drop_nulls().search_sorted(first))
            high = frame.height if last is None else nulls + int(places.drop_nulls().search_sorted(last))
            return self.data.with_frame(frame.slice(low, high - low))
        inside = pl.col(SUBJECT) >= first if first is not None else pl.lit(True)
        below = pl.col(SUBJECT) < last if last is not None else pl.lit(True)
        chosen = (inside & below) | pl.col(SUBJECT).is_null() if first is None else inside & below
        return self.data.with_frame(self.data.scan().filter(chosen).collect())


__all__ = ["ROWS", "across_patients", "derive_in_blocks"]
