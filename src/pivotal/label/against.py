"""Trial against label: whom the label covers that the trial never studied, and whom it studied that the label leaves out.

Criterion by criterion the two are compared by the criteria engine, on the variables that they share (by name or alias;
a word of severity by its score). The shares come from virtual patients: the study's own candidates for screening.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.errors import UsageError
from pivotal.label.checks import plain
from pivotal.label.coverage import Coverage, covers
from pivotal.label.days import a_day
from pivotal.label.epidemiology import Epidemiology, People, epidemiology_for, load_epidemiology
from pivotal.label.extent import Extent, extents
from pivotal.label.load import load_product
from pivotal.label.product import AGE, CERTAINTY_WORDS, CONDITION, Indication, Product
from pivotal.study import Study, load
from pivotal.study.criteria import Criterion, Truth, both, passes
from pivotal.study.model import Variable

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
class Row:
    """One criterion, or all on one variable, in both.

    Attributes
    ----------
    subject
        What is asked.
    trial, label
        Whom each takes; None where it asks nothing.
    label_only, trial_only
        What the label takes and the trial does not, and the other way round; None where there is nothing.
    missed
        Of candidates whom the label may cover: the share that this keeps out of the trial. None where nobody is, where
        nothing says how many are, or where there is nobody to take it of.
    left_out
        Of candidates whom the trial takes: the share that this leaves out of the label; None likewise.
    trial_source, label_source
        As they are cited; the label's with how sure it is.
    note
        Where the two are not measured alike, or the study file says something.
    """

    subject: str
    trial: str | None
    label: str | None
    label_only: str | None
    trial_only: str | None
    missed: Share | None
    left_out: Share | None
    trial_source: str | None
    label_source: str | None
    note: str | None = None

    @property
    def same(self) -> bool:
        """Whether trial and label ask the same."""
        return self.label_only is None and self.trial_only is None


@dataclass(frozen=True, slots=True)
class Ages:
    """People whose age the label covers, by whether the trial studied that age; from sourced numbers, not simulated.

    Attributes
    ----------
    jurisdiction
        Where.
    outside
        Who they are that the trial did not study.
    low, high
        Their share of all whose age the label covers, from the ends of the sources' ranges; `high` is None where a
        source names no upper end.
    sources
        As they are cited.
    """

    jurisdiction: str
    outside: tuple[str, ...]
    low: float
    high: float | None
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Against:
    """A trial held against a label.

    Attributes
    ----------
    study, product, indication
        Which.
    on
        The day.
    rows
        One a criterion, in the label's order, then the trial's.
    parts
        Share of candidates in each of `both`, `label only`, `trial only`, `neither`; empty without virtual patients.
    candidates, seed
        How many virtual candidates were drawn, and from which seed.
    unknown
        Criteria of the label on which nothing is known of the candidates.
    assumed
        What the shares rest on.
    ages
        The label's people by age; None where no epidemiology was given.
    """

    study: str
    product: str
    indication: Indication
    on: date
    rows: tuple[Row, ...]
    parts: Mapping[str, Share]
    candidates: int
    seed: int
    unknown: tuple[str, ...]
    assumed: tuple[str, ...]
    ages: Ages | None

    def as_json(self) -> dict[str, Any]:
        """Plain data, marked as simulated."""
        return {
            "study": self.study,
            "product": self.product,
            "indication": self.indication.id,
            "condition": self.indication.condition,
            "on": self.on.isoformat(),
            "simulated": bool(self.parts),
            "candidates": self.candidates,
            "seed": self.seed,
            "rows": [asdict(row) | {"same": row.same} for row in self.rows],
            "parts": {name: asdict(share) for name, share in self.parts.items()},
            "unknown": list(self.unknown),
            "assumed": list(self.assumed),
            "ages": None if self.ages is None else asdict(self.ages),
        }


def against(
    study: Study | str,
    product: Product | str,
    *,
    on: date | str | None = None,
    epidemiology: Epidemiology | str | None = None,
    candidates: int = CANDIDATES,
    seed: int = 1,
) -> Against:
    """Hold a trial against a label on a day.

    Parameters
    ----------
    study, product
        Themselves, or their names or paths.
    on
        The day; that of the product's latest approval by default.
    epidemiology
        Numbers of people by age, for the share of the label's people whose age the trial did not study; itself, its name
        or path; by default the package's of the product's jurisdiction, if it has one.
    candidates
        Virtual candidates for the trial that are drawn.
    seed
        The same seed gives the same candidates.

    Returns
    -------
    Against
        Criteria side by side, with simulated shares and their Monte-Carlo standard errors.

    Raises
    ------
    UsageError
        If no indication for the trial's condition is in force on the day, or a shared variable has two units.

    Notes
    -----
    Where nothing is known of the candidates on a criterion of the label, a share has two bounds: as if nobody passed,
    and as if everybody did. Nothing is put in place of the unknown. A study without virtual patients has no shares.

    Examples
    --------
    >>> found = against("true-ad3", "opzelura", on="2025-09-18", candidates=1000)
    >>> next(row.label_only for row in found.rows if row.subject == "Age")
    '12 years and over'
    """
    study = load(study) if isinstance(study, str) else study
    product = load_product(product) if isinstance(product, str) else product
    day = latest(product) if on is None else a_day(on)
    numbers = epidemiology_for(product.product.jurisdiction) if epidemiology is None else epidemiology
    numbers = load_epidemiology(numbers) if isinstance(numbers, str) else numbers
    indication = indication_for(study, product, day)
    sides = _Sides(study, product, indication)
    made = _candidates(study, product, indication, day, sides, candidates, seed)
    rows = (*_shared(sides, made), *_of_label(sides, made), *_of_trial(sides, made))
    return Against(
        study=study.id,
        product=product.id,
        indication=indication,
        on=day,
        rows=rows,
        parts={} if made is None else made.parts(),
        candidates=0 if made is None else candidates,
        seed=seed,
        unknown=() if made is None else made.unknown,
        assumed=_assumed(study, sides) if made is not None else (),
        ages=None if numbers is None else _ages(sides, numbers, product),
    )


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


# ---------------------------------------------------------------- the two sides


class _Sides:
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
            name, same = self._in_study(criterion)
            if name is not None and name in asked:
                self.label_on.setdefault(name, []).append(same)
                self.done.append(criterion)

    def _in_study(self, criterion: Criterion) -> tuple[str | None, Criterion]:
        """A criterion of the label on the study's variable; a word of severity as its score."""
        back = {own: name for name, own in self.pairs.items()}
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
        return "; ".join(cite for key in keys if (cite := _cited(self.study, key))) or None

    def label_source(self, criteria: Sequence[Criterion]) -> str | None:
        """Sources of criteria of the label, and how sure they are."""
        said = [
            f"{self.product.cite(c.source)} ({CERTAINTY_WORDS[self.product.certainty(c)]})"
            for c in criteria
            if c.source
        ]
        return "; ".join(dict.fromkeys(said)) or None


def _cited(study: Study, key: str | None) -> str | None:
    return study.sources[key].cite if key in study.sources else key


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


# ---------------------------------------------------------------- the virtual candidates


@dataclass(frozen=True, slots=True)
class _Made:
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
            holds = both(holds, self.by_criterion[_named(criterion)])
        return share(_not(holds)[self.trial == 1])


def _not(answer: Truth) -> Truth:
    return np.where(answer < 0, answer, 1 - answer).astype(np.int8)


def _named(criterion: Criterion) -> str:
    return criterion.text or criterion.id or criterion.variable or "criterion"


def share(answer: Truth) -> Share | None:
    """The share of yes: as if unknown were no, and as if it were yes; None where there is nobody to take it of."""
    n = len(answer)
    if n == 0:
        return None
    low, high = float((answer == 1).mean()), float((answer != 0).mean())
    return Share(low, high, max(sqrt(p * (1 - p) / n) for p in (low, high)), n)


def _candidates(
    study: Study, product: Product, indication: Indication, day: date, sides: _Sides, count: int, seed: int
) -> _Made | None:
    if study.cohort is None:
        return None
    from pivotal.cohort.margins import margins
    from pivotal.cohort.screening import make_screener
    from pivotal.simulate import Stream, generator

    screener = make_screener(study, margins(study))
    columns = screener.candidates(generator(seed, Stream.LABEL, 0), count)
    trial = np.ones(count, dtype=np.int8)
    for criterion in sides.trial:
        trial = both(trial, passes(criterion, columns))
    facts = {own: columns[name] for name, own in sides.pairs.items() if name in columns}
    facts |= {CONDITION: np.full(count, indication.condition)}
    coverage: Coverage = covers(product, facts, on=day)
    place = coverage.indications.index(indication)
    answers = {_named(c): coverage.by_criterion[place][:, i] for i, c in enumerate(indication.criteria)}
    drawn = frozenset(screener.margins) | {name for name, _ in screener.findings}
    return _Made(columns, trial, coverage.by_indication[:, place], answers, drawn)


def _assumed(study: Study, sides: _Sides) -> tuple[str, ...]:
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


# ---------------------------------------------------------------- row by row


def _shared(sides: _Sides, made: _Made | None) -> list[Row]:
    """Variables that both ask of, in the label's order."""
    rows = []
    for name, label in sides.label_on.items():
        trial, variable = sides.trial_on(name), sides.variable(name)
        ours, theirs = extents(name, variable, trial, label)
        original = [c for c in sides.done if sides._in_study(c)[0] == name]
        rows.append(
            Row(
                subject=sides.product.variables[sides.pairs[name]].label,
                trial=ours.words if trial else None,
                label=_with_words(sides, original, theirs),
                label_only=_difference(theirs, ours),
                trial_only=_difference(ours, theirs),
                missed=made.missed(trial) if made is not None and theirs.minus(ours) else None,
                left_out=made.left_out(original) if made is not None and ours.minus(theirs) else None,
                trial_source=sides.trial_source(trial),
                label_source=sides.label_source(original),
                note=_measured(sides, name, original),
            )
        )
    return rows


def _difference(a: Extent, b: Extent) -> str | None:
    more = a.minus(b)
    return more.words if more else None


def _with_words(sides: _Sides, original: Sequence[Criterion], theirs: Extent) -> str:
    """What the label lets in; a word of severity with its score."""
    words = [w for c in original for s in sides.product.scales if c.variable == s.words for w in c.any_of or ()]
    return f"{' or '.join(map(str, words))} ({theirs.words})" if words else theirs.words


def _measured(sides: _Sides, name: str, original: Sequence[Criterion]) -> str | None:
    """Where trial and label do not measure alike, and what is assumed of words and scores."""
    ours, theirs = sides.study.variables[name].label, sides.product.variables[sides.pairs[name]].label
    said = []
    if plain(ours) != plain(theirs) and plain(theirs) in plain(ours):
        said.append(f"the trial's is: {ours}")
    said += [
        f"assumed: {s.assumed}" for c in original for s in sides.product.scales if c.variable == s.words and s.assumed
    ]
    said += [c.note for c in original if c.note]
    return "; ".join(said) or None


_REQUIRED = {"inclusion": "required", "exclusion": "excluded"}
_OTHERS = {"inclusion": "patients without it", "exclusion": "patients with it"}


def _of_label(sides: _Sides, made: _Made | None) -> list[Row]:
    """What only the label asks; the condition itself the trial asks by being of it."""
    rows = []
    for criterion in sides.label:
        if criterion in sides.done:
            continue
        condition = criterion.variables() == {CONDITION}
        text = _named(criterion)
        rows.append(
            Row(
                subject="Condition" if condition else text,
                trial=sides.study.study.condition if condition else None,
                label=sides.indication.condition if condition else _REQUIRED[criterion.kind],
                label_only=None,
                trial_only=None if condition else _OTHERS[criterion.kind],
                missed=None,
                left_out=None if made is None or condition else made.left_out([criterion]),
                trial_source=_cited(sides.study, sides.study.study.source) if condition else None,
                label_source=sides.label_source([criterion]),
                note=criterion.note,
            )
        )
    return rows


def _of_trial(sides: _Sides, made: _Made | None) -> list[Row]:
    """What only the trial asks."""
    return [
        Row(
            subject=_named(criterion),
            trial=_REQUIRED[criterion.kind],
            label=None,
            label_only=_OTHERS[criterion.kind],
            trial_only=None,
            missed=None if made is None else made.missed([criterion]),
            left_out=None,
            trial_source=sides.trial_source([criterion]),
            label_source=None,
            note=criterion.note,
        )
        for criterion in sides.rest
    ]


# ---------------------------------------------------------------- ages, from sourced numbers


def _ages(sides: _Sides, epidemiology: Epidemiology, product: Product) -> Ages | None:
    """The share of people, of an age that the label covers, whose age the trial did not study."""
    name = next((name for name, own in sides.pairs.items() if own == AGE), None)
    if name is None:
        return None
    criteria = sides.trial_on(name)
    label = [c for c in sides.label if c.variables() == {AGE}]
    covered = [
        row
        for row in epidemiology.people
        if row.condition == sides.indication.condition and _within(row, label, product)
    ]
    outside = [row for row in covered if not _meets(row, criteria, product)]
    inside = [row for row in covered if _within(row, criteria, product)]
    if not covered or len(outside) + len(inside) < len(covered):
        return None
    low_out, high_out = _total(outside)
    low_in, high_in = _total(inside)
    low = 0.0 if not outside or high_in is None else low_out / (low_out + high_in)
    high = 0.0 if not outside else 1.0 if not inside else None if high_out is None else high_out / (high_out + low_in)
    keys = dict.fromkeys(row.source for row in covered if row.source)
    return Ages(
        epidemiology.epidemiology.jurisdiction,
        tuple(row.text for row in outside),
        low,
        high,
        tuple(epidemiology.sources[key].cite for key in keys),
    )


def _within(row: People, criteria: Sequence[Criterion], product: Product) -> bool:
    """Whether criteria on age let in all of a row of people."""
    people, asked = extents(AGE, product.variables[AGE], [_on_age(row.who)], [_on_age(c) for c in criteria])
    return not people.minus(asked)


def _meets(row: People, criteria: Sequence[Criterion], product: Product) -> bool:
    """Whether criteria on age let in any of a row of people."""
    people, asked = extents(AGE, product.variables[AGE], [_on_age(row.who)], [_on_age(c) for c in criteria])
    return bool(people.shared(asked))


def _on_age(criterion: Criterion) -> Criterion:
    return criterion.model_copy(update={"variable": AGE})


def _total(rows: Sequence[People]) -> tuple[float, float | None]:
    highs = [row.high for row in rows]
    return sum(row.low for row in rows), None if None in highs else sum(h for h in highs if h is not None)


__all__ = ["Against", "Ages", "Row", "Share", "against", "latest"]
