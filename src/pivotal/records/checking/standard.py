"""What SDTM and ADaM ask of the usual data sets, and controlled terms: two tables that come with the package."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pivotal.records.dataset import Dataset

_FOLDER = Path(__file__).parent
SUBJECT = "USUBJID"
_DOMAIN = re.compile(r"[A-Z][A-Z0-9]")


@dataclass(frozen=True, slots=True)
class Standard:
    """What is asked of one data set.

    Attributes
    ----------
    keys
        Variables that tell its rows apart; none where nothing general can be said.
    required
        Variables that it must have, filled in on every row.
    present
        Variables that it must have and that may be empty.
    one_of
        Groups of variables, of each of which it must have one.
    """

    keys: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """A list of controlled terms; one that is `extensible` may have terms of the sponsor's own."""

    name: str
    extensible: bool
    terms: tuple[str, ...]


def is_domain(data: Dataset) -> bool:
    """Whether a data set is a domain of SDTM: it is named by two characters, which its DOMAIN repeats."""
    return _DOMAIN.fullmatch(data.name) is not None and "DOMAIN" in data.frame.columns


def is_bds(data: Dataset) -> bool:
    """Whether a data set has ADaM's basic data structure."""
    return "PARAMCD" in data.frame.columns


def standard_of(data: Dataset) -> Standard | None:
    """What is asked of a data set; None where nothing is known of its kind."""
    tables = _domains()
    if data.name.startswith("SUPP") and "QNAM" in data.frame.columns:
        return _standard(tables["SUPP"])
    if data.name in tables:
        return _standard(tables[data.name])
    if is_domain(data):
        return Standard((SUBJECT, f"{data.name}SEQ"), ("STUDYID", "DOMAIN", SUBJECT, f"{data.name}SEQ"))
    return _standard(tables["BDS"]) if is_bds(data) else None


def terms_of(variable: str) -> Terms | None:
    """The controlled terms of a variable; None where it has none that are known."""
    named, patterns = _variables()
    name = named.get(variable) or next((v for pattern, v in patterns if pattern.fullmatch(variable)), None)
    return None if name is None else _lists()[name]


@cache
def limits() -> dict[str, dict[str, tuple[float, float]]]:
    """Values beyond which a vital sign is a slip of the pen, by test and unit."""
    found = _read("domains.toml")["limits"]
    return {test: {unit: (low, high) for unit, (low, high) in units.items()} for test, units in found.items()}


def _standard(table: dict[str, Any]) -> Standard:
    return Standard(
        tuple(table.get("keys", ())),
        tuple(table.get("required", ())),
        tuple(table.get("present", ())),
        tuple(tuple(group) for group in table.get("one_of", ())),
    )


@cache
def _domains() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = _read("domains.toml")["datasets"]
    return found


@cache
def _lists() -> dict[str, Terms]:
    lists = _read("terms.toml")["lists"]
    return {name: Terms(name, one["extensible"], tuple(one["terms"])) for name, one in lists.items()}


@cache
def _variables() -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    """Lists by variable, and by pattern: ``--DOSU`` is any domain's unit of dose."""
    given: dict[str, str] = _read("terms.toml")["variables"]
    plain = {name: terms for name, terms in given.items() if not name.startswith("--")}
    patterns = [(re.compile(f"[A-Z][A-Z0-9]{name[2:]}"), v) for name, v in given.items() if name.startswith("--")]
    return plain, patterns


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))
