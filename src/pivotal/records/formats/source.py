"""Where a data set's bytes are: a file, or a member of an archive already unpacked into memory."""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field
from pathlib import Path

from pivotal.records.formats.budget import Budget


@dataclass(frozen=True, slots=True)
class Source:
    """One file's bytes.

    Attributes
    ----------
    name
        As a person would name it: ``sdtm/lb.zip:lb.xpt``.
    file
        Its bare name: ``lb.xpt``.
    place
        The path, or the bytes of what lay in an archive.
    budget
        How much may be unpacked, of this file and of those read with it.
    """

    name: str
    file: str
    place: Path | bytes
    budget: Budget = field(default_factory=Budget)

    @property
    def stem(self) -> str:
        """The name before the first dot, in capitals: what the data set is called where the file does not say."""
        return self.file.split(".")[0].upper()

    def data(self) -> bytes | mmap.mmap:
        """The bytes; of a file only the pages that are looked at are read."""
        if isinstance(self.place, bytes):
            return self.place
        with self.place.open("rb") as stream:
            if self.place.stat().st_size == 0:
                return b""
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)

    def whole(self) -> bytes:
        """All bytes in memory."""
        return self.place if isinstance(self.place, bytes) else self.place.read_bytes()
