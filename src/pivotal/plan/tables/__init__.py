"""Tables of a report as rows: `rows_of` finds the function for a table's kind.

Counting is done for all arms, categories and, where a frame has a column `REPLICATE`, all replicates at once.
"""

from pivotal.plan.tables import (
    adverse_events,
    characteristics,
    cumulative,
    endpoint,
    exposure,
    flags,
    incidence,
    liver,
    measurements,
    model,
    monitoring,
    shifts,
    signals,
    survival,
    tipping,
    topics,
)
from pivotal.plan.tables.endpoint import endpoint_rows
from pivotal.plan.tables.table import not_made, rows_of, table_rows

__all__ = [
    "adverse_events",
    "characteristics",
    "cumulative",
    "endpoint",
    "endpoint_rows",
    "exposure",
    "flags",
    "incidence",
    "liver",
    "measurements",
    "model",
    "monitoring",
    "not_made",
    "rows_of",
    "shifts",
    "signals",
    "survival",
    "table_rows",
    "tipping",
    "topics",
]
