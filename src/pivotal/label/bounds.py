"""What a count of people is made of: amounts with their uncertainty, and the chains that lead to them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of people with the limits of its uncertainty.

    Attributes
    ----------
    mean, low, high
        Mean of the draws and their central 95 %.
    mcse
        Monte-Carlo standard error of the mean; 0 where nothing is drawn.
    floor
        Whether a source says `over`, so that the number is no upper bound of that factor.
    """

    mean: float
    low: float
    high: float
    mcse: float
    floor: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One factor of a chain, as its source states it.

    Attributes
    ----------
    what, stated
        In words.
    mean, low, high
        The number or the share; low and high as they enter.
    source, url, sure, assumed, note
        Where from, how sure, what is assumed in using it.
    """

    what: str
    stated: str
    mean: float
    low: float
    high: float
    source: str | None
    url: str | None
    sure: str | None
    assumed: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Chain:
    """From a number of people to a bound.

    Attributes
    ----------
    indication
        Id of the indication.
    people
        Who they are.
    steps
        The number, then each known share.
    missing
        Criteria of the label whose share no source gives.
    bound
        The product of the steps.
    otherwise
        The number alone: the bound if the source counts only the severities that the label covers; None where the
        source is clear, or no share of severity enters.
    """

    indication: str
    people: str
    steps: tuple[Step, ...]
    missing: tuple[str, ...]
    bound: Amount
    otherwise: Amount | None


@dataclass(frozen=True, slots=True)
class Uncounted:
    """An indication, in force, for people whom no source counts."""

    indication: str
    condition: str
    why: str


@dataclass(frozen=True, slots=True)
class Added:
    """What the changes of one day added.

    Attributes
    ----------
    day
        The day.
    indications
        Indications that came into force.
    replaced
        Indications that went out of force.
    people
        Whom it newly counts.
    added, total
        None where nothing can be counted.
    uncounted
        Indications among them for people whom no source counts.
    """

    day: date
    indications: tuple[str, ...]
    replaced: tuple[str, ...]
    people: tuple[str, ...]
    added: Amount | None
    total: Amount | None
    uncounted: tuple[Uncounted, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """How many people a label covers on a day, at most.

    Attributes
    ----------
    product, jurisdiction
        Of what, and where.
    on
        The day.
    chains
        One a group of people and indication.
    uncounted
        Indications for people whom no source counts.
    total
        Sum of the bounds, nobody counted twice; None where nothing can be counted.
    history
        What each approval up to the last one in the file added.
    gaps
        Figures that no source gives, each with what follows from that.
    draws, seed
        Of the uncertainty.
    """

    product: str
    jurisdiction: str
    on: date
    chains: tuple[Chain, ...]
    uncounted: tuple[Uncounted, ...]
    total: Amount | None
    history: tuple[Added, ...]
    gaps: tuple[tuple[str, str], ...]
    draws: int
    seed: int

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        found = asdict(self)
        history = [one | {"day": one["day"].isoformat()} for one in found["history"]]
        return found | {"on": self.on.isoformat(), "history": history}
