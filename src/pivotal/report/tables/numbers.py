"""The numbers of a table with many cells, found at once by their keys, and as texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pivotal.report.rounding import printed
from pivotal.report.tables.layout import Found

Where = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Values by their keys, in the order in which `of` was given them."""

    values: Mapping[Where, float | None]

    @classmethod
    def of(cls, found: Found, *names: str) -> Numbers:
        """The records of a table by some of their keys; a key of `groups` counts as one."""
        values = {tuple(_key(record, name) for name in names): record["value"] for record in found.records}
        return cls({where: None if value is None else float(value) for where, value in values.items()})

    def count(self, *where: str | None) -> str:
        """A whole number; nothing where there is none."""
        value = self.values.get(where)
        return "" if value is None else f"{value:.0f}"

    def number(self, *where: str | None, decimals: int) -> str:
        """A number with a fixed count of decimals; nothing where there is none."""
        value = self.values.get(where)
        return "" if value is None else printed(value, decimals)

    def described(self, decimals: int, *where: str | None) -> tuple[str, ...]:
        """Number, mean, standard deviation (with one decimal more), median, least and greatest."""
        places = {"mean": decimals, "sd": decimals + 1, "median": decimals, "min": decimals, "max": decimals}
        rest = (self.number(*where, name, decimals=digits) for name, digits in places.items())
        return (self.count(*where, "n"), *rest)

    def share(self, *where: str | None) -> str:
        """A count with its percentage: ``3 (4%)``; a count of nothing alone."""
        n, rate = self.values.get((*where, "n")), self.values.get((*where, "rate"))
        if n is None or rate is None or n == 0:
            return "" if n is None else f"{n:.0f}"
        return f"{n:.0f} ({printed(100 * rate, 0)}%)"

    @staticmethod
    def headed(found: Found, arm: str) -> str:
        """An arm with its number of patients."""
        size = found.value(arm=arm, statistic="N")
        return arm if size is None else f"{arm} (N={size:.0f})"


def _key(record: Mapping[str, Any], name: str) -> str | None:
    value = record[name] if name in record else record["groups"].get(name)
    return None if value is None else str(value)
