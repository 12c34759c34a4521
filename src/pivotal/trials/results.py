"""Results: a tidy table, one row a statistic; for a batch a row's value is an array over replicates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a row is about: everything but the number (the shape of CDISC's Analysis Results Standard).

    `groups` are further keys as pairs: ``(("reason", "lost to follow-up"),)``.
    """

    analysis: str
    statistic: str
    endpoint: str | None = None
    parameter: str | None = None
    visit: str | None = None
    period: str | None = None
    population: str | None = None
    arm: str | None = None
    comparator: str | None = None
    groups: tuple[tuple[str, str], ...] = ()
    method: str | None = None
    scale: str | None = None
    dataset: str | None = None
    where: str | None = None

    @property
    def id(self) -> str:
        """A stable name of the row, so that a table, a footnote or a trace can point to it."""
        parts = [self.analysis, self.endpoint or self.parameter, self.visit, self.population, self.arm, self.comparator]
        parts += [value for _, value in self.groups]
        parts += [self.period, self.scale] if self.endpoint is None else []
        return "/".join([*(_slug(part) for part in [*parts, self.method] if part), self.statistic])


@dataclass(frozen=True, slots=True)
class Row:
    """A statistic over replicates: `value` (replicate,), and `reason` where there is no ordinary number."""

    key: Key
    value: NDArray[np.float64]
    reason: tuple[str, ...] | None = None
    """The reason of each replicate, "" where the value is ordinary; None where all are."""


@dataclass(frozen=True, slots=True)
class Results:
    """The rows of an analysis, in the order in which a reader meets them."""

    study: str
    rows: tuple[Row, ...] = field(default_factory=tuple)
    virtual: bool = True

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def find(self, **wanted: Any) -> list[Row]:
        """Rows whose keys have the given values: ``results.find(endpoint="IGA-TS", statistic="p")``."""
        return [row for row in self.rows if all(getattr(row.key, name) == value for name, value in wanted.items())]

    def one(self, **wanted: Any) -> Row:
        """The only row with the given keys; LookupError otherwise."""
        found = self.find(**wanted)
        if len(found) != 1:
            raise LookupError(f"{len(found)} rows have {wanted}")
        return found[0]

    def records(self, replicate: int = 0) -> list[JSON]:
        """One trial's rows as plain dictionaries, as `results.json` holds them."""
        return [_record(row, replicate) for row in self.rows]

    @classmethod
    def from_records(cls, study: str, records: Iterable[Mapping[str, Any]], *, virtual: bool = True) -> Results:
        """The inverse of `records`: rows of one trial."""
        return cls(study, tuple(_row(record) for record in records), virtual)


_FLAGS = frozenset({"rejected", "converged"})


def _record(row: Row, replicate: int) -> JSON:
    value = float(row.value[replicate])
    reason = row.reason[replicate] if row.reason is not None else ""
    shown: float | bool | int | None = value
    if not math.isfinite(value):
        shown = None
        reason = reason or ("unbounded" if math.isinf(value) else "not available")
    elif row.key.statistic in _FLAGS:
        shown = bool(value)
    elif value.is_integer() and row.key.statistic in {"n", "N"}:
        shown = int(value)
    key = asdict(row.key)
    key["groups"] = dict(row.key.groups)
    return {"id": row.key.id, **key, "value": shown, "reason": reason or None}


def _row(record: Mapping[str, Any]) -> Row:
    names = Key.__dataclass_fields__
    given: dict[str, Any] = {k: v for k, v in record.items() if k in names}
    key = Key(**given | {"groups": tuple(record["groups"].items())})
    value = math.nan if record["value"] is None else float(record["value"])
    return Row(key, np.array([value]), (record["reason"],) if record.get("reason") else None)


def _slug(part: str) -> str:
    return part.strip().lower().replace("%", "").replace(" ", "-")
