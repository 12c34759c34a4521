"""FHIR bundles made for the tests: a child of 5 with moderate atopic dermatitis, and changes of it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

SNOMED = "http://snomed.info/sct"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"


def coded(code: str, system: str = SNOMED, display: str | None = None) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} | ({"display": display} if display else {})]}


def status(code: str, what: str) -> dict[str, Any]:
    return coded(code, f"http://terminology.hl7.org/CodeSystem/condition-{what}")


PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "2020-05-17"}
ABOUT = {"subject": {"reference": "Patient/p1"}}
ECZEMA = {
    "resourceType": "Condition",
    "id": "ad",
    "clinicalStatus": status("active", "clinical"),
    "verificationStatus": status("confirmed", "ver-status"),
    "code": coded("L20.9", ICD, "Atopic dermatitis, unspecified"),
    "recordedDate": "2023-01-05",
    **ABOUT,
}
IGA = {
    "resourceType": "Observation",
    "id": "iga",
    "status": "final",
    "code": {"coding": [{"system": "http://sponsor.example/codes", "code": "IGA"}]},
    "effectiveDateTime": "2025-09-10T09:00:00Z",
    "valueInteger": 3,
    **ABOUT,
}
BSA = {
    "resourceType": "Observation",
    "id": "bsa",
    "status": "final",
    "code": {"text": "Body surface area affected"},
    "effectiveDateTime": "2025-09-10",
    "valueQuantity": {"value": 10, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"},
    **ABOUT,
}
IMMUNE = {
    "resourceType": "Observation",
    "id": "immune",
    "status": "final",
    "code": {"text": "Immunocompromised"},
    "valueBoolean": False,
    **ABOUT,
}
STEROID_R4 = {
    "resourceType": "MedicationRequest",
    "id": "tcs",
    "status": "stopped",
    "intent": "order",
    "statusReason": {"text": "Lack of efficacy after 6 weeks"},
    "medicationCodeableConcept": {"text": "Triamcinolone 0.1 % cream"},
    "authoredOn": "2025-03-01",
    **ABOUT,
}
STEROID_R5 = {k: v for k, v in STEROID_R4.items() if k != "medicationCodeableConcept"} | {
    "medication": {"concept": {"text": "Triamcinolone 0.1 % cream"}}
}
STATEMENT_R5 = {
    "resourceType": "MedicationStatement",
    "id": "tcs",
    "status": "recorded",
    "medication": {"concept": {"text": "mometasone furoate 0.1 % ointment"}},
    "adherence": {"code": {"text": "stopped"}, "reason": {"text": "Treatment failure"}},
    "effectivePeriod": {"start": "2025-01-01", "end": "2025-02-01"},
    **ABOUT,
}


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": deepcopy(r)} for r in resources]}


def child(**changes: dict[str, Any] | None) -> dict[str, Any]:
    """The child's bundle (R4); a resource is replaced by name, or left out with None."""
    parts: dict[str, dict[str, Any] | None] = {
        "patient": PATIENT, "eczema": ECZEMA, "iga": IGA, "bsa": BSA, "immune": IMMUNE, "steroid": STEROID_R4,
    }  # fmt: skip
    return bundle(*[part for part in (parts | changes).values() if part is not None])
