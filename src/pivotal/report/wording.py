"""The study's rules in words: criteria, variables of endpoints, intercurrent events, analyses."""

from __future__ import annotations

import re
from typing import Any

from pivotal.report.format import capital, listed, plain
from pivotal.study.criteria import Criterion
from pivotal.study.model import Analysis, Derivation, Endpoint, Intercurrent, Study

_BOUNDS = {"at_least": "≥", "above": ">", "at_most": "≤", "below": "<"}


def rule(criterion: Criterion) -> str:
    """A criterion as the criteria engine reads it: `AGE ≥ 2 and < 12 years`."""
    text = _rule(criterion)
    return f"{text}, if {_rule(criterion.when)}" if criterion.when is not None else text


def _rule(criterion: Criterion) -> str:
    if criterion.all is not None:
        return listed([_inner(part) for part in criterion.all], "and")
    if criterion.any is not None:
        return listed([_inner(part) for part in criterion.any], "or")
    if criterion.not_ is not None:
        return f"not ({rule(criterion.not_)})"
    bounds = [_bound(key, value) for key, value in criterion.bounds.items()]
    unit = f" {criterion.unit}" if criterion.unit else ""
    return f"{criterion.variable} {' and '.join(bounds)}{unit}"


def _inner(part: Criterion) -> str:
    return f"({rule(part)})" if part.variable is None else rule(part)


def _bound(key: str, value: Any) -> str:
    if key in _BOUNDS:
        return f"{_BOUNDS[key]} {plain(value)}"
    if key == "between":
        return f"{plain(value[0])} to {plain(value[1])}"
    if key == "is":
        return "yes" if value else "no"
    return f"{'one of' if key == 'any_of' else 'none of'} {listed([_value(v) for v in value], 'or')}"


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else plain(value)


def in_words(criterion: Criterion) -> str:
    """A criterion's own words, or its rule where it has none."""
    return criterion.text or rule(criterion)


def variable(endpoint: Endpoint, study: Study) -> str:
    """An endpoint's variable: what must hold, and when."""
    derive = endpoint.derive
    label = next((p.label for p in study.parameters if p.name == derive.parameter), derive.parameter)
    what = listed(_conditions(derive)) if derive.is_binary else f"{derive.quantity}"
    if derive.mean_over:
        return f"{label}: mean of the {what}s from {derive.mean_over[0]} to {derive.mean_over[-1]}"
    if derive.event is not None:
        what = f"days, as recorded; the event where {derive.event} is 1"
    joined = f"{label}: {what}" if what else label
    return f"{joined}, at {endpoint.visit}"


def _conditions(derive: Derivation) -> list[str]:
    found = []
    if derive.value_equals is not None:
        found.append(f"value {plain(derive.value_equals)}")
    if derive.value_at_most is not None:
        found.append(f"value at most {plain(derive.value_at_most)}")
    if derive.value_at_least is not None:
        found.append(f"value at least {plain(derive.value_at_least)}")
    if derive.improvement_at_least is not None:
        found.append(f"improvement from baseline of at least {plain(derive.improvement_at_least)}")
    if derive.percent_improvement_at_least is not None:
        found.append(f"improvement from baseline of at least {plain(derive.percent_improvement_at_least)}%")
    return found


def intercurrent(events: Intercurrent) -> list[tuple[str, str]]:
    """Intercurrent events, and how each is handled."""
    return [
        ("Discontinuation", events.discontinuation),
        ("Rescue", events.rescue),
        ("Missing value", events.missing),
    ]


def method(analysis: Analysis, study: Study) -> str:
    """An analysis in words: its method and what it adjusts for."""
    name = capital(method_name(analysis.method))
    name += "".join(f", {_option(key, value)}" for key, value in analysis.chosen.items())
    if not analysis.covariates:
        return name
    return f"{name}; adjusted for {', '.join(covariate(each, study) for each in analysis.covariates)}"


def _option(key: str, value: str) -> str:
    """An option in words."""
    if key == "treatment":
        return "dose as a number" if value == "dose" else "arms as categories"
    names = {"df": "degrees of freedom", "preset": "conventions of"}
    return f"{names.get(key, key)} {value.upper() if key == 'preset' else value}"


_NAMES = (
    "Clopper", "Pearson", "Cochran", "Mantel", "Haenszel", "Robins", "Breslow", "Greenland", "Miettinen", "Nurminen",
    "Newcombe", "Fisher", "Sato", "Wald", "Wilson", "Wilcoxon", "Kenward", "Roger", "Satterthwaite",
)  # fmt: skip


def method_name(name: str) -> str:
    """A method as a reader writes it: people's names with capitals."""
    for person in _NAMES:
        name = re.sub(rf"\b{person.lower()}\b", person, name)
    name = re.sub(r"\blogistic (Wald|likelihood-ratio)", r"logistic regression (\1)", name)
    name = re.sub(r"\bexact conditional logistic\b(?! reg)", "exact conditional logistic regression", name)
    name = re.sub(r"\bvan elteren\b", "van Elteren", name)
    return re.sub(r"\b(ancova|gee|mmrm)\b", lambda found: found.group().upper(), name)


def covariate(name: str, study: Study) -> str:
    """A factor or covariate by its label."""
    strata = {s.name: s.label or s.name for s in study.randomisation.strata}
    if name in strata:
        return strata[name]
    if name in study.variables:
        return study.variables[name].label
    return f"baseline {name}" if name in {p.name for p in study.parameters} else name


def level(analysis: Analysis) -> str:
    """A confidence level: `95%`."""
    return f"{plain(round(100 * analysis.level, 6))}%"
