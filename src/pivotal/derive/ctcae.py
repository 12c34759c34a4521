"""The criteria of CTCAE for laboratory values: which limits make which grade."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from pivotal.study.base import Name, Part

Relative = Literal["ULN", "LLN", "baseline"]
Comparison = Literal["above", "at_least", "below", "at_most"]
COMPARISONS: tuple[Comparison, ...] = ("above", "at_least", "below", "at_most")


class Times(Part):
    """A multiple of a limit of normal, or of the baseline value."""

    times: float = Field(gt=0)
    of: Relative


class Plus(Part):
    """An amount above a limit of normal, for each unit."""

    plus: dict[Name, float]
    of: Relative


Limit = Times | Plus | dict[Name, float] | float


class Rule(Part):
    """One way to reach a grade."""

    grade: int = Field(ge=1, le=4)
    above: Limit | None = None
    at_least: Limit | None = None
    below: Limit | None = None
    at_most: Limit | None = None
    given: Literal["baseline high", "baseline not high", "below LLN"] | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> Rule:
        if sum(getattr(self, name) is not None for name in COMPARISONS) != 1:
            raise ValueError(f"give exactly one of: {', '.join(COMPARISONS)}")
        return self

    @property
    def comparison(self) -> Comparison:
        """How the value is compared with the limit."""
        return next(name for name in COMPARISONS if getattr(self, name) is not None)

    @property
    def limit(self) -> Limit:
        """What it is compared with."""
        found: Limit = getattr(self, self.comparison)
        return found

    @property
    def units(self) -> tuple[str, ...] | None:
        """The units in which the limit is stated; None where it needs none."""
        if isinstance(self.limit, Plus):
            return tuple(self.limit.plus)
        return tuple(self.limit) if isinstance(self.limit, dict) else None

    @property
    def looks_at(self) -> set[str]:
        """What beside the value must be known: limits of normal, the baseline value, whether baseline was high."""
        of = {self.limit.of} if isinstance(self.limit, Times | Plus) else set()
        about = {"below LLN": "LLN", "baseline high": "baseline high", "baseline not high": "baseline high"}
        return of | ({about[self.given]} if self.given is not None else set())


class Term(Part):
    """A term of CTCAE and the rules of its grades."""

    term: Name
    direction: Literal["low", "high"]
    assumed: str | None = None
    rules: tuple[Rule, ...] = Field(min_length=1)

    @property
    def units(self) -> tuple[str, ...] | None:
        """The units in which it can be graded; None where any will do."""
        return next((rule.units for rule in self.rules if rule.units is not None), None)


class Criteria(Part):
    """All terms of a version."""

    version: str
    units: dict[Name, tuple[str, ...]]
    terms: tuple[Term, ...]

    def term(self, name: str) -> Term | None:
        """A term by name, in any case; None where there is none."""
        return next((t for t in self.terms if t.term.lower() == name.lower()), None)

    def unit(self, spelling: str) -> str:
        """A unit as the criteria spell it; as it stands where they do not know it."""
        wanted = spelling.strip().lower()
        known = {name for term in self.terms for name in term.units or ()}
        spellings = {name.lower(): name for name in known}
        spellings |= {other.lower(): name for name, others in self.units.items() for other in others}
        return spellings.get(wanted, spelling.strip())


@cache
def criteria(version: str) -> Criteria:
    """The criteria of a version.

    Examples
    --------
    >>> found = criteria("5.0").term("Hypokalemia")
    >>> found.direction, found.assumed, [rule.grade for rule in found.rules]
    ('low', 'symptomatic', [4, 3, 2])
    """
    text = (Path(__file__).parent / "criteria" / f"ctcae-{version}.toml").read_text(encoding="utf-8")
    return Criteria.model_validate(tomllib.loads(text))
