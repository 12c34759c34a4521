"""Queries of the user's own file: named lists of terms, narrow and broad, as standardised queries are handed on.

Two shapes are read: a row a term with PREFIX, GRPNAME, GRPID, SCOPE, SRCVAR, TERMCHAR, TERMNUM, and the same with
smq_name (or sdg_name), smq_id (or sdg_id), scope, termvar, termchar. Licensed dictionaries are not shipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pivotal.errors import DataError, Fault, nearest
from pivotal.records.dataset import Dataset, dataset
from pivotal.records.formats.library import read_library

_NAMES = {
    "name": ("GRPNAME", "SMQ_NAME", "SDG_NAME"),
    "id": ("GRPID", "SMQ_ID", "SDG_ID"),
    "scope": ("SCOPE",),
    "variable": ("SRCVAR", "TERMVAR"),
    "term": ("TERMCHAR",),
    "number": ("TERMNUM",),
}
_NEEDED = ("name", "variable")
SCOPES = ("narrow", "broad")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryTerm:
    """One term of a query: a text or a number of a column of the events; narrow where the file does not say."""

    variable: str
    term: str | None
    number: int | None
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A named list of terms."""

    name: str
    id: str | None
    terms: tuple[QueryTerm, ...]

    def of_scope(self, scope: str) -> tuple[QueryTerm, ...]:
        """Its narrow terms, or, for a broad search, all of them."""
        return tuple(term for term in self.terms if scope == "broad" or term.scope == "narrow")


def read_queries(path: str | Path) -> Dataset:
    """The file of queries as a data set, to be put beside the others: ``data["QUERIES"] = read_queries(path)``.

    Parameters
    ----------
    path
        A CSV file.

    Returns
    -------
    Dataset
        Named QUERIES.

    Raises
    ------
    DataError
        If it cannot be read as queries: all faults at once.
    """
    place = Path(path)
    stem = place.name.split(".")[0].upper()
    found = dataset("QUERIES", read_library(place.parent)[stem].frame) if place.suffix == ".gz" else _csv(place)
    queries(found, str(place))
    return found


def queries(found: Dataset, source: str | None = None) -> dict[str, Query]:
    """The queries of a data set, by name.

    Parameters
    ----------
    found
        The data set.
    source
        What faults call it; the data set's own source or name where absent.

    Returns
    -------
    dict of str to Query
        In the file's order.

    Raises
    ------
    DataError
        If columns are missing, a row has no term, or a scope is neither narrow nor broad: all faults at once.
    """
    where = source or found.source or found.name
    columns = _columns(found.frame, where)
    faults: list[Fault] = []
    made: dict[str, tuple[str | None, list[QueryTerm]]] = {}
    for row, given in enumerate(found.frame.iter_rows(named=True), 1):
        part = {what: _text(given[column]) for what, column in columns.items()}
        faults += _wrong(f"{where}: row {row}", part)
        number = part.get("number")
        term = QueryTerm(
            variable=(part["variable"] or "").upper(),
            term=part.get("term"),
            number=int(number) if number is not None and number.isdigit() else None,
            scope=(part.get("scope") or "narrow").lower(),
        )
        made.setdefault(part["name"] or "", (part.get("id"), []))[1].append(term)
    if faults:
        raise DataError(faults)
    return {name: Query(name=name, id=number, terms=tuple(terms)) for name, (number, terms) in made.items()}


def query_of(known: dict[str, Query], name: str | None, number: str | None) -> Query:
    """A query by name or by number.

    Raises
    ------
    DataError
        If there is none.
    """
    for query in known.values():
        if (name is not None and query.name.lower() == name.lower()) or (number is not None and query.id == number):
            return query
    wanted, allowed = (name, list(known)) if name is not None else (number, [q.id for q in known.values() if q.id])
    raise DataError([Fault("a topic's query", repr(wanted), "a query of the file", nearest(str(wanted), allowed))])


def _csv(place: Path) -> Dataset:
    return dataset("QUERIES", pl.read_csv(place, infer_schema=False, null_values=["", "NA"]))


def _columns(frame: pl.DataFrame, where: str) -> dict[str, str]:
    known = {name.upper(): name for name in frame.columns}
    found = {what: known[n] for what, names in _NAMES.items() if (n := next((n for n in names if n in known), None))}
    missing = [what for what in _NEEDED if what not in found]
    if "term" not in found and "number" not in found:
        missing.append("term")
    if missing:
        raise DataError(
            Fault(
                f"{where}: the column of a query's {what}",
                "missing",
                f"it is called {' or '.join(_NAMES[what])}",
                f"The columns are {', '.join(frame.columns)}: rename the one that holds it.",
            )
            for what in missing
        )
    return found


def _wrong(where: str, part: dict[str, str | None]) -> Iterator[Fault]:
    for what in _NEEDED:
        if part[what] is None:
            yield Fault(f"{where}: {what}", "missing", f"each row has a {what}", "Fill it in or remove the row.")
    number = part.get("number")
    if part.get("term") is None and number is None:
        yield Fault(f"{where}: term", "missing", "each row has a text or a number", "Fill it in or remove the row.")
    if number is not None and not number.isdigit():
        yield Fault(f"{where}: term number", repr(number), "it is a whole number", "Correct it.")
    scope = part.get("scope")
    if scope is not None and scope.lower() not in SCOPES:
        yield Fault(f"{where}: scope", repr(scope), "narrow or broad, or empty", nearest(scope, SCOPES))


def _text(value: object) -> str | None:
    if value is None or (isinstance(value, float) and value != value):
        return None
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return text.strip() or None
