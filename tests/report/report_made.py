"""Reports of the two shipped studies for the tests, and a reader of their HTML."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from pivotal.report import Bundle, render
from pivotal.study import load

DATA = Path(__file__).parent / "data"
PROVENANCE = {
    "study": "TRuE-AD3",
    "study_sha256": "a" * 64,
    "seed": 1,
    "versions": {"python": "3.11.2", "pivotal": "0.1.0"},
    "data_sha256": {"adsl.parquet": "b" * 64},
    "time": "2026-11-23T20:00:00+00:00",
    "command": "pivotal run true-ad3 --seed 1 --out out",
}
VOID = frozenset({"meta", "br", "link", "img", "hr", "input", "col"})


def bundle_of(name: str) -> Bundle:
    content = json.loads(gzip.decompress((DATA / f"{name}.json.gz").read_bytes()))
    return Bundle(
        study=load(name),
        results=content["results"],
        oc=content["oc"],
        provenance=PROVENANCE,
        calibration=content["calibration"],
        virtual=content["virtual"],
    )


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    parents: list[str]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """What a test asks of a page. Feeding fails where an element is not closed, or closed twice."""

    elements: list[Element] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs), [e.attributes.get("id") or "" for e in self._open])
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs), [e.attributes.get("id") or "" for e in self._open]))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def closed(self) -> bool:
        return not self._open

    def all(self, tag: str) -> list[Element]:
        return [e for e in self.elements if e.tag == tag]

    def by_id(self, name: str) -> Element:
        return next(e for e in self.elements if e.attributes.get("id") == name)

    def ids(self) -> list[str]:
        return [e.attributes["id"] or "" for e in self.elements if "id" in e.attributes]

    def inside(self, name: str, tag: str) -> list[Element]:
        return [e for e in self.elements if e.tag == tag and name in e.parents]


def read(text: str) -> Page:
    page = Page()
    page.feed(text)
    page.close()
    return page


@dataclass(frozen=True)
class Report:
    bundle: Bundle
    text: str
    page: Page


def made(bundle: Bundle) -> Report:
    text = render(bundle)
    return Report(bundle, text, read(text))


def changed(bundle: Bundle, change: dict[str, Any], **wanted: Any) -> Bundle:
    """The bundle with every record that has the wanted keys changed."""
    records = [dict(r) for r in bundle.results]  # type: ignore[union-attr, call-overload]
    hits = [r for r in records if all(r.get(k) == v for k, v in wanted.items())]
    assert hits, f"no record has {wanted}"
    for record in hits:
        record.update(change)
    return replace(bundle, results=records)
