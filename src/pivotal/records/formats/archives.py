"""The files of a folder or a zip, each as a `Source`; nothing is extracted to disk."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath

from pivotal.errors import Fault, Findings
from pivotal.records.formats.budget import MAX_DEPTH, MAX_MEMBERS, Budget, TooMuchError, gathered
from pivotal.records.formats.one import suffix_of
from pivotal.records.formats.source import Source

ZIP = ".zip"
ALLOWED = "an archive is a whole zip file of plain files, within the limits of docs/formats.md"

BROKEN = (
    zipfile.BadZipFile,
    OSError,
    EOFError,
    zlib.error,
    struct.error,
    ValueError,
    RuntimeError,
)
"""What the standard library raises for archives that are broken; RuntimeError: encrypted, or packed another way."""


@dataclass(slots=True)
class Search:
    """What was found on the way through a folder and its archives.

    Attributes
    ----------
    findings
        Faults of archives.
    budget
        How much may still be unpacked.
    others
        Files that are no data sets, by name.
    """

    findings: Findings
    budget: Budget = field(default_factory=Budget)
    others: list[str] = field(default_factory=list)
    members: int = 0

    def folder(self, place: Path) -> Iterator[Source]:
        """The data files of a folder and of the archives in it, by name."""
        for path in sorted(place.iterdir()):
            if path.name.startswith(".") or path.is_dir():
                continue
            yield from self.file(path)

    def file(self, path: Path) -> Iterator[Source]:
        """A data file, or those of an archive."""
        if path.name.lower().endswith(ZIP):
            yield from self._zip(path, str(path), depth=1)
        elif suffix_of(path.name):
            yield Source(str(path), path.name, path, self.budget)
        else:
            self.others.append(path.name)

    def _zip(self, place: Path | BytesIO, name: str, depth: int) -> Iterator[Source]:
        try:
            with zipfile.ZipFile(place) as archive:
                for info in archive.infolist():
                    yield from self._member(archive, info, name, depth)
        except BROKEN as error:
            self._note(name, f"broken: {error}")
        except TooMuchError as error:
            self._note(name, str(error))

    def _member(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, depth: int) -> Iterator[Source]:
        where = f"{name}:{info.filename}"
        self.members += 1
        if self.members > MAX_MEMBERS:
            raise TooMuchError(f"made of more than {MAX_MEMBERS:,} files")
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if not path.parts or path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            self._note(where, "a path that leads out of the archive")
            return
        if stat.S_ISLNK(info.external_attr >> 16):
            self._note(where, "a symbolic link")
            return
        if info.is_dir() or path.name.startswith(".") or path.parts[0] == "__MACOSX":
            return
        inner = path.name.lower().endswith(ZIP)
        if inner and depth >= MAX_DEPTH:
            self._note(where, f"an archive within {depth} archives, where at most {MAX_DEPTH} lie in one another")
        elif inner or suffix_of(path.name):
            data = self._unpacked(archive, info, where)
            if data is None:
                return
            if inner:
                yield from self._zip(BytesIO(data), where, depth + 1)
            else:
                yield Source(where, path.name, data, self.budget)
        else:
            self.others.append(where)

    def _unpacked(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> bytes | None:
        if info.flag_bits & 1:
            self._note(where, "encrypted")
            return None
        with archive.open(info) as stream:
            try:
                return gathered(stream.read, info.compress_size, self.budget)
            except BROKEN as error:
                self._note(where, f"broken: {error}")
                return None

    def _note(self, where: str, found: str) -> None:
        self.findings.add(f"{where} archive", Fault(where, found, ALLOWED, "Pack the data sets anew, or unpack them."))
