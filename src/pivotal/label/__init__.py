"""The label: whom an approval covers, on which day, and how sure that is. No medical advice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = [
    "Indication",
    "Product",
    "against",
    "hold",
    "label_summary",
    "load_claims",
    "load_epidemiology",
    "load_product",
    "product_of",
    "products",
    "reach",
    "read_product",
]

_HOMES = {
    "Indication": "product",
    "Product": "product",
    "against": "against",
    "hold": "evidence",
    "label_summary": "summary",
    "load_claims": "claims_load",
    "load_epidemiology": "epidemiology",
    "load_product": "load",
    "product_of": "summary",
    "products": "load",
    "reach": "reach",
    "read_product": "load",
}

if TYPE_CHECKING:
    from pivotal.label.against import against
    from pivotal.label.claims_load import load_claims
    from pivotal.label.epidemiology import load_epidemiology
    from pivotal.label.evidence import hold
    from pivotal.label.load import load_product, products, read_product
    from pivotal.label.product import Indication, Product
    from pivotal.label.reach import reach
    from pivotal.label.summary import label_summary, product_of


def __getattr__(name: str) -> Any:
    """Names are imported when they are first used, so that the command line starts quickly."""
    if name not in _HOMES:
        raise AttributeError(f"module 'pivotal.label' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"pivotal.label.{_HOMES[name]}"), name)
