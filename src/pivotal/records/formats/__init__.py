"""Files of data sets: what each format keeps, and how it is read and written (docs/formats.md)."""

from pivotal.records.formats.library import read_library, write_library
from pivotal.records.formats.one import read_dataset, write_dataset

__all__ = ["read_dataset", "read_library", "write_dataset", "write_library"]
