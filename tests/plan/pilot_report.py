"""The pilot analysed from its published ADaM, and its tables as the report shows them."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from pilot import adam, adam_csv
from pivotal.api import analyse, load
from pivotal.report import Bundle
from pivotal.report.document import Line, Table
from pivotal.report.tables.layout import Found, laid_out, records_of

ARMS = ("Placebo", "Xanomeline Low Dose", "Xanomeline High Dose")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?|\.\d+")


def gather(folder: Path) -> Path:
    """A folder with links to the files of both ADaM folders: what a user has in one place."""
    for source in (*adam().iterdir(), *adam_csv().iterdir()):
        (folder / source.name).symlink_to(source)
    return folder


@lru_cache(maxsize=1)
def analysed(folder: Path) -> Bundle:
    """The whole path: data sets in, results out, for the report."""
    return Bundle(study=load("cdisc-pilot-01"), results=analyse("cdisc-pilot-01", gather(folder)), virtual=False)


def table(bundle: Bundle, name: str) -> Table:
    """A table as laid out."""
    wanted = next(each for each in bundle.study.tables if each.id == name)
    block = laid_out(wanted, Found(tuple(records_of(wanted, bundle))))
    assert isinstance(block, Table)
    return block


def packed(text: str) -> str:
    """Text without white space, in which the report's pages are irregular."""
    return re.sub(r"\s+", "", text)


def cells(line: Line) -> str:
    """A line's cells after its label, packed."""
    return packed("".join(str(cell) for cell in line.cells[1:]))


def count(text: str) -> int:
    """How many numbers stand in a text."""
    return len(NUMBER.findall(text))


def named(block: Table, label: str, nth: int = 0) -> list[str]:
    """The cells of the nth line of a label."""
    return [
        str(cell) for cell in [line for line in block.lines if line.cells and line.cells[0] == label][nth].cells[1:]
    ]
