"""Files of data sets: what each format keeps, and how it is read and written."""

from pivotal.records.formats.library import read_library

__all__ = ["read_library"]
