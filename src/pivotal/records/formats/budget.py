"""How much may be unpacked; counted while it is unpacked and not only afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

MAX_UNPACKED = 8 * 1024**3
"""Bytes that one library may unpack, all of its archives and compressed files together."""

MAX_RATIO = 250
"""Unpacked bytes for each packed one. Transport files, mostly blanks, reach about 90; a bomb's are 1,000."""

FREE = 16 * 1024**2
"""Bytes that a file may unpack to whatever its ratio."""

MAX_MEMBERS = 10_000
"""Files in an archive, those of archives within it counted as well."""

MAX_DEPTH = 2
"""Archives within one another: a zip, and a zip in it."""

CHUNK = 1024**2


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
