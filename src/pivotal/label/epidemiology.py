"""How many people have a condition, by age, and how severely: sourced figures with their intervals.

A file of such figures comes with the package by name, or is the path of a TOML file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from pivotal.errors import EpidemiologyError, UsageError, nearest
from pivotal.label.product import Certainty, LabelSource, Stated
from pivotal.study.base import Name, Part
from pivotal.study.checks.node import Node, Problem
from pivotal.study.checks.references import each_unknown, twice, unknown
from pivotal.study.criteria import Criterion
from pivotal.study.schema import Shape, problems
from pivotal.study.toml import faults, parsed, text_of

_LIBRARY = Path(__file__).parent / "epidemiology"
SURE: dict[Certainty, str] = {
    "read": "the source was read",
    "excerpted": "as another site excerpts it",
    "secondary": "a secondary source",
    "unverified": "unverified",
    "assumed": "assumed",
}
"""How sure a figure is, in words."""


class EpidemiologyHead(Stated):
    """What the figures are about."""

    id: Name
    title: Name
    jurisdiction: Name


class Interval(Stated):
    """A percentage with its confidence limits where they are published."""

    percent: float = Field(ge=0, le=100)
    low: float | None = Field(default=None, ge=0, le=100)
    high: float | None = Field(default=None, ge=0, le=100)

    @model_validator(mode="after")
    def _in_order(self) -> Interval:
        if (self.low is None) != (self.high is None):
            raise ValueError("give both limits, low and high, or neither")
        if self.low is not None and self.high is not None and not self.low <= self.percent <= self.high:
            raise ValueError(f"{self.percent:g} % does not lie between its limits {self.low:g} and {self.high:g}")
        return self


class People(Stated):
    """A number of people with a condition: a range, or with no `high` a figure that says `over`."""

    id: Name
    text: Name
    condition: Name
    who: Criterion = Field(description="their age, as a criterion on AGE")
    low: float = Field(gt=0)
    high: float | None = Field(default=None, gt=0)
    counts: Literal["every severity", "unclear"] = Field(
        default="every severity", description="whether the source says that it counts every severity"
    )

    @model_validator(mode="after")
    def _in_order(self) -> People:
        if self.high is not None and self.high < self.low:
            raise ValueError(f"the range {self.low:g} to {self.high:g} is upside down")
        return self


class Share(Interval):
    """The share of one word of severity."""

    word: Name


class Split(Stated):
    """How people with a condition divide over the words of a variable."""

    id: Name
    text: Name
    condition: Name
    variable: Name
    n: int | None = Field(default=None, ge=1)
    level: float = Field(default=0.95, gt=0, lt=1)
    people: tuple[str, ...] = Field(description="to whom it is applied")
    shares: tuple[Share, ...] = Field(min_length=2)


class Prevalence(Interval):
    """A prevalence, which bears on a number of people only with the size of a population."""

    id: Name
    text: Name
    condition: Name
    n: int | None = Field(default=None, ge=1)


class Gap(Part):
    """A figure that no source gives, and what follows from that."""

    what: Name
    why: Name


class Epidemiology(Part):
    """Figures on one condition or more in one jurisdiction, whole."""

    epidemiology: EpidemiologyHead
    sources: dict[str, LabelSource] = Field(default_factory=dict)
    people: tuple[People, ...] = Field(min_length=1)
    splits: tuple[Split, ...] = ()
    prevalence: tuple[Prevalence, ...] = ()
    missing: tuple[Gap, ...] = ()

    @property
    def id(self) -> str:
        """The file's name."""
        return self.epidemiology.id

    def cite(self, key: str | None) -> str | None:
        """A source by key, as it is cited."""
        return None if key is None else self.sources[key].cite


_SHAPE = Shape(Epidemiology, "a file of epidemiology")


def epidemiologies() -> list[str]:
    """The names of the files that come with the package."""
    return sorted(path.stem for path in _LIBRARY.glob("*.toml"))


def load_epidemiology(name: str | Path) -> Epidemiology:
    """Read and check a file of epidemiology.

    Parameters
    ----------
    name
        The name of one that comes with the package (``"us-atopic-dermatitis"``), or a path.

    Raises
    ------
    EpidemiologyError
        If the file is wrong: all its faults, each with its line.
    UsageError
        If there is none.

    Examples
    --------
    >>> [one.id for one in load_epidemiology("us-atopic-dermatitis").people]
    ['aged 2 to 11', 'aged 12 and over']
    """
    path = _path(name)
    return read_epidemiology(text_of(path, file=_SHAPE.file, error=EpidemiologyError), path.name)


def epidemiology_for(jurisdiction: str) -> Epidemiology | None:
    """The first file of the package about a jurisdiction; None where there is none."""
    files = (load_epidemiology(name) for name in epidemiologies())
    return next((one for one in files if one.epidemiology.jurisdiction == jurisdiction), None)


def read_epidemiology(text: str, name: str = "epidemiology.toml") -> Epidemiology:
    """Read and check the text of such a file; `name` is how faults speak of it."""
    data = parsed(text, name, error=EpidemiologyError)
    found, made = _validated(data)
    found += list(_check(Node(data)))
    if found or made is None:
        raise EpidemiologyError(faults(found, text, name))
    return made


def _path(name: str | Path) -> Path:
    path, names = Path(name), epidemiologies()
    if path.is_file():
        return path
    if isinstance(name, Path) or path.suffix == ".toml" or len(path.parts) > 1:
        raise UsageError(f"there is no file {str(name)!r}. Epidemiology of the package: {', '.join(names)}.")
    if name.lower() not in names:
        raise UsageError(f"{name!r} is no epidemiology of the package. {nearest(name, names)}")
    return _LIBRARY / f"{name.lower()}.toml"


def _validated(data: Mapping[str, Any]) -> tuple[list[Problem], Epidemiology | None]:
    try:
        return [], Epidemiology.model_validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        return problems(error.errors(include_url=False), data, _SHAPE), None


def _check(file: Node) -> Iterator[Problem]:
    sources = [key for key, _ in file.entries("sources")]
    for node in file.walk():
        if node.path[-1:] == ("source",) and node.path[:1] != ("sources",):
            yield from unknown(node, sources, "source")
    people = [name for row in file.rows("people") if (name := row.text("id")) is not None]
    for key in ("people", "splits", "prevalence"):
        yield from twice([row.child("id") for row in file.rows(key)], "another")
    for row in file.rows("people"):
        who = row.child("who")
        if who.text("variable") not in (None, "AGE"):
            yield who.child("variable").problem("people are told apart by AGE", "Use AGE.")
        if who.text("unit") not in (None, "years"):
            yield who.child("unit").problem("AGE is in years", "Convert the bound and set unit = 'years'.")
    for row in file.rows("splits"):
        yield from each_unknown(row.rows("people"), people, "row of people")
        yield from twice([share.child("word") for share in row.rows("shares")], "another share")
        yield from _whole(row)


_ROUNDING = 0.5
"""Percentage points by which printed shares may miss 100, each being rounded to a tenth or so."""


def _whole(split: Node) -> Iterator[Problem]:
    shares = [share.number("percent") for share in split.rows("shares")]
    total = sum(share for share in shares if share is not None)
    if None not in shares and shares and abs(total - 100) > _ROUNDING:
        found = f"shares that sum to {total:g} %"
        yield split.child("shares").problem("the shares of a split sum to 100 %", "Correct a share.", found=found)
