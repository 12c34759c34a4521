"""Which side of an estimate is the favourable one: by the parameter, the kind of endpoint and the estimate's scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pivotal.study.model import Endpoint, Study

Side = Literal[-1, 0, 1]
RISING = ("value_at_least",)
FALLING = ("value_at_most",)
GAINS = ("improvement_at_least", "percent_improvement_at_least")
CONDITIONS = (*RISING, *FALLING, *GAINS, "value_equals")


def favourable(study: Study, endpoint: Endpoint, scale: str) -> Side:
    """Say which side of an estimate is the favourable one.

    Parameters
    ----------
    study
        Its parameters say whether lower or higher values are better.
    endpoint
        Its kind and derivation.
    scale
        Of the estimate, the arm against its comparator.

    Returns
    -------
    int
        1 where greater estimates are favourable, -1 where smaller ones are; 0 where the study does not say, which only
        happens where responders have one value that is neither end of the parameter's range, or conditions disagree.

    Notes
    -----
    A measurement or count goes by the parameter's `better`; a response is wanted where its conditions ask for better
    values; odds of ordered categories are always of better ones. Of a time to event the hazard ratio is greater where
    the event comes sooner and the mean time without it is shorter: that is favourable for a wanted event. Of a recorded
    time `better` says whether longer times are better.
    """
    parameter = study.parameter(endpoint.derive.parameter)
    up: Side = 1 if parameter.better == "higher" else -1
    if endpoint.kind == "ordinal":
        return 1
    if endpoint.kind in ("continuous", "count"):
        return up
    conditions = {key: getattr(endpoint.derive, key) for key in CONDITIONS}
    recorded = all(bound is None for bound in conditions.values())
    sooner = _turned(up) if recorded else wanted(conditions, parameter.better, parameter.range)
    if endpoint.kind == "binary" or scale == "hazard ratio":
        return sooner
    return _turned(sooner)


def wanted(conditions: Mapping[str, float | None], better: str, ends: Sequence[float] | None) -> Side:
    """Whether responding is what one hopes for: 1 if it is, -1 if it is feared, 0 if the conditions do not tell.

    `conditions` are those of a derivation by key, `ends` those of the parameter's range. An improvement is wanted.
    """
    up: Side = 1 if better == "higher" else -1
    given = {key: bound for key, bound in conditions.items() if bound is not None}
    said: set[Side] = {1 for key in GAINS if key in given}
    said |= {up for key in RISING if key in given}
    said |= {_turned(up) for key in FALLING if key in given}
    equal = given.get("value_equals")
    if equal is not None and ends is not None and ends[0] < ends[1] and equal in ends:
        said.add(up if equal == ends[1] else _turned(up))
    return said.pop() if len(said) == 1 else 0


def _turned(side: Side) -> Side:
    return 1 if side == -1 else -1 if side == 1 else 0
