"""FHIR in (R4 and R5 bundles of one patient) and out (the product as R5)."""

from __future__ import annotations

import json
import re

import fhir_made as b
import pytest

from pivotal.errors import DataError
from pivotal.label import covers, load_product, read_patient, to_fhir
from pivotal.label.days import a_day

PRODUCT = load_product("opzelura")


@pytest.fixture
def told(tmp_path):
    def read(data, on="2025-09-18", options=None):
        path = tmp_path / "bundle.json"
        path.write_text(json.dumps(data), encoding="utf-8")
        day = a_day(on)
        patients, notes = read_patient(PRODUCT, path, options or {}, on=day)
        return covers(PRODUCT, patients, on=day), " | ".join(notes)

    return read


@pytest.fixture
def faults(told):
    def read(data, on="2025-09-18"):
        with pytest.raises(DataError) as caught:
            told(data, on)
        return [str(fault) for fault in caught.value.faults]

    return read


def test_the_child_is_covered_from_the_day_of_the_supplement(told):
    assert told(b.child())[0].answer.tolist() == [1]
    assert told(b.child(), "2025-09-17")[0].answer.tolist() == [0]


@pytest.mark.parametrize(
    ("left_out", "named"),
    [
        ("eczema", "the condition to be treated"),
        ("iga", "the severity"),
        ("bsa", "the body surface affected"),
        ("immune", "whether the patient is immunocompromised"),
        ("steroid", "whether topical prescription therapies failed"),
    ],
)
def test_what_no_resource_says_is_unknown(told, left_out, named):
    found, _ = told(b.child(**{left_out: None}))
    assert found.answer.tolist() == [-1]
    assert named in found.reasons()[0]


@pytest.mark.parametrize("steroid", [b.STEROID_R4, b.STEROID_R5, b.STATEMENT_R5])
def test_a_stated_failure_counts_in_r4_and_r5(told, steroid):
    assert told(b.child(steroid=steroid))[0].answer.tolist() == [1]


@pytest.mark.parametrize(
    "steroid",
    [
        {k: v for k, v in b.STEROID_R4.items() if k != "statusReason"},
        b.STEROID_R4 | {"statusReason": {"text": "Patient preference"}},
        b.STEROID_R4 | {"statusReason": {"text": "No lack of efficacy; course completed"}},
        b.STEROID_R4 | {"statusReason": b.coded("sintol", "http://terminology.hl7.org/x", "drug intolerance")},
        b.STEROID_R4 | {"status": "active", "statusReason": None},
        b.STEROID_R4 | {"status": "entered-in-error"},
        b.STEROID_R4 | {"authoredOn": "2026-01-01"},
    ],
)
def test_a_prescription_alone_proves_no_failure(told, steroid):
    found, notes = told(b.child(steroid=steroid))
    assert found.answer.tolist() == [-1]
    assert "MedicationRequest/tcs" in notes


def test_a_medication_by_reference(told):
    medication = {"resourceType": "Medication", "id": "m1", "code": {"text": "desonide 0.05 % cream"}}
    steroid = {k: v for k, v in b.STEROID_R4.items() if k != "medicationCodeableConcept"}
    data = b.child(steroid=steroid | {"medicationReference": {"reference": "Medication/m1"}}, medication=medication)
    assert told(data)[0].answer.tolist() == [1]


def test_a_biologic_that_is_taken_is_a_limitation_of_use_and_no_more(told):
    biologic = b.STEROID_R4 | {"id": "dupi", "status": "active", "statusReason": None,
                               "medicationCodeableConcept": {"text": "Dupilumab 300 mg injection"}}  # fmt: skip
    found, _ = told(b.child(biologic=biologic))
    ids = [each.id for each in found.limitations]
    assert found.answer.tolist() == [1]
    assert found.limited[0, ids.index("biologics")] == 1
    stopped = biologic | {"status": "stopped"}
    assert told(b.child(biologic=stopped))[0].limited[0, ids.index("biologics")] == -1


@pytest.mark.parametrize(
    ("status", "period", "right"),
    [
        ("active", {"start": "2025-01-01"}, 1),
        ("recorded", {"start": "2025-01-01"}, 1),
        ("recorded", None, -1),
        ("recorded", {"start": "2025-01-01", "end": "2025-06-01"}, -1),
        ("active", {"start": "2025-01-01", "end": "2025-09-18"}, 1),
        ("active", {"start": "2025-10-01"}, -1),
        ("not-taken", {"start": "2025-01-01"}, -1),
    ],
)
def test_a_medicine_is_taken_within_its_period(told, status, period, right):
    taken = {"resourceType": "MedicationStatement", "id": "u", "status": status, "effectivePeriod": period,
             "medication": {"concept": {"text": "upadacitinib 15 mg tablet"}}, **b.ABOUT}  # fmt: skip
    found, _ = told(b.child(taken=taken))
    assert found.limited[0, [each.id for each in found.limitations].index("jak-inhibitors")] == right
    assert found.answer.tolist() == [1]


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"clinicalStatus": b.status("resolved", "clinical")}, "its clinical status is resolved"),
        ({"verificationStatus": b.status("provisional", "ver-status")}, "it is provisional"),
        ({"verificationStatus": b.status("refuted", "ver-status")}, "is refuted"),
        ({"onsetDateTime": "2025-12-01"}, "after the day"),
        ({"abatementDateTime": "2025-01"}, "it had ended"),
        ({"code": {"text": "Psoriasis"}}, "none of the conditions"),
    ],
)
def test_a_condition_that_is_not_established_or_not_current_is_unknown(told, change, note):
    found, notes = told(b.child(eczema=b.ECZEMA | change))
    assert found.answer.tolist() == [-1]
    assert "the condition to be treated" in found.reasons()[0]
    assert note in notes


@pytest.mark.parametrize(
    "code",
    [
        b.coded("24079001"),
        b.coded("L20.84", "http://hl7.org/fhir/sid/icd-10-cm"),
        {"text": "Atopic dermatitis (disorder)"},
        b.coded("L20.0", "urn:oid:2.16.840.1.113883.6.90"),
        {"text": "atopic eczema"},
    ],
)
def test_atopic_dermatitis_by_code_or_text(told, code):
    assert told(b.child(eczema=b.ECZEMA | {"code": code}))[0].answer.tolist() == [1]


def test_vitiligo_by_code_says_not_whether_it_is_segmental(told):
    teenager = b.PATIENT | {"birthDate": "2010-01-01"}
    vitiligo = b.ECZEMA | {"id": "vit", "code": b.coded("L80", b.ICD, "Vitiligo")}
    bsa = b.BSA | {"valueQuantity": {"value": 5, "unit": "%"}}
    found, _ = told(b.bundle(teenager, vitiligo, bsa))
    assert found.answer.tolist() == [-1]
    assert "whether the vitiligo is segmental" in found.reasons()[0]
    named = vitiligo | {"code": b.coded("L80", b.ICD) | {"text": "Nonsegmental vitiligo"}}
    assert told(b.bundle(teenager, named, bsa))[0].answer.tolist() == [1]
    assert told(b.bundle(teenager, vitiligo, bsa), options={"SEGMENTAL": "no"})[0].answer.tolist() == [1]


def test_two_conditions_are_two_answers_and_a_shared_body_surface_is_unknown(told):
    vitiligo = b.ECZEMA | {"id": "vit", "code": {"text": "Nonsegmental vitiligo"}}
    adult = b.PATIENT | {"birthDate": "1990"}
    found, notes = told(b.child(patient=adult, vitiligo=vitiligo))
    assert len(found) == 2
    assert found.answer.tolist() == [-1, -1]
    assert "more than one of the conditions" in notes


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ({"valueCodeableConcept": {"text": "Moderate"}}, 1),
        ({"valueCodeableConcept": {"coding": [{"code": "3", "display": "Moderate"}]}}, 1),
        ({"valueString": "severe"}, 0),
        ({"valueQuantity": {"value": 4, "unit": "{score}"}}, 0),
        ({"valueQuantity": {"value": 2}}, 1),
        ({"valueQuantity": {"value": 2, "comparator": ">"}}, -1),
        ({"dataAbsentReason": {"text": "not performed"}}, -1),
    ],
)
def test_ways_to_give_the_iga(told, value, right):
    iga = {k: v for k, v in b.IGA.items() if k != "valueInteger"} | value
    assert told(b.child(iga=iga))[0].answer.tolist() == [right]


def test_the_same_value_said_twice_is_no_contradiction(told):
    again = b.BSA | {"id": "bsa2", "valueQuantity": {"value": 10.0}}
    found, notes = told(b.child(again=again, other=b.IGA | {"id": "hr", "code": {"text": "heart rate"}}))
    assert found.answer.tolist() == [1]
    assert "1 of 5 Observations are of nothing that the product file asks" in notes


def test_components_and_later_observations(told):
    both = {k: v for k, v in b.IGA.items() if not k.startswith("value")} | {
        "id": "panel", "code": {"text": "skin panel"}, "effectiveDateTime": "2025-09-12",
        "component": [{"code": {"text": "vIGA-AD"}, "valueInteger": 4}],
    }  # fmt: skip
    found, notes = told(b.child(panel=both))
    assert found.answer.tolist() == [0]
    assert "Observation/iga (IGA) gives way to a later one" in notes
    later = both | {"effectiveDateTime": "2025-12-01"}
    found, notes = told(b.child(panel=later))
    assert found.answer.tolist() == [1]
    assert "after the day" in notes


@pytest.mark.parametrize(
    ("changes", "pieces"),
    [
        ({"bsa": b.BSA | {"valueQuantity": {"value": 0.9, "unit": "m2", "code": "m2"}}}, ("Observation/bsa", "m2")),
        ({"bsa": b.BSA | {"valueQuantity": {"value": 130, "unit": "%"}}}, ("Observation/bsa", "0 to 100")),
        ({"bsa": {k: v for k, v in b.BSA.items() if k != "valueQuantity"} | {"valueString": "ten"}}, ("'ten'",)),
        ({"iga": b.IGA | {"valueInteger": 7}}, ("Observation/iga", "0 to 4")),
        ({"other": b.IGA | {"id": "iga2", "valueInteger": 2}}, ("Observation/iga2", "contradictory", "IGA = 2")),
        ({"eczema": b.ECZEMA | {"severity": {"text": "Severe"}}}, ("contradictory", "3 is moderate", "says severe")),
        ({"eczema": b.ECZEMA | {"severity": b.coded("255604002")}}, ("contradictory", "says mild")),
        (
            {"eczema": b.ECZEMA | {"severity": {"text": "Moderate to severe"}}},
            ("Condition/ad.severity", "the words of"),
        ),
        ({"patient": b.PATIENT | {"birthDate": "2020-17"}}, ("Patient/p1.birthDate", "a date of birth")),
        ({"patient": None}, ("without a Patient",)),
        ({"again": b.PATIENT | {"id": "p2"}}, ("2 Patients",)),
        ({"iga": b.IGA | {"subject": {"reference": "Patient/p9"}}}, ("Observation/iga is about Patient/p9",)),
    ],
)
def test_what_is_wrong_in_a_bundle_is_said_with_its_resource(faults, changes, pieces):
    found = faults(b.child(**changes))
    assert any(all(piece in fault for piece in pieces) for fault in found), found


def test_options_beside_a_bundle_may_not_contradict_it(told):
    with pytest.raises(DataError, match="makes 5 years; --age says 7 years"):
        told(b.child(), options={"--age": "7"})
    assert told(b.child(bsa=None), options={"--bsa": "8"})[0].answer.tolist() == [1]


def test_a_patient_alone_and_a_year_of_birth(told):
    assert told(b.PATIENT)[0].answer.tolist() == [-1]
    young = b.child(patient=b.PATIENT | {"birthDate": "2025"})
    assert told(young)[0].answer.tolist() == [0]


# ---------------------------------------------------------------- the product as FHIR

BUNDLE = to_fhir(PRODUCT)
USES = [e["resource"] for e in BUNDLE["entry"] if e["resource"]["resourceType"] == "ClinicalUseDefinition"]


def test_the_product_and_each_of_its_indications_are_there():
    assert json.loads(json.dumps(BUNDLE, allow_nan=False)) == BUNDLE
    head = BUNDLE["entry"][0]["resource"]
    assert head["resourceType"] == "MedicinalProductDefinition"
    assert {"system": "http://hl7.org/fhir/sid/ndc", "value": "50881-007"} in head["identifier"]
    indications = [u for u in USES if u["type"] == "indication"]
    assert [u["id"] for u in indications] == ["indication-AD-2021", "indication-VIT-2022", "indication-AD-2025"]
    for use in USES:
        assert use["subject"] == [{"reference": BUNDLE["entry"][0]["fullUrl"]}]
    assert {u["type"] for u in USES} == {"indication", "warning"}


def test_an_indications_population_has_its_age_range_and_its_days():
    use = next(u for u in USES if u["id"] == "indication-AD-2025")
    group = use["contained"][0]
    assert use["population"] == [{"reference": f"#{group['id']}"}]
    age = next(c for c in group["characteristic"] if c["code"]["text"] == "Age")
    assert age["valueRange"] == {
        "low": {"value": 2, "unit": "years", "system": "http://unitsofmeasure.org", "code": "a"}
    }
    bsa = next(c for c in group["characteristic"] if c["code"]["text"] == "Body surface affected")
    assert bsa["valueRange"]["high"]["value"] == 20
    immune = next(c for c in group["characteristic"] if c["code"]["text"] == "Immunocompromised")
    assert (immune["exclude"], immune["valueBoolean"]) == (True, True)
    assert len(group["characteristic"]) == len(PRODUCT.indication("AD-2025").criteria)
    concept = use["indication"]["diseaseSymptomProcedure"]["concept"]
    assert {"system": "http://snomed.info/sct", "code": "24079001", "display": "Atopic dermatitis"} in concept["coding"]
    old = next(u for u in USES if u["id"] == "indication-AD-2021")
    assert old["extension"][0]["valuePeriod"] == {"start": "2021-09-21", "end": "2025-09-17"}


def test_ids_and_addresses_are_those_that_fhir_allows():
    addresses = [e["fullUrl"] for e in BUNDLE["entry"]]
    assert len(set(addresses)) == len(addresses)
    for entry in BUNDLE["entry"]:
        assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", entry["resource"]["id"])
        assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", entry["fullUrl"])
        assert entry["resource"]["text"]["div"].startswith('<div xmlns="http://www.w3.org/1999/xhtml">')


def test_the_structure_is_that_of_fhir_r5():
    """`fhir.resources` (BSD), where it is installed, holds each element against the R5 definitions."""
    resources = pytest.importorskip("fhir.resources.bundle")
    assert resources.Bundle.model_validate(BUNDLE).entry is not None
    broken = json.loads(json.dumps(BUNDLE))
    broken["entry"][1]["resource"]["indication"]["diseaseSymptomProcedur"] = {}
    with pytest.raises(ValueError, match="diseaseSymptomProcedur"):
        resources.Bundle.model_validate(broken)
