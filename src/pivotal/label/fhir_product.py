"""A product as FHIR R5: one MedicinalProductDefinition, a ClinicalUseDefinition for each indication and limitation.

What FHIR has no element for (the body-surface limit, the line of therapy, how sure a statement is) is told in the text
of the indication and in the `applicability` expression's words, never left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pivotal.label.fhir import SYSTEM_UCUM
from pivotal.label.product import CONDITION, Indication, Limitation, Product, Statement, Term
from pivotal.label.show import machine, sure
from pivotal.study.criteria import Criterion

JSON = dict[str, Any]

_NDC = "http://hl7.org/fhir/sid/ndc"
_SPL = "urn:ietf:rfc:3986"
_AGE_UNIT = "a"


def to_fhir(product: Product) -> JSON:
    """A FHIR R5 collection Bundle of a product.

    Parameters
    ----------
    product
        The product.

    Returns
    -------
    dict
        The bundle: MedicinalProductDefinition; a ClinicalUseDefinition of type ``indication`` for each indication that
        was ever in force, with its population (the age as a range); one of type ``warning`` for each limitation of use
        and each topic of the boxed warning. None is a ``contraindication``: the label names none.

    Examples
    --------
    >>> from pivotal.label.load import load_product
    >>> bundle = to_fhir(load_product("opzelura"))
    >>> bundle["entry"][0]["resource"]["resourceType"]
    'MedicinalProductDefinition'
    """
    head = _product(product)
    uses = [_indication(product, each) for each in product.indications]
    uses += [_warning(product, each, each.id) for each in product.limitations]
    uses += [_warning(product, each, f"boxed-{each.id}", boxed=True) for each in product.boxed_warning]
    resources = [head, *uses]
    entries = [{"fullUrl": _url(product, r["resourceType"], r["id"]), "resource": r} for r in resources]
    return {"resourceType": "Bundle", "id": _id(product.id), "type": "collection", "entry": entries}


def _product(product: Product) -> JSON:
    head = product.product
    identifiers: list[JSON] = [{"system": _NDC, "value": head.ndc}] if head.ndc else []
    identifiers += [{"system": _SPL, "value": f"urn:uuid:{head.setid}"}] if head.setid else []
    identifiers += [{"type": {"text": "marketing application"}, "value": head.application}] if head.application else []
    made: JSON = {
        "resourceType": "MedicinalProductDefinition",
        "id": _id(product.id),
        "text": _narrative(head.title),
        "identifier": identifiers,
        "description": f"{head.title}. {head.read or ''}".strip(),
        "combinedPharmaceuticalDoseForm": {"text": head.form},
        "route": [{"text": "topical"}] if "topical" in {u for i in product.indications for u in i.use} else [],
        "name": [
            {
                "productName": head.id,
                "type": {"text": "proprietary name"},
                "part": [
                    {"part": head.id, "type": {"text": "invented name"}},
                    {"part": head.substance, "type": {"text": "scientific name"}},
                    {"part": head.strength, "type": {"text": "strength"}},
                    {"part": head.form, "type": {"text": "pharmaceutical dose form"}},
                ],
            }
        ],
        "operation": [
            {"type": {"concept": {"text": "first approval"}}, "effectiveDate": {"start": str(product.first_approved)}}
        ],
    }
    return {key: value for key, value in made.items() if value != []}


def _indication(product: Product, each: Indication) -> JSON:
    term = _term(product, each)
    condition = _concept(term, each.condition)
    applies: JSON = {"start": str(each.effective)}
    if each.superseded is not None:
        applies["end"] = str(each.superseded - timedelta(days=1))  # a Period includes its last day
    told = [f"{'not: ' if c.kind == 'exclusion' else ''}{c.text}{sure(product, c)}" for c in each.criteria]
    dose = [limit.text + sure(product, limit) for limit in each.dose_limits]
    days = f"In force from {each.effective}" + (f" until the day before {each.superseded}." if each.superseded else ".")
    text = " ".join([f"{each.text}.", days, f"Criteria: {'; '.join(told)}.", f"At most: {'; '.join(dose)}."])
    severity = _severity(product, each.criteria)
    indication: JSON = {"diseaseSymptomProcedure": {"concept": condition}}
    if severity:
        indication["diseaseStatus"] = {"concept": {"text": " or ".join(severity)}}
    indication["intendedEffect"] = {"concept": {"text": "treatment"}}
    indication["applicability"] = {
        "description": "the criteria, all of which hold",
        "language": "text/plain",
        "expression": "; ".join(machine(product, c) for c in each.criteria),
    }
    made = _use(product, f"indication-{each.id}", "indication", text)
    made["status"] = {"text": "active" if each.superseded is None else "superseded"}
    made["extension"] = [
        {"url": "http://hl7.org/fhir/StructureDefinition/resource-effectivePeriod", "valuePeriod": applies}
    ]
    made["population"] = [{"reference": "#population"}]
    made["contained"] = [_population(product, each)]
    made["indication"] = indication
    return made


def _population(product: Product, each: Indication) -> JSON:
    """The group of people that an indication is for: every criterion a characteristic, the age as a range."""
    return {
        "resourceType": "Group",
        "id": "population",
        "type": "person",
        "membership": "definitional",
        "characteristic": [_characteristic(product, criterion) for criterion in each.criteria],
    }


def _characteristic(product: Product, criterion: Criterion) -> JSON:
    name = criterion.variable
    variable = product.variables[name] if name is not None else None
    label = variable.label if variable is not None else criterion.text or criterion.id or "criterion"
    made: JSON = {"code": {"text": label}, "exclude": criterion.kind == "exclusion"}
    range_ = _range(product, criterion)
    if range_:
        made["valueRange"] = range_
    elif variable is not None and variable.type == "boolean" and criterion.is_ is not None:
        made["valueBoolean"] = criterion.is_
    else:
        made["valueCodeableConcept"] = {"text": machine(product, criterion.model_copy(update={"kind": "inclusion"}))}
    return made


def _range(product: Product, criterion: Criterion) -> JSON:
    """A comparison as a Range, whose ends belong to it; one that ends before a bound has no such range."""
    bounds = criterion.bounds
    if "between" in bounds:
        bounds = {"at_least": bounds["between"][0], "at_most": bounds["between"][1]}
    if not bounds or not set(bounds) <= {"at_least", "at_most"} or criterion.variable is None:
        return {}
    unit = product.variables[criterion.variable].unit
    return {
        end: _quantity(bounds[key], unit) for end, key in (("low", "at_least"), ("high", "at_most")) if key in bounds
    }


def _quantity(value: float, unit: str | None) -> JSON:
    code = {"years": _AGE_UNIT, "%": "%"}.get(unit or "")
    number = int(value) if float(value).is_integer() else value
    made: JSON = {"value": number}
    if unit is not None:
        made["unit"] = unit
    if code is not None:
        made |= {"system": SYSTEM_UCUM, "code": code}
    return made


def _severity(product: Product, criteria: Iterable[Criterion]) -> list[str]:
    words = {scale.words for scale in product.scales}
    return [str(word) for c in criteria if c.variable in words for word in c.any_of or ()]


def _warning(product: Product, each: Statement | Limitation, name: str, *, boxed: bool = False) -> JSON:
    text = f"{'Boxed warning: ' if boxed else ''}{each.text}{sure(product, each)}"
    made = _use(product, f"warning-{name}", "warning", text)
    made["warning"] = {"description": text, "code": {"text": "boxed warning" if boxed else "limitation of use"}}
    return made


def _use(product: Product, name: str, kind: str, text: str) -> JSON:
    return {
        "resourceType": "ClinicalUseDefinition",
        "id": _id(name),
        "text": _narrative(text),
        "type": kind,
        "subject": [{"reference": _url(product, "MedicinalProductDefinition", _id(product.id))}],
    }


def _term(product: Product, each: Indication) -> Term | None:
    return next((t for t in product.conditions if t.name == each.condition and CONDITION in t.facts), None)


def _concept(term: Term | None, text: str) -> JSON:
    made: JSON = {"text": text}
    codes = [
        {"system": c.system, "code": c.code} | ({"display": c.display} if c.display else {})
        for c in (term.codes if term is not None else ())
    ]
    return ({"coding": codes} | made) if codes else made


def _narrative(text: str) -> Mapping[str, str]:
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{safe}</div>'}


def _url(product: Product, kind: str, name: str) -> str:
    """A resource's address in the bundle, the same in every writing."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{product.product.setid or product.id}/{kind}/{name}')}"


def _id(name: str) -> str:
    """A FHIR id: letters, digits, hyphens and dots, at most 64."""
    return "".join(c if c.isalnum() or c in "-." else "-" for c in name)[:64].strip("-")
