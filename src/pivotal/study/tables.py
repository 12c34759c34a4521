"""Tables of a report: what is counted or summarised, of which data set, in whom.

A table names what it shows; `plan/tables/` computes its rows and `report/tables/` lays them out. `where` is an SQL
expression, as in recipes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pivotal.study.base import Name
from pivotal.study.laboratory_tables import Abnormalities, LiverInjury, Shift
from pivotal.study.measurement_tables import Exposure, MeasurementsAtVisits, MeasurementsByVisit
from pivotal.study.table_base import TableBase

__all__ = ["Flags", "Table", "TableBase"]


class Flags(TableBase):
    """How many patients have each of some flags: the analysis sets, who completed."""

    kind: Literal["flags"]
    flags: dict[Name, Name] = Field(min_length=1, description="column with Y or N: words of its row")


Table = Annotated[
    Flags | MeasurementsByVisit | MeasurementsAtVisits | Exposure | Shift | Abnormalities | LiverInjury,
    Field(discriminator="kind"),
]
