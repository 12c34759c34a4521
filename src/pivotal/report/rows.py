"""Looking up rows of results: by their keys, and gathered to comparisons and hypotheses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A row's number, or the reason why there is none."""

    value: float | None = None
    reason: str | None = None

    @property
    def missing(self) -> bool:
        """Whether there is no number."""
        return self.value is None


NOTHING = Found()

IN_TABLE = "table"
"""Role of a record that belongs to a table of its own."""

ALL_ARMS = "All arms"
"""What stands for the arm where all are analysed together; the comparator is then empty."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One analysis of one pair of arms: all its statistics."""

    analysis: str
    endpoint: str
    visit: str | None
    population: str | None
    arm: str
    comparator: str
    method: str
    role: str
    scale: str
    statistics: Mapping[str, Found]

    def __getitem__(self, statistic: str) -> Found:
        return self.statistics.get(statistic, NOTHING)

    @property
    def pair(self) -> tuple[str, str]:
        """The arm and its comparator."""
        return self.arm, self.comparator

    @property
    def reasons(self) -> list[str]:
        """Why a number is missing or unusual, each reason once."""
        return list(dict.fromkeys(found.reason for found in self.statistics.values() if found.reason))


class Rows:
    """The records of one trial's results.

    Parameters
    ----------
    records
        Mappings with the keys of `results.json`.
    """

    def __init__(self, records: Iterable[JSON]) -> None:
        self._by_analysis: dict[str, list[JSON]] = defaultdict(list)
        for record in records:
            self._by_analysis[record["analysis"]].append(record)

    def __bool__(self) -> bool:
        return bool(self._by_analysis)

    def where(self, analysis: str, **wanted: Any) -> list[JSON]:
        """Records of an analysis whose keys have the given values."""
        found = self._by_analysis.get(analysis, [])
        return [r for r in found if all((r.get(key) or None) == (value or None) for key, value in wanted.items())]

    def get(self, analysis: str, **wanted: Any) -> Found:
        """The first record's number; `NOTHING` where there is no such record."""
        for record in self.where(analysis, **wanted):
            return found(record)
        return NOTHING

    def comparisons(self, **wanted: Any) -> list[Comparison]:
        """Analyses of endpoints in pairs of arms, in the order of the rows, whose attributes have the given values."""
        gathered: dict[tuple[Any, ...], list[JSON]] = {}
        for analysis, records in self._by_analysis.items():
            if analysis not in {"testing", "published"}:
                for record in (r for r in records if r.get("endpoint") and _compares(r)):
                    gathered.setdefault(_key(record), []).append(record)
        made = (_comparison(records) for records in gathered.values())
        return [c for c in made if all(getattr(c, name) == value for name, value in wanted.items())]

    def hypothesis(self, name: str) -> dict[str, Found]:
        """p-value, adjusted p-value and decision of a hypothesis of the testing strategy."""
        return {r["statistic"]: found(r) for r in self.where("testing", groups={"hypothesis": name})}

    def simultaneous(self, name: str) -> tuple[Found, Found, str] | None:
        """A hypothesis's simultaneous limits and their scale; None where the strategy gives none."""
        at = {r["statistic"]: r for r in self.where("testing", groups={"hypothesis": name})}
        if "ci_low" not in at or "ci_high" not in at:
            return None
        return found(at["ci_low"]), found(at["ci_high"]), at["ci_low"].get("scale") or ""


def found(record: JSON) -> Found:
    """A record's number and reason."""
    value = record.get("value")
    return Found(None if value is None else float(value), record.get("reason") or None)


def _compares(record: JSON) -> bool:
    """Whether a record is of a pair of arms, or of all arms together (a dose response), as an analysis of its own."""
    role = (record.get("groups") or {}).get("role")
    return role != IN_TABLE and bool(record.get("comparator") or role)


def _key(record: JSON) -> tuple[Any, ...]:
    names = ("analysis", "endpoint", "visit", "population", "arm", "comparator", "method")
    return (*(record.get(name) for name in names), tuple(sorted((record.get("groups") or {}).items())))


@dataclass
class _Gathered:
    statistics: dict[str, Found] = field(default_factory=dict)
    scale: str = ""


def _comparison(records: list[JSON]) -> Comparison:
    gathered = _Gathered()
    for record in records:
        gathered.statistics[record["statistic"]] = found(record)
        if record["statistic"] == "estimate":
            gathered.scale = record.get("scale") or ""
    first = records[0]
    return Comparison(
        analysis=first["analysis"],
        endpoint=first.get("endpoint") or "",
        visit=first.get("visit"),
        population=first.get("population"),
        arm=first["arm"] or ALL_ARMS,
        comparator=first["comparator"] or "",
        method=first.get("method") or "",
        role=(first.get("groups") or {}).get("role", "main"),
        scale=gathered.scale or _any_scale(records),
        statistics=gathered.statistics,
    )


def _any_scale(records: list[JSON]) -> str:
    return next((r["scale"] for r in records if r.get("scale")), "")
