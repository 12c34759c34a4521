"""A safety topic's definition in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pivotal.study.topics import Scope, Topic

SHOWN = 12
"""Terms of a list that are written out."""

COLUMNS: Mapping[str, str] = {
    "AEDECOD": "preferred terms",
    "AEHLT": "high level terms",
    "AEHLGT": "high level group terms",
    "AEBODSYS": "system organ classes",
    "AESOC": "system organ classes",
    "AELLT": "lowest level terms",
}


def definition(topic: Topic, *, adjudicated: bool | None = None) -> str:
    """How a topic is defined.

    Parameters
    ----------
    topic
        The topic.
    adjudicated
        Whether the data have the adjudicators' column; None where there are no data yet.

    Returns
    -------
    str
        A sentence or several.

    Examples
    --------
    >>> topic = Topic(name="d", label="Deaths", where="AEOUT = 'FATAL'", assumed="as recorded")
    >>> definition(topic)
    "Events with AEOUT = 'FATAL'. Assumed: as recorded."
    """
    return " ".join(f"{part.rstrip('.')}." for part in [*_rules(topic, adjudicated=adjudicated), *_basis(topic)])


def _rules(topic: Topic, *, adjudicated: bool | None) -> list[str]:
    if topic.patients is not None:
        return [f"Patients with {topic.patients}"]
    scopes: tuple[Scope, ...] = ("narrow", "broad")
    parts = [part for scope in scopes if (part := _lists(topic, scope))]
    if topic.query is not None:
        name = topic.query.name or f"number {topic.query.id}"
        parts.append(f"query {name} of {topic.query.dataset}")
    listed = "; ".join(parts)
    if not listed:
        rules = [f"Events with {topic.where}"]
    else:
        rules = [f"{listed[0].upper()}{listed[1:]}" + (f"; of these, events with {topic.where}" if topic.where else "")]
    verdict = topic.adjudication
    if verdict is not None:
        confirmed = ", ".join(verdict.confirmed)
        rules.append(
            f"Adjudicated events count where {verdict.column} is {confirmed}"
            if adjudicated is not False
            else f"The data have no column {verdict.column} of adjudication"
        )
    return rules


def _lists(topic: Topic, scope: str) -> str:
    parts = [_terms(COLUMNS.get(part.column, part.column), part.terms) for part in topic.lists if part.scope == scope]
    return f"{scope}: {'; '.join(parts)}" if parts else ""


def _terms(what: str, terms: Sequence[str]) -> str:
    more = f" and {len(terms) - SHOWN} more" if len(terms) > SHOWN else ""
    return f"{what} {', '.join(terms[:SHOWN])}{more}"


def _basis(topic: Topic) -> list[str]:
    said = {"Assumed": topic.assumed, "Derived": topic.derived, "Source": topic.source, "Note": topic.note}
    return [f"{word}: {text}" for word, text in said.items() if text is not None]
