"""An approved product written down: whom it is for, from which day to which, and how sure each statement is."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from pivotal.study.base import Figure, Name, Part, Sourced
from pivotal.study.criteria import Criterion
from pivotal.study.model import Source, Variable

CONDITION = "CONDITION"
"""The variable, a category, that every product file has: the condition to be treated."""
AGE = "AGE"
"""The variable that a date of birth is turned into."""

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Certainty = Literal["read", "excerpted", "secondary", "unverified", "assumed"]
"""How sure a statement is.

``read``: the regulator's own text was read. ``excerpted``: the label's wording, as another site excerpts it.
``secondary``: another's account of the label. ``unverified``: no source that could be read says it. ``assumed``:
nothing says it; it was chosen here.
"""

CERTAINTY_WORDS: dict[Certainty, str] = {
    "read": "the regulator's text was read",
    "excerpted": "label text as another site excerpts it",
    "secondary": "a secondary source",
    "unverified": "unverified",
    "assumed": "assumed",
}


class Stated(Sourced):
    """A statement with its source and, where it is not its source's, its own certainty."""

    certainty: Certainty | None = Field(default=None, description="where it differs from the source's")


class LabelSource(Source):
    """A source, and how sure what is taken from it is."""

    certainty: Certainty


class Fact(Variable):
    """A fact about a patient that criteria speak about."""

    aliases: tuple[str, ...] = Field(default=(), description="other names of it, as column, option or code")
    unknown: str | None = Field(default=None, description="how it is spoken of where it is unknown")


class ProductHead(Stated):
    """What the product is."""

    id: Name
    title: Name
    substance: Name
    form: Name
    strength: Name
    jurisdiction: Name
    holder: str | None = None
    application: str | None = Field(default=None, description="number of the marketing application")
    ndc: str | None = None
    setid: str | None = Field(default=None, description="set id of the structured product label")
    read: str | None = Field(default=None, description="what of the label was read, and what was not")
    facts: dict[str, Figure] = Field(default_factory=dict)


class Package(Stated):
    """A package: a tube of so many grams."""

    grams: float = Field(gt=0)
    kind: str | None = None
    marketed: date | None = None


class Amount(Part):
    """At most so many grams in so many days."""

    grams: float = Field(gt=0)
    days: float = Field(gt=0)


class DoseLimit(Stated):
    """How much may be used; any one of the amounts is a limit of its own package."""

    text: Text
    amounts: tuple[Amount, ...] = Field(min_length=1)
    when: Criterion | None = Field(default=None, description="whom it is for; everybody by default")
    effective: date | None = Field(default=None, description="the indication's own day by default")
    superseded: date | None = None


class Statement(Stated):
    """A statement of the label that is no criterion."""

    id: Name
    text: Text
    effective: date | None = None
    superseded: date | None = None


class Limitation(Statement):
    """A limitation of use: who meets its criterion is told so. It is no part of an indication and decides nothing."""

    criterion: Criterion


class Trial(Stated):
    """A trial that an indication rests on."""

    id: Name
    registry: str | None = None
    study: str | None = Field(default=None, description="name of the study file, where the package ships it")


class Indication(Stated):
    """Whom the product is approved for, from the day `effective` to the day before `superseded`."""

    id: Name
    condition: Name
    text: Text
    effective: date
    superseded: date | None = None
    superseded_by: str | None = None
    supplement: str | None = None
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    use: tuple[str, ...] = ()
    frequency: str | None = None
    reassess: str | None = None
    strength: str | None = None
    strength_not_approved: str | None = None
    dose_limits: tuple[DoseLimit, ...] = ()
    trials: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def in_force(self, day: date) -> bool:
        """Whether the indication is in force on a day."""
        return self.effective <= day and (self.superseded is None or day < self.superseded)

    def doses(self, day: date) -> tuple[DoseLimit, ...]:
        """The dose limits in force on a day."""
        return tuple(
            limit
            for limit in self.dose_limits
            if (limit.effective or self.effective) <= day and (limit.superseded is None or day < limit.superseded)
        )


class Code(Stated):
    """A code of a terminology; with `prefix`, every code that begins so."""

    system: Literal["http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-cm"]
    code: Name
    display: str | None = None
    prefix: bool = False


class Grade(Stated):
    """A word of severity and the score that it stands for."""

    word: Name
    score: float
    codes: tuple[Code, ...] = ()


class Scale(Stated):
    """Words of severity and an instrument's scores: the one fact says what the other does."""

    words: Name = Field(description="the variable that holds the word")
    scores: Name = Field(description="the variable that holds the score")
    instrument: Name
    grades: tuple[Grade, ...] = Field(min_length=1)


class Term(Stated):
    """A condition as it is named or coded, and what that says of the patient."""

    name: Name
    aliases: tuple[str, ...] = ()
    codes: tuple[Code, ...] = ()
    facts: dict[str, float | bool | str] = Field(min_length=1)


class Medicines(Stated):
    """A class of medicines by the names of its members."""

    id: Name
    label: Name
    members: tuple[str, ...] = Field(min_length=1)
    facts: dict[str, float | bool | str] = Field(
        default_factory=dict, description="what the use of a member says of the patient"
    )
    stopped: dict[str, float | bool | str] = Field(
        default_factory=dict, description="what it says where it was stopped for one of `reasons`"
    )
    reasons: tuple[str, ...] = ()


class Product(Part):
    """An approved product, whole."""

    product: ProductHead
    sources: dict[str, LabelSource] = Field(default_factory=dict)
    variables: dict[str, Fact] = Field(min_length=1)
    scales: tuple[Scale, ...] = ()
    conditions: tuple[Term, ...] = ()
    medicines: tuple[Medicines, ...] = ()
    packages: tuple[Package, ...] = ()
    trials: tuple[Trial, ...] = ()
    indications: tuple[Indication, ...] = Field(min_length=1)
    limitations: tuple[Limitation, ...] = ()
    boxed_warning: tuple[Statement, ...] = ()
    administration: tuple[Statement, ...] = ()
    interactions: tuple[Statement, ...] = ()
    history: tuple[Statement, ...] = Field(default=(), description="what happened on the way to an approval")

    @property
    def id(self) -> str:
        """The product's name."""
        return self.product.id

    @property
    def first_approved(self) -> date:
        """The day of the first approval."""
        return min(indication.effective for indication in self.indications)

    def in_force(self, day: date) -> tuple[Indication, ...]:
        """The indications in force on a day, in the file's order; none before the first approval.

        Examples
        --------
        >>> from pivotal.label.load import load_product
        >>> [indication.id for indication in load_product("opzelura").in_force(date(2025, 9, 18))]
        ['VIT-2022', 'AD-2025']
        """
        return tuple(indication for indication in self.indications if indication.in_force(day))

    def indication(self, name: str) -> Indication:
        """An indication by id."""
        return next(i for i in self.indications if i.id == name)

    def trial(self, name: str) -> Trial:
        """A trial by id."""
        return next(t for t in self.trials if t.id == name)

    def certainty(self, part: Sourced | Criterion) -> Certainty:
        """How sure a part is: what it says itself; `assumed` where it is; its source's; `unverified` without one."""
        own: Certainty | None = getattr(part, "certainty", None)
        if own is not None:
            return own
        if part.assumed is not None:
            return "assumed"
        return self.sources[part.source].certainty if part.source in self.sources else "unverified"

    def cite(self, key: str) -> str:
        """A source by key, as it is cited."""
        return self.sources[key].cite
