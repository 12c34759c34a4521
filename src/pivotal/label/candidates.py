"""Virtual candidates for a trial, and what trial and label say of each. SIMULATED."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.label.coverage import covers
from pivotal.label.product import CONDITION, Indication, Product
from pivotal.label.random import generator
from pivotal.label.sides import Sides, named
from pivotal.study import Study
from pivotal.study.criteria import Criterion, Truth, both, passes

CANDIDATES = 100_000
"""Virtual candidates by default: a share then has a Monte-Carlo standard error of 0.16 percentage points at most."""
PARTS = ("both", "label only", "trial only", "neither")


@dataclass(frozen=True, slots=True)
class Share:
    """A simulated share between two bounds that are one where nothing is unknown.

    Attributes
    ----------
    low, high
        The share if every unknown answer is no, and if every one is yes. Proportions.
    mcse
        The larger Monte-Carlo standard error of the two.
    n
        Virtual patients that it is a share of.
    """

    low: float
    high: float
    mcse: float
    n: int


@dataclass(frozen=True, slots=True)
class Candidates:
    """Virtual candidates, what trial and label say of each, and which variables differ between them at all."""

    columns: Mapping[str, NDArray[Any]]
    trial: Truth
    label: Truth
    by_criterion: Mapping[str, Truth]
    drawn: frozenset[str]

    @property
    def unknown(self) -> tuple[str, ...]:
        """Criteria of the label that nobody's facts answer."""
        return tuple(text for text, answer in self.by_criterion.items() if (answer == -1).all())

    def parts(self) -> dict[str, Share]:
        """Shares of all candidates."""
        enrolled = self.trial == 1
        answers = {
            "both": both(enrolled.astype(np.int8), self.label),
            "label only": both((~enrolled).astype(np.int8), self.label),
            "trial only": both(enrolled.astype(np.int8), _not(self.label)),
            "neither": both((~enrolled).astype(np.int8), _not(self.label)),
        }
        found = {name: share(answers[name]) for name in PARTS}
        return {name: one for name, one in found.items() if one is not None}

    def missed(self, criteria: Sequence[Criterion]) -> Share | None:
        """Of those whom the label may cover: who fail the trial's criteria; None where nothing says how many do."""
        if not self.drawn & set[str]().union(*(c.variables() for c in criteria)):
            return None
        holds = np.ones(len(self.trial), dtype=np.int8)
        for criterion in criteria:
            holds = both(holds, passes(criterion, self.columns))
        return share((holds[self.label != 0] != 1).astype(np.int8))

    def left_out(self, criteria: Sequence[Criterion]) -> Share | None:
        """Of those whom the trial takes: who fail the label's criteria."""
        holds = np.ones(len(self.trial), dtype=np.int8)
        for criterion in criteria:
            holds = both(holds, self.by_criterion[named(criterion)])
        return share(_not(holds)[self.trial == 1])


def _not(answer: Truth) -> Truth:
    return np.where(answer < 0, answer, 1 - answer).astype(np.int8)


def share(answer: Truth) -> Share | None:
    """The share of yes: as if unknown were no, and as if it were yes; None where there is nobody to take it of."""
    n = len(answer)
    if n == 0:
        return None
    low, high = float((answer == 1).mean()), float((answer != 0).mean())
    return Share(low, high, max(sqrt(p * (1 - p) / n) for p in (low, high)), n)


def draw_candidates(
    study: Study, product: Product, indication: Indication, day: date, sides: Sides, count: int, seed: int
) -> Candidates | None:
    """Draw candidates and ask trial and label of each; None where the study has no virtual patients."""
    if study.cohort is None:
        return None
    from pivotal.cohort.margins import margins
    from pivotal.cohort.screening import make_screener

    screener = make_screener(study, margins(study))
    columns = screener.candidates(generator(seed, "candidates"), count)
    trial = np.ones(count, dtype=np.int8)
    for criterion in sides.trial:
        trial = both(trial, passes(criterion, columns))
    facts = {own: columns[name] for name, own in sides.pairs.items() if name in columns}
    facts |= {CONDITION: np.full(count, indication.condition)}
    coverage = covers(product, facts, on=day)
    place = coverage.indications.index(indication)
    answers = {named(c): coverage.by_criterion[place][:, i] for i, c in enumerate(indication.criteria)}
    drawn = frozenset(screener.margins) | {name for name, _ in screener.findings}
    return Candidates(columns, trial, coverage.by_indication[:, place], answers, drawn)


def assumptions(study: Study, sides: Sides) -> tuple[str, ...]:
    """What the shares of a study's candidates rest on."""
    assert study.cohort is not None
    said = [
        f"the virtual patients are candidates for {study.id} as the study file's cohort draws them: whom the label "
        "covers beyond the trial is among them only as far as such candidates come to screening",
        f"every candidate has {sides.indication.condition}",
    ]
    if any(s.assumed for s in study.cohort.screening):
        said.append(
            "the shares of candidates whom screening turns away are the study file's assumptions, not published"
        )
    baseline = [b.variable for b in study.cohort.baseline if b.assumed and b.variable in sides.label_on]
    return (*said, *(f"the distribution of {name} among the enrolled is assumed" for name in baseline))
