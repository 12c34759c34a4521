"""The tables that a study file names, laid out from their rows: a module a kind."""

from pivotal.report.tables import change, characteristics, flags, model, signals, survival
from pivotal.report.tables.layout import laid_out, tables_section

__all__ = ["change", "characteristics", "flags", "laid_out", "model", "signals", "survival", "tables_section"]
