"""The laboratory, vital-sign and exposure tables of the CDISC pilot, from its published ADaM data."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

import pilot
import pivotal
from pivotal.derive.recipes import derive
from pivotal.plan.tables import rows_of
from pivotal.records.dataset import Dataset
from pivotal.records.formats.library import read_library
from pivotal.report.document import Block
from pivotal.report.tables import laid_out
from pivotal.report.tables.layout import Found
from pivotal.study import load
from pivotal.study.model import Arm, Study
from pivotal.study.recipes import Recipe
from pivotal.study.tables import Table, TableBase
from pivotal.trials import Results, Row

PART = Path(pivotal.__file__).parent / "study" / "library" / "cdisc-pilot-01.toml"
OURS = ("14-4", "14-6", "14-7")
ARMS = ("Placebo", "Xanomeline Low Dose", "Xanomeline High Dose")


@cache
def data() -> dict[str, Dataset]:
    """The published analysis data sets, and what the fragment derives from them."""
    published = read_library(pilot.adam()) | read_library(pilot.adam_csv())
    return published | derive(recipes(), published)


@cache
def tables() -> dict[str, TableBase]:
    """The tables of the fragment, by number."""
    found = [t for t in tomllib.loads(PART.read_text(encoding="utf-8"))["tables"] if t["id"].startswith(OURS)]
    made = [TypeAdapter(Table).validate_python(table) for table in found]
    return {table.id: table for table in made}


def recipes() -> tuple[Recipe, ...]:
    """The data sets that the fragment derives."""
    found = [d for d in tomllib.loads(PART.read_text(encoding="utf-8"))["datasets"] if d["name"].endswith("TOX")]
    return tuple(Recipe.model_validate(recipe) for recipe in found)


@cache
def study() -> Study:
    """Any study, with the arms of the pilot and the tables of the fragment."""
    arms = tuple(Arm(name=name, ratio=1, control=name == "Placebo") for name in ARMS)
    head = load("true-ad3").study.model_copy(update={"patients": "real"})
    given = {"study": head, "arms": arms, "tables": tuple(tables().values()), "datasets": recipes()}
    return load("true-ad3").model_copy(update=given)


def rows(number: str, library: dict[str, Dataset] | None = None) -> tuple[Row, ...]:
    """The rows of a table."""
    return tuple(rows_of(tables()[number], study(), library or data()))


@cache
def made(number: str) -> Block:
    """A table as the report shows it."""
    records = Results("CDISCPILOT01", rows(number)).records()
    return laid_out(tables()[number], Found(tuple(records)))
