"""Which events belong to a safety topic, in its narrow or its broad scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import polars as pl

from pivotal.records.dataset import Library
from pivotal.records.queries import queries, query_of
from pivotal.study.topics import Contested, Topic

ALIKE = 0.85
"""How alike two names of columns are where one is taken for a misspelling of the other (difflib's ratio)."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of one column of the events: texts in capitals, and numbers."""

    column: str
    texts: tuple[str, ...]
    numbers: tuple[int, ...] = ()


class NotCountableError(Exception):
    """The data do not hold what a topic asks: its text says what."""


def scopes(topic: Topic, data: Library) -> tuple[str, ...]:
    """The scopes in which a topic is counted: both where its lists have broad terms, none where it has no list."""
    if not topic.listed:
        return ("",)
    parts: set[str] = {terms.scope for terms in topic.lists}
    if topic.query is not None and topic.query.dataset in data:
        found = query_of(queries(data[topic.query.dataset]), topic.query.name, topic.query.id)
        parts |= {term.scope for term in found.terms}
    return tuple(scope for scope in ("narrow", "broad") if scope in parts) or ("narrow",)


def terms_of(topic: Topic, data: Library, scope: str) -> tuple[Terms, ...]:
    """The terms of a scope, a column each: a broad search looks for the narrow terms too.

    Raises
    ------
    NotCountableError
        If the queries' data set is not there.
    DataError
        If it does not have the query.
    """
    texts: dict[str, dict[str, None]] = {}
    numbers: dict[str, dict[int, None]] = {}
    for part in topic.lists:
        if scope == "broad" or part.scope == "narrow":
            texts.setdefault(part.column, {}).update(dict.fromkeys(term.upper() for term in part.terms))
    if topic.query is not None:
        if topic.query.dataset not in data:
            wanted = topic.query.name or topic.query.id
            raise NotCountableError(f"the query {wanted} is looked for in {topic.query.dataset}, which is not there")
        found = query_of(queries(data[topic.query.dataset]), topic.query.name, topic.query.id)
        for term in found.of_scope(scope):
            if term.term is not None:
                texts.setdefault(term.variable, {})[term.term.upper()] = None
            if term.number is not None:
                numbers.setdefault(term.variable, {})[term.number] = None
    columns = dict.fromkeys([*texts, *numbers])
    return tuple(Terms(c, tuple(texts.get(c, ())), tuple(numbers.get(c, ()))) for c in columns)


def in_topic(
    topic: Topic, events: pl.DataFrame, data: Library, scope: str, *, without: Collection[Contested] = ()
) -> pl.Series:
    """Which events belong to a topic.

    Parameters
    ----------
    topic
        The topic, one that counts events.
    events
        Rows of the events' data set.
    data
        Data sets, the queries among them.
    scope
        "narrow" or "broad"; "" where no list defines it.
    without
        Terms that are left out.

    Returns
    -------
    pl.Series
        Booleans, a row an event. A term that is missing is in no list. An event on which the adjudicators have a
        verdict belongs to the topic or not as they say; the others by list and condition.

    Raises
    ------
    NotCountableError
        If a column or the queries are not there.
    """
    found = pl.lit(True)
    if topic.listed:
        listed = [_listed(events, terms) for terms in terms_of(topic, data, scope)]
        found = pl.any_horizontal(listed) if listed else pl.lit(False)
    if topic.where is not None:
        found = found & answered(topic.where, events, "the events have")
    verdict = topic.adjudication
    if verdict is not None and verdict.column in events.columns:
        said = pl.col(verdict.column).cast(pl.String)
        found = pl.when(said.is_null()).then(found).otherwise(said.is_in(verdict.confirmed))
    for term in without:
        found = found & ~_listed(events, Terms(term.column, (term.term.upper(),)))
    return events.select(found.alias("in")).to_series() if events.height else pl.Series("in", [], pl.Boolean)


def answered(condition: str, frame: pl.DataFrame, whose: str) -> pl.Series:
    """Which rows a condition of a topic holds for; unknown is no.

    Raises
    ------
    NotCountableError
        If it is of a column that is not there, or compares what cannot be compared.
    """
    try:
        expression = pl.sql_expr(condition)
        missing = [name for name in expression.meta.root_names() if name not in frame.columns]
        if missing:
            raise NotCountableError(f"{whose} no column {missing[0]}{_alike(missing[0], frame.columns)}")
        return frame.with_columns(expression.cast(pl.Boolean).fill_null(False).alias("_answer"))["_answer"]
    except pl.exceptions.PolarsError as error:
        raise NotCountableError(f"{condition} cannot be answered ({str(error).splitlines()[0]})") from error


def _alike(name: str, columns: Sequence[str]) -> str:
    """The column that a name is likely to mean; nothing where the data may well lack it."""
    close = get_close_matches(name, columns, n=1, cutoff=ALIKE)
    return f". Did you mean {close[0]!r}?" if close else ""


def _listed(events: pl.DataFrame, terms: Terms) -> pl.Expr:
    if terms.column not in events.columns:
        raise NotCountableError(f"the events have no column {terms.column}{_alike(terms.column, events.columns)}")
    column = pl.col(terms.column)
    text = column.cast(pl.String).str.to_uppercase().is_in(terms.texts)
    number = column.cast(pl.Int64, strict=False).is_in(terms.numbers) if terms.numbers else pl.lit(False)
    return (text | number).fill_null(False)
