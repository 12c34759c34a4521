"""The tables that a study file names, laid out from their rows: a module a kind."""

from pivotal.report.tables import flags, liver, measurements, shifts
from pivotal.report.tables.layout import laid_out, tables_section

__all__ = ["flags", "laid_out", "liver", "measurements", "shifts", "tables_section"]
