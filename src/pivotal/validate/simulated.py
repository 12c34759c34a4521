"""Methods for which no other program's number is at hand, and how each was checked instead."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LIST = Path(__file__).with_name("simulated.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One method.

    Attributes
    ----------
    family, method
        What it is.
    how
        How it was checked.
    tests
        The test files that do so, from the root of the source.
    """

    family: str
    method: str
    how: str
    tests: tuple[str, ...]


@cache
def checked_otherwise() -> tuple[Checked, ...]:
    """Read the list, `simulated.toml`."""
    content = tomllib.loads(LIST.read_text(encoding="utf-8"))
    return tuple(
        Checked(family=one["family"], method=one["method"], how=one["how"], tests=tuple(one["tests"]))
        for one in content["method"]
    )
