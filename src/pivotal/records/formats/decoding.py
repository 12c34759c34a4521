"""Bytes as text: the encoding that a caller states, or the one that all of a file's text agrees on."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

from pivotal.errors import UsageError

UTF_8 = "utf-8"
WINDOWS = "windows-1252"
LATIN_1 = "iso-8859-1"
KNOWN = {"utf-8": UTF_8, "cp1252": WINDOWS, "iso8859-1": LATIN_1, "ascii": "us-ascii"}
"""Encodings that a file may have, by Python's name for them."""

ALLOWED = "a file has one encoding: UTF-8, Windows-1252 or Latin-1"


def known(encoding: str) -> str:
    """The encoding's usual name.

    Examples
    --------
    >>> known("cp1252"), known("latin1"), known("UTF8")
    ('windows-1252', 'iso-8859-1', 'utf-8')

    Raises
    ------
    UsageError
        Where it is none of those that files of trials have.
    """
    try:
        return KNOWN[codecs.lookup(encoding).name]
    except (LookupError, KeyError):
        names = ", ".join(KNOWN.values())
        raise UsageError(f"encoding is {encoding!r}; it may be one of: {names}. Give one of them, or none.") from None


def detected(texts: Iterable[bytes]) -> str:
    """The encoding of texts that are not plain ASCII.

    UTF-8 where any of them is right UTF-8 (which text in another encoding hardly ever is), else Windows-1252, of which
    printable Latin-1 is a part.
    """
    any_text = False
    for text in texts:
        if right(text, UTF_8):
            return UTF_8
        any_text = True
    return WINDOWS if any_text else UTF_8


def right(text: bytes, encoding: str) -> bool:
    """Whether these bytes are text in this encoding."""
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def shown(text: bytes) -> str:
    """Bytes as a fault shows them: plain characters as they are, the others as hexadecimal numbers."""
    cut = text[:40] + (b"..." if len(text) > 40 else b"")
    return "'" + "".join(chr(b) if 32 <= b < 127 else f"\\x{b:02x}" for b in cut) + "'"
