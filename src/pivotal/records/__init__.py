"""Data at rest: one trial as ADaM-shaped data sets, written, read and checked."""

from pivotal.records.datasets import adeff, adsl
from pivotal.records.exporting import write_trial
from pivotal.records.files import sources
from pivotal.records.load import data_path, load_data
from pivotal.records.mapped import read_mapped, shipped
from pivotal.records.reading import read
from pivotal.records.sketch import sketch
from pivotal.records.writing import write

__all__ = [
    "adeff",
    "adsl",
    "data_path",
    "load_data",
    "read",
    "read_mapped",
    "shipped",
    "sketch",
    "sources",
    "write",
    "write_trial",
]
