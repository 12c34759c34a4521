"""Reading a define.xml: version 2.1, and what 2.0 and 1.0 say in their own places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pivotal.errors import DataError, Fault
from pivotal.records.define.model import (
    CodeItem,
    CodeList,
    Condition,
    Define,
    Defined,
    Origin,
    Standard,
    ValueLevel,
    Variable,
)
from pivotal.records.define.names import Element, attribute, child, children, local, taken, words


def read_define(path: str | Path) -> dict[str, Defined]:
    """The data sets that a define.xml describes.

    Parameters
    ----------
    path
        The file: Define-XML 2.1, 2.0 or 1.0.

    Returns
    -------
    dict of str to Defined
        By name in capitals, in the file's order.

    Raises
    ------
    DataError
        If it is no define.xml, has a document type or entities (which are never read), or refers to what is not there.
    """
    return dict(open_define(path).datasets)


def open_define(path: str | Path) -> Define:
    """A define.xml whole: study, standards, data sets, code lists.

    Parameters
    ----------
    path
        As of `read_define`.

    Returns
    -------
    Define
        With methods and comments beside the variables that they are of.

    Raises
    ------
    DataError
        As `read_define`.
    """
    path = Path(path)
    root = taken(path)
    metadata = child(root, "Study", "MetaDataVersion")
    if local(root.tag) != "ODM" or metadata is None:
        found = f"XML with the root {local(root.tag)}" + (" and no MetaDataVersion" if metadata is None else "")
        raise DataError([Fault(str(path), found, "a define.xml is ODM with a MetaDataVersion", "Take another file.")])
    return _Reader(path, root, metadata).define()


@dataclass(slots=True)
class _Reader:
    """One file; its parts by identifier."""

    path: Path
    root: Element
    metadata: Element
    faults: list[Fault] = field(default_factory=list)
    parts: dict[str, dict[str, Element]] = field(default_factory=dict)
    standards: dict[str, Standard] = field(default_factory=dict)

    def define(self) -> Define:
        for element in self.metadata:
            oid = attribute(element, "OID")
            if oid is not None:
                self.parts.setdefault(local(element.tag), {})[oid] = element
        self.standards = self._standards()
        datasets = [self._dataset(group) for group in children(self.metadata, "ItemGroupDef")]
        codelists = [self._codelist(element) for element in children(self.metadata, "CodeList")]
        if self.faults:
            raise DataError(self.faults)
        names = child(self.root, "Study", "GlobalVariables")
        return Define(
            study=words(child(names, "StudyName")),
            description=words(child(names, "StudyDescription")),
            protocol=words(child(names, "ProtocolName")),
            standards=tuple(self.standards.values()),
            datasets={data.name.upper(): data for data in datasets},
            codelists={codelist.oid: codelist for codelist in codelists},
            version=attribute(self.metadata, "DefineVersion") or "",
            comment=self._comment(self.metadata),
        )

    def _found(self, kind: str, oid: str | None, by: str) -> Element | None:
        """A part by its identifier; one that is not there is a fault."""
        if oid is None:
            return None
        found = self.parts.get(kind, {}).get(oid)
        if found is None:
            where = f"{self.path}: {by}"
            allowed = f"each {kind} that is referred to stands in the file"
            self.faults.append(
                Fault(where, f"a reference to {oid!r}, which is not there", allowed, "Add or correct it.")
            )
        return found

    def _standards(self) -> dict[str, Standard]:
        found = {}
        group = child(self.metadata, "Standards")
        for element in children(group, "Standard") if group is not None else []:
            found[attribute(element, "OID") or ""] = Standard(
                name=attribute(element, "Name") or "",
                type=attribute(element, "Type") or "",
                version=attribute(element, "Version") or "",
                publishing_set=attribute(element, "PublishingSet"),
                status=attribute(element, "Status") or "",
            )
        old = attribute(self.metadata, "StandardName")
        if not found and old is not None:  # before 2.1 there was one, an attribute
            found[""] = Standard(
                name=old, type="IG", version=attribute(self.metadata, "StandardVersion") or "", status=""
            )
        return found

    def _comment(self, element: Element) -> str:
        """A comment by reference; in version 1.0 an attribute."""
        found = self._found("CommentDef", attribute(element, "CommentOID"), f"{attribute(element, 'OID')}")
        return words(child(found, "Description")) or attribute(element, "Comment") or ""

    def _dataset(self, group: Element) -> Defined:
        name = attribute(group, "Name") or ""
        leaf = child(group, "leaf")
        class_ = child(group, "Class")
        standard = self.standards.get(attribute(group, "StandardOID") or "")
        variables = tuple(self._variable(reference, name) for reference in children(group, "ItemRef"))
        return Defined(
            name=name,
            label=words(child(group, "Description")) or attribute(group, "Label") or "",
            domain=attribute(group, "Domain"),
            structure=attribute(group, "Structure") or "",
            class_=(attribute(class_, "Name") if class_ is not None else attribute(group, "Class")) or "",
            purpose=attribute(group, "Purpose") or "",
            repeating=attribute(group, "Repeating") == "Yes",
            reference=attribute(group, "IsReferenceData") == "Yes",
            standard=standard.name if standard is not None else None,
            file=attribute(leaf, "href") if leaf is not None else None,
            comment=self._comment(group),
            variables=_keyed(variables, attribute(group, "DomainKeys")),
            empty=attribute(group, "HasNoData") == "Yes",
        )

    def _variable(self, reference: Element, data: str) -> Variable:
        oid = attribute(reference, "ItemOID")
        element = self._found("ItemDef", oid, f"{data}, ItemRef")
        if element is None:
            return Variable(name=oid or "")
        method_oid = attribute(reference, "MethodOID") or attribute(element, "ComputationMethodOID")
        kind = "ComputationMethod" if method_oid in self.parts.get("ComputationMethod", {}) else "MethodDef"
        method = self._found(kind, method_oid, f"{data}, {oid}")
        coded = child(element, "CodeListRef")
        codelist = attribute(coded, "CodeListOID") if coded is not None else None
        self._found("CodeList", codelist, f"{data}, {oid}")
        return Variable(
            name=attribute(element, "Name") or "",
            label=words(child(element, "Description")) or attribute(element, "Label") or "",
            type=attribute(element, "DataType") or "text",
            length=_whole(element, "Length"),
            digits=_whole(element, "SignificantDigits"),
            format=attribute(element, "DisplayFormat"),
            key=_whole(reference, "KeySequence"),
            mandatory=attribute(reference, "Mandatory") == "Yes",
            role=attribute(reference, "Role"),
            codelist=codelist,
            origin=_origin(element),
            method=words(method if kind == "ComputationMethod" else child(method, "Description")),
            comment=self._comment(element),
            values=self._values(element, data),
            empty=attribute(reference, "HasNoData") == "Yes",
        )

    def _values(self, element: Element, data: str) -> tuple[ValueLevel, ...]:
        referred = child(element, "ValueListRef")
        if referred is None:
            return ()
        group = self._found("ValueListDef", attribute(referred, "ValueListOID"), f"{data}, {attribute(element, 'OID')}")
        levels = []
        for reference in children(group, "ItemRef") if group is not None else []:
            variable = self._variable(reference, data)
            wheres = [self._where(where, data) for where in children(reference, "WhereClauseRef")]
            levels += [ValueLevel(where=where, variable=variable) for where in wheres or [()]]
        return tuple(levels)

    def _where(self, reference: Element, data: str) -> tuple[Condition, ...]:
        clause = self._found("WhereClauseDef", attribute(reference, "WhereClauseOID"), f"{data}, WhereClauseRef")
        conditions = []
        for check in children(clause, "RangeCheck") if clause is not None else []:
            about = self._found("ItemDef", attribute(check, "ItemOID"), f"{data}, RangeCheck")
            values = tuple(words(value) for value in children(check, "CheckValue"))
            name = attribute(about, "Name") if about is not None else None
            conditions.append(Condition(name or "", attribute(check, "Comparator") or "", values))
        return tuple(conditions)

    def _codelist(self, element: Element) -> CodeList:
        outer = child(element, "ExternalCodeList")
        external = (
            (attribute(outer, "Dictionary") or "", attribute(outer, "Version") or "") if outer is not None else None
        )
        standard = self.standards.get(attribute(element, "StandardOID") or "")
        return CodeList(
            oid=attribute(element, "OID") or "",
            name=attribute(element, "Name") or "",
            type=attribute(element, "DataType") or "text",
            items=tuple(_item(each) for each in children(element, "CodeListItem", "EnumeratedItem")),
            external=external,
            standard=standard.publishing_set if standard is not None else None,
            code=_alias(element),
        )


def _whole(element: Element, name: str) -> int | None:
    text = attribute(element, name)
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


def _origin(element: Element) -> Origin | None:
    found = child(element, "Origin")
    if found is not None:
        text = words(child(found, "Description"))
        return Origin(type=attribute(found, "Type") or "", source=attribute(found, "Source"), text=text)
    old = attribute(element, "Origin")
    return Origin(type=old) if old is not None else None


def _item(element: Element) -> CodeItem:
    return CodeItem(attribute(element, "CodedValue") or "", words(child(element, "Decode")), _alias(element))


def _alias(element: Element) -> str | None:
    found = [each for each in children(element, "Alias") if attribute(each, "Context") == "nci:ExtCodeID"]
    return attribute(found[0], "Name") if found else None


def _keyed(variables: tuple[Variable, ...], keys: str | None) -> tuple[Variable, ...]:
    """Keys as version 1.0 states them: names in a row."""
    if keys is None or any(variable.key is not None for variable in variables):
        return variables
    places: Mapping[str, int] = {name.strip(): place for place, name in enumerate(keys.split(","), 1)}
    return tuple(replace(variable, key=places.get(variable.name)) for variable in variables)
