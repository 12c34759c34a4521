"""From a data set and what is said of it to its columns' labels and its part of a define.xml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

import polars as pl

from pivotal.records.dataset import Column, Dataset, type_of
from pivotal.records.define.model import CodeItem, CodeList, Condition, Defined, Origin, ValueLevel, Variable
from pivotal.records.define.terminology import LISTS
from pivotal.records.formats.sas import USUAL

EXACT = "f"
"""Decimals are counted of numbers written out, without an exponent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What is said of a variable.

    Attributes
    ----------
    name, label, role
        As in the data set; the role is SDTM's.
    origin, source, text
        Where its values come from: type and source by Define-XML, and in words.
    method
        How it is derived, in words.
    codelist
        ``SEX``: a list of CDISC's terminology; ``own``: the values that the data set has.
    decode
        Of a list of one's own: the variable that says what each value stands for.
    mandatory
        Whether it has a value in every row.
    date
        Whether its text is a date of ISO 8601.
    levels
        The variable by whose values it is described (value level): ``PARAMCD``.
    """

    name: str
    label: str
    role: str | None = None
    origin: str = "Assigned"
    source: str | None = "Sponsor"
    text: str = ""
    method: str = ""
    codelist: str | None = None
    decode: str | None = None
    mandatory: bool = False
    date: bool = False
    levels: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What is said of a data set; `fields` in its order, of which it may lack some.

    Attributes
    ----------
    name, label, structure, class_, keys, reference, purpose, standard, comment
        As in `Defined`.
    fields
        Its variables.
    """

    name: str
    label: str
    structure: str
    class_: str
    keys: tuple[str, ...]
    fields: tuple[Field, ...] = field(repr=False)
    reference: bool = False
    repeating: bool = True
    purpose: str = "Tabulation"
    standard: str = "SDTMIG"
    comment: str = ""


def described(description: Description, frame: pl.DataFrame, *, mark: str = "") -> Dataset:
    """A data set in the order of its description, with labels; `mark` is added to its label."""
    fields = {each.name: each for each in description.fields}
    frame = frame.select([name for name in fields if name in frame.columns])
    columns = tuple(_column(description, fields[name], frame[name]) for name in frame.columns)
    label = f"{description.label}{mark}"
    more = {"itemGroupOID": f"IG.{description.name}", "metaDataRef": "define.xml"}
    return Dataset(name=description.name, label=label, frame=frame, columns=columns, more=more)


def _column(description: Description, each: Field, values: pl.Series) -> Column:
    kind = type_of(values.dtype)
    more: dict[str, object] = {"itemOID": f"IT.{description.name}.{each.name}"}
    if each.name in description.keys:
        more["keySequence"] = description.keys.index(each.name) + 1
    if each.date:
        more["dataType"] = "date"
    length = max([1, *values.str.len_bytes().drop_nulls().to_list()]) if kind == "text" else None
    return Column(name=each.name, label=each.label, type=kind, length=length, format=USUAL.get(kind), more=more)


def defined(description: Description, data: Dataset, file: str) -> tuple[Defined, dict[str, CodeList]]:
    """A data set's part of a define.xml, with the code lists of its variables."""
    fields = {each.name: each for each in description.fields}
    frame = data.frame
    labels = {column.name: column.label for column in data.columns}
    variables: list[Variable] = []
    lists: dict[str, CodeList] = {}
    for name in frame.columns:
        each = fields[name]
        codelist = _codelist(description.name, each, frame)
        variable = _variable(each, frame[name], labels[name])
        if codelist is not None:
            lists = joined((lists, {codelist.oid: codelist}))  # two variables may share one list
        key = description.keys.index(name) + 1 if name in description.keys else None
        variable = replace(variable, codelist=codelist.oid if codelist else None, key=key)
        variables.append(replace(variable, values=_levels(each, variable, frame)))
    made = Defined(
        name=description.name,
        label=data.label,
        domain=description.name if description.purpose == "Tabulation" else None,
        structure=description.structure,
        class_=description.class_,
        purpose=description.purpose,
        repeating=description.repeating,
        reference=description.reference,
        standard=description.standard,
        file=file,
        comment=description.comment,
        variables=tuple(variables),
    )
    return made, lists


def _variable(each: Field, values: pl.Series, label: str) -> Variable:
    kind, length, digits = measured(values)
    empty = values.null_count() == len(values)
    origin = Origin(type="Not Available") if empty else Origin(type=each.origin, source=_source(each), text=each.text)
    return Variable(
        name=each.name,
        label=label,
        type="date" if each.date else kind,
        length=None if each.date else length,
        digits=digits,
        format=USUAL["date"] if values.dtype == pl.Date else None,
        mandatory=each.mandatory,
        role=each.role,
        origin=origin,
        method=each.method if not empty else "",
    )


def _source(each: Field) -> str | None:
    return None if each.origin == "Predecessor" else each.source


def measured(values: pl.Series) -> tuple[str, int, int | None]:
    """A column's data type by Define-XML, its length in characters, and its decimals.

    Examples
    --------
    >>> measured(pl.Series([10.45, 3.0])), measured(pl.Series([7.0, -12.0])), measured(pl.Series(["Week 2"]))
    (('float', 5, 2), ('integer', 3, None), ('text', 6, None))
    """
    known = values.drop_nulls().unique()
    if values.dtype.is_temporal():
        return "integer", 5 if values.dtype == pl.Date else 10, None
    if values.dtype.is_float() and bool((known == known.round()).all()) and len(known):
        known = known.cast(pl.Int64)
    if known.dtype.is_integer():
        return "integer", max([1, *(len(str(v)) for v in known.to_list())]), None
    if values.dtype.is_float():
        texts = [format(Decimal(repr(v)), EXACT).removesuffix(".0") for v in known.to_list()]
        digits = max([0, *(len(text.partition(".")[2]) for text in texts)])
        return "float", max([1, *map(len, texts)]), digits
    return "text", max([1, *(len(str(v)) for v in known.to_list())]), None


def _levels(each: Field, variable: Variable, frame: pl.DataFrame) -> tuple[ValueLevel, ...]:
    """What the variable is for each value of another, in the order of the rows."""
    by = each.levels
    if by is None or by not in frame.columns:
        return ()
    levels = []
    for value in frame[by].drop_nulls().unique(maintain_order=True).to_list():
        rows = frame.filter(pl.col(by) == value)[each.name]
        if rows.null_count() < len(rows):
            kind, length, digits = measured(rows)
            one = replace(variable, type=kind, length=length, digits=digits, codelist=None, key=None, values=())
            levels.append(ValueLevel(where=(Condition(by, "EQ", (value,)),), variable=one))
    return tuple(levels)


def _codelist(data: str, each: Field, frame: pl.DataFrame) -> CodeList | None:
    values = frame[each.name].drop_nulls().unique(maintain_order=True).to_list()
    if each.codelist is None or not values:
        return None
    kind = measured(frame[each.name])[0]
    if each.codelist == "own":
        decodes = _decodes(each, frame) if each.decode is not None else {}
        items = tuple(CodeItem(str(value), str(decodes.get(value) or "")) for value in values)
        return CodeList(oid=f"CL.{data}.{each.name}", name=f"{each.label} ({data})", type=kind, items=items)
    known = LISTS[each.codelist]
    items = tuple(CodeItem(value, "", known.terms.get(value)) for value in sorted(values))
    return CodeList(oid=f"CL.{each.codelist}", name=known.name, items=items, standard="SDTM", code=known.code)


def _decodes(each: Field, frame: pl.DataFrame) -> Mapping[object, object]:
    pairs = frame.select(each.name, each.decode).drop_nulls().unique(maintain_order=True)
    return dict(pairs.iter_rows())


def joined(lists: Iterable[Mapping[str, CodeList]]) -> dict[str, CodeList]:
    """Code lists of several data sets: one of the terminology has the values of all of them."""
    made: dict[str, CodeList] = {}
    for each in lists:
        for oid, codelist in each.items():
            before = made.get(oid)
            items = {item.value: item for item in (*(before.items if before else ()), *codelist.items)}
            ordered = sorted(items.values(), key=lambda item: item.value) if codelist.code else items.values()
            made[oid] = replace(codelist, items=tuple(ordered))
    return made
