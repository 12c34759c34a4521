"""The parts that a report is put together from: sections of tables, figures, facts and prose.

Sections are made as data and laid out by the templates, so that what a table holds and how it looks stay apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup

from pivotal.report.format import capital

Text = str | Markup
Origin = Literal["design", "patients", "replicates", "mixed", "published", "draws", "candidates", "computed"]
"""What a table or figure is made from: the study file, the patients, simulated replicates, published and those; of a
label: what is published, virtual candidates, both beside each other, or what is computed from published figures."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; neighbours with one `group` stand under a common heading."""

    text: Text
    number: bool = False
    group: Text = ""
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: one text a column. A `heading` spans the table; `indent` sets the row under the one above."""

    cells: tuple[Text, ...] = ()
    heading: Text | None = None
    indent: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption and its footnotes (population, method, reasons); one with a number of its own in the
    caption is not `numbered`."""

    id: str
    caption: Text
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    notes: tuple[Text, ...] = ()
    origin: Origin = "patients"
    numbered: bool = True
    kind: Literal["table"] = field(default="table", init=False)

    @property
    def groups(self) -> list[tuple[Text, int]]:
        """Headings over neighbouring columns, and how many columns each spans."""
        spans: list[tuple[Text, int]] = []
        for column in self.columns:
            if spans and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1] + 1)
            else:
                spans.append((column.group, 1))
        return spans if any(text for text, _ in spans) else []


@dataclass(frozen=True, slots=True)
class Drawing:
    """An SVG, and the width in pixels at which its letters have the size of the text."""

    svg: Markup
    width: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: its drawing for wide pages and, where it needs another layout, one for narrow pages."""

    id: str
    caption: Text
    wide: Drawing
    narrow: Drawing | None = None
    notes: tuple[Text, ...] = ()
    origin: Origin = "patients"
    numbered: bool = True
    kind: Literal["figure"] = field(default="figure", init=False)


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph."""

    text: Text
    style: Literal["", "lead", "empty"] = ""
    kind: Literal["prose"] = field(default="prose", init=False)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section."""

    id: str
    text: str
    kind: Literal["heading"] = field(default="heading", init=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """Terms and what they are."""

    pairs: tuple[tuple[Text, Text], ...]
    kind: Literal["facts"] = field(default="facts", init=False)


@dataclass(frozen=True, slots=True)
class Items:
    """A numbered list whose items can be linked to."""

    items: tuple[tuple[str, Text], ...]
    kind: Literal["items"] = field(default="items", init=False)


@dataclass(frozen=True, slots=True)
class Code:
    """Commands or other text to be copied as it stands."""

    text: str
    kind: Literal["code"] = field(default="code", init=False)


@dataclass(frozen=True, slots=True)
class Folded:
    """Blocks that a reader opens."""

    summary: Text
    blocks: tuple[Block, ...]
    open: bool = False
    kind: Literal["folded"] = field(default="folded", init=False)


Block = Table | Figure | Prose | Heading | Facts | Items | Code | Folded


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the report."""

    id: str
    title: str
    blocks: Sequence[Block]

    @property
    def headings(self) -> list[Heading]:
        """Its inner headings, for the contents."""
        return [block for block in self.blocks if isinstance(block, Heading)]


@dataclass
class Footnotes:
    """Footnotes of one table: each text gets one letter, however often it is needed."""

    texts: list[str] = field(default_factory=list)

    def mark(self, text: str | None) -> Markup:
        """The superscript letter of a footnote; nothing for no text."""
        if not text:
            return Markup("")
        if text not in self.texts:
            self.texts.append(text)
        return Markup('<sup class="mark">{}</sup>').format(_letter(self.texts.index(text)))

    @property
    def notes(self) -> tuple[Markup, ...]:
        """The footnotes, in the order of their letters."""
        line = Markup('<sup class="mark">{}</sup> {}{}')
        ended = [(text, "" if text.endswith("?") else ".") for text in self.texts]
        return tuple(line.format(_letter(i), capital(text), end) for i, (text, end) in enumerate(ended))


def _letter(index: int) -> str:
    return chr(ord("a") + index) if index < 26 else f"a{index}"


def join(parts: Sequence[Text], separator: str = " ") -> Markup:
    """Texts put together, escaped where they are not markup."""
    return Markup(separator).join(part for part in parts if part)


def against(arm: str, comparator: str) -> Markup:
    """A pair of arms in a table, the comparator under the arm; without a comparator the arms' dose response."""
    if not comparator:
        return Markup('<span class="arm">{}</span><span class="under short">over their doses</span>').format(arm)
    return Markup('<span class="arm">{}</span><span class="under short">against {}</span>').format(arm, comparator)
