"""Unpacking what is compressed, within limits that hold while it is unpacked and not only afterwards."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

from pivotal.errors import Fault, Findings
from pivotal.records.formats.source import Source

MAX_UNPACKED = 8 * 1024**3
"""Bytes that one library may unpack, all of its archives and compressed files together."""

MAX_RATIO = 250
"""Unpacked bytes for each packed one. Transport files, mostly blanks, reach about 90; a bomb's are 1,000."""

FREE = 16 * 1024**2
"""Bytes that a file may unpack to whatever its ratio."""

CHUNK = 1024**2

AGAIN = "Take the file from its source again."


class TooMuchError(Exception):
    """More comes out of a file than is allowed; the text says what."""


@dataclass(slots=True)
class Budget:
    """How much may still be unpacked."""

    left: int = MAX_UNPACKED

    def take(self, size: int) -> None:
        """Count what was unpacked."""
        self.left -= size
        if self.left < 0:
            raise TooMuchError(f"larger than {MAX_UNPACKED:,} bytes when unpacked, with what came before it")


def gathered(read: Callable[[int], bytes], packed: int, budget: Budget) -> bytes:
    """All that a stream unpacks to, piece by piece.

    Raises
    ------
    TooMuchError
        As soon as a limit is passed.
    """
    pieces, size = [], 0
    while piece := read(CHUNK):
        size += len(piece)
        budget.take(len(piece))
        if size > FREE and size > MAX_RATIO * max(packed, 1):
            raise TooMuchError(f"unpacked to more than {MAX_RATIO} times its size")
        pieces.append(piece)
    return b"".join(pieces)


def inflated(source: Source, findings: Findings, budget: Budget | None = None) -> bytes | None:
    """The content of a file of zlib or gzip; None where it is broken or too large, which is noted."""
    data = source.whole()
    stream = _Stream(data)
    allowed = "a compressed file is one whole stream of zlib or gzip"
    try:
        content = gathered(stream.read, len(data), budget or Budget())
        if stream.whole:
            return content
        found = "empty" if not data else f"cut off: the stream goes on after byte {len(data):,}"
        if stream.packer.eof:
            found = "followed by bytes that do not belong to it"
    except zlib.error as error:
        found = f"broken: {str(error).split(': ')[-1]}"
    except TooMuchError as error:
        found, allowed = str(error), f"a file unpacks to at most {MAX_RATIO} times its size, and {MAX_UNPACKED:,} bytes"
    findings.add(f"{source.name} file", Fault(source.name, found, allowed, AGAIN))
    return None


class _Stream:
    """A stream of zlib or gzip (of gzip also several, one after the other)."""

    def __init__(self, data: bytes) -> None:
        self.packer = zlib.decompressobj(47)
        self.rest = data

    def read(self, size: int) -> bytes:
        """The next piece, at most `size` bytes of it; empty at the end."""
        while self.rest:
            piece = self.packer.decompress(self.rest, size)
            self.rest = self.packer.unconsumed_tail
            if self.packer.eof and self.packer.unused_data.startswith(b"\x1f\x8b"):
                self.rest = self.packer.unused_data
                self.packer = zlib.decompressobj(47)
            if piece:
                return piece
        return b"" if self.packer.eof else self.packer.decompress(b"", size)

    @property
    def whole(self) -> bool:
        """Whether the stream came to its own end, and nothing follows."""
        return self.packer.eof and not self.packer.unused_data
