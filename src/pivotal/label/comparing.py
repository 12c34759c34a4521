"""One check of a claim against the fact that it names: yes, no, or unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from pivotal.label.claims import BOUNDS, Check
from pivotal.label.extent import Extent, extents
from pivotal.label.facts import Facts, Known
from pivotal.study.criteria import Answer, Criterion

SILENT = "nothing"
"""What a claim says of a fact that it leaves out."""
ALLOWED: dict[str, tuple[str, ...]] = {
    "number": ("equals", "at_least", "above", "at_most", "below", "between", "any_of"),
    "range": ("equals", "at_least", "above", "at_most", "below", "between"),
    "text": ("equals", "words", "any_of"),
    "list": ("any_of", "words"),
    "day": ("equals",),
    "extent": BOUNDS,
    "truth": ("is",),
}
"""What a check may say of each kind of fact, beside `same_as` and `leaves_out`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of a claim, answered.

    Attributes
    ----------
    fact
        Name of the fact.
    claimed, known
        What the claim says of it, and what it is, in words.
    answer
        1 yes, 0 no, -1 unknown.
    note
        What more is to be said: what the figure belongs to, what the claim leaves out.
    reading
        The reading of the claim under which it is asked.
    source, url, sure
        Of the fact.
    """

    fact: str
    claimed: str
    known: str
    answer: Answer
    note: str | None = None
    reading: str | None = None
    source: str | None = None
    url: str | None = None
    sure: str | None = None


def all_of(answers: Iterable[Answer]) -> Answer:
    """Kleene's and; of nothing it is unknown, as a claim on which no fact bears cannot be decided."""
    found = list(answers)
    if Answer.NO in found:
        return Answer.NO
    return Answer.YES if found and Answer.UNKNOWN not in found else Answer.UNKNOWN


def find(check: Check, facts: Facts) -> Finding:
    """Answer one check."""
    fact = facts[check.fact]
    answer, claimed, note = _answered(check, fact, facts)
    return Finding(check.fact, claimed, fact.shown, answer, note, check.reading, fact.source, fact.url, fact.sure)


Answered = tuple[Answer, str, str | None]


def _answered(check: Check, fact: Known, facts: Facts) -> Answered:
    if check.leaves_out:
        return Answer.UNKNOWN, SILENT, f"the claim does not say: {fact.shown}"
    if check.same_as is not None:
        return _same(fact, facts[check.same_as])
    if fact.kind == "extent":
        return _extent(check, fact)
    if fact.kind == "range":
        return _range(check, fact)
    if fact.kind == "truth":
        return _truth(check, fact)
    if fact.kind == "number":
        return _number(check, fact, facts)
    return _words(check, fact, facts)


def _yes(holds: bool) -> Answer:
    return Answer.YES if holds else Answer.NO


def _same(fact: Known, other: Known) -> Answered:
    same = fact.value == other.value if fact.kind == other.kind else fact.shown == other.shown
    return _yes(same), other.shown, f"{other.name.removeprefix('facts.')} is {other.shown}"


def _extent(check: Check, fact: Known) -> Answered:
    """The claim's set of values and the fact's: one and the same, or by what they differ."""
    lets = fact.value
    assert isinstance(lets, Extent)
    bounds = {key: getattr(check, "is_" if key == "is" else key) for key in check.said}
    claimed = Criterion.model_validate({"variable": lets.name} | bounds)
    mine, theirs = extents(lets.name, lets.variable, [claimed], lets.criteria)
    more, less = mine.minus(theirs), theirs.minus(mine)
    said = [f"the claim takes in {more.words}"] if more else []
    said += [f"it leaves out {less.words}"] if less else []
    return _yes(not said), mine.words, ", and ".join(said) or None


def _range(check: Check, fact: Known) -> Answered:
    held = fact.value
    assert isinstance(held, tuple)
    low, high = float(held[0]), None if held[1] is None else float(held[1])
    if check.between is not None:
        claimed = f"{check.between[0]:,.10g} to {check.between[1]:,.10g} {check.unit or ''}".strip()
        return _yes(check.between == (low, high)), claimed, None
    if check.equals is not None:
        claimed = f"{float(check.equals):,.10g} {check.unit or ''}".strip()
        return _yes(low == high == float(check.equals)), claimed, None
    answers = [_bound(key, float(getattr(check, key)), low, high) for key in check.said]
    return all_of(answers), _bounds_said(check), None


def _bound(key: str, bound: float, low: float, high: float | None) -> Answer:
    """Whether all of a range, or none of it, lies on one side of a bound."""
    top = float("inf") if high is None else high
    all_in = {"at_least": low >= bound, "above": low > bound, "at_most": top <= bound, "below": top < bound}[key]
    none_in = {"at_least": top < bound, "above": top <= bound, "at_most": low > bound, "below": low >= bound}[key]
    return Answer.YES if all_in else Answer.NO if none_in else Answer.UNKNOWN


def _truth(check: Check, fact: Known) -> Answered:
    claimed = "yes" if check.is_ else "no"
    if fact.value == -1:
        return Answer.UNKNOWN, claimed, f"it is not known: {fact.shown}"
    return _yes(bool(fact.value) == check.is_), claimed, None


def _number(check: Check, fact: Known, facts: Facts) -> Answered:
    value = fact.value
    assert isinstance(value, int | float)
    if check.equals is not None:
        digits = check.digits if check.digits is not None else _decimals(check.equals)
        figure = float(check.equals)
        claimed = f"{figure:,.{digits}f}" + (f" {check.unit}" if check.unit else "")
        holds = f"{value:.{digits}f}" == f"{figure:.{digits}f}"
        return _yes(holds), claimed, None if holds else _elsewhere(fact, figure, facts)
    if check.any_of is not None:
        return _yes(value in check.any_of), " or ".join(f"{v:g}" for v in check.any_of if not isinstance(v, str)), None
    bounds = {key: getattr(check, key) for key in check.said}
    holds = all(_HOLDS[key](value, bound) for key, bound in bounds.items())
    return _yes(holds), _bounds_said(check), "the claim gives a bound only" if holds else None


_HOLDS: dict[str, Any] = {
    "at_least": lambda v, b: v >= b,
    "above": lambda v, b: v > b,
    "at_most": lambda v, b: v <= b,
    "below": lambda v, b: v < b,
    "between": lambda v, b: b[0] <= v <= b[1],
}
_BOUND_WORDS = {"at_least": "at least", "above": "over", "at_most": "at most", "below": "under"}


def _bounds_said(check: Check) -> str:
    if check.between is not None:
        said = f"{check.between[0]:,.10g} to {check.between[1]:,.10g}"
    else:
        said = " and ".join(f"{_BOUND_WORDS[key]} {getattr(check, key):,.10g}" for key in check.said)
    return said + (f" {check.unit}" if check.unit else "")


def _decimals(figure: int | float | str) -> int:
    """Decimals of a figure as it is written."""
    text = repr(figure)
    return len(text.split(".")[1]) if isinstance(figure, float) and "e" not in text else 0


def _words(check: Check, fact: Known, facts: Facts) -> Answered:
    if check.words is not None:
        return _yes(_contains(fact.shown, check.words)), check.words, None
    if check.any_of is not None:
        held = set(fact.value) if isinstance(fact.value, tuple) else {fact.value}
        return _yes(held == set(check.any_of)), ", ".join(map(str, check.any_of)), None
    claimed = str(check.equals)
    if fact.kind == "day":
        holds = fact.shown.startswith(claimed)
        return _yes(holds), claimed, None if holds else _same_day(fact, claimed, facts)
    return _yes(_plain(fact.shown) == _plain(claimed)), claimed, None


def _contains(text: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(_plain(words))}(?!\w)", _plain(text)) is not None


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _family(fact: Known) -> str:
    return fact.name.rsplit(".", 1)[0]


def _same_day(fact: Known, claimed: str, facts: Facts) -> str | None:
    """What else happened on the day that the claim gives: a day of the same kind, or an approval's."""
    names = [one.name for one in facts.values() if isinstance(one.value, date) and one.shown == claimed]
    near = [name for name in names if name.startswith(_family(fact))] or names
    return f"{claimed} is {' and '.join(near)}" if near else None


def _elsewhere(fact: Known, figure: float, facts: Facts) -> str | None:
    """What the claim's figure is, where it is the threshold of the endpoint and not its result."""
    endpoint = re.match(r"study\.posted\.(.+?)\.[^.]+\.(rate|odds ratio|mean)", fact.name)
    if endpoint is None:
        return None
    own = [one for one in facts.values() if one.name.startswith(f"study.endpoints.{endpoint[1]}.")]
    named = [one.shown for one in own if one.value == figure and one.unit == fact.unit]
    return f"{figure:g} {fact.unit or ''}".strip() + f" is the endpoint's threshold: {named[0]}" if named else None
