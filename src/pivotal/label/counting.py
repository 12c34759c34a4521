r"""How many people a label covers: an upper bound from sourced numbers, with their uncertainty carried through.

For each group of people that a source counts, the number is drawn from its stated range and multiplied by the share
that passes the label's criterion on severity, drawn from its confidence interval. What no source gives (how many have
little enough of the body surface affected, in how many topical therapy failed) is a factor between 0 and 1 that is not
known: it is named, and the figure is an upper bound. Nothing is put in its place.

The shares of a split are drawn on the logit scale, :math:`\operatorname{logit} p \sim N(\operatorname{logit} \hat p,
s^2)` with :math:`s = (\operatorname{logit} u - \operatorname{logit} l) / 2 z` from the printed limits, and divided by
their sum. Draws of one group are the same on every day, so that what an approval added is a difference of like draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import log, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from pivotal.errors import UsageError
from pivotal.label.bounds import Added, Amount, Chain, Reach, Step, Uncounted
from pivotal.label.days import a_day
from pivotal.label.epidemiology import (
    SURE,
    Epidemiology,
    People,
    Share,
    Split,
    epidemiologies,
    epidemiology_for,
    load_epidemiology,
)
from pivotal.label.extent import extents
from pivotal.label.facts import people_words
from pivotal.label.load import load_product
from pivotal.label.product import AGE, CONDITION, Indication, Product
from pivotal.label.random import generator
from pivotal.study.criteria import Criterion

Floats = NDArray[np.float64]
DRAWS = 100_000
"""Draws by default: the Monte-Carlo error of a mean is then 0.3 % of the spread."""
LEVEL = 0.95
"""Share of the draws between the limits that are given."""


def reach(
    product: Product | str,
    epidemiology: Epidemiology | str | None = None,
    *,
    on: date | str | None = None,
    draws: int = DRAWS,
    seed: int = 1,
) -> Reach:
    """How many people a label covers on a day, at most.

    Parameters
    ----------
    product, epidemiology
        Themselves, or their names or paths; by default the package's epidemiology of the product's jurisdiction.
    on
        The day; that of the latest approval in the product file by default.
    draws
        Draws of the uncertain numbers.
    seed
        The same seed gives the same draws.

    Returns
    -------
    Reach
        Bounds with their chains, what is missing, and what each approval added.

    Raises
    ------
    UsageError
        If there is no epidemiology of the product's jurisdiction, or the day is none.

    Notes
    -----
    Degenerate outcomes: on a day before the first approval there is no chain and no total. An indication for people
    whom no source counts is listed and adds nothing to the total. A source that says `over` gives a number that may be
    too small: the bound then holds for the stated number only, and says so. A range without a level of confidence is
    taken as uniform.

    Examples
    --------
    >>> found = reach("opzelura", on="2025-09-18")
    >>> [round(chain.bound.mean / 1e6, 1) for chain in found.chains]
    [2.3, 21.0]
    """
    product = load_product(product) if isinstance(product, str) else product
    epidemiology = _epidemiology(epidemiology, product)
    day = max(i.effective for i in product.indications) if on is None else a_day(on)
    maker = _Maker(product, epidemiology, draws, seed)
    made = maker.on(day)
    return Reach(
        product=product.product.title,
        jurisdiction=epidemiology.epidemiology.jurisdiction,
        on=day,
        chains=tuple(chain for chain, _ in made.chains),
        uncounted=made.uncounted,
        total=made.total,
        history=maker.history(),
        gaps=tuple((gap.what, gap.why) for gap in epidemiology.missing),
        draws=draws,
        seed=seed,
    )


def _epidemiology(asked: Epidemiology | str | None, product: Product) -> Epidemiology:
    found = epidemiology_for(product.product.jurisdiction) if asked is None else asked
    if found is None:
        where, names = product.product.jurisdiction, ", ".join(epidemiologies())
        raise UsageError(f"the package has no epidemiology of {where!r}; it has {names}. Name a file of your own.")
    return load_epidemiology(found) if isinstance(found, str) else found


@dataclass(frozen=True)
class _Day:
    """What is counted on one day: chains with their draws, and the draws of each group of people together."""

    chains: tuple[tuple[Chain, Floats], ...]
    uncounted: tuple[Uncounted, ...]
    people: Mapping[str, Floats]
    floor: bool

    @property
    def total(self) -> Amount | None:
        return amount(sum(self.people.values(), np.zeros(1)), floor=self.floor) if self.people else None


class _Maker:
    """The draws of one seed, and what they give on any day."""

    def __init__(self, product: Product, epidemiology: Epidemiology, draws: int, seed: int) -> None:
        self.product, self.epidemiology = product, epidemiology
        self.draws, self.seed = draws, seed
        self._numbers: dict[str, Floats] = {}

    def on(self, day: date) -> _Day:
        """What is counted on a day."""
        chains: list[tuple[Chain, Floats]] = []
        uncounted: list[Uncounted] = []
        people: dict[str, Floats] = {}
        floors = []
        for indication in self.product.in_force(day):
            counted = [row for row in self.epidemiology.people if row.condition == indication.condition]
            if not counted:
                why = f"no source says how many people have {indication.condition}"
                uncounted.append(Uncounted(indication.id, indication.condition, why))
            for row in counted:
                found = self._chain(indication, row)
                if found is None:
                    continue
                chains.append(found)
                floors.append(row.high is None)
                several = people.get(row.id, np.zeros(1)) + found[1]
                people[row.id] = np.minimum(several, self._number(row))  # nobody is counted twice
        return _Day(tuple(chains), tuple(uncounted), people, any(floors))

    def history(self) -> tuple[Added, ...]:
        """What each day on which an indication came into force added, up to the last in the file."""
        days = sorted({i.effective for i in self.product.indications})
        return tuple(self._added(day) for day in days)

    def _added(self, day: date) -> Added:
        before, after = self.on(day - timedelta(days=1)), self.on(day)
        new = [row for row in after.people if row not in before.people]
        texts = {row.id: row.text for row in self.epidemiology.people}
        difference = sum(after.people.values(), np.zeros(1)) - sum(before.people.values(), np.zeros(1))
        floor = any(row.high is None for row in self.epidemiology.people if row.id in new)
        came = tuple(i.id for i in self.product.indications if i.effective == day)
        uncounted = tuple(one for one in after.uncounted if one.indication in came)
        counts = len(uncounted) < len(came)
        return Added(
            day=day,
            indications=came,
            replaced=tuple(i.id for i in self.product.indications if i.superseded == day),
            people=tuple(texts[row] for row in new),
            added=amount(difference, floor=floor) if counts else None,
            total=after.total,
            uncounted=uncounted,
        )

    def _chain(self, indication: Indication, row: People) -> tuple[Chain, Floats] | None:
        """The chain of one group of people, with its draws; None where the indication is for nobody of this age."""
        whole = self._of_age(indication, row)
        if whole is None:
            return None
        number = self._number(row)
        steps, known = [self._people_step(row)], {CONDITION, *([AGE] if whole else [])}
        for split in self.epidemiology.splits:
            criteria = [c for c in indication.criteria if c.variables() == {split.variable}]
            if row.id not in split.people or split.condition != row.condition or not criteria:
                continue
            share = self._shares(split, criteria)
            steps.append(self._split_step(split, criteria, share))
            number = number * share
            known.add(split.variable)
        missing = [c for c in indication.criteria if not c.variables() <= known]
        chain = Chain(
            indication.id, row.text, tuple(steps), tuple(_asked(c) for c in missing),
            amount(number, floor=row.high is None),
            amount(self._number(row)) if len(steps) > 1 and row.counts == "unclear" else None,
        )  # fmt: skip
        return chain, number

    def _of_age(self, indication: Indication, row: People) -> bool | None:
        """Whether the label's ages take in all of a group of people; None where they take in nobody of it."""
        criteria = [c for c in indication.criteria if c.variables() == {AGE}]
        who = row.who.model_copy(update={"variable": AGE})
        people, label = extents(AGE, self.product.variables[AGE], [who], criteria)
        if not people.shared(label):
            return None
        return not people.minus(label)

    def _number(self, row: People) -> Floats:
        """Draws of a number of people: uniform on the stated range; the stated number where the source says over."""
        if row.id not in self._numbers:
            fixed = row.high is None or row.high == row.low
            rng = generator(self.seed, f"people {row.id}")
            self._numbers[row.id] = (
                np.full(self.draws, row.low) if fixed else rng.uniform(row.low, row.high or row.low, self.draws)
            )
        return self._numbers[row.id]

    def _shares(self, split: Split, criteria: Sequence[Criterion]) -> Floats:
        """Draws of the share that passes the criteria on a split's variable."""
        rng = generator(self.seed, f"split {split.id}")
        drawn = np.stack([_share(one, split.level, rng.standard_normal(self.draws)) for one in split.shares])
        passing = self._passing(split, criteria)
        return np.asarray(drawn[passing].sum(axis=0) / drawn.sum(axis=0), dtype=np.float64)

    def _passing(self, split: Split, criteria: Sequence[Criterion]) -> list[int]:
        variable = self.product.variables[split.variable]
        (lets,) = extents(split.variable, variable, criteria)
        words = {cell.low for cell, let in zip(lets.cells, lets.lets, strict=True) if let}
        return [i for i, one in enumerate(split.shares) if one.word in words]

    def _people_step(self, row: People) -> Step:
        drawn = amount(self._number(row))
        return Step(row.text, people_words(row), drawn.mean, row.low, row.high or row.low, *self._where(row))

    def _split_step(self, split: Split, criteria: Sequence[Criterion], share: Floats) -> Step:
        taken = [split.shares[i] for i in self._passing(split, criteria)]
        words = " + ".join(f"{one.word} {one.percent:g} %" + _limits(one) for one in taken)
        drawn = amount(share)
        what = f"share that is {' or '.join(one.word for one in taken)}"
        return Step(what, words, drawn.mean, drawn.low, drawn.high, *self._where(split))

    def _where(self, part: People | Split) -> tuple[str | None, str | None, str | None, str | None, str | None]:
        source = self.epidemiology.sources.get(part.source or "")
        if source is None:
            return None, None, None, part.assumed, part.note
        sure = SURE[part.certainty or source.certainty]
        return source.cite, source.url, sure, part.assumed, part.note


def amount(draws: Floats, *, floor: bool = False) -> Amount:
    """Draws summed up: mean, central 95 %, Monte-Carlo standard error."""
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    spread = float(np.ptp(draws))
    error = float(draws.std(ddof=1)) / sqrt(len(draws)) if spread > 0 else 0.0
    return Amount(float(draws.mean()), float(low), float(high), error, floor)


def _share(share: Share, level: float, normal: Floats) -> Floats:
    """Draws of one share; without limits it is as stated."""
    p = share.percent / 100
    if share.low is None or share.high is None or not 0 < share.low <= share.high < 100:
        return np.full_like(normal, p)
    z = NormalDist().inv_cdf((1 + level) / 2)
    spread = (_logit(share.high / 100) - _logit(share.low / 100)) / (2 * z)
    return np.asarray(1 / (1 + np.exp(-(_logit(p) + spread * normal))), dtype=np.float64)


def _logit(p: float) -> float:
    return log(p / (1 - p))


def _limits(share: Share) -> str:
    return "" if share.low is None else f" ({share.low:g} to {share.high:g})"


def _asked(criterion: Criterion) -> str:
    text = criterion.text or criterion.id or "a criterion"
    return f"not: {text}" if criterion.kind == "exclusion" else text
