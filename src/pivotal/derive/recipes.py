"""Run the study file's recipes: data sets as collected in, data sets as analysed out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from pivotal.derive.steps import apply
from pivotal.derive.steps.reads import reads
from pivotal.errors import DataError, Fault, FaultsError
from pivotal.records.dataset import Dataset, Library, dataset
from pivotal.records.unanswered import likely, no_column, unanswered
from pivotal.study.recipes import Recipe


def derive(recipes: tuple[Recipe, ...], collected: Library) -> dict[str, Dataset]:
    """Derived data sets, in the order of the study file.

    Parameters
    ----------
    recipes
        How each comes about; one may use those before it.
    collected
        The data sets as collected (SDTM), by name.

    Returns
    -------
    dict of str to Dataset
        By name, rows in the order of the recipe's keys. All rows are in memory at once; `pivotal.derive.blocks` derives
        what is larger than that.

    Raises
    ------
    DataError
        Where the data are not as a recipe expects them: the first fault of every recipe, with its step.

    Examples
    --------
    >>> import polars as pl
    >>> steps = [{"step": "baseline", "by": ["USUBJID"], "columns": {"BASE": "AVAL"}}, {"step": "change"}]
    >>> recipe = Recipe.model_validate({
    ...     "name": "ADLB", "label": "Laboratory", "structure": "basic data structure", "from": "LB", "steps": steps,
    ...     "keys": ["USUBJID", "AVISITN"], "columns": {"USUBJID": "Patient", "AVISITN": "Week", "CHG": "Change"}})
    >>> lab = pl.DataFrame({"USUBJID": ["1", "1"], "AVISITN": [8, 0], "AVAL": [7.0, 5.0], "ABLFL": [None, "Y"]})
    >>> derive((recipe,), {"LB": dataset("LB", lab)})["ADLB"].frame.rows()
    [('1', 0, 0.0), ('1', 8, 2.0)]
    """
    known: dict[str, Dataset] = dict(collected)
    faults: list[Fault] = []
    failed: set[str] = set()
    for number, recipe in enumerate(recipes):
        if sources(recipe) & failed:
            failed.add(recipe.name)
            continue
        try:
            known[recipe.name] = cook(recipe, known, number)
        except DataError as error:
            faults += error.faults
            failed.add(recipe.name)
    if faults:
        raise DataError(faults)
    return {recipe.name: known[recipe.name] for recipe in recipes}


def sources(recipe: Recipe) -> set[str]:
    """The data sets that a recipe reads."""
    return {recipe.from_, *(name for step in recipe.steps if (name := getattr(step, "from_", None)) is not None)}


def cook(recipe: Recipe, known: Library, number: int) -> Dataset:
    """The data set of one recipe.

    Parameters
    ----------
    recipe
        The recipe.
    known
        The data sets that it may use.
    number
        Its position in the study file, for faults.

    Returns
    -------
    Dataset
        With the recipe's columns, sorted by its keys.

    Raises
    ------
    DataError
        Where a data set or a column is not there, or a step cannot be done with what the columns hold.
    """
    place = f"datasets[{number}] ({recipe.name})"
    _present(recipe, known, place)
    frame = known[recipe.from_].frame
    for position, step in enumerate(recipe.steps):
        frame = _done(step, frame, known, f"{place} steps[{position}] ({step.step})")
    wanted = [*recipe.columns] or frame.columns
    _there(wanted, frame.columns, f"{place} columns", "the steps make every column that is kept, or it comes with")
    _there(recipe.keys, wanted, f"{place} keys", "keys are columns of the data set")
    frame = frame.select(wanted).sort(list(recipe.keys), nulls_last=False, maintain_order=True)
    return dataset(recipe.name, frame, label=recipe.label, labels=recipe.columns)


def _present(recipe: Recipe, known: Library, place: str) -> None:
    faults = [
        Fault(
            f"{place}: data set {name}", "missing", "it is given, or an earlier recipe's", likely(name, sorted(known))
        )
        for name in sorted(sources(recipe) - set(known))
    ]
    if faults:
        raise DataError(faults)


def _done(step: Any, frame: pl.DataFrame, known: Library, place: str) -> pl.DataFrame:
    """The frame after a step; what the step cannot do is a fault with its place."""
    _readable(step, frame, known, place)
    try:
        return apply(step, frame, known)
    except FaultsError as error:
        raise DataError(
            Fault(f"{place}: {fault.where}", fault.found, fault.allowed, fault.mend) for fault in error.faults
        ) from None
    except pl.exceptions.PolarsError as error:
        raise DataError([unanswered(place, error, frame.columns, "the step is of columns of its kind")]) from error


def _readable(step: Any, frame: pl.DataFrame, known: Library, place: str) -> None:
    """Every column that the step reads is there."""
    other = getattr(step, "from_", None)
    faults = []
    for read in reads(step):
        columns = known[other].frame.columns if read.other and other is not None else frame.columns
        if read.column not in columns:
            of = f"{other} has" if read.other else "the rows have by then"
            faults.append(no_column(f"{place} {read.key}", read.column, columns, f"a step reads columns that {of}"))
    if faults:
        raise DataError(faults)


def _there(wanted: Sequence[str], columns: Sequence[str], place: str, allowed: str) -> None:
    absent = [name for name in wanted if name not in columns]
    if absent:
        raise DataError(no_column(place, name, columns, allowed) for name in absent)
