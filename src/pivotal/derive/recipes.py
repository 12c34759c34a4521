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
        By name, rows in the order of the recipe's keys. All rows are in memory at once; `pivotal.derive.blocks` derives
        what is larger than that.

    Raises
    ------
    DataError
        If a step finds values that it cannot go on with: one without a code, two rows where one is picked, two
        baselines.

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
    for recipe in recipes:
        known[recipe.name] = _cook(recipe, known)
    return {recipe.name: known[recipe.name] for recipe in recipes}


def sources(recipe: Recipe) -> set[str]:
    """Names of the data sets that a recipe reads."""
    return {recipe.from_, *(name for step in recipe.steps if (name := getattr(step, "from_", None)) is not None)}


def _cook(recipe: Recipe, known: Library) -> Dataset:
    frame = known[recipe.from_].frame
    for step in recipe.steps:
        frame = apply(step, frame, known)
    if recipe.columns:
        frame = frame.select(list(recipe.columns))
    frame = frame.sort(list(recipe.keys), nulls_last=False, maintain_order=True)
    return dataset(recipe.name, frame, label=recipe.label, labels=recipe.columns)
