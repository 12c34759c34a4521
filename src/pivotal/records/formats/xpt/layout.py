"""The records of a transport file: what each version allows, and how its headers are laid out.

Sources: SAS technical support note TS-140, "The record layout of a data set in SAS transport (XPORT) format" (version
5), and SAS's "Record layout of a SAS version 8 or 9 data set in SAS transport (XPORT) format".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

RECORD = 80
"""Bytes of a record; every part of the file is padded with blanks to a multiple of it."""

DESCRIPTION = 140
"""Bytes that describe a variable (136 on VAX/VMS)."""

NUMBER, TEXT = 1, 2
"""Types of a variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What a version of the format allows, in bytes, and what its header records are called."""

    number: int
    name: int
    label: int
    dataset_label: int
    text: int
    format: int
    library: bytes
    member: bytes
    descriptor: bytes
    variables: bytes
    rows: bytes


V5 = Version(
    number=5,
    name=8,
    label=40,
    dataset_label=40,
    text=200,
    format=8,
    library=b"LIBRARY ",
    member=b"MEMBER  ",
    descriptor=b"DSCRPTR ",
    variables=b"NAMESTR ",
    rows=b"OBS     ",
)
V8 = Version(
    number=8,
    name=32,
    label=256,
    dataset_label=40,
    text=32_767,
    format=32,
    library=b"LIBV8   ",
    member=b"MEMBV8  ",
    descriptor=b"DSCPTV8 ",
    variables=b"NAMSTV8 ",
    rows=b"OBSV8   ",
)
VERSIONS = {5: V5, 8: V8}

LABELS = (b"LABELV8 ", b"LABELV9 ")
"""Headers of the long labels of version 8; the second kind has formats and informats too."""

SHORT_LABEL = 40
"""Bytes of a label that the description of a variable holds itself, in either version."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What SAS allows as a name of a variable or a data set."""


def header(kind: bytes, rest: bytes = b"0" * 30) -> bytes:
    """A header record."""
    return (b"HEADER RECORD*******" + kind + b"HEADER RECORD!!!!!!!" + rest).ljust(RECORD)


def is_header(record: bytes, kind: bytes) -> bool:
    """Whether a record is the header of this kind."""
    return record[:48] == b"HEADER RECORD*******" + kind + b"HEADER RECORD!!!!!!!"


def padded(size: int) -> int:
    """Bytes that a part takes in the file."""
    return -(-size // RECORD) * RECORD
