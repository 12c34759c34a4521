"""The pilot's tables of adverse events, computed from its published ADaM and laid out."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from types import SimpleNamespace
from typing import Any

import polars as pl
from pydantic import TypeAdapter

from pilot import adam
from pivotal.plan.tables import rows_of
from pivotal.records.dataset import Dataset, dataset
from pivotal.records.formats.library import read_library
from pivotal.report.document import Table as LaidOut
from pivotal.report.tables import laid_out
from pivotal.report.tables.layout import Found
from pivotal.study.tables import Table
from pivotal.trials import Results, Row

ARMS = ("Placebo", "Xanomeline Low Dose", "Xanomeline High Dose")


def study(*arms: str, topics: tuple[Any, ...] = ()) -> Any:
    """As much of a study as tables of events look at: arms, the first of them the control."""
    return SimpleNamespace(
        conventions="sas",
        arms=tuple(SimpleNamespace(name=name, control=not at) for at, name in enumerate(arms)),
        control=0,
        topics=topics,
    )


def model(**given: Any) -> Any:
    """A table of a study file."""
    made: Any = TypeAdapter(Table).validate_python({"id": "T", "title": "T", **given})
    return made


def fragment() -> dict[str, Any]:
    """The pilot's tables of adverse events by id."""
    place = files("pivotal.study") / "library"
    whole = place / "cdisc-pilot-01.toml"
    part = place / "cdisc-pilot-01.aetables.part"
    text = part.read_text("utf-8") if part.is_file() else whole.read_text("utf-8")
    return {table["id"]: model(**table) for table in tomllib.loads(text)["tables"]}


@cache
def data() -> dict[str, Dataset]:
    """The published ADaM."""
    return read_library(adam())


def rows(table: Any, of: Any, library: dict[str, Dataset]) -> list[Row]:
    """The table's rows."""
    return list(rows_of(table, of, library))


def shown(table: Any, of: Any, library: dict[str, Dataset]) -> LaidOut:
    """The table as the report shows it."""
    records = Results("T", tuple(rows_of(table, of, library))).records()
    made = laid_out(table, Found(tuple(records)))
    assert isinstance(made, LaidOut)
    return made


def pilot_table(name: str) -> LaidOut:
    """One of the pilot's tables."""
    return shown(fragment()[name], study(*ARMS), data())


def library(**frames: pl.DataFrame) -> dict[str, Dataset]:
    """Data sets of frames."""
    return {name.upper(): dataset(name, frame) for name, frame in frames.items()}
