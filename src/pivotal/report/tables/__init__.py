"""The tables that a study file names, laid out from their rows: a module a kind."""

from pivotal.report.tables import (
    adverse_events,
    change,
    characteristics,
    flags,
    incidence,
    model,
    signals,
    survival,
    topics,
)
from pivotal.report.tables.layout import laid_out, tables_section

__all__ = [
    "adverse_events",
    "change",
    "characteristics",
    "flags",
    "incidence",
    "laid_out",
    "model",
    "signals",
    "survival",
    "tables_section",
    "topics",
]
