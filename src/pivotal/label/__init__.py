"""The label: whom an approval covers, on which day, and how sure that is. No medical advice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = [
    "Coverage",
    "Indication",
    "Patients",
    "Product",
    "covers",
    "load_product",
    "products",
    "read_patient",
    "read_product",
    "read_table",
    "to_fhir",
]

_HOMES = {
    "Coverage": "coverage",
    "Indication": "product",
    "Patients": "patients",
    "Product": "product",
    "covers": "coverage",
    "load_product": "load",
    "products": "load",
    "read_patient": "reading",
    "read_product": "load",
    "read_table": "reading",
    "to_fhir": "fhir_product",
}

if TYPE_CHECKING:
    from pivotal.label.coverage import Coverage, covers
    from pivotal.label.fhir_product import to_fhir
    from pivotal.label.load import load_product, products, read_product
    from pivotal.label.patients import Patients
    from pivotal.label.product import Indication, Product
    from pivotal.label.reading import read_patient, read_table


def __getattr__(name: str) -> Any:
    """Names are imported when they are first used, so that the command line starts quickly."""
    if name not in _HOMES:
        raise AttributeError(f"module 'pivotal.label' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"pivotal.label.{_HOMES[name]}"), name)
