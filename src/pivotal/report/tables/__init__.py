"""The tables that a study file names, laid out from their rows: a module a kind."""

from pivotal.report.tables import (
    adverse_events,
    change,
    characteristics,
    cumulative,
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
from pivotal.report.tables.layout import laid_out, tables_section

__all__ = [
    "adverse_events",
    "change",
    "characteristics",
    "cumulative",
    "flags",
    "incidence",
    "laid_out",
    "liver",
    "measurements",
    "model",
    "monitoring",
    "shifts",
    "signals",
    "survival",
    "tables_section",
    "tipping",
    "topics",
]
