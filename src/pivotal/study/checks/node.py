"""A study file as it stands, right or wrong: walked without stumbling over parts of the wrong type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any

from pivotal.study.lines import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault before it is known which file and line it stands in."""

    path: Path
    found: str
    allowed: str
    mend: str


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a study file and where it stands; what is absent or of another type is empty."""

    data: Any
    path: Path = ()

    def child(self, *keys: str | int) -> Node:
        """A part of this one, by key or index."""
        data, path = self.data, self.path
        for key in keys:
            path = (*path, key)
            if isinstance(data, dict):
                data = data.get(key)
            elif isinstance(data, list) and isinstance(key, int) and key < len(data):
                data = data[key]
            else:
                data = None
        return Node(data, path)

    def rows(self, *keys: str) -> list[Node]:
        """The elements of a list, by key."""
        node = self.child(*keys)
        if not isinstance(node.data, list):
            return []
        return [Node(item, (*node.path, i)) for i, item in enumerate(node.data)]

    def entries(self, *keys: str) -> list[tuple[str, Node]]:
        """The keys and values of a table."""
        node = self.child(*keys)
        if not isinstance(node.data, dict):
            return []
        return [(key, Node(value, (*node.path, key))) for key, value in node.data.items()]

    def text(self, key: str) -> str | None:
        """A text, by key."""
        value = self.child(key).data
        return value if isinstance(value, str) else None

    def number(self, key: str) -> float | None:
        """A number, by key."""
        return as_number(self.child(key).data)

    def has(self, key: str) -> bool:
        """Whether the key stands here."""
        return isinstance(self.data, dict) and key in self.data

    def names(self, *keys: str) -> list[str]:
        """The names of the elements of a list."""
        return [name for row in self.rows(*keys) if (name := row.text("name")) is not None]

    def walk(self) -> Iterator[Node]:
        """The part itself and all that it holds."""
        yield self
        if isinstance(self.data, dict):
            for key in self.data:
                yield from self.child(key).walk()
        elif isinstance(self.data, list):
            for index in range(len(self.data)):
                yield from self.child(index).walk()

    def problem(self, allowed: str, mend: str, found: str | None = None) -> Problem:
        """A fault of this part; by default what was found is its value."""
        return Problem(self.path, shown(self.data) if found is None else found, allowed, mend)


def as_number(value: Any) -> float | None:
    """A finite number, unless it is something else; true is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) else None


def shown(value: Any) -> str:
    """A value as it would stand in a study file, cut where it is long."""
    if isinstance(value, dict):
        return f"a table with {', '.join(value) or 'nothing in it'}"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
