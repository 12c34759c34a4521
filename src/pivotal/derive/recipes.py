"""Run the study file's recipes: data sets as collected in, data sets as analysed out."""

from __future__ import annotations

from pivotal.derive.steps import apply
from pivotal.records.dataset import Dataset, Library, dataset
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
        By name.
    """
    known: dict[str, Dataset] = dict(collected)
    for recipe in recipes:
        known[recipe.name] = _cook(recipe, known)
    return {recipe.name: known[recipe.name] for recipe in recipes}


def _cook(recipe: Recipe, known: Library) -> Dataset:
    frame = known[recipe.from_].frame
    for step in recipe.steps:
        frame = apply(step, frame, known)
    if recipe.columns:
        frame = frame.select(list(recipe.columns))
    frame = frame.sort(list(recipe.keys), nulls_last=False, maintain_order=True)
    return dataset(recipe.name, frame, label=recipe.label, labels=recipe.columns)
