"""Where figures come from: the numbered source list, badges, and the ledger of what is assumed or derived."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import singledispatch

from markupsafe import Markup
from pydantic import BaseModel

from pivotal.report.document import Column, Items, Line, Table, Text, join
from pivotal.report.format import capital, listed, plain, short_percent
from pivotal.report.wording import method_name
from pivotal.study import model
from pivotal.study.criteria import Criterion

Marked = model.Sourced | Criterion
MOST_DERIVED = 6
"""Parts that one reason of a derived figure names; assumptions are all named."""

_WHERE = {
    "study": "Trial",
    "population": "Population",
    "variables": "Variables",
    "analysis_sets": "Analysis sets",
    "arms": "Arms",
    "randomisation": "Randomisation",
    "periods": "Periods",
    "visits": "Visits",
    "parameters": "Parameters",
    "endpoints": "Endpoints",
    "testing": "Testing strategy",
    "cohort": "Virtual patients",
    "scenarios": "Scenarios",
    "grids": "Power grids",
    "data": "Data set",
    "posted": "Published results",
}


class Sources:
    """The study's sources, numbered in the order of the study file.

    Parameters
    ----------
    sources
        The study's sources by key.
    """

    def __init__(self, sources: Mapping[str, model.Source]) -> None:
        self._sources = dict(sources)
        self._numbers = {key: number for number, key in enumerate(self._sources, 1)}

    def references(self, source: str | None) -> Markup:
        """Superscript references to the source list; a source that is not a key of it stands as it is."""
        if not source:
            return Markup("")
        keys = [key for key in re.split(r"[,;]\s*|\s+and\s+", source) if key]
        if not all(key in self._numbers for key in keys):
            return Markup('<span class="cite">{}</span>').format(source)
        link = Markup('<a href="#source-{}" title="{}">{}</a>')
        links = [link.format(self._numbers[k], self._sources[k].cite, self._numbers[k]) for k in keys]
        return Markup('<sup class="ref">{}</sup>').format(Markup(",").join(links))

    def badge(self, part: Marked) -> Markup:
        """A small badge that says published, derived or assumed, with its references; nothing where the file says."""
        basis = basis_of(part)
        if basis == "stated":
            return Markup("")
        reason = part.assumed or part.derived or part.note or ""
        where = {"assumed": "#assumed", "derived": "#derived"}.get(basis)
        pill = Markup('<span class="badge {0}" title="{1}">{0}</span>').format(basis, reason)
        if where:
            pill = Markup('<a class="badge {0}" href="{1}" title="{2}">{0}</a>').format(basis, where, reason)
        return Markup('<span class="basis">{}{}</span>').format(pill, self.references(part.source))

    def marked(self, text: Text, part: Marked) -> Markup:
        """A text with its badge behind it."""
        return join([text, self.badge(part)])

    def items(self) -> Items:
        """The source list."""
        return Items(tuple((f"source-{self._numbers[key]}", _source(key, s)) for key, s in self._sources.items()))

    def __len__(self) -> int:
        return len(self._sources)


def _source(key: str, source: model.Source) -> Markup:
    parts: list[Text] = [Markup('<span class="key">{}</span>').format(key), source.cite]
    if source.text:
        parts.append(source.text)
    if source.url and re.match(r"https?://", source.url):
        parts.append(Markup('<a class="url" rel="noreferrer" href="{0}">{0}</a>').format(source.url))
    return join(parts)


def basis_of(part: Marked) -> str:
    """`assumed`, `derived`, `published`, or `stated` where the study file itself is the authority."""
    if part.assumed is not None:
        return "assumed"
    if part.derived is not None:
        return "derived"
    return "published" if part.source is not None else "stated"


@dataclass(frozen=True, slots=True)
class Entry:
    """A part of the study that is assumed or derived."""

    where: str
    what: str
    why: str
    source: str | None


def ledger(study: model.Study, basis: str) -> list[Entry]:
    """Every part of a study that is `assumed`, or `derived`; parts with one and the same reason are gathered."""
    gathered: dict[tuple[str, str, str | None], list[str]] = {}
    for field, label in _WHERE.items():
        for what, part in _walk(getattr(study, field), ""):
            why = part.assumed if basis == "assumed" else part.derived if part.assumed is None else None
            if why is not None:
                gathered.setdefault((label, why, part.source), []).append(what)
    most = MOST_DERIVED if basis == "derived" else sum(len(whats) for whats in gathered.values())
    return [Entry(where, _gather(whats, most), why, source) for (where, why, source), whats in gathered.items()]


def _gather(whats: list[str], most: int) -> str:
    """What one reason bears on; of a long list only the start."""
    unique = list(dict.fromkeys(what for what in whats if what))
    more = f"; and {len(unique) - most} more" if len(unique) > most else ""
    return "; ".join(unique[:most]) + more


def ledger_table(study: model.Study, basis: str, sources: Sources) -> Table | None:
    """The ledger as a table; None where it is empty."""
    entries = ledger(study, basis)
    if not entries:
        return None
    lines: list[Line] = []
    for where in dict.fromkeys(entry.where for entry in entries):
        lines.append(Line(heading=where))
        for entry in (e for e in entries if e.where == where):
            why = join([capital(entry.why), sources.references(entry.source)])
            lines.append(Line((entry.what, why), indent=True))
    title = {"assumed": "What is assumed because nothing public says it", "derived": "What is derived, and how"}[basis]
    columns = (Column("What", wide=True), Column("Reason", wide=True))
    return Table(f"table-{basis}", title, columns, tuple(lines), origin="design")


def _walk(value: object, name: str) -> Iterator[tuple[str, Marked]]:
    """Every part below a value that can say where it comes from, with what it is."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(item, _path(name, str(key)))
    elif isinstance(value, tuple):
        for item in value:
            yield from _walk(item, name)
    elif isinstance(value, BaseModel):
        own = getattr(value, "name", None) or ""
        here = _path(name, own)
        if isinstance(value, model.Sourced | Criterion):
            yield join_words(here, describe(value)), value
        for field in type(value).model_fields:
            item = getattr(value, field)
            if isinstance(item, BaseModel | tuple | Mapping):
                yield from _walk(item, here)


def _path(*names: str) -> str:
    return ", ".join(name for name in names if name)


def join_words(name: str, what: str) -> str:
    """A part's name and what it holds: `IGA: 2 25%, 3 75%`."""
    return f"{name}: {what}" if name and what else name or what


@singledispatch
def describe(part: object) -> str:
    """What a part holds, in a few words."""
    return ""


@describe.register
def _(part: Criterion) -> str:
    return part.text or part.variable or part.id or "criterion"


@describe.register
def _(part: model.Figure) -> str:
    return figure(part)


@describe.register
def _(part: model.Randomisation) -> str:
    return part.method + (f", blocks of {listed([str(b) for b in part.block_sizes], 'or')}" if part.block_sizes else "")


@describe.register
def _(part: model.Stratum) -> str:
    return listed([level.label for level in part.levels], "or")


@describe.register
def _(part: model.Intercurrent) -> str:
    return f"discontinuation: {part.discontinuation}; rescue: {part.rescue}; missing: {part.missing}"


@describe.register
def _(part: model.Analysis) -> str:
    return method_name(part.method)


@describe.register
def _(part: model.Testing) -> str:
    return f"{part.procedure}, alpha {plain(part.alpha)}"


@describe.register
def _(part: model.Cohort) -> str:
    return f"{part.model} model"


@describe.register
def _(part: model.Baseline) -> str:
    if part.shares:
        return f"{part.variable} " + ", ".join(f"{name} {short_percent(share)}" for name, share in part.shares.items())
    shown = [f"{label} {plain(v)}" for label, v in (("mean", part.mean), ("SD", part.sd)) if v is not None]
    return f"{part.variable} {', '.join(shown)}"


@describe.register
def _(part: model.Screening) -> str:
    return f"{part.variable} fails in {plain(part.percent)}%"


@describe.register
def _(part: model.Rates) -> str:
    return f"{part.endpoint}, {part.visit}"


@describe.register
def _(part: model.Dropout) -> str:
    share = f"{part.x}/{part.n}" if part.x is not None else f"{plain(part.percent or 0)}%"
    return f"discontinuation on {part.arm} {share}"


@describe.register
def _(part: model.Posted) -> str:
    against = f" against {part.comparator}" if part.comparator else ""
    return f"{part.endpoint}, {part.visit}, {part.statistic}, {part.arm}{against}"


def figure(part: model.Figure) -> str:
    """A figure of the study file as it stands there."""
    if part.x is not None and part.n is not None:
        return f"{part.x}/{part.n}"
    if part.percent is not None:
        return f"{plain(part.percent)}%"
    unit = f" {part.unit}" if part.unit else ""
    return f"{plain(part.number)}{unit}"
