"""SAS transport files (XPT), version 5 and 8, as SAS publishes their records."""

from pivotal.records.formats.xpt.reading import read_xpt
from pivotal.records.formats.xpt.writing import write_xpt

__all__ = ["read_xpt", "write_xpt"]
