"""One patient's facts from a FHIR R4 or R5 bundle.

Nothing is inferred from silence: a condition that is not listed is unknown, and that a treatment was prescribed or
stopped does not say that it failed. What is seen and not taken as a fact is told in notes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pivotal.errors import Fault, Findings
from pivotal.label import medicines
from pivotal.label.checks import plain
from pivotal.label.fhir import codings, day_of, listed, name_of, quantity, said
from pivotal.label.patients import Place
from pivotal.label.product import AGE, CONDITION, Code, Product, Term
from pivotal.label.reading import Told
from pivotal.label.units import UnitError, measured

JSON = Mapping[str, Any]

_SYSTEMS = {
    "urn:oid:2.16.840.1.113883.6.96": "http://snomed.info/sct",
    "urn:oid:2.16.840.1.113883.6.90": "http://hl7.org/fhir/sid/icd-10-cm",
    "urn:oid:2.16.840.1.113883.6.3": "http://hl7.org/fhir/sid/icd-10",
}
_NOT_CURRENT = ("inactive", "remission", "resolved", "unknown")
_NOT_SURE = ("unconfirmed", "provisional", "differential")
_VOID = ("entered-in-error", "cancelled")


@dataclass(slots=True)
class Gathered:
    """What a bundle says, as it is gathered.

    Attributes
    ----------
    product, name, on
        The product, the file's name, the day asked about.
    facts
        Facts as text, by variable.
    spots
        Where each stands.
    treatable
        For each condition that may be treated, its own facts.
    notes
        What was seen and not taken as a fact.
    findings
        What is wrong.
    """

    product: Product
    name: str
    on: date
    facts: dict[str, str] = field(default_factory=dict)
    spots: dict[str, str] = field(default_factory=dict)
    treatable: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)

    def place(self, resource: JSON) -> str:
        """How a fault speaks of a resource."""
        return f"{self.name}: {name_of(resource)}"

    def fault(self, resource: JSON, found: str, allowed: str, mend: str = "Correct it.") -> None:
        """Note what is wrong with a resource."""
        self.findings.add("bundle", Fault(self.place(resource), found, allowed, mend))

    def same(self, variable: str, a: str, b: str) -> bool:
        """Whether two texts say the same of a variable: 10 and 10 %, yes and true."""
        known = self.product.variables.get(variable)
        if known is not None and known.type in ("number", "integer"):
            try:
                values = measured(a, known.unit), measured(b, known.unit)
            except UnitError:
                return a == b
            return a == b if None in values else values[0] == values[1]
        return _folded(a) == _folded(b)

    def state(self, variable: str, value: str, resource: JSON) -> None:
        """Take a fact; where another resource says otherwise they contradict each other."""
        before = self.facts.get(variable)
        if before is not None and not self.same(variable, before, value):
            self.fault(
                resource, f"contradictory: it says {variable} = {value}", f"{self.spots[variable]} says {before}",
                "Remove the one that is wrong.",
            )  # fmt: skip
            return
        self.facts[variable] = value
        self.spots.setdefault(variable, self.place(resource))


def from_fhir(product: Product, data: JSON, name: str, on: date) -> Told:
    """What a Patient resource or a bundle of one patient says.

    Parameters
    ----------
    product
        The product, whose names and codes are looked for.
    data
        A Bundle or a Patient, R4 or R5.
    name
        The file's name, for faults.
    on
        The day asked about; what happened later is not known on it.
    """
    gathered = Gathered(product, name, on)
    resources = list(_resources(data))
    patients = [r for r in resources if r.get("resourceType") == "Patient"]
    if len(patients) != 1:
        found = "without a Patient" if not patients else f"a bundle of {len(patients)} Patients"
        gathered.findings.add("bundle", Fault(name, found, "a patient's bundle holds one Patient", "Give one patient."))
        return Told([{}], Place(name), findings=gathered.findings)
    _patient(gathered, patients[0])
    of_them = [r for r in resources if _belongs(gathered, r, patients[0], data)]
    _observations(gathered, [r for r in of_them if r["resourceType"] == "Observation"])
    for resource in of_them:
        if resource["resourceType"] == "Condition":
            _condition(gathered, resource)
    medicines.gather(gathered, of_them, resources)
    return _told(gathered, patients[0])


def _resources(data: JSON) -> Iterator[JSON]:
    if data.get("resourceType") != "Bundle":
        yield data
        return
    for entry in listed(data.get("entry")):
        resource = entry.get("resource") if isinstance(entry, Mapping) else None
        if isinstance(resource, Mapping) and isinstance(resource.get("resourceType"), str):
            yield resource


def _belongs(gathered: Gathered, resource: JSON, patient: JSON, data: JSON) -> bool:
    """Whether a resource is about the patient; about another one it is a fault."""
    if resource["resourceType"] not in ("Observation", "Condition", "MedicationRequest", "MedicationStatement"):
        return False
    subject = resource.get("subject")
    reference = subject.get("reference") if isinstance(subject, Mapping) else None
    own = {str(patient.get("id"))}
    own |= {str(e.get("fullUrl")) for e in listed(data.get("entry")) if e.get("resource") is patient}
    if isinstance(reference, str) and reference not in own and reference.rsplit("/", 1)[-1] not in own:
        gathered.fault(resource, f"about {reference}", f"the bundle's patient is Patient/{patient.get('id')}")
        return False
    if str(resource.get("status", "")) in _VOID:
        gathered.notes.append(f"{name_of(resource)} is not read: its status is {resource['status']}")
        return False
    return True


def _patient(gathered: Gathered, patient: JSON) -> None:
    if isinstance(patient.get("birthDate"), str) and AGE in gathered.product.variables:
        gathered.facts["BIRTHDATE"] = patient["birthDate"]
        gathered.spots["BIRTHDATE"] = f"{gathered.place(patient)}.birthDate"
    died = day_of(patient.get("deceasedDateTime"))
    if patient.get("deceasedBoolean") is True or (died is not None and died <= gathered.on):
        gathered.notes.append(f"{name_of(patient)} has died")


# ---------------------------------------------------------------- observations


def _observations(gathered: Gathered, observations: list[JSON]) -> None:
    """The latest of each variable up to the day."""
    variables = gathered.product.variables
    known = {plain(alias): name for name, v in variables.items() for alias in (name, *v.aliases)}
    found: dict[str, list[tuple[date, JSON, JSON]]] = {}
    others = 0
    for observation in observations:
        when, asked = _when(observation), False
        for part in (observation, *listed(observation.get("component"))):
            name = next((known[plain(t)] for t in said(part.get("code")) if plain(t) in known), None)
            if name is None:
                continue
            asked = True
            if when is not None and when > gathered.on:
                gathered.notes.append(f"{name_of(observation)} ({name}) is not read: it is of {when}, after the day")
            else:
                found.setdefault(name, []).append((when or date.min, observation, part))
        others += not asked
    if others:
        gathered.notes.append(f"{others} of {len(observations)} Observations are of nothing that the product file asks")
    for name, rows in found.items():
        _latest(gathered, name, rows)


def _when(observation: JSON) -> date | None:
    period = observation.get("effectivePeriod")
    end = period.get("end") or period.get("start") if isinstance(period, Mapping) else None
    return day_of(observation.get("effectiveDateTime") or observation.get("effectiveInstant") or end)


def _latest(gathered: Gathered, name: str, rows: list[tuple[date, JSON, JSON]]) -> None:
    last = max(when for when, _, _ in rows)
    for when, observation, part in rows:
        if when < last:
            gathered.notes.append(f"{name_of(observation)} ({name}) gives way to a later one")
        elif name == AGE and when not in (date.min, gathered.on):
            gathered.notes.append(
                f"{name_of(observation)} ({name}) is not read: an age of {when} is not that of the day"
            )
        else:
            value = _observed(gathered, name, observation, part)
            if value is not None:
                gathered.state(*value, observation)


def _observed(gathered: Gathered, name: str, observation: JSON, part: JSON) -> tuple[str, str] | None:
    """The variable and its value as text; None where there is none, which is noted or a fault."""
    for key in ("valueBoolean", "valueInteger", "valueDecimal", "valueString"):
        if part.get(key) is not None:
            value = part[key]
            return _worded(gathered, name, [str(value).lower() if isinstance(value, bool) else str(value)])
    if isinstance(part.get("valueQuantity"), Mapping):
        if part["valueQuantity"].get("comparator"):
            gathered.notes.append(f"{name_of(observation)} ({name}) gives a bound only, so that the value is unknown")
            return None
        text = quantity(part["valueQuantity"])
        if text is None:
            gathered.fault(observation, "a quantity without a number", f"{name} is a number")
        return (name, text) if text is not None else None
    if isinstance(part.get("valueCodeableConcept"), Mapping):
        return _worded(gathered, name, said(part["valueCodeableConcept"]))
    other = next((key for key in part if key.startswith("value")), None)
    if other is not None:
        gathered.fault(observation, f"a {other}", f"{name} is read from a quantity, a number, a word, yes or no")
    else:
        gathered.notes.append(f"{name_of(observation)} ({name}) has no value")
    return None


def _worded(gathered: Gathered, name: str, candidates: list[str]) -> tuple[str, str] | None:
    """The candidate that the variable can have; a score given as its word goes to the words' variable."""
    variable = gathered.product.variables[name]
    if not candidates:
        return None
    if variable.type in ("number", "integer"):
        numeric = next((text for text in candidates if _is_number(text)), None)
        scale = next((s for s in gathered.product.scales if s.scores == name), None)
        words = {plain(grade.word) for grade in scale.grades} if scale is not None else set()
        word = next((text for text in candidates if plain(text) in words), None)
        if numeric is None and word is not None and scale is not None:
            return scale.words, word
        return name, numeric or candidates[0]
    labels = {plain(label) for label in variable.categories or ("yes", "no", "true", "false")}
    return name, next((text for text in candidates if plain(text) in labels), candidates[0])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# ---------------------------------------------------------------- conditions


def _condition(gathered: Gathered, resource: JSON) -> None:
    """What a listed condition says, if it is established and current."""
    terms = [term for term in gathered.product.conditions if _means(term, resource.get("code"))]
    label = next(iter(said(resource.get("code"))), "without a name")
    if not terms:
        gathered.notes.append(f"{name_of(resource)} ({label}) is none of the conditions that the product file knows")
        return
    verification = next((c for _, c in codings(resource.get("verificationStatus"))), None)
    facts = {name: value for term in terms for name, value in term.facts.items()}
    if verification == "refuted":
        for name, value in facts.items():
            if isinstance(value, bool) and CONDITION not in facts:
                gathered.state(name, _text(not value), resource)
        gathered.notes.append(f"{name_of(resource)} ({label}) is refuted")
        return
    why = _why_not(resource, verification, gathered.on)
    if why is not None:
        gathered.notes.append(f"{name_of(resource)} ({label}) is not taken as a fact: {why}")
        return
    for term in terms:
        for name, value in term.facts.items():
            if facts[name] != value:
                gathered.fault(resource, f"contradictory: {name} is {value} and {facts[name]}", "one of them holds")
    _take(gathered, resource, {name: _text(value) for name, value in facts.items()})


def _take(gathered: Gathered, resource: JSON, facts: dict[str, str]) -> None:
    if CONDITION not in facts:
        for name, value in facts.items():
            gathered.state(name, value, resource)
        return
    severity = said(resource.get("severity"))
    scale = next(iter(gathered.product.scales), None)
    if scale is not None and severity:
        grades = [g for g in scale.grades if any(_has(code, resource.get("severity")) for code in g.codes)]
        words = [g.word for g in scale.grades if plain(g.word) in {plain(text) for text in severity}]
        facts[scale.words] = next(iter([*words, *(g.word for g in grades)]), severity[0])
        gathered.spots.setdefault(scale.words, f"{gathered.place(resource)}.severity")
    gathered.spots.setdefault(CONDITION, gathered.place(resource))
    same = next((row for row in gathered.treatable if row[CONDITION] == facts[CONDITION]), None)
    if same is None:
        gathered.treatable.append(facts)
        return
    for name, value in facts.items():
        if same.setdefault(name, value) != value:
            gathered.fault(resource, f"contradictory: {name} is {value}", f"another condition says {same[name]}")


def _why_not(resource: JSON, verification: str | None, on: date) -> str | None:
    """Why a condition is not one that the patient has on the day."""
    clinical = next((c for _, c in codings(resource.get("clinicalStatus"))), None)
    onset, recorded = day_of(resource.get("onsetDateTime")), day_of(resource.get("recordedDate"))
    abated = day_of(resource.get("abatementDateTime"))
    if verification in (*_NOT_SURE, *_VOID):
        return f"it is {verification}"
    if clinical in _NOT_CURRENT:
        return f"its clinical status is {clinical}"
    begun = onset or recorded
    if begun is not None and begun > on:
        return f"it began or was recorded on {begun}, after the day"
    if abated is not None and abated <= on:
        return f"it had ended on {abated}"
    return None


def _means(term: Term, concept: Any) -> bool:
    """Whether a concept names a term or holds one of its codes."""
    names = {plain(alias) for alias in (term.name, *term.aliases)}
    texts = {plain(text.split(" (")[0]) for text in said(concept, with_codes=False)}
    return bool(names & texts) or any(_has(code, concept) for code in term.codes)


def _has(code: Code, concept: Any) -> bool:
    return any(
        _SYSTEMS.get(system, system) == code.system
        and (value.startswith(code.code) if code.prefix else value == code.code)
        for system, value in codings(concept)
    )


# ---------------------------------------------------------------- all of it


def _told(gathered: Gathered, patient: JSON) -> Told:
    """A row for each condition that may be treated; a value that belongs to one of several is unknown."""
    shared = dict(gathered.facts)
    if len(gathered.treatable) > 1 and "BSA" in shared:
        gathered.notes.append("BSA is not read: the patient has more than one of the conditions, and it names none")
        del shared["BSA"]
    owner = {"patient": str(patient["id"])} if isinstance(patient.get("id"), str) else {}
    rows: list[dict[str, Any]] = []
    for own in gathered.treatable or [{}]:
        row: dict[str, Any] = dict(owner)
        for name, value in (shared | own).items():
            if name in own and name in shared and not gathered.same(name, shared[name], own[name]):
                gathered.findings.add(
                    "bundle",
                    Fault(gathered.spots[name], f"contradictory: {name} is {shared[name]}",
                          f"the condition says {own[name]}", "Remove the one that is wrong."),
                )  # fmt: skip
            row[name] = value
        rows.append(row)
    place = Place(gathered.name, None, gathered.spots)
    return Told(rows, place, tuple(gathered.notes), gathered.findings)


def _text(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _folded(value: str) -> str:
    return "".join(value.lower().split()).replace("true", "yes").replace("false", "no")
