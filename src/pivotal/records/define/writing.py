"""Writing a define.xml 2.1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

from pivotal.errors import DataError
from pivotal.files import whole_file
from pivotal.records.define.model import CodeList, Condition, Define, Defined, Standard, Variable
from pivotal.records.define.names import DEF, ODM, XLINK, XML, Element, define
from pivotal.records.define.rules import faults

LENGTHS = ("text", "integer", "float")
"""Data types that have a length."""


def write_define(content: Define, path: str | Path, *, created: datetime | None = None) -> None:
    """Write a define.xml by Define-XML 2.1.

    Parameters
    ----------
    content
        What it says.
    path
        Where to; an earlier file is replaced when the new one is whole.
    created
        The time that it bears; None for now.

    Raises
    ------
    DataError
        Where it would break a rule of Define-XML (`check_define`): every fault; nothing is written.

    Notes
    -----
    Identifiers are those of CDISC's examples: ``IG.DM``, ``IT.DM.USUBJID``, ``MT.ADSL.TRTDURD``,
    ``WC.RS.RSTESTCD.EQ.SPIGA``.
    """
    path = Path(path)
    root = odm(content, created or datetime.now(UTC))
    found = faults(root, path.name)
    if found:
        raise DataError(found)
    ElementTree.indent(root)
    with whole_file(path) as temporary:
        ElementTree.ElementTree(root).write(temporary, encoding="UTF-8", xml_declaration=True)


def odm(content: Define, created: datetime) -> Element:
    """The document as a tree."""
    for prefix, space in (("", ODM), ("def", DEF), ("xlink", XLINK)):
        ElementTree.register_namespace(prefix, space)
    name = oid_part(content.study)
    root = Element(_odm("ODM"), {
        "ODMVersion": "1.3.2",
        "FileType": "Snapshot",
        "FileOID": f"{name}.define",
        "CreationDateTime": created.isoformat(timespec="seconds"),
        "SourceSystem": "Pivotal",
        "SourceSystemVersion": version("pivotal"),
        define("Context"): "Other",
    })  # fmt: skip
    study = _part(root, _odm("Study"), OID=f"STDY.{name}")
    variables = _part(study, _odm("GlobalVariables"))
    _part(variables, _odm("StudyName")).text = content.study
    _part(variables, _odm("StudyDescription")).text = content.description or content.study
    _part(variables, _odm("ProtocolName")).text = content.protocol or content.study
    version_ = _part(study, _odm("MetaDataVersion"), OID=f"MDV.{name}", Name=f"Data definitions of {content.study}")
    version_.set(define("DefineVersion"), "2.1.0")
    if content.comment:
        version_.set(define("CommentOID"), "COM.MDV")
    _metadata(version_, content)
    return root


def _odm(name: str) -> str:
    return f"{{{ODM}}}{name}"


def _part(parent: Element, tag: str, **attributes: str | int | None) -> Element:
    kept = {key: str(value) for key, value in attributes.items() if value is not None}
    return ElementTree.SubElement(parent, tag, kept)


def oid_part(text: str) -> str:
    """A text as a part of an identifier: what is no letter, digit, ``-``, ``_`` or ``.`` by its number."""
    return "".join(c if c.isalnum() or c in "-_." else f"_{ord(c):X}" for c in text)


def _described(parent: Element, text: str, tag: str = "Description") -> None:
    if text:
        translated = _part(_part(parent, _odm(tag)), _odm("TranslatedText"))
        translated.set(f"{{{XML}}}lang", "en")
        translated.text = text


def _metadata(parent: Element, content: Define) -> None:
    """All parts, in the order that Define-XML asks for."""
    _standards(parent, content.standards)
    for data in content.datasets.values():
        for variable in data.variables:
            _value_list(parent, data, variable)
    for data in content.datasets.values():
        _where_clauses(parent, data)
    for data in content.datasets.values():
        _item_group(parent, data, content)
    for data in content.datasets.values():
        for oid, variable in _items(data):
            _item(parent, data, oid, variable)
    for codelist in content.codelists.values():
        _codelist(parent, codelist, content)
    for data in content.datasets.values():
        for oid, variable in _items(data):
            _method(parent, data, oid, variable)
    _comments(parent, content)


def _standards(parent: Element, standards: Sequence[Standard]) -> None:
    group = _part(parent, define("Standards"))
    for number, each in enumerate(standards, 1):
        _part(
            group, define("Standard"), OID=f"STD.{number}", Name=each.name, Type=each.type,
            PublishingSet=each.publishing_set, Version=each.version, Status=each.status,
        )  # fmt: skip


def _standard(content: Define, *, name: str | None = None, publishing_set: str | None = None) -> str | None:
    """The identifier of a standard that the file declares."""
    for number, each in enumerate(content.standards, 1):
        if (name and each.type == "IG" and each.name == name) or (
            publishing_set and each.publishing_set == publishing_set
        ):
            return f"STD.{number}"
    return None


def item(data: Defined, variable: Variable) -> str:
    """The identifier of a variable."""
    return f"IT.{data.name}.{variable.name}"


def _selected(conditions: Iterable[Condition]) -> str:
    return ".".join(f"{c.variable}.{c.comparator}.{'_'.join(map(oid_part, c.values))}" for c in conditions)


def _items(data: Defined) -> Iterator[tuple[str, Variable]]:
    """Every variable, and what it is in parts of the rows, with its identifier."""
    for variable in data.variables:
        yield item(data, variable), variable
        for level in variable.values:
            yield f"{item(data, variable)}.{_selected(level.where)}", level.variable


def _reference(parent: Element, oid: str, variable: Variable, order: int) -> Element:
    made = _part(
        parent, _odm("ItemRef"), ItemOID=oid, OrderNumber=order, Mandatory="Yes" if variable.mandatory else "No",
        KeySequence=variable.key, MethodOID=_method_oid(oid) if variable.method else None, Role=variable.role,
    )  # fmt: skip
    if variable.empty:
        made.set(define("HasNoData"), "Yes")
    return made


def _method_oid(oid: str) -> str:
    return "MT" + oid.removeprefix("IT")


def _value_list(parent: Element, data: Defined, variable: Variable) -> None:
    if not variable.values:
        return
    group = _part(parent, define("ValueListDef"), OID=f"VL.{data.name}.{variable.name}")
    for order, level in enumerate(variable.values, 1):
        selected = _selected(level.where)
        reference = _reference(group, f"{item(data, variable)}.{selected}", level.variable, order)
        _part(reference, define("WhereClauseRef"), WhereClauseOID=f"WC.{data.name}.{selected}")


def _where_clauses(parent: Element, data: Defined) -> None:
    wheres = {_selected(level.where): level.where for v in data.variables for level in v.values}
    for selected, where in wheres.items():
        clause = _part(parent, define("WhereClauseDef"), OID=f"WC.{data.name}.{selected}")
        for condition in where:
            check = _part(clause, _odm("RangeCheck"), Comparator=condition.comparator, SoftHard="Soft")
            check.set(define("ItemOID"), f"IT.{data.name}.{condition.variable}")
            for value in condition.values:
                _part(check, _odm("CheckValue")).text = value


def _item_group(parent: Element, data: Defined, content: Define) -> None:
    group = _part(
        parent, _odm("ItemGroupDef"), OID=f"IG.{data.name}", Name=data.name, Domain=data.domain,
        Repeating="Yes" if data.repeating else "No", IsReferenceData="Yes" if data.reference else "No",
        SASDatasetName=data.name if len(data.name) <= 8 else None, Purpose=data.purpose,
    )  # fmt: skip
    group.set(define("Structure"), data.structure or "one record per row")
    standard = _standard(content, name=data.standard)
    group.set(define("StandardOID" if standard else "IsNonStandard"), standard or "Yes")
    if data.file:
        group.set(define("ArchiveLocationID"), f"LF.{data.name}")
    if data.empty:
        group.set(define("HasNoData"), "Yes")
    if data.comment:
        group.set(define("CommentOID"), f"COM.{data.name}")
    _described(group, data.label or data.name)
    for order, variable in enumerate(data.variables, 1):
        _reference(group, item(data, variable), variable, order)
    if data.class_:
        _part(group, define("Class"), Name=data.class_)
    if data.file:
        leaf = _part(group, define("leaf"), ID=f"LF.{data.name}")
        leaf.set(f"{{{XLINK}}}href", data.file)
        _part(leaf, define("title")).text = data.file


def _item(parent: Element, data: Defined, oid: str, variable: Variable) -> None:
    sized = variable.type in LENGTHS
    element = _part(
        parent, _odm("ItemDef"), OID=oid, Name=variable.name, DataType=variable.type,
        Length=max(1, variable.length or 1) if sized else None,
        SignificantDigits=(variable.digits or 0) if variable.type == "float" else None,
        SASFieldName=variable.name if len(variable.name) <= 8 else None,
    )  # fmt: skip
    if variable.format:
        element.set(define("DisplayFormat"), variable.format)
    if variable.comment:
        element.set(define("CommentOID"), "COM" + oid.removeprefix("IT"))
    _described(element, variable.label)
    if variable.codelist:
        _part(element, _odm("CodeListRef"), CodeListOID=variable.codelist)
    if variable.origin is not None:
        origin = _part(element, define("Origin"), Type=variable.origin.type, Source=variable.origin.source)
        _described(origin, variable.origin.text)
    if variable.values:
        _part(element, define("ValueListRef"), ValueListOID=f"VL.{data.name}.{variable.name}")


def _codelist(parent: Element, codelist: CodeList, content: Define) -> None:
    element = _part(parent, _odm("CodeList"), OID=codelist.oid, Name=codelist.name, DataType=codelist.type)
    if codelist.external is not None:
        _part(
            element, _odm("ExternalCodeList"), Dictionary=codelist.external[0], Version=codelist.external[1]
        )  # fmt: skip
        return
    standard = _standard(content, publishing_set=codelist.standard)
    element.set(define("StandardOID" if standard else "IsNonStandard"), standard or "Yes")
    decoded = any(entry.decode for entry in codelist.items)
    for order, entry in enumerate(codelist.items, 1):
        tag = "CodeListItem" if decoded else "EnumeratedItem"
        one = _part(element, _odm(tag), CodedValue=entry.value, OrderNumber=order)
        if decoded:
            _described(one, entry.decode or entry.value, "Decode")
        if entry.code:
            _part(one, _odm("Alias"), Context="nci:ExtCodeID", Name=entry.code)
        elif standard:
            one.set(define("ExtendedValue"), "Yes")
    if codelist.code:
        _part(element, _odm("Alias"), Context="nci:ExtCodeID", Name=codelist.code)


def _method(parent: Element, data: Defined, oid: str, variable: Variable) -> None:
    if variable.method:
        name = f"Algorithm to derive {data.name}.{variable.name}"
        element = _part(parent, _odm("MethodDef"), OID=_method_oid(oid), Name=name, Type="Computation")
        _described(element, variable.method)


def _comments(parent: Element, content: Define) -> None:
    comments = {"COM.MDV": content.comment}
    for data in content.datasets.values():
        comments[f"COM.{data.name}"] = data.comment
        comments |= {"COM" + oid.removeprefix("IT"): variable.comment for oid, variable in _items(data)}
    for oid, text in comments.items():
        if text:
            _described(_part(parent, define("CommentDef"), OID=oid), text)
