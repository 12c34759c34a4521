"""Writing a SAS transport file: all of a data set, or every reason why it does not fit."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.errors import Findings
from pivotal.files import whole_file
from pivotal.records.dataset import Column, Dataset
from pivotal.records.formats import sas
from pivotal.records.formats.xpt.ibm import encoded
from pivotal.records.formats.xpt.layout import (
    DESCRIPTION,
    LABELS,
    NUMBER,
    RECORD,
    SHORT_LABEL,
    TEXT,
    V5,
    VERSIONS,
    Version,
    header,
    padded,
)
from pivotal.records.formats.xpt.limits import Fitting

SYSTEM = b"SASLIB  9.4     PIVOTAL "
"""Where a file of SAS says which version wrote it, on which system."""

ROWS = 100_000
"""Rows made into bytes at a time."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """A variable as it is written."""

    name: bytes
    label: bytes
    numeric: bool
    length: int
    format: sas.Format
    informat: sas.Format
    position: int


def write_xpt(
    data: Dataset, path: Path, findings: Findings, *, version: int = 5, encoding: str = "utf-8",
    created: datetime | None = None,
) -> None:  # fmt: skip
    """Write a data set as a transport file, if all of it fits.

    Parameters
    ----------
    data
        The data set, its columns plain.
    path
        Where to.
    findings
        Where it is noted what does not fit; the file is then not written.
    version
        5 or 8.
    encoding
        Of text.
    created
        The time that the file bears; None for now.
    """
    kind = VERSIONS[version]
    Fitting(data, kind, encoding, findings).check()
    if findings:
        return
    variables = _variables(data, kind, encoding)
    with whole_file(path) as temporary, temporary.open("wb") as stream:
        stream.writelines(_headers(data, variables, kind, encoding, created or datetime.now()))
        size = 0
        for block in _rows(data, variables, encoding):
            stream.write(block)
            size += len(block)
        stream.write(b" " * (padded(size) - size))


def _variables(data: Dataset, version: Version, encoding: str) -> list[_Stored]:
    stored, position = [], 0
    for column in data.columns:
        values = data.frame[column.name]
        numeric = values.dtype != pl.String
        form = column.format or sas.USUAL.get(column.type if numeric else "", "")
        made = _Stored(
            name=column.name.encode(),
            label=column.label.encode(encoding),
            numeric=numeric,
            length=_length(values, column, version, encoding),
            format=_format(form),
            informat=_format(column.more.get("informat")),
            position=position,
        )
        stored.append(made)
        position += made.length
    return stored


def _format(text: str | None) -> sas.Format:
    return (sas.parsed(text) if text else None) or sas.Format("")


def _length(values: pl.Series, column: Column, version: Version, encoding: str) -> int:
    """The length as stated, or longer where a value needs it; numbers in fewer than 8 bytes only where they fit."""
    if values.dtype == pl.String:
        sizes = values.str.len_bytes() if encoding == "utf-8" else values.str.len_chars()
        needed = int(sizes.max() or 1)  # type: ignore[arg-type]
        return max(needed, min(column.length or 1, version.text))
    stated = column.length or 8
    if not 3 <= stated < 8:
        return 8
    kept = np.uint64(0xFFFFFFFFFFFFFFFF) << np.uint64(8 * (8 - stated))
    raw = encoded(_numbers(values))
    return stated if bool((raw & kept == raw).all()) else 8


def _numbers(values: pl.Series) -> NDArray[np.float64]:
    numbers = sas.numbers(values) if values.dtype.is_temporal() else values.cast(pl.Float64)
    return numbers.fill_null(np.nan).to_numpy()


def _headers(
    data: Dataset, variables: list[_Stored], version: Version, encoding: str, created: datetime
) -> Iterator[bytes]:
    moment = created.strftime("%d%b%y:%H:%M:%S").upper().encode()
    yield header(version.library)
    yield (b"SAS     SAS     " + SYSTEM).ljust(64) + moment
    yield moment.ljust(RECORD)
    yield header(version.member, b"0" * 17 + b"16" + b"0" * 8 + b"140")
    yield header(version.descriptor)
    first = b"SAS     " + data.name.encode().ljust(version.name) + b"SASDATA " + SYSTEM[8:]
    yield first.ljust(64) + moment
    yield moment + b" " * 16 + data.label.encode(encoding).ljust(48)
    yield header(version.variables, str(len(variables)).encode().rjust(10, b"0").ljust(30, b"0"))
    described = b"".join(_description(n, v, version) for n, v in enumerate(variables, 1))
    yield described.ljust(padded(len(described)))
    if version is not V5:
        yield from _long_labels(variables)
    count = str(data.frame.height).encode().rjust(15).ljust(30) if version is not V5 else b"0" * 30
    yield header(version.rows, count)


def _description(number: int, variable: _Stored, version: Version) -> bytes:
    form, informat = variable.format, variable.informat
    raw = struct.pack(
        ">hhhh8s40s8shhh2s8shhl",
        NUMBER if variable.numeric else TEXT,
        0,
        variable.length,
        number,
        variable.name[:8].ljust(8),
        variable.label[:SHORT_LABEL].ljust(SHORT_LABEL),
        form.name.encode()[:8].ljust(8),
        form.width,
        form.decimals,
        0,
        b"\0\0",
        informat.name.encode()[:8].ljust(8),
        informat.width,
        informat.decimals,
        variable.position,
    )
    if version is not V5:
        raw += struct.pack(">32sh", variable.name.ljust(32), len(variable.label))
    return raw.ljust(DESCRIPTION, b"\0")


def _long_labels(variables: list[_Stored]) -> Iterator[bytes]:
    """The records that hold what the descriptions have no room for: labels over 40 bytes, formats over 8."""
    long = [
        (n, v)
        for n, v in enumerate(variables, 1)
        if len(v.label) > SHORT_LABEL or len(v.format.name) > 8 or len(v.informat.name) > 8
    ]
    if not long:
        return
    yield header(LABELS[1], str(len(long)).encode().ljust(30))
    body = b""
    for number, variable in long:
        form, informat = (str(f).encode() if f != sas.Format("") else b"" for f in (variable.format, variable.informat))
        parts = (variable.name, variable.label, form, informat)
        body += struct.pack(">5h", number, *map(len, parts)) + b"".join(parts)
    yield body.ljust(padded(len(body)))


def _rows(data: Dataset, variables: list[_Stored], encoding: str) -> Iterator[bytes]:
    kind = np.dtype([(str(n), f"V{v.length}") for n, v in enumerate(variables)])
    for start in range(0, data.frame.height, ROWS):
        frame = data.frame.slice(start, ROWS)
        block = np.empty(frame.height, dtype=kind)
        for n, variable in enumerate(variables):
            values = frame.to_series(n)
            if variable.numeric:
                raw = encoded(_numbers(values))
                why = data.special.get(values.name)
                if why is not None:
                    raw = _with_letters(raw, values, why.slice(start, ROWS))
                flat = raw.astype(">u8").view(np.uint8).reshape(-1, 8)[:, : variable.length]
            else:
                flat = _padded_texts(values, variable.length, encoding)
            block[str(n)] = np.ascontiguousarray(flat).reshape(-1).view(f"V{variable.length}")
        yield block.tobytes()


def _with_letters(raw: NDArray[np.uint64], values: pl.Series, why: pl.Series) -> NDArray[np.uint64]:
    codes = np.array([ord(letter) if letter else 0 for letter in why.to_list()], dtype=np.uint64)
    return np.where(values.is_null().to_numpy() & (codes > 0), codes << np.uint64(56), raw)


def _padded_texts(values: pl.Series, length: int, encoding: str) -> NDArray[np.uint8]:
    blank = b" " * length
    texts = values.to_list()
    joined = b"".join(blank if text is None else text.encode(encoding).ljust(length) for text in texts)
    return np.frombuffer(joined, dtype=np.uint8).reshape(-1, length)
