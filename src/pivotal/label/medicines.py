"""What a bundle's medications say: what is taken now, and what was stopped because it failed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pivotal.label.checks import plain
from pivotal.label.fhir import day_of, listed, name_of, said
from pivotal.label.product import Medicines

if TYPE_CHECKING:
    from pivotal.label.fhir_patient import Gathered

JSON = Mapping[str, Any]
KINDS = ("MedicationRequest", "MedicationStatement")
_TAKEN = ("active", "recorded")
_ENDED = ("stopped", "completed")
_NO_ORDER = ("proposal", "plan", "option")


def gather(gathered: Gathered, resources: Sequence[JSON], bundle: Sequence[JSON]) -> None:
    """Take what medications say as facts; the rest as notes."""
    for resource in resources:
        if resource["resourceType"] not in KINDS:
            continue
        names = _names(resource, bundle)
        classes = [each for each in gathered.product.medicines if _member(each, names)]
        for each in classes:
            _class(gathered, resource, each, names[0])
        if not classes:
            gathered.notes.append(
                f"{name_of(resource)} ({names[0]}) is none of the medicines that the product file names"
            )


def _class(gathered: Gathered, resource: JSON, each: Medicines, name: str) -> None:
    spoken = f"{name_of(resource)} ({name})"
    status = str(resource.get("status", ""))
    start, end = _span(resource)
    if start is not None and start > gathered.on:
        gathered.notes.append(f"{spoken} is not read: it is of {start}, after the day")
        return
    over = end is not None and end < gathered.on
    meant = resource.get("doNotPerform") is not True and resource.get("intent") not in _NO_ORDER
    if each.facts and meant and status in _TAKEN and not over and (status == "active" or start is not None):
        for variable, value in each.facts.items():
            gathered.state(variable, "yes" if value is True else "no" if value is False else str(value), resource)
    elif each.facts:
        gathered.notes.append(f"{spoken} is one of the {each.label}; it does not say that it is taken on the day")
    if not each.stopped:
        return
    reasons = said(resource.get("statusReason"), with_codes=False) + _adherence(resource)
    failed = any(plain(text).startswith(plain(reason)) for text in reasons for reason in each.reasons)
    if failed and status in (*_ENDED, "recorded"):
        for variable, value in each.stopped.items():
            gathered.state(variable, "yes" if value is True else "no" if value is False else str(value), resource)
    else:
        why = f"its reason is {reasons[0]!r}" if reasons else "no reason says so"
        gathered.notes.append(f"{spoken} is one of the {each.label}; that is no proof that they failed: {why}")


def _names(resource: JSON, bundle: Sequence[JSON]) -> list[str]:
    """What a medication is called: in place (R4, R5), or by reference to a Medication."""
    medication = resource.get("medication")
    r5 = medication if isinstance(medication, Mapping) else {}
    reference = resource.get("medicationReference") or r5.get("reference")
    found = said(resource.get("medicationCodeableConcept")) + said(r5.get("concept"))
    if isinstance(reference, Mapping):
        found += [reference["display"]] if isinstance(reference.get("display"), str) else []
        key = str(reference.get("reference", "")).lstrip("#").rsplit("/", 1)[-1].removeprefix("urn:uuid:")
        for other in (*bundle, *listed(resource.get("contained"))):
            if other.get("resourceType") == "Medication" and key and str(other.get("id")) == key:
                found += said(other.get("code"))
    return found or ["without a name"]


def _member(each: Medicines, names: Sequence[str]) -> bool:
    """Whether all words of a member's name stand in one of the names."""
    words = [set(re.findall(r"[a-z0-9]+", name.lower())) for name in names]
    members = [set(re.findall(r"[a-z0-9]+", member.lower())) for member in each.members]
    return any(member <= word for member in members for word in words)


def _span(resource: JSON) -> tuple[Any, Any]:
    period = resource.get("effectivePeriod")
    found = period if isinstance(period, Mapping) else {}
    start = resource.get("authoredOn") or resource.get("effectiveDateTime") or found.get("start")
    return day_of(start), day_of(found.get("end"))


def _adherence(resource: JSON) -> list[str]:
    adherence = resource.get("adherence")
    return said(adherence.get("reason"), with_codes=False) if isinstance(adherence, Mapping) else []
