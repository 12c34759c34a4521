"""A scenario made whole: what it takes from others filled in, every rate and discontinuation stated.

The order is: what `like` gives; then `response_as`; then the scenario's own rates and dropout, which replace what was
taken over; then `dropout_times`. `response_as` moves response only: an arm keeps its own discontinuation unless the
scenario states another.

Rates are intention-to-treat with a missing response as non-response. `dropout_times` is a stress on discontinuation:
with P(v) the share still in at visit v and P'(v) the share after the change, those who stay respond as before, so a
rate becomes ``rate * P'(v) / P(v)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pivotal.errors import UsageError, nearest
from pivotal.study.model import Dropout, Rates, Scenario, Study

Key = tuple[str, str]
"""(endpoint, visit)."""


@dataclass(frozen=True)
class Stated:
    """What a scenario states before its dropout is multiplied.

    Attributes
    ----------
    rates
        Rates of every arm by endpoint and visit.
    dropout
        Discontinuation by arm.
    times
        Factor on every arm's discontinuation.
    """

    rates: Mapping[Key, Rates] = field(default_factory=dict)
    dropout: Mapping[str, Dropout] = field(default_factory=dict)
    times: float = 1.0


def resolve(study: Study, scenario: str | Scenario) -> Scenario:
    """Make a scenario whole.

    Parameters
    ----------
    study
        The study.
    scenario
        A scenario or the name of one.

    Returns
    -------
    Scenario
        `rates` for every endpoint and visit that it speaks of, `dropout` for every arm (0 where nothing is stated);
        `like`, `response_as` and `dropout_times` are spent.

    Raises
    ------
    UsageError
        If the scenario does not exist, takes itself over, or cannot be met (more responders than patients who stay).
    """
    named = _named(study, scenario) if isinstance(scenario, str) else scenario
    stated = as_stated(study, named)
    rates = tuple(_after_stress(study, named, stated, rate) for rate in stated.rates.values())
    dropout = tuple(_stressed(named, stated, arm.name) for arm in study.arms)
    return named.model_copy(
        update={"like": None, "response_as": {}, "dropout_times": 1.0, "rates": rates, "dropout": dropout}
    )


def as_stated(study: Study, scenario: Scenario, seen: tuple[str, ...] = ()) -> Stated:
    """What a scenario and those that it is like state, with `dropout_times` kept apart."""
    if scenario.name in seen:
        raise UsageError(f"scenario {scenario.name!r} is like itself. Remove one `like` of {', '.join(seen)}.")
    base = Stated()
    if scenario.like is not None:
        base = as_stated(study, _named(study, scenario.like), (*seen, scenario.name))
    rates = {key: _moved(rate, scenario.response_as) for key, rate in base.rates.items()}
    for own in scenario.rates:
        key = (own.endpoint, own.visit)
        arms = rates[key].arms | own.arms if key in rates else own.arms
        rates[key] = own.model_copy(update={"arms": arms})
    dropout = dict(base.dropout) | {own.arm: own for own in scenario.dropout}
    return Stated(rates, dropout, base.times * scenario.dropout_times)


def gone_by(study: Study, share: float) -> dict[str, float]:
    """Share of an arm that has left by each visit, `share` by the last one, in proportion to time from baseline."""
    times = weeks(study)
    start, end = times[study.baseline_visit.name], max(times.values())
    span = (end - start) or 1.0
    return {name: share * max(week - start, 0.0) / span for name, week in times.items()}


def weeks(study: Study) -> dict[str, float]:
    """Time of each visit in weeks from baseline."""
    first = study.baseline_visit.day
    return {v.name: v.week if v.week is not None else (v.day - first) / 7 for v in study.visits}


def _named(study: Study, name: str) -> Scenario:
    known = [s.name for s in study.scenarios]
    if name not in known:
        raise UsageError(f"{study.id} has no scenario {name!r}. {nearest(name, known)}")
    return study.scenario(name)


def _moved(rate: Rates, response_as: Mapping[str, str]) -> Rates:
    if not response_as:
        return rate
    return rate.model_copy(update={"arms": {a: rate.arms[response_as.get(a, a)] for a in rate.arms}})


def _stressed(scenario: Scenario, stated: Stated, arm: str) -> Dropout:
    found = stated.dropout.get(arm) or Dropout(arm=arm, percent=0.0)
    if stated.times == 1:
        return found
    percent = 100 * found.proportion * stated.times
    if percent >= 100:
        raise UsageError(
            f"scenario {scenario.name!r}: {percent:g} % of {arm} would leave; less than 100 % can. "
            f"Set dropout_times below {stated.times / percent * 100:.3g}."
        )
    return found.model_copy(update={"x": None, "n": None, "percent": percent})


def _after_stress(study: Study, scenario: Scenario, stated: Stated, rate: Rates) -> Rates:
    arms: dict[str, tuple[int, int] | float] = {}
    for arm, value in rate.arms.items():
        before = stated.dropout[arm].proportion if arm in stated.dropout else 0.0
        stay = 1 - gone_by(study, before)[rate.visit]
        stay_now = 1 - gone_by(study, _stressed(scenario, stated, arm).proportion)[rate.visit]
        wanted = rate.proportion(arm)
        if wanted > stay + 1e-12:
            raise UsageError(
                f"scenario {scenario.name!r}: {rate.endpoint} at {rate.visit} is {100 * wanted:.3g} % on {arm}, but "
                f"only {100 * stay:.3g} % are still in the trial; missing is no response. Lower the rate or dropout."
            )
        arms[arm] = value if stay_now == stay else 100 * wanted * stay_now / stay
    return rate.model_copy(update={"arms": arms})
