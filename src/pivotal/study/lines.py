"""Where each key of a TOML file stands: `tomllib` gives values and no lines.

The scanner walks text that `tomllib` has already accepted, so that it need only find its way, not judge.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping

Path = tuple[str | int, ...]
Lines = Mapping[Path, int]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_SCALAR = re.compile(r"[^,\]}\n#]+")
_STRINGS = (
    re.compile(r'"""(?:\\.|[^\\])*?"""(?:"{0,2})(?!")', re.DOTALL),
    re.compile(r"'''.*?'''(?:'{0,2})(?!')", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\\n])*"'),
    re.compile(r"'[^'\n]*'"),
)


def locate(text: str) -> dict[Path, int]:
    """The line, from 1, of every key and every array element of a TOML text.

    Examples
    --------
    >>> locate("[[arms]] # one" + chr(10) + "[[arms]] # two")[("arms", 1)]
    2
    """
    return _Scanner(text).scan()


def line_of(lines: Lines, path: Path) -> int | None:
    """The line of a path, or of the nearest part of it that stands in the file."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


def spell(path: Path) -> str:
    """A path as it is spoken of: ``arms[1].ratio``."""
    spelt = ""
    for part in path:
        if isinstance(part, int):
            spelt += f"[{part}]"
        else:
            spelt += ("." if spelt else "") + (part if _BARE.fullmatch(part) else json.dumps(part, ensure_ascii=False))
    return spelt


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.breaks = [i for i, character in enumerate(text) if character == "\n"]
        self.lines: dict[Path, int] = {}
        self.last: dict[Path, int] = {}

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip(_BLANK)
        return self.lines

    def header(self) -> Path:
        """``[table]`` or ``[[array]]``: the path that the keys after it belong to."""
        line = self.line()
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        keys = self.keys()
        self.at += 2 if many else 1
        path: Path = ()
        for key in keys[:-1]:
            path = self.within((*path, key), line)
        path = (*path, keys[-1])
        self.lines.setdefault(path, line)
        if many:
            self.last[path] = self.last.get(path, -1) + 1
            path = (*path, self.last[path])
            self.lines[path] = line
        return path

    def within(self, path: Path, line: int) -> Path:
        """A table's path; of an array of tables, its last element's."""
        self.lines.setdefault(path, line)
        return (*path, self.last[path]) if path in self.last else path

    def pair(self, table: Path) -> None:
        line = self.line()
        path = table
        for key in self.keys():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self.at += 1  # the equals sign
        self.skip(_SPACE)
        self.value(path)

    def keys(self) -> list[str]:
        """The parts of a dotted key."""
        found: list[str] = []
        while True:
            self.skip(_SPACE)
            found.append(self.key())
            self.skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return found
            self.at += 1

    def key(self) -> str:
        quoted = self.string()
        if quoted is None:
            bare = _BARE.match(self.text, self.at)
            assert bare is not None
            self.at = bare.end()
            return bare.group()
        return quoted[1:-1] if quoted[0] == "'" else _unescaped(quoted)

    def string(self) -> str | None:
        for pattern in _STRINGS:
            found = pattern.match(self.text, self.at)
            if found is not None:
                self.at = found.end()
                return found.group()
        return None

    def value(self, path: Path) -> None:
        opening = self.text[self.at]
        if opening == "[":
            self.array(path)
        elif opening == "{":
            self.inline(path)
        elif self.string() is None:
            self.skip(_SCALAR)

    def array(self, path: Path) -> None:
        self.at += 1
        self.skip(_BLANK)
        index = 0
        while self.text[self.at] != "]":
            self.lines[(*path, index)] = self.line()
            self.value((*path, index))
            index += 1
            self.comma()
        self.at += 1

    def inline(self, path: Path) -> None:
        self.at += 1
        self.skip(_BLANK)
        while self.text[self.at] != "}":
            self.pair(path)
            self.comma()
        self.at += 1

    def comma(self) -> None:
        self.skip(_BLANK)
        if self.text[self.at] == ",":
            self.at += 1
            self.skip(_BLANK)

    def skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()

    def line(self) -> int:
        return bisect_right(self.breaks, self.at - 1) + 1


def _unescaped(quoted: str) -> str:
    """A quoted key's text; TOML's long escapes are made JSON's."""
    text = re.sub(r"\\U([0-9A-Fa-f]{8})", lambda m: chr(int(m.group(1), 16)), quoted)
    return str(json.loads(text.replace("\\e", "\\u001b")))
