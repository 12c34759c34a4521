"""Claims about a trial or an approval, written down: what is said, in which words, and what figure is meant by it.

A claim names no verdict. Its checks name facts and what the claim says of them; the verdict is computed.
"""

from __future__ import annotations

from datetime import date

from pydantic import Field, model_validator

from pivotal.study.base import Name, Part, Sourced
from pivotal.study.model import Source

MOST_WORDS = 15
"""Words that may be quoted of another's text."""
BOUNDS = ("at_least", "above", "at_most", "below", "between", "any_of", "is")
SAYINGS = ("equals", *BOUNDS, "words", "same_as", "leaves_out")


class Check(Part):
    """What a claim says of one fact: exactly one comparison (bounds may go together).

    Checks of one `reading` hold together. A claim that can be read in several ways has checks with different readings;
    where these disagree, it cannot be decided.
    """

    fact: Name
    equals: int | float | str | None = None
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    between: tuple[float, float] | None = None
    any_of: tuple[float | str, ...] | None = Field(default=None, min_length=1)
    is_: bool | None = Field(default=None, alias="is")
    words: str | None = Field(default=None, description="words that the claim puts for the fact's")
    same_as: str | None = Field(default=None, description="another fact, of which the claim says that it is this one")
    leaves_out: bool | None = Field(default=None, description="true where the claim is silent on the fact")
    unit: str | None = None
    digits: int | None = Field(default=None, ge=0, description="decimals of the claim's figure; as it is written")
    reading: str | None = None

    @model_validator(mode="after")
    def _one_saying(self) -> Check:
        said = [key for key in self.said if key not in BOUNDS[:4]]
        if not self.said:
            raise ValueError(f"the check on {self.fact!r} says nothing; give one of {', '.join(SAYINGS)}")
        if len(said) > 1 or (said and len(self.said) > 1):
            raise ValueError(f"the check on {self.fact!r} says {' and '.join(self.said)}; give one, or two checks")
        return self

    @property
    def said(self) -> list[str]:
        """The comparisons that are set, by their key in the file."""
        return [key for key in SAYINGS if getattr(self, "is_" if key == "is" else key) is not None]

    @property
    def saying(self) -> str:
        """The one comparison, or the first bound."""
        return self.said[0]


class Claim(Part):
    """One claim."""

    id: Name
    claim: Name = Field(description="what is claimed, in the author's own words")
    quote: str | None = Field(default=None, description=f"quoted words, {MOST_WORDS} at most")
    where: str | None = None
    ends: bool = Field(default=False, description="the quoted words end a sentence, as it is printed")
    checks: tuple[Check, ...] = ()
    note: str | None = None


class OwnFact(Sourced):
    """A fact that neither study nor product holds: a text, a day, a value, or a count."""

    text: str | None = None
    day: date | None = None
    value: float | None = None
    x: int | None = Field(default=None, ge=0)
    n: int | None = Field(default=None, ge=1)
    unit: str | None = None

    @model_validator(mode="after")
    def _one(self) -> OwnFact:
        counted = self.x is not None or self.n is not None
        if sum([self.text is not None, self.day is not None, self.value is not None, counted]) != 1:
            raise ValueError("give exactly one of: text, day, value, or x together with n")
        if (self.x is None) != (self.n is None):
            raise ValueError("give x together with n")
        return self


class ClaimsHead(Sourced):
    """Whose claims they are, and which files hold the facts."""

    id: Name
    title: Name
    study: str | None = None
    product: str | None = None
    epidemiology: str | None = None


class Claims(Part):
    """A set of claims, whole."""

    evidence: ClaimsHead
    sources: dict[str, Source] = Field(default_factory=dict)
    facts: dict[str, OwnFact] = Field(default_factory=dict)
    claims: tuple[Claim, ...] = Field(min_length=1)
