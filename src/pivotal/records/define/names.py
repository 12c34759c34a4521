"""XML names of ODM and Define-XML, and an XML file taken in without trusting it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree
from xml.parsers import expat

from pivotal.errors import DataError, Fault

ODM = "http://www.cdisc.org/ns/odm/v1.3"
DEF = "http://www.cdisc.org/ns/def/v2.1"
XLINK = "http://www.w3.org/1999/xlink"
XML = "http://www.w3.org/XML/1998/namespace"

MAX_BYTES = 200 * 2**20
"""The largest define.xml that is read: CDISC's largest example has 3 MB."""

Element = ElementTree.Element


def define(name: str) -> str:
    """A name of Define-XML's own: ``def:Origin``."""
    return f"{{{DEF}}}{name}"


def local(name: str) -> str:
    """A name without its namespace: versions differ in that, and in little else.

    Examples
    --------
    >>> local("{http://www.cdisc.org/ns/def/v2.1}Origin")
    'Origin'
    """
    return name.rpartition("}")[2]


def attribute(element: Element, name: str) -> str | None:
    """An attribute, whichever namespace it stands in; None where it is absent or blank."""
    for key, value in element.attrib.items():
        if local(key) == name:
            return value.strip() or None
    return None


def children(element: Element, *names: str) -> list[Element]:
    """The element's own parts of these names."""
    return [child for child in element if isinstance(child.tag, str) and local(child.tag) in names]


def child(element: Element | None, *path: str) -> Element | None:
    """The first part at a path of names."""
    for name in path:
        found = children(element, name) if element is not None else []
        element = found[0] if found else None
    return element


def words(element: Element | None) -> str:
    """The text of an element, one blank between words."""
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip() if element is not None else ""


def taken(path: Path) -> Element:
    """The root of an XML file.

    A document type (and with it every entity) is refused before anything of it is read: a define.xml needs none, and
    entities can name files and grow without limit.

    Raises
    ------
    DataError
        Where the file is absent, too large, broken, or has a document type.
    """
    if not path.is_file():
        raise DataError([Fault(str(path), "missing", "a define.xml is a file", "Check the path.")])
    if path.stat().st_size > MAX_BYTES:
        found, allowed = f"{path.stat().st_size:,} bytes long", f"at most {MAX_BYTES:,} bytes are read"
        raise DataError([Fault(str(path), found, allowed, "Take another file.")])
    builder = ElementTree.TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True

    def refuse(*_: object) -> NoReturn:
        where = f"{path}:{parser.CurrentLineNumber}"
        found = "a document type or an entity of its own (DTD)"
        allowed = "a define.xml has none, and files that have one are not read: entities can name other files"
        raise DataError([Fault(where, found, allowed, "Remove the DOCTYPE and write the texts out.")])

    def start(name: str, attributes: dict[str, str]) -> None:
        builder.start(_clark(name), {_clark(key): value for key, value in attributes.items()})

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: builder.end(_clark(name))
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(path.read_bytes(), True)
    except expat.ExpatError as error:
        found = f"no XML ({expat.ErrorString(error.code)})"
        where = f"{path}:{error.lineno}"
        raise DataError(
            [Fault(where, found, "a define.xml is XML, whole", "Take the file from its source again.")]
        ) from error
    return builder.close()


def _clark(name: str) -> str:
    """``{namespace}name``, as ElementTree writes it."""
    return f"{{{name}" if "}" in name else name
