"""Trial against label: whom the label covers that the trial never studied, and whom it studied that the label excludes.

Criterion by criterion the two are compared by the criteria engine, on the variables that they share. The shares come
from virtual patients: the study's own candidates for screening.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from pivotal.label.ages import Ages, ages
from pivotal.label.candidates import CANDIDATES, Candidates, Share, assumptions, draw_candidates
from pivotal.label.checks import plain
from pivotal.label.days import a_day
from pivotal.label.epidemiology import Epidemiology, epidemiology_for, load_epidemiology
from pivotal.label.extent import Extent, extents
from pivotal.label.load import load_product
from pivotal.label.product import CONDITION, Indication, Product
from pivotal.label.sides import Sides, cited, indication_for, latest, named
from pivotal.study import Study, load
from pivotal.study.criteria import Criterion


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
        Numbers of people by age, for the share of the label's people whose age the trial did not study: itself, its
        name or path; by default the package's of the product's jurisdiction, if it has one.
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
    sides = Sides(study, product, indication)
    made = draw_candidates(study, product, indication, day, sides, candidates, seed)
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
        assumed=assumptions(study, sides) if made is not None else (),
        ages=None if numbers is None else ages(sides, numbers, product),
    )


# ---------------------------------------------------------------- row by row


def _shared(sides: Sides, made: Candidates | None) -> list[Row]:
    """Variables that both ask of, in the label's order."""
    rows = []
    for name, label in sides.label_on.items():
        trial, variable = sides.trial_on(name), sides.variable(name)
        ours, theirs = extents(name, variable, trial, label)
        original = [c for c in sides.done if sides.in_study(c)[0] == name]
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


def _with_words(sides: Sides, original: Sequence[Criterion], theirs: Extent) -> str:
    """What the label lets in; a word of severity with its score."""
    words = [w for c in original for s in sides.product.scales if c.variable == s.words for w in c.any_of or ()]
    return f"{' or '.join(map(str, words))} ({theirs.words})" if words else theirs.words


def _measured(sides: Sides, name: str, original: Sequence[Criterion]) -> str | None:
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


def _of_label(sides: Sides, made: Candidates | None) -> list[Row]:
    """What only the label asks; the condition itself the trial asks by being of it."""
    rows = []
    for criterion in sides.label:
        if criterion in sides.done:
            continue
        condition = criterion.variables() == {CONDITION}
        text = named(criterion)
        rows.append(
            Row(
                subject="Condition" if condition else text,
                trial=sides.study.study.condition if condition else None,
                label=sides.indication.condition if condition else _REQUIRED[criterion.kind],
                label_only=None,
                trial_only=None if condition else _OTHERS[criterion.kind],
                missed=None,
                left_out=None if made is None or condition else made.left_out([criterion]),
                trial_source=cited(sides.study, sides.study.study.source) if condition else None,
                label_source=sides.label_source([criterion]),
                note=criterion.note,
            )
        )
    return rows


def _of_trial(sides: Sides, made: Candidates | None) -> list[Row]:
    """What only the trial asks."""
    return [
        Row(
            subject=named(criterion),
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
