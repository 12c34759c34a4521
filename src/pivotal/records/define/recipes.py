"""A define.xml of the data sets that a study's recipes derive: origins and methods from the recipes' own steps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from pivotal.records.dataset import Dataset, Library
from pivotal.records.define.describing import measured
from pivotal.records.define.model import (
    CodeItem,
    CodeList,
    Condition,
    Define,
    Defined,
    Origin,
    Standard,
    ValueLevel,
    Variable,
)
from pivotal.records.define.steps import told
from pivotal.records.formats.sas import USUAL
from pivotal.study.model import Study
from pivotal.study.recipe_subject import Codes, Groups
from pivotal.study.recipes import Recipe
from pivotal.study.sdtm import TERMINOLOGY

ADAMIG = "1.3"
"""Version of ADaM's implementation guide, where the study file names none."""

CLASSES = {
    "subject level": "SUBJECT LEVEL ANALYSIS DATASET",
    "basic data structure": "BASIC DATA STRUCTURE",
    "occurrence data structure": "OCCURRENCE DATA STRUCTURE",
    "other": "ADAM OTHER",
}
"""CDISC's class of each structure of a recipe."""

LEVELS = ("AVAL", "AVALC")
"""Variables of the basic data structure that are described by parameter."""


CONSTANT = re.compile(r"('[^']*'|-?[0-9.]+)\.")
"""What is told of a column that has one value in every row: it is assigned, not derived."""


def from_recipes(study: Study, library: Library, *, suffix: str = ".parquet") -> Define:
    """What a define.xml says of the data sets that a study's recipes derived.

    Parameters
    ----------
    study
        The study, with its recipes.
    library
        Data sets by name; those of the recipes that are there are described.
    suffix
        Of their files.

    Returns
    -------
    Define
        Each variable with its type and length as found, its label, and its origin: the variable that it is taken from,
        or the steps that derive it, in words. Code lists are those of steps `codes` and `groups`.
    """
    parts = [_dataset(recipe, library[recipe.name], suffix) for recipe in study.datasets if recipe.name in library]
    part = study.sdtm
    version = part.adamig if part is not None else ADAMIG
    terminology = (part.terminology if part is not None else TERMINOLOGY).isoformat()
    return Define(
        study=study.id,
        description=study.study.title,
        protocol=study.study.sponsor_id or study.study.registry or study.id,
        standards=(
            Standard(name="ADaMIG", type="IG", version=version),
            Standard(name="CDISC/NCI", type="CT", version=terminology, publishing_set="SDTM"),
        ),
        datasets={data.name: data for data, _ in parts},
        codelists={each.oid: each for _, lists in parts for each in lists},
        comment="Derived by the recipes of the study file; what each variable's method says is what was run.",
    )


@dataclass(slots=True)
class _History:
    """How a column has come about so far."""

    taken: str | None = None
    sentences: tuple[str, ...] = ()


def _histories(recipe: Recipe, columns: tuple[str, ...]) -> tuple[dict[str, _History], str]:
    """How each column came about, and what the steps did to the rows."""
    known: dict[str, _History] = {}

    def of(name: str) -> _History:
        return known.setdefault(name, _History(f"{recipe.from_}.{name}"))

    rows = [f"From {recipe.from_}."]
    for step in recipe.steps:
        says = told(step)
        moved = {new: of(old) for new, old in says.renamed.items()}
        for old in says.renamed.values():
            known.pop(old, None)
        known |= moved
        known |= {name: _History(taken) for name, taken in says.taken.items()}
        known |= {name: _History(None, (text,)) for name, text in says.columns.items()}
        for name, text in says.further.items():
            before = of(name) if name in known or name in columns else _History()
            known[name] = _History(before.taken, (*before.sentences, text))
        rows += [says.rows] if says.rows else []
    return {name: of(name) for name in columns}, " ".join(rows)


def _dataset(recipe: Recipe, data: Dataset, suffix: str) -> tuple[Defined, list[CodeList]]:
    names = tuple(data.frame.columns)
    histories, rows = _histories(recipe, names)
    lists = dict(_codelists(recipe, data))
    labels = {column.name: column.label for column in data.columns}
    variables = [_variable(recipe, data.frame, name, labels[name], histories[name]) for name in names]
    variables = [replace(v, codelist=lists[v.name].oid if v.name in lists else None) for v in variables]
    levelled = [_levels(variable, data.frame) for variable in variables]
    subject = recipe.structure == "subject level"
    made = Defined(
        name=recipe.name,
        label=recipe.label,
        structure=f"One record per {', '.join(recipe.keys)}",
        class_=CLASSES[recipe.structure],
        purpose="Analysis",
        repeating=not subject,
        standard="ADaMIG",
        file=f"{recipe.name.lower()}{suffix}",
        comment=rows,
        variables=tuple(levelled),
    )
    return made, list(lists.values())


def _variable(recipe: Recipe, frame: pl.DataFrame, name: str, label: str, history: _History) -> Variable:
    kind, length, digits = measured(frame[name])
    temporal = {pl.Date: "date", pl.Datetime: "datetime", pl.Time: "time"}.get(type(frame.schema[name]))
    constant = CONSTANT.fullmatch(history.sentences[0]) if len(history.sentences) == 1 else None
    if constant is not None and history.taken is None:
        origin, method = Origin(type="Assigned", source="Sponsor"), ""
    elif history.sentences:
        begun = (f"{history.taken}.",) if history.taken else ()
        origin, method = Origin(type="Derived", source="Sponsor"), " ".join((*begun, *history.sentences))
    else:
        origin, method = Origin(type="Predecessor", text=history.taken or f"{recipe.from_}.{name}"), ""
    return Variable(
        name=name,
        label=label,
        type=kind,
        length=length,
        digits=digits,
        format=USUAL[temporal] if temporal is not None else None,
        key=recipe.keys.index(name) + 1 if name in recipe.keys else None,
        mandatory=name in recipe.keys and frame[name].null_count() == 0,
        origin=origin,
        method=method,
        comment=f"{constant.group(1)} in every row." if constant is not None and not method else "",
    )


def _levels(variable: Variable, frame: pl.DataFrame) -> Variable:
    """The variable's description by parameter, in the basic data structure."""
    if variable.name not in LEVELS or "PARAMCD" not in frame.columns:
        return variable
    levels = []
    for (code,), rows in frame.select("PARAMCD", variable.name).group_by("PARAMCD", maintain_order=True):
        kind, length, digits = measured(rows[variable.name])
        one = replace(variable, type=kind, length=length, digits=digits, codelist=None, key=None)
        if code is not None:
            levels.append(ValueLevel(where=(Condition("PARAMCD", "EQ", (str(code),)),), variable=one))
    return replace(variable, values=tuple(levels))


def _codelists(recipe: Recipe, data: Dataset) -> Iterator[tuple[str, CodeList]]:
    """The lists that steps `codes` and `groups` give, by the column that has them."""
    labels = {column.name: column.label for column in data.columns}
    for step in recipe.steps:
        items = {}
        if isinstance(step, Codes):
            items[step.into] = [(new, old) for old, new in step.values.items()]
            items[step.into] += [(step.otherwise, "any other")] if step.otherwise is not None else []
        elif isinstance(step, Groups):
            items[step.into] = [(group.label, "") for group in step.groups]
            if step.code:
                items[step.code] = [(group.code, group.label) for group in step.groups if group.code is not None]
        for name, pairs in items.items():
            if name in data.frame.columns and pairs:
                yield name, _codelist(data, name, labels[name] or name, pairs)


def _codelist(data: Dataset, name: str, label: str, pairs: list[tuple[str | float, str]]) -> CodeList:
    numeric = not isinstance(pairs[0][0], str)
    joined: dict[str, list[str]] = {}
    for value, decode in pairs:
        joined.setdefault(f"{value:g}" if not isinstance(value, str) else value, []).append(decode)
    items = tuple(CodeItem(value, ", ".join(filter(None, words)) if numeric else "") for value, words in joined.items())
    kind = measured(data.frame[name])[0]
    return CodeList(oid=f"CL.{data.name}.{name}", name=f"{label} ({data.name})", type=kind, items=items)
