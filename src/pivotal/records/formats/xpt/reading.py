"""Reading a SAS transport file: every data set in it, or every fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pivotal.errors import Fault, Findings
from pivotal.records.dataset import Column, Dataset
from pivotal.records.formats.decoding import ALLOWED, UTF_8, WINDOWS, detected, right, shown
from pivotal.records.formats.sas import parsed
from pivotal.records.formats.source import Source
from pivotal.records.formats.xpt.ibm import PLAIN, decoded
from pivotal.records.formats.xpt.layout import RECORD
from pivotal.records.formats.xpt.members import AGAIN, Member, Variable, members
from pivotal.records.formats.xpt.moments import moments

Rows = NDArray[np.void]


def read_xpt(source: Source, findings: Findings, *, encoding: str | None = None) -> list[Dataset]:
    """The data sets of a transport file of version 5 or 8.

    Parameters
    ----------
    source
        The file.
    findings
        Where every fault is noted: what is cut off or broken, bytes that are no text, numbers that are no dates.
    encoding
        Of its text; None for the one that all text agrees on.

    Returns
    -------
    list of Dataset
        Most files have one; of a data set with faults nothing is to be used.
    """
    data = source.data()
    read = []
    for member in members(data, source, findings):  # type: ignore[arg-type]  # a mapped file reads as bytes do
        rows = _rows(data, member, source, findings)
        if rows is not None:
            read.append(_dataset(rows, member, source, findings, encoding))
    return read


def _rows(data: object, member: Member, source: Source, findings: Findings) -> Rows | None:
    """The rows as a structured array; None where their bytes do not add up."""
    size, width = member.end - member.start, member.width
    if width == 0:
        return np.zeros(0, dtype=[])
    count = size // width
    raw = np.frombuffer(data, dtype=np.uint8, count=size, offset=member.start)  # type: ignore[call-overload]
    if member.rows is not None and member.rows <= count:
        count = member.rows
    elif member.rows is not None:
        found = f"cut off: it has {count:,} whole rows, and its header says {member.rows:,}"
        findings.add(f"{source.name} file", Fault(source.name, found, "all rows are there", AGAIN))
        return None
    rest = raw[count * width :]
    if len(rest) >= RECORD or (rest != ord(" ")).any():
        found = f"cut off within row {count + 1:,}, or broken: {len(rest):,} bytes follow the last whole row"
        allowed = f"after the last row come blanks, fewer than {RECORD} of them"
        findings.add(f"{source.name} file", Fault(source.name, found, allowed, AGAIN))
        return None
    if member.rows is None:
        count = _without_padding(raw, count, width)
    kind = {
        "names": [str(n) for n in range(len(member.variables))],
        "formats": ["V" + str(v.length) for v in member.variables],
        "offsets": [v.position for v in member.variables],
        "itemsize": width,
    }
    rows: Rows = raw[: count * width].view(np.dtype(kind))  # type: ignore[call-overload]
    return rows


def _without_padding(raw: NDArray[np.uint8], count: int, width: int) -> int:
    """The number of rows less those that are but the blanks of the last record."""
    while count and (count - 1) * width > len(raw) - RECORD and (raw[(count - 1) * width : count * width] == 32).all():
        count -= 1
    return count


@dataclass(frozen=True, slots=True)
class _Text:
    """A text variable: its values without trailing blanks, and whether any is more than plain ASCII."""

    values: list[bytes]
    ascii: bool


def _dataset(rows: Rows, member: Member, source: Source, findings: Findings, stated: str | None) -> Dataset:
    texts = {v.name: _text(rows[str(n)], v.length) for n, v in enumerate(member.variables) if not v.numeric}
    encoding = stated or detected(_beyond_ascii(member, texts))
    series: list[pl.Series] = []
    special: dict[str, pl.Series] = {}
    columns: list[Column] = []
    for n, variable in enumerate(member.variables):
        name = _word(variable.name, encoding, f"{source.name}: name of variable {n + 1}", source, findings)
        where = f"{source.name}: {name}"
        form = variable.format.decode("latin-1")
        if variable.numeric:
            values, why = _numbers(rows[str(n)], variable, name, source, findings)
            if why is not None:
                special[name] = why
            values = moments(values, parsed(form), source, findings)
        else:
            values = _strings(name, texts[variable.name], encoding, source, findings)
        kinds = {pl.String: "text", pl.Date: "date", pl.Datetime: "datetime", pl.Time: "time"}
        informat = variable.informat.decode("latin-1")
        columns.append(
            Column(
                name=name,
                label=_word(variable.label, encoding, f"{where} label", source, findings),
                type=kinds.get(values.dtype.base_type(), "float"),  # type: ignore[arg-type]
                length=variable.length,
                format=form or None,
                more={"informat": informat} if informat else {},
            )
        )
        series.append(values)
    name = _word(member.name, encoding, f"{source.name}: name", source, findings).upper() or source.stem
    label = _word(member.label, encoding, f"{source.name}: label of {name}", source, findings)
    return Dataset(
        name=name, label=label, frame=pl.DataFrame(series), columns=tuple(columns), source=source.name,
        special=special, more={"encoding": encoding},
    )  # fmt: skip


def _beyond_ascii(member: Member, texts: Mapping[bytes, _Text]) -> Iterator[bytes]:
    words = [member.name, member.label, *(w for v in member.variables for w in (v.name, v.label))]
    yield from (word for word in words if not word.isascii())
    for text in texts.values():
        if not text.ascii:
            yield from (value for value in text.values if not value.isascii())


def _text(raw: Rows, length: int) -> _Text:
    flat = np.ascontiguousarray(raw)
    plain = not bool((flat.view(np.uint8) & 0x80).any()) if len(flat) else True
    return _Text([value.rstrip(b" \0") for value in flat.view(f"S{length}").tolist()], plain)


def _strings(name: str, text: _Text, encoding: str, source: Source, findings: Findings) -> pl.Series:
    if text.ascii:
        values = pl.Series(name, text.values, dtype=pl.Binary).cast(pl.String)
    else:
        values = pl.Series(name, _decoded(name, text.values, encoding, source, findings), dtype=pl.String)
    zero = values.str.contains("\0", literal=True)
    if zero.any():
        for row in zero.arg_true().to_list():
            where = f"{source.name} row {row + 1:,}: {name}"
            fault = Fault(where, f"{shown(text.values[row])}, with a zero byte", "text has no zero bytes", AGAIN)
            findings.add(f"{source.name} {name} bytes", fault)
    return values.set(values == "", None)


def _decoded(name: str, values: Sequence[bytes], encoding: str, source: Source, findings: Findings) -> list[str | None]:
    known: dict[bytes, str | None] = {}
    out: list[str | None] = []
    for row, value in enumerate(values, 1):
        if value not in known:
            known[value] = value.decode(encoding) if right(value, encoding) else None
        if known[value] is None:
            findings.add(f"{source.name} encoding", _no_text(f"{source.name} row {row:,}: {name}", value, encoding))
        out.append(known[value])
    return out


def _no_text(where: str, value: bytes, encoding: str) -> Fault:
    mend = "Have the file written anew in one encoding, or state the encoding that it has."
    if encoding == UTF_8 and right(value, WINDOWS):
        found = f"{shown(value)}, which is not {encoding}; in {WINDOWS} it would be {value.decode(WINDOWS)!r}"
    else:
        found = f"{shown(value)}, which is not {encoding}"
    return Fault(where, found, ALLOWED, mend)


def _word(text: bytes, encoding: str, where: str, source: Source, findings: Findings) -> str:
    if not right(text, encoding):
        findings.add(f"{source.name} encoding", _no_text(where, text, encoding))
    return text.decode(encoding, errors="replace")


def _numbers(
    raw: Rows, variable: Variable, name: str, source: Source, findings: Findings
) -> tuple[pl.Series, pl.Series | None]:
    """The numbers, and why they are missing where any has a special missing value."""
    bytes_ = np.full((len(raw), 8), 0, dtype=np.uint8)
    bytes_[:, : variable.length] = np.ascontiguousarray(raw).view(np.uint8).reshape(len(raw), variable.length)
    blank = (bytes_[:, : variable.length] == 32).all(axis=1)
    for row in np.flatnonzero(blank):
        where, allowed = f"{source.name} row {row + 1:,}: {name}", "a missing number is written as a full stop"
        findings.add(f"{source.name} {name} bytes", Fault(where, "blank bytes and no number", allowed, AGAIN))
    values, why = decoded(bytes_.reshape(-1).view(">u8").astype(np.uint64))
    numbers = pl.Series(name, values).fill_nan(None)
    if not (why > PLAIN).any():
        return numbers, None
    letters = [chr(code) if code > PLAIN else None for code in why.tolist()]
    return numbers, pl.Series(name, letters, dtype=pl.String)
