"""The label: whom an approval covers, on which day, and how sure that is. No medical advice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = [
    "Against",
    "Coverage",
    "Indication",
    "Patients",
    "Product",
    "Reach",
    "against",
    "covers",
    "hold",
    "label_summary",
    "load_claims",
    "load_epidemiology",
    "load_product",
    "product_of",
    "products",
    "reach",
    "read_patient",
    "read_product",
    "read_table",
    "to_fhir",
]

_HOMES = {
    "Against": "comparison",
    "Coverage": "coverage",
    "Indication": "product",
    "Patients": "patients",
    "Product": "product",
    "Reach": "bounds",
    "against": "comparison",
    "covers": "coverage",
    "hold": "evidence",
    "label_summary": "summary",
    "load_claims": "claims_load",
    "load_epidemiology": "epidemiology",
    "load_product": "load",
    "product_of": "summary",
    "products": "load",
    "reach": "counting",
    "read_patient": "reading",
    "read_product": "load",
    "read_table": "reading",
    "to_fhir": "fhir_product",
}

if TYPE_CHECKING:
    from pivotal.label.bounds import Reach
    from pivotal.label.claims_load import load_claims
    from pivotal.label.comparison import Against, against
    from pivotal.label.counting import reach
    from pivotal.label.coverage import Coverage, covers
    from pivotal.label.epidemiology import load_epidemiology
    from pivotal.label.evidence import hold
    from pivotal.label.fhir_product import to_fhir
    from pivotal.label.load import load_product, products, read_product
    from pivotal.label.patients import Patients
    from pivotal.label.product import Indication, Product
    from pivotal.label.reading import read_patient, read_table
    from pivotal.label.summary import label_summary, product_of


def __getattr__(name: str) -> Any:
    """Names are imported when they are first used, so that the command line starts quickly."""
    if name not in _HOMES:
        raise AttributeError(f"module 'pivotal.label' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"pivotal.label.{_HOMES[name]}"), name)
