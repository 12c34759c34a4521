"""The tables that a study file names, laid out from their rows: a module a kind."""

from pivotal.report.tables import change, characteristics, flags, model, survival
from pivotal.report.tables.layout import laid_out, tables_section

__all__ = ["change", "characteristics", "flags", "laid_out", "model", "survival", "tables_section"]
