"""What all tables of a study file share when they are laid out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any

from markupsafe import Markup

from pivotal.report.bundle import Bundle
from pivotal.report.document import Block, Column, Drawing, Figure, Folded, Heading, Items, Prose, Section, Table
from pivotal.report.format import slug
from pivotal.study.event_tables import EventTable
from pivotal.study.laboratory_tables import Abnormalities, LiverInjury, Shift
from pivotal.study.measurement_tables import Exposure, Measurements, MeasurementsAtVisits
from pivotal.study.signal_tables import TwoArmEvents
from pivotal.study.tables import EndpointTable, TableHead

TOTAL = "Total"
FAMILIES = ("Patients", "Efficacy", "Exposure", "Adverse events", "Laboratory values and vital signs")
"""Parts of the section, in reading order."""
LISTED = 8
"""Tables and figures above which the section begins with a list of them."""
UNANCHORED = "Unanchored: no printed number exists to compare this table with."


@dataclass(frozen=True, slots=True)
class Found:
    """The records of one table, for looking up; `simulated` where they are of made-up patients."""

    records: tuple[Mapping[str, Any], ...]
    simulated: bool = False

    def one(self, **wanted: Any) -> Mapping[str, Any] | None:
        """The first record with the given keys; a key of `groups` counts as one."""
        return next((r for r in self.records if all(self._of(r, k) == v for k, v in wanted.items())), None)

    def value(self, **wanted: Any) -> float | None:
        """Its value; None where there is no such record or it holds no number."""
        record = self.one(**wanted)
        return None if record is None or record["value"] is None else float(record["value"])

    def groups(self, name: str) -> list[str]:
        """Values of a key of `groups`, in order."""
        return list(dict.fromkeys(r["groups"][name] for r in self.records if name in r["groups"]))

    def arms(self) -> list[str]:
        """Arms (and their total), in order."""
        return list(dict.fromkeys(r["arm"] for r in self.records if r["arm"] is not None))

    def by_day(self, arm: str, statistic: str) -> tuple[tuple[float, float], ...]:
        """A statistic of an arm by day, where it has a number."""
        mine = [r for r in self.records if (r["arm"], r["statistic"]) == (arm, statistic) and r["value"] is not None]
        return tuple((float(r["groups"]["day"]), float(r["value"])) for r in mine)

    @staticmethod
    def _of(record: Mapping[str, Any], name: str) -> Any:
        return record[name] if name in record else record["groups"].get(name)


@singledispatch
def laid_out(table: Any, found: Found) -> Block | list[Block]:
    """A table of the study file as the report shows it.

    Parameters
    ----------
    table
        A table of `pivotal.study.tables`.
    found
        Its records.

    Returns
    -------
    Block or list of Block
        A table, a figure where the kind is one, or both.
    """
    raise TypeError(f"no layout is made for {type(table).__name__}")


@singledispatch
def records_of(table: TableHead, bundle: Bundle) -> Iterable[Mapping[str, Any]]:
    """The records that a table is laid out from: its own by default."""
    return bundle.rows.where(table.id)


def caption(table: TableHead, what: str = "Table") -> str:
    """Number, title and population: ``Table 14-1.01. Summary of Populations (Safety)``."""
    return f"{what} {table.id}. {table.title}" + (f" ({table.population})" if table.population else "")


def drawings(name: str, draw: Callable[..., Drawing]) -> tuple[Drawing, Drawing]:
    """A figure drawn for wide pages and for narrow ones; `draw` takes `narrow` and `name`."""
    return draw(narrow=False, name=f"{name}-wide"), draw(narrow=True, name=f"{name}-narrow")


def notes(table: TableHead) -> tuple[str, ...]:
    """Its footnotes, and whether there is a printed number to compare it with."""
    return (*table.footnotes, UNANCHORED) if table.unanchored else table.footnotes


def headed(found: Found, first: str = "", **of_total: Any) -> tuple[Column, ...]:
    """A first column for what is counted, and one an arm with its N."""
    columns = [Column(first, wide=True)]
    for arm in found.arms():
        n = found.value(arm=arm, statistic="N", **of_total)
        columns.append(Column(arm if n is None else f"{arm} (N={n:.0f})", number=True))
    return tuple(columns)


def tables_section(bundle: Bundle) -> Section | None:
    """The section of the study file's tables; None where it names none."""
    if not bundle.study.tables:
        return None
    families: dict[str, list[Block]] = {name: [] for name in FAMILIES}
    not_made = bundle.provenance.get("tables_not_made") or {}
    for table in bundle.study.tables:
        if table.id in not_made:
            families[family_of(table)].append(
                Prose(f"{caption(table)}: not made, for {not_made[table.id]}.", style="empty")
            )
            continue
        found = Found(tuple(records_of(table, bundle)), bundle.simulated)
        if found.records:
            made = laid_out(table, found)
            for block in made if isinstance(made, list) else [made]:
                own = replace(block, numbered=False) if isinstance(block, Table | Figure) else block
                families[family_of(table)].append(own)
    filled = {name: blocks for name, blocks in families.items() if blocks}
    blocks = [_listed(filled)] if sum(map(len, filled.values())) > LISTED else []
    for name, inside in filled.items():
        if len(filled) > 1:
            blocks.append(Heading(f"tables-{slug(name)}", name))
        blocks += inside
    return Section("tables", "Tables and figures", blocks)


def family_of(table: TableHead) -> str:
    """The part of the section that a table stands in."""
    if isinstance(table, EndpointTable):
        return "Efficacy"
    if isinstance(table, EventTable | TwoArmEvents):
        return "Adverse events"
    if isinstance(table, Exposure):
        return "Exposure"
    measured = Measurements | MeasurementsAtVisits | Shift | Abnormalities | LiverInjury
    return "Laboratory values and vital signs" if isinstance(table, measured) else "Patients"


def _listed(families: dict[str, list[Block]]) -> Block:
    """A list of all tables and figures, each a link."""
    shown = [block for blocks in families.values() for block in blocks if isinstance(block, Table | Figure)]
    link = Markup('<a href="#{}">{}</a>')
    items = tuple((f"to-{block.id}", link.format(block.id, block.caption)) for block in shown)
    return Folded(f"List of the {len(shown)} tables and figures", (Items(items),))


__all__ = ["Found", "Table", "caption", "headed", "laid_out", "notes", "records_of", "tables_section"]
