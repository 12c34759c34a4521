"""A case: what another program was given, the call, and what it answered."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.errors import DataError, Fault

MISSING = {"", "NA", "NaN", "."}


@dataclass(frozen=True)
class Table:
    """A CSV file's columns by name: numbers where every value is one or missing (NaN), else text.

    Attributes
    ----------
    columns
        Arrays of one length: float64, or str ("" where missing).
    """

    columns: dict[str, NDArray[Any]]

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values()), ()))

    def levels(self, name: str) -> list[str]:
        """A column's levels as R's `factor` orders them: numbers by size, text by the alphabet."""
        values = self.columns[name]
        if values.dtype.kind == "f":
            return [f"{value:.15g}" for value in np.unique(values[~np.isnan(values)])]
        return sorted({str(value) for value in values if value}, key=lambda text: (text.casefold(), text.swapcase()))

    def codes(self, name: str) -> NDArray[np.int64]:
        """A column as positions among its `levels`; -1 where missing."""
        order = {level: code for code, level in enumerate(self.levels(name))}
        values = self.columns[name]
        texts = [f"{v:.15g}" for v in values] if values.dtype.kind == "f" else [str(v) for v in values]
        return np.array([order.get(text, -1) for text in texts], dtype=np.int64)

    def keep(self, rows: NDArray[np.bool_]) -> Table:
        """The rows chosen."""
        return Table({name: values[rows] for name, values in self.columns.items()})


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes
    ----------
    id, area
        Its name, unique in its area, and the file's area.
    package, version, call
        What made it.
    input, result
        As the file has them.
    note
        What to know about it.
    folder
        Where its CSV files lie.
    """

    id: str
    area: str
    package: str
    version: str
    call: str
    input: dict[str, Any]
    result: dict[str, Any]
    note: str = ""
    folder: Path = field(default=Path(), repr=False)

    @property
    def kind(self) -> str:
        """The last part of the id."""
        return self.id.rsplit("/", 1)[-1]

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The id's parts."""
        return tuple(self.id.split("/"))

    def table(self, key: str = "csv") -> Table:
        """The CSV file that `input[key]` names, relative to the case's folder."""
        return read_table(self.folder / self.input[key])


def read_table(path: Path) -> Table:
    """Read a CSV file, numbers as float64."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    head, body = rows[0], [row for row in rows[1:] if row]
    return Table({name: _column([row[i] for row in body]) for i, name in enumerate(head)})


def _column(texts: list[str]) -> NDArray[Any]:
    try:
        return np.array([np.nan if text in MISSING else float(text) for text in texts], dtype=np.float64)
    except ValueError:
        return np.array(["" if text in MISSING else text for text in texts], dtype=np.str_)


def read_cases(folder: Path) -> list[Case]:
    """Read every case of a folder: its files `AREA.json`, each ``{area, cases: [{id, call, input, result, ...}]}``.

    Raises
    ------
    DataError
        Every file that is no such file, and every case that lacks a key.
    """
    cases: list[Case] = []
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            given = content["cases"]
        except (ValueError, KeyError, TypeError) as error:
            found = f"no file of cases ({error})"
            faults.append(Fault(path.name, found, "a file of cases holds {area, cases: [...]}", "Mend it or move it."))
            continue
        if not isinstance(given, list):
            allowed = "a file of cases holds {area, cases: [...]}"
            faults.append(Fault(f"{path.name}: cases", "no list", allowed, "Put the cases in a list."))
            continue
        for position, one in enumerate(given):
            fault = _fault(one, f"{path.name}: cases[{position}]")
            if fault:
                faults.append(fault)
                continue
            cases.append(_case(one, content.get("area", path.stem), folder))
    if faults:
        raise DataError(faults)
    return cases


KEYS = {"id": str, "call": str, "input": dict, "result": dict}


def _fault(one: Any, where: str) -> Fault | None:
    if not isinstance(one, dict):
        allowed = "a case is an object with id, call, input and result"
        return Fault(where, f"no object but {str(one)[:40]!r}", allowed, "Mend it or take it out.")
    missing = [key for key in KEYS if key not in one]
    if missing:
        allowed = "a case has an id, a call, an input and a result"
        return Fault(where, f"without {', '.join(missing)}", allowed, "Add what lacks.")
    wrong = [key for key, kind in KEYS.items() if not isinstance(one[key], kind)]
    if wrong:
        allowed = "id and call are text, input and result are objects"
        return Fault(f"{where}.{wrong[0]}", f"{str(one[wrong[0]])[:40]!r}", allowed, "Mend it.")
    return None


def _case(one: dict[str, Any], area: str, folder: Path) -> Case:
    return Case(
        id=one["id"],
        area=area,
        package=_words(one.get("package")),
        version=_words(one.get("version")),
        call=one["call"],
        input=one["input"],
        result=one["result"],
        note=one.get("note") or "",
        folder=folder,
    )


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
