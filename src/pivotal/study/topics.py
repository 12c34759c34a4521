"""Safety topics: what is looked for among the events, and by which list."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pivotal.study.base import Name, Part, Sourced
from pivotal.study.recipes import Expression

Scope = Literal["narrow", "broad"]


class TermList(Sourced):
    """Terms of one level of the dictionary, narrow (specific) or broad (sensitive)."""

    scope: Scope = "narrow"
    column: Name = Field(default="AEDECOD", description="AEDECOD, AEHLT, AEBODSYS ...: what the terms are of")
    terms: tuple[Name, ...] = Field(min_length=1)


class QueryReference(Part):
    """A query of the user's own file, by its name or its number."""

    dataset: Name = Field(default="QUERIES", description="the data set that holds the queries, read with the others")
    name: str | None = None
    id: str | None = None

    @model_validator(mode="after")
    def _named(self) -> QueryReference:
        if (self.name is None) == (self.id is None):
            raise ValueError("give either the query's name or its id")
        return self


class Adjudication(Part):
    """A committee's verdict, event by event: where it has one, it decides."""

    column: Name
    confirmed: Annotated[tuple[str, ...], Field(min_length=1)] = ("Y",)


class Contested(Part):
    """A term that some lists have and others lack: the count is shown without it, too."""

    term: Name
    column: Name = "AEDECOD"
    why: Name


class Topic(Sourced):
    """One safety topic.

    Events belong to it by term lists, by a query, or both (either suffices), further narrowed by `where`; with
    neither list nor query `where` alone defines it. `patients` instead asks ADSL: death, discontinuation.
    """

    name: Name
    label: Name
    lists: tuple[TermList, ...] = ()
    query: QueryReference | None = None
    where: Expression | None = Field(default=None, description="which events can belong to it: AESER = 'Y'")
    patients: Expression | None = Field(default=None, description="patients of ADSL, where no events are counted")
    adjudication: Adjudication | None = None
    contested: tuple[Contested, ...] = ()

    @model_validator(mode="after")
    def _defined(self) -> Topic:
        events = bool(self.lists or self.query or self.where)
        if events == (self.patients is not None):
            raise ValueError("define the topic by lists, query or where; or by patients alone")
        return self

    @property
    def listed(self) -> bool:
        """Whether a list of terms defines it, so that narrow and broad differ."""
        return bool(self.lists or self.query)
