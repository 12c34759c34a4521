"""Unpacking a file that is one compressed stream."""

from __future__ import annotations

import zlib

from pivotal.errors import Fault, Findings
from pivotal.records.formats.budget import MAX_RATIO, MAX_UNPACKED, TooMuchError, gathered
from pivotal.records.formats.source import Source

AGAIN = "Take the file from its source again."


def inflated(source: Source, findings: Findings) -> bytes | None:
    """The content of a file of zlib or gzip; None where it is broken or too large, which is noted."""
    data = source.whole()
    stream = _Stream(data)
    allowed = "a compressed file is one whole stream of zlib or gzip"
    try:
        content = gathered(stream.read, len(data), source.budget)
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
