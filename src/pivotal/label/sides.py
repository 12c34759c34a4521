"""A trial's criteria and a label's on the variables that both have: by name or alias, severity's words by scores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pivotal.errors import UsageError
from pivotal.label.checks import plain
from pivotal.label.product import CERTAINTY_WORDS, Indication, Product
from pivotal.study import Study
from pivotal.study.criteria import Criterion
from pivotal.study.model import Variable


class Sides:
    """Criteria of trial and label on the variables that both have.

    `pairs` maps a study's variable to the product's; `label_on` are the label's criteria in terms of the study's.
    """

    def __init__(self, study: Study, product: Product, indication: Indication) -> None:
        self.study, self.product, self.indication = study, product, indication
        self.trial = study.population.criteria
        self.label = indication.criteria
        self.pairs = shared_variables(study, product)
        asked = set().union(*(c.variables() for c in self.trial))
        self.label_on: dict[str, list[Criterion]] = {}
        self.done: list[Criterion] = []
        for criterion in self.label:
            name, same = self.in_study(criterion)
            if name is not None and name in asked:
                self.label_on.setdefault(name, []).append(same)
                self.done.append(criterion)

    def in_study(self, criterion: Criterion) -> tuple[str | None, Criterion]:
        """A criterion of the label on the study's variable; a word of severity as its score."""
        back = {own: name for name, own in self.pairs.items()}
        if criterion.variables() != {criterion.variable}:
            return None, criterion
        for scale in self.product.scales:
            if criterion.variable == scale.words and criterion.any_of is not None and scale.scores in back:
                scores = tuple(g.score for g in scale.grades if g.word in criterion.any_of)
                name = back[scale.scores]
                return name, criterion.model_copy(update={"variable": name, "any_of": scores})
        if criterion.variable in back:
            return back[criterion.variable], criterion.model_copy(update={"variable": back[criterion.variable]})
        return None, criterion

    def variable(self, name: str) -> Variable:
        """The study's variable, without end where the product's has none: a number where either is one."""
        own, other = self.study.variables[name], self.product.variables[self.pairs[name]]
        return own if own.type == other.type == "integer" else other

    def trial_on(self, name: str) -> list[Criterion]:
        """The trial's criteria that read this variable alone."""
        return [c for c in self.trial if c.variables() == {name} and c.when is None]

    @property
    def rest(self) -> list[Criterion]:
        """The trial's criteria on what the label does not ask."""
        asked = {id(c) for name in self.label_on for c in self.trial_on(name)}
        return [c for c in self.trial if id(c) not in asked]

    def trial_source(self, criteria: Sequence[Criterion]) -> str | None:
        """Sources of criteria of the trial, as they are cited."""
        keys = dict.fromkeys(c.source or self.study.population.source for c in criteria)
        return "; ".join(cite for key in keys if (cite := cited(self.study, key))) or None

    def label_source(self, criteria: Sequence[Criterion]) -> str | None:
        """Sources of criteria of the label, and how sure they are."""
        said = [
            f"{self.product.cite(c.source)} ({CERTAINTY_WORDS[self.product.certainty(c)]})"
            for c in criteria
            if c.source
        ]
        return "; ".join(dict.fromkeys(said)) or None


def cited(study: Study, key: str | None) -> str | None:
    """A source of a study as it is cited."""
    return study.sources[key].cite if key is not None and key in study.sources else key


def shared_variables(study: Study, product: Product) -> dict[str, str]:
    """The study's variables that the product file knows, by name or alias, each with the product's name of it.

    Raises
    ------
    UsageError
        If one is in two units.
    """
    known = {plain(alias): name for name, fact in product.variables.items() for alias in (name, *fact.aliases)}
    found = {name: known[plain(name)] for name in study.variables if plain(name) in known}
    for name, own in found.items():
        units = (study.variables[name].unit, product.variables[own].unit)
        if units[0] != units[1]:
            raise UsageError(
                f"{name} is in {units[0]} in {study.id} and in {units[1]} in {product.id}. Make them the same."
            )
    return found


def latest(product: Product) -> date:
    """The day of the latest approval in a product file."""
    return max(indication.effective for indication in product.indications)


def indication_for(study: Study, product: Product, day: date) -> Indication:
    """The indication in force on a day for the study's condition; the latest where there are several."""
    condition = study.study.condition or ""
    names = {plain(condition)} | {
        plain(name) for term in product.conditions for name in (term.name, *term.aliases)
        if plain(condition) in {plain(other) for other in (term.name, *term.aliases)}
    }  # fmt: skip
    meant = [i for i in product.indications if plain(i.condition) in names]
    found = [i for i in meant if i.in_force(day)]
    if found:
        return max(found, key=lambda i: i.effective)
    if not meant:
        raise UsageError(f"{product.id} has no indication for {condition!r}, the condition of {study.id}.")
    first = min(i.effective for i in meant)
    raise UsageError(f"no indication of {product.id} for {condition} is in force on {day}; the first is from {first}.")


def named(criterion: Criterion) -> str:
    """A criterion in words, or what stands for them."""
    return criterion.text or criterion.id or criterion.variable or "criterion"
