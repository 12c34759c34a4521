"""The tables that a study file names, laid out from their rows: a module a kind."""

from pivotal.report.tables import adverse_events, flags, incidence, topics
from pivotal.report.tables.layout import laid_out, tables_section

__all__ = ["adverse_events", "flags", "incidence", "laid_out", "tables_section", "topics"]
