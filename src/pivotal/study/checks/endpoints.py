"""Endpoints: measured where they are analysed, derived as their kind asks, analysed by a method of their kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from pivotal.errors import nearest
from pivotal.study.checks.node import Node, Problem
from pivotal.study.methods import MEASURED, METHODS, POOLED, Kind, MethodSpec, options

_THRESHOLDS = (
    "value_at_most", "value_at_least", "value_equals", "improvement_at_least", "percent_improvement_at_least",
)  # fmt: skip
IMPUTED = "multiple imputation"
_IMPROVES = {True: "rise", False: "fall"}
_FROM_BASELINE = ("improvement_at_least", "percent_improvement_at_least")


def check(study: Node) -> Iterator[Problem]:
    """Every endpoint of the study."""
    for endpoint in study.rows("endpoints"):
        yield from _measured(study, endpoint)
        yield from _kind(study, endpoint)
        yield from _range(study, endpoint)
        if endpoint.child("derive").has("event") and study.has("cohort"):
            yield endpoint.child("derive", "event").problem(
                "virtual patients have their events at visits", "Give a condition instead, or remove [cohort]."
            )
        yield from _imputation(study, endpoint)
        for analysis in [endpoint.child("analysis"), *endpoint.rows("supplementary")]:
            yield from _analysis(study, endpoint, analysis)
    for parameter in study.rows("parameters"):
        ends = [end.data for end in parameter.rows("range")]
        if len(ends) == 2 and all(isinstance(end, int | float) for end in ends) and ends[0] > ends[1]:
            yield parameter.child("range").problem("a range runs upwards", "Exchange its ends.")


def visits_of(endpoint: Node) -> list[Node]:
    """The visits at which an endpoint is summarised, its own first."""
    return [endpoint.child("visit"), *endpoint.rows("visits")]


def _measured(study: Node, endpoint: Node) -> Iterator[Problem]:
    parameter = endpoint.child("derive").text("parameter")
    if parameter not in study.names("parameters"):
        return
    measured = {v.text("name"): [m.data for m in v.rows("measures")] for v in study.rows("visits")}
    right = [name for name, measures in measured.items() if parameter in measures and name is not None]
    for visit in endpoint.child("derive").rows("mean_over") or visits_of(endpoint):
        if visit.data in list(measured) and visit.data not in right:
            yield visit.problem(f"{parameter} is not measured there", f"Measured at: {', '.join(right) or 'no visit'}.")
    derive = endpoint.child("derive")
    baseline = next((v for v in study.rows("visits") if v.child("baseline").data is True), None)
    asked = [k for k in _FROM_BASELINE if derive.has(k)]
    asked += ["quantity"] if derive.text("quantity") in ("change", "percent change") else []
    if asked and baseline is not None and parameter not in [m.data for m in baseline.rows("measures")]:
        yield derive.child(asked[0]).problem(
            f"{parameter} has no baseline to compare with", f"Measure it at {baseline.text('name')!r}."
        )


def _kind(study: Node, endpoint: Node) -> Iterator[Problem]:
    derive, kind = endpoint.child("derive"), endpoint.text("kind")
    thresholds = [key for key in _THRESHOLDS if derive.has(key)]
    if kind == "binary" and derive.has("quantity"):
        yield derive.child("quantity").problem(
            "a binary endpoint has conditions and no quantity", 'Remove it, or set kind = "continuous".'
        )
    elif kind == "binary" and isinstance(derive.data, dict) and not thresholds:
        yield derive.problem(
            "a binary endpoint says who responds", f"Add one of: {', '.join(_THRESHOLDS)}.", found="without a condition"
        )
    if kind in MEASURED:
        yield from _quantity(endpoint, kind, thresholds)
    recorded = [p.text("name") for p in study.rows("parameters") if p.child("from").has("censor")]
    yield from _event(endpoint, kind, thresholds)
    if derive.text("parameter") in recorded:
        yield from _recorded(endpoint, kind, thresholds)
    elif kind == "time to event" and isinstance(derive.data, dict) and not thresholds and not derive.has("event"):
        yield derive.problem(
            "a time to event says what the event is: the first visit at which all conditions hold",
            f"Add one of: {', '.join(_THRESHOLDS)}; or event, the parameter that says so of a recorded time.",
            found="without a condition",
        )


def _event(endpoint: Node, kind: str | None, thresholds: list[str]) -> Iterator[Problem]:
    """A recorded time has its event recorded, and nothing else."""
    derive = endpoint.child("derive")
    if not derive.has("event"):
        return
    if kind != "time to event":
        yield derive.child("event").problem(
            "an event is of a recorded time", 'Remove it, or set kind = "time to event".'
        )
    for key in thresholds:
        yield derive.child(key).problem("a recorded time has no conditions", f"Remove {key}, or event.")


def _recorded(endpoint: Node, kind: str | None, thresholds: list[str]) -> Iterator[Problem]:
    """A time to event that is recorded as such has no conditions of its own."""
    if kind != "time to event":
        yield endpoint.child("kind").problem("the parameter is a time to event", 'Set kind = "time to event".')
    for key in thresholds:
        yield endpoint.child("derive", key).problem("the event is recorded as such and has no conditions", "Remove it.")


def _quantity(endpoint: Node, kind: str, thresholds: list[str]) -> Iterator[Problem]:
    derive = endpoint.child("derive")
    for key in thresholds:
        yield derive.child(key).problem(f"{_a(kind)} endpoint has no conditions", 'Remove it, or set kind = "binary".')
    if isinstance(derive.data, dict) and not derive.has("quantity"):
        yield derive.problem(
            f"{_a(kind)} endpoint says what is measured",
            'Add quantity = "value", "change" or "percent change".',
            found="without a quantity",
        )
    elif kind != "continuous" and derive.text("quantity") in ("change", "percent change"):
        yield derive.child("quantity").problem(f"{_a(kind)} endpoint is the value itself", 'Set quantity = "value".')
    events = endpoint.child("intercurrent")
    for key in ("discontinuation", "missing"):
        if (events.text(key) or "non-response") == "non-response":
            yield events.child(key).problem(
                f"{_a(kind)} endpoint has no non-response",
                'Use "observed cases" or "last observation carried forward".',
                found='"non-response"',
            )


def _a(noun: str) -> str:
    """A noun with its article: ``an ordinal``."""
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


def _range(study: Node, endpoint: Node) -> Iterator[Problem]:
    """Conditions that the parameter's range can meet."""
    derive = endpoint.child("derive")
    parameter = next((p for p in study.rows("parameters") if p.text("name") == derive.text("parameter")), None)
    if parameter is not None and derive.text("improvement") not in (
        None,
        _IMPROVES[parameter.text("better") == "higher"],
    ):
        yield derive.child("improvement").problem(
            f'better = "{parameter.text("better") or "lower"}" of {parameter.text("name")} says what an improvement is',
            "Remove improvement, or change the parameter's better.",
        )
    ends = [end.data for end in parameter.rows("range")] if parameter is not None else []
    if len(ends) != 2 or not all(isinstance(end, int | float) for end in ends):
        return
    for key in _THRESHOLDS[:3]:
        bound = derive.number(key)
        if bound is not None and not ends[0] <= bound <= ends[1]:
            yield derive.child(key).problem(
                f"{derive.text('parameter')} runs from {ends[0]:g} to {ends[1]:g}", "Correct the bound."
            )
    gain = derive.number("improvement_at_least")
    if gain is not None and not 0 < gain <= ends[1] - ends[0]:
        yield derive.child("improvement_at_least").problem(
            f"{derive.text('parameter')} can improve by more than 0 and at most {ends[1] - ends[0]:g}",
            "Correct the bound.",
        )


def _analysis(study: Node, endpoint: Node, analysis: Node) -> Iterator[Problem]:
    method, kind = analysis.text("method"), endpoint.text("kind")
    spec = {str(name): each for name, each in METHODS.items()}.get(method or "")
    if spec is not None:
        if kind in get_args(Kind) and kind not in spec.kinds:
            right = [name for name, each in METHODS.items() if kind in each.kinds]
            yield analysis.child("method").problem(f"the endpoint is {kind}", f"Use one of: {', '.join(right)}.")
        yield from _options(analysis, method or "", spec)
        yield from _doses(study, analysis)
        for covariate in analysis.rows("covariates"):
            yield from _covariate(study, covariate, spec)
        if analysis.has("weight"):
            yield from _weight(study, analysis)
        for stratum in analysis.rows("strata"):
            yield from _covariate(study, stratum, MethodSpec(spec.kinds))
        for name in analysis.rows("by_visit"):
            if name.data not in [each.data for each in analysis.rows("covariates")]:
                yield name.problem("what differs by visit is one of the covariates", "Add it to covariates.")
    summarised = [visit.data for visit in visits_of(endpoint)]
    for visit in analysis.rows("visits"):
        if visit.data not in summarised:
            yield visit.problem(
                "the endpoint is not summarised there",
                nearest(str(visit.data), [str(v) for v in summarised if v is not None]),
            )


def _imputation(study: Node, endpoint: Node) -> Iterator[Problem]:
    """Multiple imputation says how, and is of something that can be pooled."""
    events = endpoint.child("intercurrent")
    asked = [key for key in ("discontinuation", "missing") if events.text(key) == IMPUTED]
    part = endpoint.child("imputation")
    if asked and not endpoint.has("imputation"):
        yield events.child(asked[0]).problem(
            "multiple imputation says how it is done",
            'Add imputation = { method = "fully conditional specification" } to the endpoint.',
        )
    if not asked and endpoint.has("imputation"):
        yield part.problem(
            "nothing is imputed unless a strategy says so", f'Set intercurrent.missing = "{IMPUTED}".', found="given"
        )
    if asked and endpoint.text("kind") == "time to event":
        yield events.child(asked[0]).problem("times to event are censored, not imputed", 'Use "observed cases".')
    for key in ("draws", "inference", "assumption"):
        if part.has(key) and part.text("method") in ("multivariate normal", "fully conditional specification"):
            yield part.child(key).problem(f"{key} is of reference-based imputation", f"Remove {key}.")
    for analysis in [endpoint.child("analysis"), *endpoint.rows("supplementary")]:
        method = analysis.text("method")
        if asked and method in METHODS and method not in POOLED:
            yield analysis.child("method").problem(
                "imputed data are analysed by a method that can be pooled", f"Use one of: {', '.join(sorted(POOLED))}."
            )
    arms = study.names("arms")
    for name, where in [(part.text("reference"), part.child("reference"))] + [
        (key, part.child("delta", key)) for key, _ in part.entries("delta")
    ]:
        if name is not None and name not in arms:
            yield where.problem("an arm of the study is meant", nearest(name, arms))
    for covariate in part.rows("covariates"):
        yield from _covariate(study, covariate, METHODS["ancova"])


def _doses(study: Node, analysis: Node) -> Iterator[Problem]:
    """A dose response needs the dose of every arm."""
    without = [arm for arm in study.rows("arms") if not arm.has("dose")]
    if analysis.text("treatment") == "dose" and without:
        yield analysis.child("treatment").problem(
            f"a dose response needs the dose of every arm, and {without[0].text('name')!r} has none",
            "Add dose = 0 (control) and so on to [[arms]].",
        )


def _slopes(analysis: Node) -> Iterator[Problem]:
    """Slopes of each arm go with a robust variance, and with arms."""
    if analysis.text("variance") == "model":
        yield analysis.child("variance").problem(
            "with slopes of each arm the variance is robust", 'Set variance = "hc3", the default there.'
        )
    if analysis.text("treatment") == "dose":
        yield analysis.child("slopes").problem("a dose as a number has no arms", "Remove slopes.")


def _weight(study: Node, analysis: Node) -> Iterator[Problem]:
    """A patient's weight is a numeric variable."""
    numeric = [name for name, one in study.entries("variables") if one.text("type") in ("number", "integer")]
    if analysis.text("weight") not in numeric:
        yield analysis.child("weight").problem(
            "a weight is a numeric variable", nearest(analysis.text("weight") or "", numeric)
        )


def _options(analysis: Node, method: str, spec: MethodSpec) -> Iterator[Problem]:
    """Options that the method takes, with the values that it takes."""
    taken = spec.options or {}
    for key in (key for key in options() if analysis.has(key)):
        value = analysis.text(key)
        if key not in taken:
            has = f"takes {', '.join(taken)}" if taken else "has no options"
            yield analysis.child(key).problem(f"{method!r} {has}", f"Remove {key}.")
        elif value is not None and taken[key] and value not in taken[key]:
            yield analysis.child(key).problem(
                f"{method!r} takes one of {', '.join(map(repr, taken[key]))}", nearest(value, taken[key])
            )
    for key in ("rho", "gamma"):
        if key in taken and analysis.has(key) and analysis.text("weighting") != "fleming-harrington":
            yield analysis.child(key).problem(
                f"{key} is of Fleming and Harrington's weights", 'Add weighting = "fleming-harrington", or remove it.'
            )
    if analysis.text("test") == "likelihood-ratio" and analysis.text("variance") == "hc0":
        yield analysis.child("variance").problem(
            "a likelihood-ratio test has no robust variance", 'Remove variance, or set test = "wald".'
        )
    if analysis.text("slopes") == "each arm":
        yield from _slopes(analysis)
    if method == "restricted mean survival time" and not analysis.has("horizon"):
        yield analysis.problem("a restricted mean has its horizon", "Add horizon = 56 (days).", found="without horizon")


def _covariate(study: Node, covariate: Node, spec: MethodSpec) -> Iterator[Problem]:
    """A stratification factor; a variable; for a method that takes any also a parameter's baseline."""
    strata = study.names("randomisation", "strata")
    variables = dict(study.entries("variables"))
    name, numeric = covariate.data, spec.covariates == "any"
    if spec.covariates == "none":
        yield covariate.problem("this method takes no covariates", "Remove it, or use a stratified method.")
        return
    if not isinstance(name, str) or name in strata:
        return
    known = [*strata, *variables, *(study.names("parameters") if numeric else [])]
    if name not in known:
        yield covariate.problem(
            "a covariate is a stratification factor, a variable or a parameter's baseline", nearest(name, known)
        )
    elif not numeric and variables[name].text("type") not in ("category", "boolean"):
        factors = [*strata, *(k for k, v in variables.items() if v.text("type") in ("category", "boolean"))]
        yield covariate.problem(
            "this method takes stratification factors and categories, not numbers", f"Use one of: {', '.join(factors)}."
        )
