"""What the study file of a trial that was run need not say: its parts that follow from the rest or from the data.

A virtual trial is a plan, and a plan says everything: nothing is filled in for it. A real trial's data say how many
patients there were and which arm each was in, so that its file may leave out population, randomisation, ratio, analysis
sets and measures; an endpoint's kind follows from its derivation; one primary endpoint needs no testing graph. Nothing
that is there is changed, and what is filled in says so.
"""

from __future__ import annotations

import copy
from typing import Any

from pivotal.study.methods import MEASURED, METHODS

JSON = dict[str, Any]

ALPHA = 0.05
"""Two-sided, as the field's default is."""

NOT_SAID = "the study file does not say"
SET = {"name": "ITT", "label": "All randomised patients, as randomised", "assumed": f"{NOT_SAID} who is analysed"}
OBSERVED = {
    "discontinuation": "observed cases",
    "rescue": "observed cases",
    "missing": "observed cases",
    "assumed": f"{NOT_SAID} how missing values are handled: what was observed is analysed",
}
SUMMARY = {
    "t test": "mean difference",
    "ancova": "mean difference",
    "mmrm": "mean difference",
    "wilcoxon": "shift in location",
    "van elteren": "shift in location",
    "win probability": "win probability",
    "row mean scores": "mean scores",
    "proportional odds": "common odds ratio",
    "poisson": "rate ratio",
    "negative binomial": "rate ratio",
    "exposure-adjusted incidence rate": "rate difference",
    "exposure-adjusted incidence rate ratio": "rate ratio",
    "log-rank": "time to event",
    "max-combo": "time to event",
    "cox": "hazard ratio",
    "restricted mean survival time": "difference of restricted means",
}
"""What a method estimates, where its name does not say it; other methods' are odds ratios, differences and ratios."""


def completed(data: JSON) -> JSON:
    """A study file as read, with what a real trial's need not say; any other file as it is.

    Examples
    --------
    >>> found = completed({"study": {"id": "MINE", "patients": "real"}, "arms": [{"name": "A"}, {"name": "B"}]})
    >>> found["randomisation"]["method"], found["arms"][0]["ratio"]
    ('as recorded', 1)
    >>> completed({"study": {"id": "MINE"}})
    {'study': {'id': 'MINE'}}
    """
    head = data.get("study")
    if not isinstance(head, dict) or head.get("patients") != "real":
        return data
    data = copy.deepcopy(data)
    head = data["study"]
    head.setdefault("title", head.get("id"))
    data.setdefault("population", {"derived": "the data say how many patients were randomised"})
    data.setdefault("randomisation", {"method": "as recorded", "derived": "the data say which arm each patient was in"})
    data.setdefault("analysis_sets", [dict(SET)])
    _arms(data)
    _visits(data)
    for place, endpoint in enumerate(_tables(data, "endpoints")):
        _endpoint(data, endpoint, place)
    _testing(data)
    return data


def _tables(data: JSON, key: str) -> list[JSON]:
    rows = data.get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _arms(data: JSON) -> None:
    """The ratio counts where arms are allocated or tested by it, and then it must be said."""
    method = data["randomisation"].get("method") if isinstance(data["randomisation"], dict) else None
    testing = data.get("testing")
    procedure = testing.get("procedure") if isinstance(testing, dict) else None
    if method == "as recorded" and procedure != "parametric graph":
        for arm in _tables(data, "arms"):
            arm.setdefault("ratio", 1)


def _visits(data: JSON) -> None:
    """A visit's day from its week; what is measured from the data map, where no visit says it."""
    visits = _tables(data, "visits")
    for visit in visits:
        week = visit.get("week")
        if "day" not in visit and isinstance(week, int | float) and not isinstance(week, bool):
            visit["day"] = round(week * 7) + 1
    mapped = data.get("data")
    if isinstance(mapped, dict) and not any("measures" in visit for visit in visits):
        for visit in visits:
            visit["measures"] = _measured(mapped, visit)


def _measured(mapped: JSON, visit: JSON) -> list[str]:
    """The parameters that the data map reads at a visit."""
    rows = mapped.get("visit")
    values = rows.get("values") if isinstance(rows, dict) else None
    named = list(values.values()) if isinstance(values, dict) else None
    found = []
    for row in _tables(mapped, "parameters"):
        own = row.get("visit")
        there = own == visit.get("name") if own is not None else named is None or visit.get("name") in named
        if there and isinstance(row.get("parameter"), str) and row["parameter"] not in found:
            found.append(row["parameter"])
    return found


def _endpoint(data: JSON, endpoint: JSON, place: int) -> None:
    endpoint.setdefault("label", endpoint.get("name"))
    endpoint.setdefault("role", "primary" if place == 0 else "secondary")
    visits = _tables(data, "visits")
    if visits:
        endpoint.setdefault("visit", visits[-1].get("name"))
    sets = _tables(data, "analysis_sets")
    if sets:
        endpoint.setdefault("population", sets[0].get("name"))
    analysis = endpoint.get("analysis")
    method = analysis.get("method") if isinstance(analysis, dict) else None
    derive = endpoint.get("derive")
    if isinstance(derive, dict):
        endpoint.setdefault("kind", _kind(derive, method))
    endpoint.setdefault("summary", _summary(method))
    if endpoint.get("kind") in MEASURED:
        endpoint.setdefault("intercurrent", dict(OBSERVED))
    events = endpoint.get("intercurrent")
    if isinstance(events, dict):
        events.setdefault("rescue", "observed cases")


def _kind(derive: JSON, method: Any) -> str:
    """The only kind that the method analyses; else by what is derived."""
    spec = {str(name): each for name, each in METHODS.items()}.get(str(method))
    if spec is not None and len(spec.kinds) == 1:
        return spec.kinds[0]
    if "event" in derive:
        return "time to event"
    return "continuous" if "quantity" in derive else "binary"


def _summary(method: Any) -> str:
    words = SUMMARY.get(str(method))
    if words is not None:
        return words
    known = ("risk difference", "risk ratio")
    return next((words for words in known if words in str(method)), "odds ratio")


def _testing(data: JSON) -> None:
    """Each primary endpoint, each arm against control, at an equal share of alpha (Bonferroni)."""
    testing = data.setdefault("testing", {})
    if not isinstance(testing, dict):
        return
    testing.setdefault("alpha", ALPHA)
    if "hypotheses" in testing:
        return
    arms = _tables(data, "arms")
    control = next((arm.get("name") for arm in arms if arm.get("control") is True), None)
    others = [arm.get("name") for arm in arms if arm.get("control") is not True]
    primary = [e.get("name") for e in _tables(data, "endpoints") if e.get("role") == "primary"]
    pairs = [(name, arm) for name in primary for arm in others if isinstance(name, str) and isinstance(arm, str)]
    if control is None or not pairs:
        return
    testing["hypotheses"] = [
        {
            "name": f"{name}, {arm}" if len(others) > 1 else name,
            "endpoint": name,
            "arm": arm,
            "comparator": control,
            "weight": 1 / len(pairs),
        }
        for name, arm in pairs
    ]
    testing.setdefault("assumed", f"{NOT_SAID} how it is tested: the primary endpoint, alpha shared equally")
