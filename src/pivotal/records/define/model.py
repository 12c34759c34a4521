"""What a define.xml says: data sets, their variables, code lists, how variables are derived, and by which standards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pivotal.records.dataset import DataType

OriginType = Literal["Collected", "Derived", "Assigned", "Protocol", "Predecessor", "Not Available", "Other"]
"""CDISC's code list C170449, Origin Type."""

OriginSource = Literal["Sponsor", "Investigator", "Subject", "Vendor"]
"""CDISC's code list C170450, Origin Source."""

DATA_TYPES: dict[str, DataType] = {
    "text": "text",
    "integer": "integer",
    "float": "float",
    "date": "text",
    "datetime": "text",
    "time": "text",
    "partialDate": "text",
    "partialTime": "text",
    "partialDatetime": "text",
    "incompleteDatetime": "text",
    "durationDatetime": "text",
    "intervalDatetime": "text",
}
"""The data types of Define-XML, and what a column of each holds: dates of ISO 8601 are texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """A standard that data sets or code lists follow.

    Attributes
    ----------
    name
        ``SDTMIG``, ``ADaMIG``, or ``CDISC/NCI`` for controlled terminology.
    type
        ``IG`` or ``CT``.
    version
        ``3.4``; of controlled terminology the date of the package.
    publishing_set
        Of controlled terminology: ``SDTM``, ``ADaM``.
    status
        ``FINAL``, ``DRAFT``, ``PROVISIONAL``.
    """

    name: str
    type: str
    version: str
    publishing_set: str | None = None
    status: str = "FINAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a variable's values come from.

    Attributes
    ----------
    type
        How they came about.
    source
        Who gave them; None where Define-XML asks for none (a predecessor) or an older file does not say.
    text
        In words; of a predecessor the variable: ``DM.USUBJID``.
    """

    type: str
    source: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class CodeItem:
    """One value of a code list, and what it stands for; ``decode`` is empty where the value says it itself."""

    value: str
    decode: str = ""
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeList:
    """A code list.

    Attributes
    ----------
    oid
        Its identifier within the file.
    name
        Its name.
    type
        ``text``, ``integer`` or ``float``.
    items
        Its values; none for a list that is kept elsewhere.
    external
        Dictionary and version of a list that is kept elsewhere: ``("MedDRA", "26.0")``.
    standard
        Publishing set of the controlled terminology that it is taken from; None for a list of the sponsor's own.
    code
        NCI's code of the list, where it has one.
    """

    oid: str
    name: str
    type: str = "text"
    items: tuple[CodeItem, ...] = ()
    external: tuple[str, str] | None = None
    standard: str | None = None
    code: str | None = None

    @property
    def decodes(self) -> dict[str, str]:
        """What each value stands for."""
        return {item.value: item.decode or item.value for item in self.items}


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a where clause: a variable of the same data set with values."""

    variable: str
    comparator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueLevel:
    """What a variable is in the rows that all conditions select.

    Attributes
    ----------
    where
        The conditions.
    variable
        Its description there.
    """

    where: tuple[Condition, ...]
    variable: Variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable of a data set.

    Attributes
    ----------
    name, label
        As in the data set.
    type
        A data type of Define-XML: ``text``, ``integer``, ``float``, ``date``, ``datetime``, ``partialDate`` and so on.
    length
        Characters of a text, digits of a number; None where the type has none.
    digits
        Decimals of a float.
    format
        Display format.
    key
        Its place among the data set's keys, from 1.
    mandatory
        Whether it has a value in every row.
    role
        SDTM's role.
    codelist
        OID of its code list.
    origin
        Where it comes from.
    method
        How it is derived, in words.
    comment
        Anything else that a reader must know.
    values
        Its descriptions where they depend on other variables (value level).
    empty
        Whether it was planned and holds no data.
    """

    name: str
    label: str = ""
    type: str = "text"
    length: int | None = None
    digits: int | None = None
    format: str | None = None
    key: int | None = None
    mandatory: bool = False
    role: str | None = None
    codelist: str | None = None
    origin: Origin | None = None
    method: str = ""
    comment: str = ""
    values: tuple[ValueLevel, ...] = ()
    empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Defined:
    """A data set as a define.xml describes it.

    Attributes
    ----------
    name, label
        As in its file.
    domain
        SDTM's domain; None for an analysis data set.
    structure
        A row a what, in words.
    class_
        CDISC's class (code list C103329): ``FINDINGS``, ``BASIC DATA STRUCTURE``.
    purpose
        ``Tabulation`` or ``Analysis``.
    repeating
        Whether a patient may have several rows.
    reference
        Whether it is about the trial and not about patients.
    standard
        Name of the implementation guide that it follows.
    file
        Its file, beside the define.xml.
    comment
        Anything else that a reader must know.
    variables
        Its variables in order.
    empty
        Whether it was planned and holds no data, so that there is no file.
    """

    name: str
    label: str = ""
    domain: str | None = None
    structure: str = ""
    class_: str = ""
    purpose: str = "Tabulation"
    repeating: bool = True
    reference: bool = False
    standard: str | None = None
    file: str | None = None
    comment: str = ""
    variables: tuple[Variable, ...] = ()
    empty: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """Its keys, in sorting order."""
        keyed = sorted((v for v in self.variables if v.key is not None), key=lambda v: v.key or 0)
        return tuple(variable.name for variable in keyed)

    def variable(self, name: str) -> Variable:
        """A variable by name."""
        return next(variable for variable in self.variables if variable.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Define:
    """A define.xml.

    Attributes
    ----------
    study
        Name of the study.
    description
        Its title.
    protocol
        The protocol's name.
    standards
        The standards followed; the first of type IG is that of the data sets.
    datasets
        The data sets by name, in order.
    codelists
        The code lists by OID.
    version
        Of Define-XML: ``2.1.0``.
    comment
        What is said of all data sets together.
    """

    study: str
    description: str = ""
    protocol: str = ""
    standards: tuple[Standard, ...] = ()
    datasets: Mapping[str, Defined] = field(default_factory=dict)
    codelists: Mapping[str, CodeList] = field(default_factory=dict)
    version: str = "2.1.0"
    comment: str = ""
