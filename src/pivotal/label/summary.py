"""What an approval says, for a study's report: the label's history, trial against label, reach, as plain data."""

from __future__ import annotations

from typing import Any

from pivotal.errors import Fault, StudyError, UsageError
from pivotal.label.candidates import CANDIDATES
from pivotal.label.comparison import against
from pivotal.label.counting import DRAWS, reach
from pivotal.label.epidemiology import epidemiology_for
from pivotal.label.load import load_product
from pivotal.label.product import CERTAINTY_WORDS, Indication, Product
from pivotal.label.sides import indication_for, latest
from pivotal.study import Study, source_text
from pivotal.study.lines import line_of, locate
from pivotal.study.load import study_path


def product_of(study: Study, file: str | None = None) -> Product | None:
    """The product that a study names, checked to have an indication for its condition; None where it names none.

    Parameters
    ----------
    study
        The study.
    file
        Name or path of its file, so that a fault says where it stands.

    Raises
    ------
    StudyError
        If there is no such product, or it has no indication for the study's condition.
    ProductError
        If the product file is wrong.
    """
    name = study.study.product
    if name is None:
        return None
    try:
        product = load_product(name)
        indication_for(study, product, latest(product))
    except UsageError as error:
        fault = Fault(_place(study, file), repr(name), str(error).rstrip("."), "Correct or remove study.product.")
        raise StudyError([fault]) from None
    return product


def _place(study: Study, file: str | None) -> str:
    if file is None:
        return f"{study.id}: study.product"
    line = line_of(locate(source_text(file)), ("study", "product"))
    return f"{study_path(file).name}{'' if line is None else f':{line}'}: study.product"


def label_summary(
    study: Study, *, seed: int = 1, candidates: int = CANDIDATES, draws: int = DRAWS
) -> dict[str, Any] | None:
    """What `label.json` of a run holds, on the day of the latest approval; None where the study names no product.

    Examples
    --------
    >>> from pivotal.study import load
    >>> found = label_summary(load("true-ad3"), candidates=1000, draws=1000)
    >>> [one["id"] for one in found["indications"]]
    ['AD-2021', 'VIT-2022', 'AD-2025']
    """
    product = product_of(study)
    if product is None:
        return None
    head = product.product
    numbers = epidemiology_for(head.jurisdiction)
    return {
        "product": {"id": head.id, "title": head.title, "jurisdiction": head.jurisdiction, "read": head.read},
        "on": latest(product).isoformat(),
        "indications": [_indication(study, product, one) for one in product.indications],
        "against": against(study, product, candidates=candidates, seed=seed).as_json(),
        "reach": None if numbers is None else reach(product, numbers, draws=draws, seed=seed).as_json(),
        "sources": _sources(study, product),
    }


def _indication(study: Study, product: Product, one: Indication) -> dict[str, Any]:
    trials = [product.trial(name) for name in one.trials]
    own = [t for t in trials if t.registry is not None and t.registry == study.study.registry]
    return {
        "id": one.id,
        "condition": one.condition,
        "text": one.text,
        "effective": one.effective.isoformat(),
        "superseded": None if one.superseded is None else one.superseded.isoformat(),
        "superseded_by": one.superseded_by,
        "supplement": one.supplement,
        "criteria": [f"not: {c.text}" if c.kind == "exclusion" else c.text for c in one.criteria if c.text],
        "trials": [{"id": t.id, "sure": product.certainty(t), "note": t.note} for t in trials],
        "this_trial": bool(own),
        "source": product.cite(one.source) if one.source else None,
        "sure": CERTAINTY_WORDS[product.certainty(one)],
    }


def _sources(study: Study, product: Product) -> list[dict[str, Any]]:
    """Sources with their addresses, by which the report finds a citation's."""
    numbers = epidemiology_for(product.product.jurisdiction)
    sources = [*product.sources.values(), *study.sources.values()]
    sources += numbers.sources.values() if numbers is not None else []
    found = {source.cite: source.url for source in sources}
    return [{"cite": cite, "url": url} for cite, url in found.items()]
