"""Tables of a report: what is counted or summarised, of which data set, in whom.

A table names what it shows; `plan/tables/` computes its rows and `report/tables/` lays them out. `where` is an SQL
expression, as in recipes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pivotal.study.base import Name
from pivotal.study.characteristics_tables import Characteristics
from pivotal.study.endpoint_tables import Change, ChangeOverTime, Model, SurvivalCurves, SurvivalTimes
from pivotal.study.event_tables import AdverseEvents, Incidence, SafetyTopics
from pivotal.study.incidence_tables import CumulativeIncidence
from pivotal.study.laboratory_tables import Abnormalities, LiverInjury, Shift
from pivotal.study.measurement_tables import Exposure, MeasurementsAtVisits, MeasurementsByVisit
from pivotal.study.monitoring_tables import Monitoring
from pivotal.study.sensitivity_tables import TippingPoint
from pivotal.study.signal_tables import EventDotPlot, SignalScreen
from pivotal.study.table_base import EndpointTable, TableBase, TableHead

__all__ = ["EndpointTable", "Flags", "Table", "TableBase", "TableHead"]


class Flags(TableBase):
    """How many patients have each of some flags: the analysis sets, who completed."""

    kind: Literal["flags"]
    flags: dict[Name, Name] = Field(
        min_length=1, description="column with Y or N, or a condition in SQL: words of its row"
    )


Table = Annotated[
    Flags
    | Characteristics
    | Change
    | ChangeOverTime
    | Model
    | SurvivalCurves
    | SurvivalTimes
    | AdverseEvents
    | Incidence
    | SafetyTopics
    | MeasurementsByVisit
    | MeasurementsAtVisits
    | Exposure
    | Shift
    | Abnormalities
    | LiverInjury
    | CumulativeIncidence
    | Monitoring
    | SignalScreen
    | EventDotPlot
    | TippingPoint,
    Field(discriminator="kind"),
]
