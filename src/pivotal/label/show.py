"""A product in plain words, as `pivotal label show` prints it: the indications in force on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from pivotal.label.product import CERTAINTY_WORDS, DoseLimit, Indication, Product, Statement, Trial
from pivotal.study.base import Sourced
from pivotal.study.criteria import Criterion
from pivotal.study.model import Variable
from pivotal.study.words import items, sentence, wrapped

NO_ADVICE = (
    "This is no medical advice. It holds the facts that were given against the label as the product file states it; "
    "whether a treatment is right for a patient is for those who treat the patient to judge."
)


def describe(product: Product, day: date) -> str:
    """The indications in force on a day in plain words, with sources and how sure each statement is.

    Examples
    --------
    >>> from pivotal.label.load import load_product
    >>> print(describe(load_product("opzelura"), date(2020, 1, 1)).splitlines()[3])
    No indication yet on 2020-01-01: the product was first approved on 2021-09-21.
    """
    head = f"{product.product.title}, {product.product.jurisdiction}: the label on {day}"
    lines = [head, "=" * min(len(head), 96), ""]
    found = product.in_force(day)
    if not found:
        return "\n".join([*lines, none_in_force(product, day)]) + "\n"
    for indication in found:
        lines += [*_indication(product, indication, day), ""]
    lines += _section("Limitations of use", _statements(product, product.limitations, day))
    lines += _section("Boxed warning", _statements(product, product.boxed_warning, day))
    lines += _section("How to use it", _statements(product, product.administration, day))
    lines += _section("Interactions", _statements(product, product.interactions, day))
    lines += _section("Before and after", _history(product, day))
    lines += _section("What was read", wrapped(product.product.read, indent="  ") if product.product.read else [])
    lines += _section("Severity in words", _scales(product))
    lines += _section("Sources", _sources(product))
    return "\n".join(lines).rstrip() + "\n"


def none_in_force(product: Product, day: date) -> str:
    """That no indication is in force on a day, and why."""
    if day < product.first_approved:
        return f"No indication yet on {day}: the product was first approved on {product.first_approved}."
    return f"No indication is in force on {day} any more."


def _section(title: str, lines: list[str]) -> list[str]:
    return [title, "-" * len(title), *lines, ""] if lines else []


def sure(product: Product, part: Sourced | Criterion) -> str:
    """Where a statement comes from and how sure it is, in brackets: ``[DC, excerpted]``."""
    said = [part.source] if part.source else []
    certainty = product.certainty(part)
    said.append(f"assumed: {part.assumed}" if part.assumed and certainty == "assumed" else certainty)
    if part.assumed and certainty != "assumed":
        said.append(f"assumed is {part.assumed}")
    return f" [{', '.join(said)}]"


def noted(part: Sourced | Criterion) -> str:
    """A note, as a sentence."""
    return f" Note: {part.note}." if part.note else ""


def _indication(product: Product, indication: Indication, day: date) -> list[str]:
    title = f"{indication.id}: {indication.condition}"
    until = f"; superseded on {indication.superseded}" if indication.superseded else ""
    by = f" by {indication.superseded_by}" if indication.superseded_by else ""
    supplement = f", supplement {indication.supplement}" if indication.supplement else ""
    cited = [key for key in dict.fromkeys([indication.source, *indication.sources]) if key]
    pairs = [
        ("In force", f"from {indication.effective}{supplement}{until}{by} [{', '.join(cited)}]"),
        *(("Strength", f"{s}") for s in (indication.strength, indication.strength_not_approved) if s),
        *(("Use", f"{', '.join(indication.use)}; {indication.frequency or ''}".rstrip("; ")) for _ in (1,)),
        *(("Again", indication.reassess) for _ in (1,) if indication.reassess),
    ]
    lines = [title, "-" * len(title), *wrapped(indication.text + "." + sure(product, indication), indent="  "), ""]
    lines += items(pairs)
    lines += ["", "  For whom:", *items([_criterion(product, c) for c in indication.criteria], indent="    ")]
    doses = [(f"{_whom(product, limit)}", limit.text + sure(product, limit) + noted(limit)) for limit in
             indication.doses(day)]  # fmt: skip
    lines += ["", "  At most:", *items(doses, indent="    ")] if doses else []
    trials = [_trial(product, product.trial(name)) for name in indication.trials]
    return lines + (["", "  Rests on:", *items(trials, indent="    ")] if trials else [])


def _criterion(product: Product, criterion: Criterion) -> tuple[str, str]:
    text = criterion.text or sentence(criterion, _variables(product))
    said = f"Not: {text}" if criterion.kind == "exclusion" else text
    return criterion.id or "-", f"{said} ({machine(product, criterion)}){sure(product, criterion)}{noted(criterion)}"


def machine(product: Product, criterion: Criterion) -> str:
    """What a criterion asks, from its machine form; a word of severity with its score."""
    text = sentence(criterion, _variables(product))
    text = f"not {text}" if criterion.kind == "exclusion" else text
    for scale in product.scales:
        if criterion.variable == scale.words and criterion.any_of is not None:
            scores = [f"{grade.score:g}" for grade in scale.grades if grade.word in criterion.any_of]
            text += f", that is {scale.instrument} {' or '.join(scores)}"
    return text


def _whom(product: Product, limit: DoseLimit) -> str:
    return sentence(limit.when, _variables(product)) if limit.when is not None else "everybody"


def _trial(product: Product, trial: Trial) -> tuple[str, str]:
    file = f"; shipped as {trial.study}" if trial.study else ""
    return trial.id, f"{trial.registry or 'no registry number'}{file}{sure(product, trial)}{noted(trial)}"


def _statements(product: Product, statements: Iterable[Statement], day: date) -> list[str]:
    current = [
        s for s in statements
        if (s.effective is None or s.effective <= day) and (s.superseded is None or day < s.superseded)
    ]  # fmt: skip
    return [
        line for s in current for line in wrapped(f"- {s.text}{sure(product, s)}{noted(s)}", indent="  ", hang="    ")
    ]


def _history(product: Product, day: date) -> list[str]:
    pairs = []
    for each in product.indications:
        state = "in force" if each.in_force(day) else ("to come" if day < each.effective else "superseded")
        end = f" to {each.superseded}" if each.superseded else ""
        pairs.append((each.id, f"{each.condition}, from {each.effective}{end}: {state}"))
    lines = items(pairs) if len(pairs) > 1 else []
    return lines + _statements(product, product.history, day)


def _scales(product: Product) -> list[str]:
    lines = []
    for scale in product.scales:
        grades = ", ".join(f"{grade.word} = {scale.instrument} {grade.score:g}" for grade in scale.grades)
        lines += wrapped(f"{grades}{sure(product, scale)}{noted(scale)}", indent="  ")
    return lines


def _sources(product: Product) -> list[str]:
    pairs = [
        (
            key,
            f"{source.cite}. {CERTAINTY_WORDS[source.certainty].capitalize()}."
            + (f" {source.url}" if source.url else ""),
        )
        for key, source in product.sources.items()
    ]
    return items(pairs)


def _variables(product: Product) -> Mapping[str, Variable]:
    return product.variables
