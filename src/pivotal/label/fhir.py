"""Parts of FHIR JSON, R4 and R5, taken apart without stumbling over what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

SYSTEM_UCUM = "http://unitsofmeasure.org"


def listed(value: Any) -> list[Any]:
    """A list of the objects in a list; one object alone, as a list of it."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, Mapping)]


def name_of(resource: Mapping[str, Any]) -> str:
    """How a resource is spoken of: ``Observation/iga``."""
    return f"{resource.get('resourceType', 'resource')}/{resource.get('id', '(without id)')}"


def codings(concept: Any) -> list[tuple[str, str]]:
    """System and code of each coding of a CodeableConcept."""
    found = listed(concept.get("coding")) if isinstance(concept, Mapping) else []
    return [(str(c.get("system", "")), str(c["code"])) for c in found if c.get("code") is not None]


def said(concept: Any, *, with_codes: bool = True) -> list[str]:
    """What a CodeableConcept, or a list of them, says: its text, its displays, its codes."""
    found: list[str] = []
    for one in listed(concept):
        parts = [one.get("text"), *(c.get("display") for c in listed(one.get("coding")))]
        found += [part for part in parts if isinstance(part, str) and part.strip()]
        if with_codes:
            found += [code for _, code in codings(one)]
    return found


def quantity(value: Mapping[str, Any]) -> str | None:
    """A Quantity as number and unit; None where it has no number."""
    number = value.get("value")
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    unit = value.get("code") or value.get("unit") or ""
    return f"{number} {unit}".strip()


def day_of(value: Any) -> date | None:
    """The day of a FHIR date or dateTime; the first day that a year or a month can be; None where it is none."""
    if not isinstance(value, str):
        return None
    parts = value[:10].split("-")
    try:
        year, month, day = (int(part) for part in [*parts, "1", "1"][:3])
        return date(year, month, day)
    except ValueError:
        return None
