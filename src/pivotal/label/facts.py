"""The sourced facts of a study, a product and a file of epidemiology, each under one name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pivotal.label.claims import Claims, OwnFact
from pivotal.label.epidemiology import SURE, Epidemiology, People
from pivotal.label.extent import Extent, extent
from pivotal.label.product import CERTAINTY_WORDS, Indication, Product
from pivotal.study.base import Figure, Sourced
from pivotal.study.criteria import Criterion
from pivotal.study.model import Endpoint, Source, Study, Variable

Kind = Literal["number", "range", "text", "list", "day", "extent", "truth"]
Held = float | tuple[float, float | None] | str | tuple[str, ...] | date | Extent | None


@dataclass(frozen=True, slots=True)
class Known:
    """A fact.

    Attributes
    ----------
    name
        As a check names it.
    kind
        What it is: a number, a range of numbers, a text, a list, a day, the values that criteria let in, or whether
        something holds.
    value
        Itself; of a truth 1 yes, 0 no, -1 unknown; None where it is known to be unknown.
    shown
        It in words.
    unit
        Of a number.
    source
        As it is cited; None where the file itself is the authority.
    url
        Of the source.
    sure
        How sure it is, where the file says so.
    """

    name: str
    kind: Kind
    value: Held
    shown: str
    unit: str | None = None
    source: str | None = None
    url: str | None = None
    sure: str | None = None


Facts = Mapping[str, Known]


def catalogue(
    claims: Claims | None = None,
    study: Study | None = None,
    product: Product | None = None,
    epidemiology: Epidemiology | None = None,
) -> dict[str, Known]:
    """Every fact by name, in the files' order.

    Examples
    --------
    >>> from pivotal.study import load
    >>> catalogue(study=load("true-ad3"))["study.eligible.AGE"].shown
    '2 to 11 years'
    """
    found: list[Known] = []
    if study is not None:
        found += _study(study)
    if product is not None:
        found += _product(product)
    if epidemiology is not None:
        found += _epidemiology(epidemiology)
    if claims is not None:
        found += _own(claims)
    return {one.name: one for one in found}


# ---------------------------------------------------------------- the study


def _study(study: Study) -> Iterator[Known]:
    head, cited = study.study, study.sources
    for name in ("id", "title", "registry", "condition", "sponsor_id", "masking", "design"):
        value = getattr(head, name)
        if value is not None:
            yield _text(f"study.{name}", value, cited, head)
    for name in ("planned", "randomised"):
        figure = getattr(head, name)
        if figure is not None:
            yield from _figure(f"study.{name}", figure, cited)
    for name, day in head.dates.items():
        yield _day(f"study.dates.{name}", date.fromisoformat(day), cited, head)
    for name, figure in head.facts.items():
        yield from _figure(f"study.facts.{name}", figure, cited)
    for arm in study.arms:
        yield _number(f"study.arms.{arm.name}.ratio", float(arm.ratio), None, cited, arm)
        if arm.treatment is not None:
            yield _text(f"study.arms.{arm.name}.treatment", arm.treatment, cited, arm)
    control = study.arms[study.control]
    yield _text("study.control.treatment", control.treatment or control.name, cited, control)
    yield from _extents("study.eligible", study.population.criteria, study.variables, cited)
    for endpoint in study.endpoints:
        yield from _thresholds(study, endpoint)
    yield from _posted(study)
    for role in ("primary", "secondary"):
        endpoints = [e for e in study.endpoints if e.role == role]
        if endpoints:
            yield _met(study, role, endpoints)


_THRESHOLDS = {
    "value_at_most": "at most {:g}{}",
    "value_at_least": "at least {:g}{}",
    "improvement_at_least": "an improvement of at least {:g}{}",
    "percent_improvement_at_least": "an improvement of at least {:g}{}",
}


def _thresholds(study: Study, endpoint: Endpoint) -> Iterator[Known]:
    """How much makes a responder."""
    for key, words in _THRESHOLDS.items():
        value = getattr(endpoint.derive, key)
        if value is not None:
            unit = "%" if key.startswith("percent") else None
            shown = words.format(value, f" {unit}" if unit else "")
            yield _number(f"study.endpoints.{endpoint.name}.{key}", value, unit, study.sources, endpoint, shown)


def _posted(study: Study) -> Iterator[Known]:
    for one in study.posted:
        name = f"study.posted.{one.endpoint}.{one.visit}.{one.statistic}.{one.arm}"
        unit = "%" if one.statistic in ("rate", "rate among completers") else None
        if one.value is not None:
            yield _number(name, one.value, unit, study.sources, one)
        if one.x is not None and one.n is not None:
            yield _number(f"{name}.count", float(one.x), "patients", study.sources, one, f"{one.x} of {one.n} patients")
        if one.p is not None:
            number = re.sub(r"^[<>]\s*", "", one.p)
            shown = f"p {one.p[0]} {number}" if one.p[0] in "<>" else f"p = {number}"
            yield _number(f"{name}.p", float(number), None, study.sources, one, shown)


def _met(study: Study, role: str, endpoints: Sequence[Endpoint]) -> Known:
    """Whether every posted test of the endpoints at their own visits is below the study's alpha."""
    alpha, said, answers, keys = study.testing.alpha, [], [], []
    for endpoint in endpoints:
        tests = [
            p for p in study.posted if (p.endpoint, p.visit) == (endpoint.name, endpoint.visit) and p.p is not None
        ]
        for test in tests:
            assert test.p is not None
            answers.append(_below(test.p, alpha))
            words = f"p {test.p[0]} {test.p[1:]}" if test.p[0] in "<>" else f"p = {test.p}"
            said.append(f"{endpoint.name} at {endpoint.visit}, {test.arm}: {words}")
            keys.append(test.source)
        if not tests:
            answers.append(-1)
            said.append(f"{endpoint.name} at {endpoint.visit}: no test posted")
            keys.append(endpoint.source)
    verdict = 0 if 0 in answers else -1 if -1 in answers else 1
    shown = "; ".join(said)
    cite = _cites([key for key in keys if key is not None], study.sources)
    return Known(f"study.met.{role}", "truth", verdict, shown, source=cite, url=_url(keys[0], study.sources))


def _below(p: str, alpha: float) -> int:
    """Whether a printed p-value is below alpha: 1 yes, 0 no, -1 cannot tell from the print."""
    number = float(re.sub(r"^[<>]\s*", "", p))
    if p.startswith("<"):
        return 1 if number <= alpha else -1
    if p.startswith(">"):
        return 0 if number >= alpha else -1
    return int(number < alpha)


# ---------------------------------------------------------------- the product


def _product(product: Product) -> Iterator[Known]:
    head, cited = product.product, product.sources
    for name in ("id", "title", "substance", "form", "strength", "jurisdiction", "holder", "application", "ndc"):
        value = getattr(head, name)
        if value is not None:
            yield _sure(_text(f"product.{name}", value, cited, head), product, head)
    for name, figure in head.facts.items():
        yield from _figure(f"product.facts.{name}", figure, cited)
    for one in product.indications:
        for known in _indication(product, one):
            yield known
    if product.boxed_warning:
        topics = tuple(topic.text for topic in product.boxed_warning)
        first = product.boxed_warning[0]
        known = Known(
            "product.boxed_warning", "list", topics, "; ".join(topics), source=product.cite(first.source or "")
        )
        yield _sure(known, product, first)


def _indication(product: Product, one: Indication) -> Iterator[Known]:
    cited, name = product.sources, f"product.{one.id}"
    found = [_text(f"{name}.condition", one.condition, cited, one), _text(f"{name}.text", one.text, cited, one)]
    found.append(_day(f"{name}.effective", one.effective, cited, one))
    if one.superseded is not None:
        found.append(_day(f"{name}.superseded", one.superseded, cited, one))
    for key in ("frequency", "reassess", "strength", "strength_not_approved", "supplement"):
        value = getattr(one, key)
        if value is not None:
            found.append(_text(f"{name}.{key}", value, cited, one))
    if one.use:
        found.append(_list(f"{name}.use", one.use, cited, one))
    for known in found:
        yield _sure(known, product, one)
    yield from _extents(name, one.criteria, product.variables, cited, product)
    for criterion in one.criteria:
        if criterion.id and criterion.text:
            said = f"not: {criterion.text}" if criterion.kind == "exclusion" else criterion.text
            yield _sure(_text(f"{name}.criteria.{criterion.id}", said, cited, criterion), product, criterion)


def _sure(known: Known, product: Product, part: Sourced | Criterion) -> Known:
    words = CERTAINTY_WORDS[product.certainty(part)]
    return Known(known.name, known.kind, known.value, known.shown, known.unit, known.source, known.url, words)


# ---------------------------------------------------------------- epidemiology, and the claims' own


def _epidemiology(file: Epidemiology) -> Iterator[Known]:
    yield _text("epidemiology.jurisdiction", file.epidemiology.jurisdiction, file.sources, file.epidemiology)
    for row in file.people:
        name = f"epidemiology.people.{row.id}"
        yield Known(
            name, "range", (row.low, row.high), people_words(row), "people", _cite(row.source, file.sources),
            _url(row.source, file.sources), SURE[row.certainty or file.sources[row.source].certainty]
            if row.source else None,
        )  # fmt: skip
    for one in file.prevalence:
        yield _number(f"epidemiology.prevalence.{one.id}", one.percent, "%", file.sources, one)


def people_words(row: People) -> str:
    """A number of people as its source says it."""
    return f"over {row.low:,.0f} people" if row.high is None else f"{row.low:,.0f} to {row.high:,.0f} people"


def _own(claims: Claims) -> Iterator[Known]:
    for name, fact in claims.facts.items():
        yield _own_fact(f"facts.{name}", fact, claims.sources)


def _own_fact(name: str, fact: OwnFact, cited: Mapping[str, Source]) -> Known:
    if fact.text is not None:
        return _text(name, fact.text, cited, fact)
    if fact.day is not None:
        return _day(name, fact.day, cited, fact)
    if fact.value is not None:
        return _number(name, fact.value, fact.unit, cited, fact)
    assert fact.x is not None
    return _number(name, float(fact.x), fact.unit or "patients", cited, fact, f"{fact.x} of {fact.n}")


# ---------------------------------------------------------------- one fact


def _figure(name: str, figure: Figure, cited: Mapping[str, Source]) -> Iterator[Known]:
    if figure.x is not None:
        shown = f"{figure.x} of {figure.n} ({100 * figure.number:.1f} %)"
        yield _number(name, 100 * figure.number, "%", cited, figure, shown)
        yield _number(f"{name}.count", float(figure.x), "patients", cited, figure, f"{figure.x} of {figure.n} patients")
    elif figure.percent is not None:
        yield _number(name, figure.percent, "%", cited, figure)
    else:
        yield _number(name, figure.number, figure.unit, cited, figure)


def _extents(
    name: str,
    criteria: Sequence[Criterion],
    variables: Mapping[str, Variable],
    cited: Mapping[str, Source],
    product: Product | None = None,
) -> Iterator[Known]:
    """What the criteria let in of each variable that one of them reads alone."""
    alone = {next(iter(c.variables())): c for c in criteria if len(c.variables()) == 1}
    for variable, criterion in alone.items():
        if variable not in variables:
            continue
        lets = extent(variable, variables[variable], criteria)
        known = Known(
            f"{name}.{variable}", "extent", lets, lets.words, variables[variable].unit,
            _cite(criterion.source, cited), _url(criterion.source, cited),
        )  # fmt: skip
        yield known if product is None else _sure(known, product, criterion)


def _number(
    name: str, value: float, unit: str | None, cited: Mapping[str, Source], part: Sourced, shown: str | None = None
) -> Known:
    words = shown or f"{value:,.10g}" + (f" {unit}" if unit else "")
    return Known(name, "number", value, words, unit, _cite(part.source, cited), _url(part.source, cited))


def _text(name: str, value: str, cited: Mapping[str, Source], part: Sourced | Criterion) -> Known:
    return Known(name, "text", value, value, source=_cite(part.source, cited), url=_url(part.source, cited))


def _list(name: str, values: tuple[str, ...], cited: Mapping[str, Source], part: Sourced) -> Known:
    cite, url = _cite(part.source, cited), _url(part.source, cited)
    return Known(name, "list", values, ", ".join(values), source=cite, url=url)


def _day(name: str, day: date, cited: Mapping[str, Source], part: Sourced) -> Known:
    return Known(name, "day", day, day.isoformat(), source=_cite(part.source, cited), url=_url(part.source, cited))


def _cite(key: str | None, cited: Mapping[str, Source]) -> str | None:
    return cited[key].cite if key is not None and key in cited else key


def _cites(keys: Sequence[str], cited: Mapping[str, Source]) -> str | None:
    return "; ".join(dict.fromkeys(_cite(key, cited) or key for key in keys)) or None


def _url(key: str | None, cited: Mapping[str, Source]) -> str | None:
    return cited[key].url if key is not None and key in cited else None
