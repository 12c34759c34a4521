"""Reading a file of claims: all that is wrong with it at once, each fault with its line.

A file is named, when it comes with the package, or it is the path of a TOML file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from pivotal.errors import ClaimsError, UsageError, nearest
from pivotal.label.claims import MOST_WORDS, SAYINGS, Claims
from pivotal.label.comparing import ALLOWED
from pivotal.label.epidemiology import load_epidemiology
from pivotal.label.extent import Extent
from pivotal.label.facts import Facts, Known, catalogue
from pivotal.label.load import load_product
from pivotal.study import load
from pivotal.study.checks.criteria import value_of
from pivotal.study.checks.node import Node, Problem, as_number
from pivotal.study.checks.references import twice, unknown
from pivotal.study.schema import Shape, problems
from pivotal.study.toml import faults, parsed, text_of

_LIBRARY = Path(__file__).parent / "claims"
_SHAPE = Shape(Claims, "a file of claims")
_Loaded = TypeVar("_Loaded")


def load_claims(name: str | Path) -> tuple[Claims, Facts]:
    """Read and check a file of claims.

    Parameters
    ----------
    name
        The name of one that comes with the package (``"true-ad3-news"``), or a path.

    Returns
    -------
    Claims, dict of Known
        The claims, and every fact of the files that they name.

    Raises
    ------
    ClaimsError
        If the file is wrong: a quote of more than 15 words, a fact that there is not, a figure in another unit.
    UsageError
        If there is none.
    """
    path = _path(name)
    return read_claims(text_of(path, file=_SHAPE.file, error=ClaimsError), path.name)


def read_claims(text: str, name: str = "claims.toml") -> tuple[Claims, Facts]:
    """Read and check the text of a file of claims; `name` is how faults speak of it."""
    data = parsed(text, name, error=ClaimsError)
    found, claims = _validated(data)
    found += list(_check(Node(data)))
    facts: Facts = {}
    if claims is not None:
        facts, more = _facts(claims, Node(data))
        found += more if more else list(_against_facts(Node(data), facts))
    if found or claims is None:
        raise ClaimsError(faults(found, text, name))
    return claims, facts


def claim_files() -> list[str]:
    """The names of the files of claims that come with the package."""
    return sorted(path.stem for path in _LIBRARY.glob("*.toml"))


def _path(name: str | Path) -> Path:
    path, names = Path(name), claim_files()
    if path.is_file():
        return path
    if isinstance(name, Path) or path.suffix == ".toml" or len(path.parts) > 1:
        raise UsageError(f"there is no file of claims {str(name)!r}. Claims of the package: {', '.join(names)}.")
    if name.lower() not in names:
        raise UsageError(f"{name!r} is no file of claims of the package. {nearest(name, names)}")
    return _LIBRARY / f"{name.lower()}.toml"


def _validated(data: Mapping[str, Any]) -> tuple[list[Problem], Claims | None]:
    try:
        return [], Claims.model_validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        return problems(error.errors(include_url=False), data, _SHAPE), None


def _facts(claims: Claims, file: Node) -> tuple[Facts, list[Problem]]:
    """The facts of the files that the claims name; a file that there is not is a fault."""
    found: list[Problem] = []

    def loaded(key: str, name: str | None, read: Callable[[str], _Loaded]) -> _Loaded | None:
        if name is None:
            return None
        try:
            return read(name)
        except UsageError as error:
            found.append(file.child("evidence", key).problem(str(error).rstrip("."), "Correct the name."))
            return None

    head = claims.evidence
    study = loaded("study", head.study, load)
    product = loaded("product", head.product, load_product)
    epidemiology = loaded("epidemiology", head.epidemiology, load_epidemiology)
    return catalogue(claims, study, product, epidemiology), found


# ---------------------------------------------------------------- what does not fit


def _check(file: Node) -> Iterator[Problem]:
    sources = [key for key, _ in file.entries("sources")]
    for node in file.walk():
        if node.path[-1:] == ("source",) and node.path[:1] != ("sources",):
            yield from unknown(node, sources, "source")
    claims = file.rows("claims")
    yield from twice([row.child("id") for row in claims], "another claim")
    for row in claims:
        quote = row.text("quote")
        words = len((quote or "").split())
        if words > MOST_WORDS:
            allowed, mend = f"a quote has at most {MOST_WORDS} words", "Quote less; say the rest in your own words."
            yield row.child("quote").problem(allowed, mend, found=f"{words} words long")
        if row.child("ends").data is True and not quote:
            yield row.child("ends").problem("only quoted words can end a sentence", "Add quote, or remove ends.")


def _against_facts(file: Node, facts: Facts) -> Iterator[Problem]:
    for row in file.rows("claims"):
        for check in row.rows("checks"):
            fact = facts.get(check.text("fact") or "")
            if fact is None:
                yield _no_fact(check.child("fact"), facts)
                continue
            other = check.text("same_as")
            if other is not None and other not in facts:
                yield _no_fact(check.child("same_as"), facts)
            yield from _saying(check, fact)


def _no_fact(node: Node, facts: Facts) -> Problem:
    """An unknown fact with the nearest right name: as a whole, or within its own file."""
    name = str(node.data)
    close = get_close_matches(name, facts, n=1, cutoff=0.6)
    family = [key for key in facts if key.split(".")[0] == name.split(".")[0]]
    close = close or get_close_matches(name, family, n=1, cutoff=0.3)
    heads = ", ".join(dict.fromkeys(key.split(".")[0] for key in facts))
    mend = f"Did you mean {close[0]!r}?" if close else f"Facts begin with one of: {heads}."
    return node.problem("no fact has this name (pivotal evidence --facts lists them)", mend)


def _saying(check: Node, fact: Known) -> Iterator[Problem]:
    said = [key for key in SAYINGS if check.has(key)]
    allowed = ALLOWED[fact.kind]
    for key in said:
        if key not in (*allowed, "same_as", "leaves_out"):
            yield check.child(key).problem(
                f"{fact.name} is {_KINDS[fact.kind]}", f"Use one of: {', '.join(allowed)}.", found=f"said by {key}"
            )
            return
    if "same_as" in said or "leaves_out" in said:
        return
    yield from _unit(check, fact)
    yield from _figures(check, fact, said)


_KINDS = {
    "number": "a number",
    "range": "a range of numbers",
    "text": "a text",
    "list": "a list",
    "day": "a day",
    "extent": "what criteria let in",
    "truth": "something that holds or does not",
}


def _unit(check: Node, fact: Known) -> Iterator[Problem]:
    """A figure is in its fact's unit; one without a unit is not taken to be."""
    unit = check.text("unit")
    if unit == fact.unit or fact.kind in ("text", "list", "day", "truth"):
        return
    if unit is None:
        allowed = f"{fact.name} is in {fact.unit}, and a figure says its unit"
        yield check.problem(allowed, f'Add unit = "{fact.unit}".', found="a figure without unit")
    elif fact.unit is None:
        yield check.child("unit").problem(f"{fact.name} has no unit", "Remove unit.")
    else:
        mend = f"Convert the figure and set unit = '{fact.unit}'."
        yield check.child("unit").problem(f"{fact.name} is in {fact.unit}", mend)


def _figures(check: Node, fact: Known, said: list[str]) -> Iterator[Problem]:
    """A number where the fact is one, and words that the variable knows where it is a category."""
    values = [node for key in said for node in (check.rows(key) or [check.child(key)])]
    if isinstance(fact.value, Extent):
        variable = Node(fact.value.variable.model_dump(mode="json"))
        for value in values:
            yield from value_of(variable, value)
    elif fact.kind in ("number", "range"):
        for value in values:
            if as_number(value.data) is None:
                yield value.problem(f"{fact.name} is a number", "Use a number.")
