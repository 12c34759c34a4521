"""The data sets of a transport file: its headers read, and held against the bytes that are there."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pivotal.errors import Fault, Findings
from pivotal.records.formats.sas import Format
from pivotal.records.formats.source import Source
from pivotal.records.formats.xpt.layout import LABELS, NUMBER, RECORD, TEXT, V8, VERSIONS, Version, is_header, padded

WHOLE = "a transport file is whole records of 80 bytes, as SAS and its equals write them"
AGAIN = "Take the file from its source again."

_DESCRIPTION = struct.Struct(">hhhh8s40s8shhh2s8shhl")
_LONG = struct.Struct(">32sh")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable as its file describes it; texts still as bytes."""

    number: int
    numeric: bool
    length: int
    name: bytes
    label: bytes
    format: bytes
    informat: bytes
    position: int


@dataclass(frozen=True, slots=True)
class Member:
    """A data set of the file: its description, and where its rows lie."""

    name: bytes
    label: bytes
    variables: tuple[Variable, ...]
    start: int
    end: int
    rows: int | None = field(default=None)

    @property
    def width(self) -> int:
        """Bytes of a row."""
        return sum(variable.length for variable in self.variables)


class _BrokenError(Exception):
    """What the file says cannot be followed."""


def members(data: bytes, source: Source, findings: Findings) -> list[Member]:
    """The data sets of a transport file; what is wrong is noted, and a data set that is wrong left out."""
    version = next((v for v in VERSIONS.values() if is_header(data[:RECORD], v.library)), None)
    if version is None:
        found = "empty" if not len(data) else "no SAS transport file: it does not begin with its header record"
        if data[:48].startswith(b"**COMPRESSED** **COMPRESSED**"):
            found = "a file of PROC CPORT"
        findings.add(f"{source.name} file", Fault(source.name, found, WHOLE, "Export it with the XPORT engine."))
        return []
    if len(data) % RECORD:
        cut = f"{len(data):,} bytes long, which is not a multiple of {RECORD}: it is cut off, or something follows it"
        findings.add(f"{source.name} file", Fault(source.name, cut, WHOLE, AGAIN))
        return []
    try:
        found_members = list(_members(data, version))
    except _BrokenError as error:
        findings.add(f"{source.name} file", Fault(source.name, str(error), WHOLE, AGAIN))
        return []
    return [member for member in found_members if _sound(member, source, findings)]


def _members(data: bytes, version: Version) -> Iterator[Member]:
    starts = []
    at = data.find(b"HEADER RECORD*******" + version.member)
    while at >= 0:
        if at % RECORD == 0 and is_header(data[at : at + RECORD], version.member):
            starts.append(at)
        at = data.find(b"HEADER RECORD*******" + version.member, at + 1)
    if not starts:
        raise _BrokenError("without a data set: no member header follows the first three records")
    if starts[0] != 3 * RECORD:
        raise _BrokenError(f"broken: the first data set begins at byte {starts[0]:,}, and not at byte {3 * RECORD}")
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        yield _member(data, start, end, version)


def _member(data: bytes, start: int, end: int, version: Version) -> Member:
    size = _integer(data[start + 74 : start + 78], "the size of a variable's description")
    if size not in (136, 140):
        raise _BrokenError(f"broken: a variable's description has {size} bytes, and not 140 or 136")
    _expect(data, start + RECORD, end, version.descriptor)
    _expect(data, start + 4 * RECORD, end, version.variables)
    described = data[start + 2 * RECORD : start + 4 * RECORD]
    name = described[8 : 8 + version.name].rstrip(b" \0")
    counted = start + 4 * RECORD
    count = _integer(data[counted + 53 : counted + 58], "the number of variables")
    at = start + 5 * RECORD
    if at + padded(count * size) > end:
        raise _BrokenError(f"cut off within the descriptions of its {count} variables")
    variables = tuple(
        _variable(data[at + n * size : at + (n + 1) * size].ljust(140, b"\0"), version) for n in range(count)
    )
    at += padded(count * size)
    for kind in LABELS:
        if is_header(data[at : at + RECORD], kind):
            variables, at = _long(data, at, end, variables, kind)
    _expect(data, at, end, version.rows)
    rows = data[at + 48 : at + 63].strip() if version is V8 else b""
    return Member(
        name, described[112:152].rstrip(b" \0"), variables, at + RECORD, end, int(rows) if rows.isdigit() else None
    )


def _variable(raw: bytes, version: Version) -> Variable:
    kind, _, length, number, name, label, form, width, decimals, _, _, informat, in_width, in_decimals, position = (
        _DESCRIPTION.unpack_from(raw)
    )
    if version is V8:
        name = _LONG.unpack_from(raw, 88)[0].rstrip(b" \0") or name
    if kind not in (NUMBER, TEXT):
        raise _BrokenError(f"broken: variable {number} is of type {kind}, and not 1 (number) or 2 (text)")
    limit = 8 if kind == NUMBER else version.text
    if not (2 if kind == NUMBER else 1) <= length <= max(limit, V8.text if kind == TEXT else 8):
        raise _BrokenError(f"broken: variable {number} has {length} bytes")
    return Variable(
        number=number,
        numeric=kind == NUMBER,
        length=length,
        name=name.rstrip(b" \0"),
        label=label.rstrip(b" \0"),
        format=_format(form, width, decimals),
        informat=_format(informat, in_width, in_decimals),
        position=position,
    )


def _format(name: bytes, width: int, decimals: int) -> bytes:
    text = name.rstrip(b" \0")
    if not text and not width:
        return b""
    return str(Format(text.decode("latin-1"), max(width, 0), max(decimals, 0))).encode("latin-1")


def _long(
    data: bytes, at: int, end: int, variables: tuple[Variable, ...], kind: bytes
) -> tuple[tuple[Variable, ...], int]:
    """Variables with their long labels (and formats), and where the next header is."""
    count = _integer(data[at + 48 : at + RECORD].strip(), "the number of long labels")
    start = at = at + RECORD
    by_number = {variable.number: variable for variable in variables}
    fields = 3 if kind == LABELS[0] else 5
    for _ in range(count):
        if at + 2 * fields > end:
            raise _BrokenError("cut off within the long labels of its variables")
        number, *sizes = struct.unpack_from(f">{fields}h", data, at)
        at += 2 * fields
        if number not in by_number or min(sizes) < 0 or at + sum(sizes) > end:
            raise _BrokenError("broken within the long labels of its variables")
        parts = []
        for size in sizes:
            parts.append(bytes(data[at : at + size]).rstrip(b" \0"))
            at += size
        known = by_number[number]
        form, informat = parts[2:] if fields == 5 else (b"", b"")
        by_number[number] = replace(
            known, name=parts[0] or known.name, label=parts[1], format=form or known.format,
            informat=informat or known.informat,
        )  # fmt: skip
    return tuple(by_number[variable.number] for variable in variables), start + padded(at - start)


def _expect(data: bytes, at: int, end: int, kind: bytes) -> None:
    if at + RECORD > end:
        raise _BrokenError("cut off within its headers")
    if not is_header(data[at : at + RECORD], kind):
        raise _BrokenError(f"broken: at byte {at:,} the header record {kind.decode().strip()} is missing")


def _integer(text: bytes, what: str) -> int:
    if not text.isdigit():
        raise _BrokenError(f"broken: {what} is not a number")
    return int(text)


def _sound(member: Member, source: Source, findings: Findings) -> bool:
    """Whether the variables lie one after the other, and each name stands once."""
    kind, name = f"{source.name} variables", member.name.decode("latin-1")
    sound = True
    place = 0
    for variable in member.variables:
        if variable.position != place:
            found = f"said to begin at byte {variable.position} of a row, where byte {place} is its turn"
            where = f"{source.name}: {variable.name.decode('latin-1')}"
            findings.add(kind, Fault(where, found, "the variables of a row follow one another", AGAIN))
            sound = False
            break
        place += variable.length
    for label, count in Counter(variable.name.upper() for variable in member.variables).items():
        if count > 1 or not label:
            found = f"there {count} times" if label else "without a name"
            where = f"{source.name}: data set {name}, variable {label.decode('latin-1')}"
            allowed = "each variable has a name of its own (capitals and small letters are the same)"
            findings.add(kind, Fault(where, found, allowed, "Export the file with each variable once."))
            sound = False
    return sound
