"""The rules of Define-XML 2.1 that a file can be held against without its schema.

Order of parts, attributes that must be there, terms of CDISC's controlled terminology (define-xmlct), identifiers that
are unique, references that resolve, and what a data type, an origin or a key asks for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pivotal.errors import Fault
from pivotal.records.define.model import DATA_TYPES
from pivotal.records.define.names import DEF, ODM, Element, attribute, child, children, local, taken, words

ORDER: dict[str, tuple[str, ...]] = {
    "ODM": ("Study",),
    "Study": ("GlobalVariables", "MetaDataVersion"),
    "GlobalVariables": ("StudyName", "StudyDescription", "ProtocolName"),
    "MetaDataVersion": (
        "Standards", "AnnotatedCRF", "SupplementalDoc", "ValueListDef", "WhereClauseDef", "ItemGroupDef", "ItemDef",
        "CodeList", "MethodDef", "CommentDef", "leaf",
    ),
    "Standards": ("Standard",),
    "ValueListDef": ("Description", "ItemRef"),
    "WhereClauseDef": ("RangeCheck",),
    "RangeCheck": ("CheckValue",),
    "ItemGroupDef": ("Description", "ItemRef", "Alias", "Class", "leaf"),
    "ItemRef": ("WhereClauseRef",),
    "ItemDef": ("Description", "CodeListRef", "Alias", "Origin", "ValueListRef"),
    "Origin": ("Description", "DocumentRef"),
    "CodeList": ("Description", "CodeListItem", "EnumeratedItem", "ExternalCodeList", "Alias"),
    "CodeListItem": ("Description", "Decode", "Alias"),
    "EnumeratedItem": ("Description", "Alias"),
    "MethodDef": ("Description", "DocumentRef", "FormalExpression"),
    "CommentDef": ("Description", "DocumentRef"),
    "Description": ("TranslatedText",),
    "Decode": ("TranslatedText",),
    "leaf": ("title",),
}  # fmt: skip
"""The parts of each element, in the order in which they must stand."""

WANTED: dict[str, tuple[str, ...]] = {
    "ODM": ("ODMVersion", "FileType", "FileOID", "CreationDateTime", "Context"),
    "Study": ("OID",),
    "MetaDataVersion": ("OID", "Name", "DefineVersion"),
    "Standard": ("OID", "Name", "Type", "Version", "Status"),
    "ValueListDef": ("OID",),
    "WhereClauseDef": ("OID",),
    "RangeCheck": ("Comparator", "SoftHard", "ItemOID"),
    "ItemGroupDef": ("OID", "Name", "Repeating", "IsReferenceData", "Purpose", "Structure"),
    "ItemRef": ("ItemOID", "Mandatory"),
    "ItemDef": ("OID", "Name", "DataType"),
    "Origin": ("Type",),
    "CodeList": ("OID", "Name", "DataType"),
    "CodeListItem": ("CodedValue",),
    "EnumeratedItem": ("CodedValue",),
    "ExternalCodeList": ("Dictionary",),
    "MethodDef": ("OID", "Name", "Type"),
    "CommentDef": ("OID",),
    "Class": ("Name",),
    "leaf": ("ID", "href"),
}
"""Attributes that each element must have."""

YES_NO = ("Yes", "No")
ORIGIN_TYPES = ("Assigned", "Collected", "Derived", "Not Available", "Other", "Predecessor", "Protocol")
ORIGIN_SOURCES = ("Investigator", "Sponsor", "Subject", "Vendor")
CLASSES = (
    "ADAM OTHER", "BASIC DATA STRUCTURE", "DEVICE LEVEL ANALYSIS DATASET", "EVENTS", "FINDINGS ABOUT", "FINDINGS",
    "INTERVENTIONS", "MEDICAL DEVICE BASIC DATA STRUCTURE", "MEDICAL DEVICE OCCURRENCE DATA STRUCTURE",
    "OCCURRENCE DATA STRUCTURE", "REFERENCE DATA STRUCTURE", "RELATIONSHIP", "SPECIAL PURPOSE", "STUDY REFERENCE",
    "SUBJECT LEVEL ANALYSIS DATASET", "TRIAL DESIGN",
)  # fmt: skip
STANDARD_NAMES = (
    "ADaMIG", "ADaMIG-MD", "BIMO", "CDISC/NCI", "SDTMIG", "SDTMIG-AP", "SDTMIG-MD", "SENDIG", "SENDIG-AR",
    "SENDIG-DART", "SENDIG-GENETOX",
)  # fmt: skip

TERMS: dict[tuple[str, str], tuple[str, ...]] = {
    ("ODM", "FileType"): ("Snapshot",),
    ("ODM", "Context"): ("Other", "Submission"),
    ("Standard", "Name"): STANDARD_NAMES,
    ("Standard", "Type"): ("CT", "IG"),
    ("Standard", "Status"): ("DRAFT", "FINAL", "PROVISIONAL"),
    ("Standard", "PublishingSet"): ("ADaM", "CDASH", "DEFINE-XML", "SDTM", "SEND"),
    ("ItemGroupDef", "Repeating"): YES_NO,
    ("ItemGroupDef", "IsReferenceData"): YES_NO,
    ("ItemGroupDef", "Purpose"): ("Tabulation", "Analysis"),
    ("ItemRef", "Mandatory"): YES_NO,
    ("ItemDef", "DataType"): tuple(DATA_TYPES),
    ("Origin", "Type"): ORIGIN_TYPES,
    ("Origin", "Source"): ORIGIN_SOURCES,
    ("CodeList", "DataType"): ("text", "integer", "float"),
    ("RangeCheck", "Comparator"): ("EQ", "NE", "LT", "LE", "GT", "GE", "IN", "NOTIN"),
    ("RangeCheck", "SoftHard"): ("Soft", "Hard"),
    ("MethodDef", "Type"): ("Computation", "Imputation"),
    ("Class", "Name"): CLASSES,
}
"""Values that attributes may have."""

REFERENCES: dict[tuple[str, str], str] = {
    ("ItemRef", "ItemOID"): "ItemDef",
    ("ItemRef", "MethodOID"): "MethodDef",
    ("RangeCheck", "ItemOID"): "ItemDef",
    ("WhereClauseRef", "WhereClauseOID"): "WhereClauseDef",
    ("ValueListRef", "ValueListOID"): "ValueListDef",
    ("CodeListRef", "CodeListOID"): "CodeList",
    ("ItemGroupDef", "ArchiveLocationID"): "leaf",
    ("DocumentRef", "leafID"): "leaf",
    ("ItemGroupDef", "StandardOID"): "Standard",
    ("CodeList", "StandardOID"): "Standard",
    ("ItemGroupDef", "CommentOID"): "CommentDef",
    ("ItemDef", "CommentOID"): "CommentDef",
    ("MetaDataVersion", "CommentOID"): "CommentDef",
    ("Standard", "CommentOID"): "CommentDef",
    ("CodeList", "CommentOID"): "CommentDef",
    ("WhereClauseDef", "CommentOID"): "CommentDef",
}
"""Attributes that refer, and what to."""

DEFINED = ("ItemDef", "MethodDef", "WhereClauseDef", "ValueListDef", "CodeList", "CommentDef")
"""What is only there to be referred to."""


UNWRITABLE = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""Characters that no XML file may hold."""


def check_define(path: str | Path) -> list[Fault]:
    """Hold a define.xml against the rules of Define-XML 2.1.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    list of Fault
        Everything that breaks a rule; empty where all is right.

    Raises
    ------
    DataError
        If it is no XML, or has a document type.

    Notes
    -----
    The rules are those of the specification's tables and of CDISC's terminology for Define-XML; it is no validation
    against the published schema, which is not among what Pivotal comes with.
    """
    path = Path(path)
    return faults(taken(path), path.name)


def faults(root: Element, name: str) -> list[Fault]:
    """Everything that breaks a rule in a document."""
    if local(root.tag) != "ODM" or not root.tag.startswith(f"{{{ODM}}}"):
        return [Fault(name, f"XML with the root {root.tag}", f"the root is ODM of {ODM}", "Write it by version 2.1.")]
    parts = [element for element in root.iter() if isinstance(element.tag, str)]
    known = _known(parts)
    checks = (_spaces, _characters, _parts, _attributes)
    found = [fault for element in parts for check in checks for fault in check(element, name)]
    found += _unique(parts, name)
    found += _referred(parts, known, name)
    metadata = child(root, "Study", "MetaDataVersion")
    if metadata is None:
        found.append(Fault(name, "without a MetaDataVersion", "Study has one", "Take another file."))
    else:
        found += _metadata(metadata, known, name)
    return found


def _known(parts: list[Element]) -> dict[str, dict[str, Element]]:
    known: dict[str, dict[str, Element]] = {}
    for element in parts:
        oid = _identifier(element)
        if oid is not None:
            known.setdefault(local(element.tag), {})[oid] = element
    return known


def _identifier(element: Element) -> str | None:
    return element.get("OID") or (element.get("ID") if local(element.tag) == "leaf" else None)


def _place(element: Element, name: str) -> str:
    """Where an element stands, as a person would find it."""
    oid = _identifier(element) or element.get("Name") or element.get("ItemOID") or element.get("CodedValue")
    return f"{name}: {local(element.tag)}" + (f" {oid}" if oid else "")


OWN = (
    "Standards", "Standard", "AnnotatedCRF", "SupplementalDoc", "ValueListDef", "WhereClauseDef", "WhereClauseRef",
    "ValueListRef", "Origin", "Class", "SubClass", "leaf", "title", "CommentDef", "DocumentRef", "PDFPageRef",
)  # fmt: skip
"""Elements of Define-XML's own namespace; all others are ODM's."""


def _spaces(element: Element, name: str) -> Iterator[Fault]:
    tag = local(element.tag)
    space = DEF if tag in OWN else ODM
    if (tag in ORDER or tag in WANTED) and element.tag != f"{{{space}}}{tag}":
        yield Fault(_place(element, name), f"of the namespace {element.tag[1:].partition('}')[0]}", f"it is of {space}",
                    "Correct the namespace.")  # fmt: skip


def _characters(element: Element, name: str) -> Iterator[Fault]:
    """XML has no control characters but tabs and ends of lines."""
    for text in (element.text, *element.attrib.values()):
        if text is not None and (wrong := UNWRITABLE.search(text)):
            found = f"a text with {wrong.group()!r}: {text[:40]!r}"
            yield Fault(_place(element, name), found, "XML has no such character", "Remove it.")


def _parts(element: Element, name: str) -> Iterator[Fault]:
    order = ORDER.get(local(element.tag))
    if order is None:
        return
    tags = [local(part.tag) for part in element if isinstance(part.tag, str)]
    for tag in dict.fromkeys(tags):
        if tag not in order and not _extension(element, tag):
            yield Fault(_place(element, name), f"with a part {tag}", f"its parts are {', '.join(order)}", "Remove it.")
    places = [order.index(tag) for tag in tags if tag in order]
    if places != sorted(places):
        found = f"made of {', '.join(dict.fromkeys(tags))}"
        yield Fault(_place(element, name), found, f"its parts stand in the order {', '.join(order)}", "Reorder them.")


def _extension(element: Element, tag: str) -> bool:
    """Parts of another vocabulary (analysis results metadata) are that vocabulary's affair."""
    return any(local(part.tag) == tag and part.tag.partition("}")[0][1:] not in (ODM, DEF) for part in element)


def _attributes(element: Element, name: str) -> Iterator[Fault]:
    tag = local(element.tag)
    for wanted in WANTED.get(tag, ()):
        if attribute(element, wanted) is None:
            yield Fault(f"{_place(element, name)}: {wanted}", "missing", f"{tag} must have it", "Add it.")
    for key, value in element.attrib.items():
        terms = TERMS.get((tag, local(key)))
        if terms is not None and value not in terms:
            allowed = f"it is one of {', '.join(terms)}"
            yield Fault(f"{_place(element, name)}: {local(key)}", repr(value), allowed, "Correct it.")


def _unique(parts: list[Element], name: str) -> Iterator[Fault]:
    named = Counter((local(part.tag), oid) for part in parts if (oid := _identifier(part)) is not None)
    for (tag, oid), count in named.items():
        if count > 1:
            yield Fault(f"{name}: {tag} {oid}", f"there {count} times", "an identifier stands once", "Rename one.")


def _referred(parts: list[Element], known: dict[str, dict[str, Element]], name: str) -> Iterator[Fault]:
    used: set[tuple[str, str]] = set()
    for element in parts:
        for key, value in element.attrib.items():
            kind = REFERENCES.get((local(element.tag), local(key)))
            if kind is None:
                continue
            used.add((kind, value))
            if value not in known.get(kind, {}):
                where = f"{_place(element, name)}: {local(key)}"
                yield Fault(where, repr(value), f"it names a {kind} of the file", "Add it, or correct the reference.")
    for kind in DEFINED:
        for oid in known.get(kind, {}):
            if (kind, oid) not in used:
                yield Fault(f"{name}: {kind} {oid}", "referred to by nothing", "each is used", "Remove or refer to it.")


def _metadata(metadata: Element, known: dict[str, dict[str, Element]], name: str) -> Iterator[Fault]:
    if not (attribute(metadata, "DefineVersion") or "").startswith("2.1"):
        where = f"{_place(metadata, name)}: DefineVersion"
        yield Fault(where, repr(attribute(metadata, "DefineVersion")), "it is 2.1.x", "Write it by version 2.1.")
    if child(metadata, "Standards", "Standard") is None:
        yield Fault(_place(metadata, name), "without a standard", "def:Standards names one", "Add it.")
    for group in children(metadata, "ItemGroupDef"):
        yield from _group(group, known, name)
    for element in children(metadata, "ItemDef"):
        yield from _item(element, known, name)
    for element in children(metadata, "CodeList"):
        yield from _codelist(element, name)


def _group(group: Element, known: dict[str, dict[str, Element]], name: str) -> Iterator[Fault]:
    where = _place(group, name)
    references = children(group, "ItemRef")
    if not references:
        yield Fault(where, "without variables", "a data set has at least one ItemRef", "Add it.")
    for key in ("OrderNumber", "KeySequence", "ItemOID"):
        for value, count in Counter(r.get(key) for r in references if r.get(key) is not None).items():
            if count > 1:
                yield Fault(where, f"with {key} {value} {count} times", "it stands once in a data set", "Renumber.")
    standard = attribute(group, "StandardOID") is not None
    if standard == (attribute(group, "IsNonStandard") is not None):
        allowed = "a data set has def:StandardOID, or else def:IsNonStandard"
        yield Fault(where, "of both or of no standard", allowed, "State one of them.")
    if standard and child(group, "Class") is None:
        yield Fault(where, "without a class", "a data set of a standard has def:Class", "Add it.")
    if attribute(group, "HasNoData") is None and attribute(group, "ArchiveLocationID") is None:
        yield Fault(where, "without a file", "a data set with rows has def:ArchiveLocationID", "Add it.")
    if child(group, "Description") is None:
        yield Fault(where, "without a label", "a data set has a Description", "Add it.")
    for reference in references:
        yield from _origin(reference, known, name)


def _origin(reference: Element, known: dict[str, dict[str, Element]], name: str) -> Iterator[Fault]:
    """A variable has an origin, or each of its value levels has; a derived one has its method there."""
    element = known.get("ItemDef", {}).get(attribute(reference, "ItemOID") or "")
    if element is None:
        return
    origin = child(element, "Origin")
    listed = child(element, "ValueListRef")
    group = known.get("ValueListDef", {}).get(attribute(listed, "ValueListOID") or "") if listed is not None else None
    levels = children(group, "ItemRef") if group is not None else []
    if origin is None:
        if not levels:
            yield Fault(_place(element, name), "without an origin", "each variable has def:Origin", "Add it.")
        for level in levels:
            yield from _origin(level, known, name)
    elif attribute(origin, "Type") == "Derived":
        if attribute(reference, "MethodOID") is None and not any(attribute(each, "MethodOID") for each in levels):
            allowed = "a derived variable has a method"
            yield Fault(_place(element, name), "derived, without a method", allowed, "Add MethodOID.")
    elif attribute(origin, "Type") == "Predecessor" and not words(child(origin, "Description")):
        allowed = "the Description of the origin names the predecessor: DM.AGE"
        yield Fault(_place(element, name), "a predecessor's, which is not named", allowed, "Name it.")


def _item(element: Element, known: dict[str, dict[str, Element]], name: str) -> Iterator[Fault]:
    where, kind = _place(element, name), element.get("DataType")
    sized = kind in ("text", "integer", "float")
    length = element.get("Length")
    if sized != (length is not None):
        found = f"{kind} {'without a length' if sized else 'with a length'}"
        yield Fault(where, found, "a text or number has a Length, a date or time none", "Correct it.")
    if length is not None and not (length.isdigit() and int(length) > 0):
        yield Fault(f"{where}: Length", repr(length), "a length is a whole number from 1", "Correct it.")
    if kind == "float" and element.get("SignificantDigits") is None:
        yield Fault(where, "float without SignificantDigits", "a float states its decimals", "Add it.")
    coded = child(element, "CodeListRef")
    codelist = known.get("CodeList", {}).get(attribute(coded, "CodeListOID") or "") if coded is not None else None
    if codelist is not None and codelist.get("DataType") != kind:
        found = f"{kind}, and its code list {codelist.get('DataType')}"
        yield Fault(where, found, "a code list has its variable's data type", "Correct one of them.")


def _codelist(element: Element, name: str) -> Iterator[Fault]:
    where = _place(element, name)
    kinds = [kind for kind in ("CodeListItem", "EnumeratedItem", "ExternalCodeList") if children(element, kind)]
    if len(kinds) != 1:
        allowed = "a code list has CodeListItem, EnumeratedItem or ExternalCodeList, of one kind"
        yield Fault(where, f"made of {', '.join(kinds) or 'nothing'}", allowed, "Correct it.")
    values = Counter(each.get("CodedValue") for each in children(element, "CodeListItem", "EnumeratedItem"))
    for value, count in values.items():
        if count > 1:
            yield Fault(where, f"with {value!r} {count} times", "a value stands once", "Remove one.")
    if "ExternalCodeList" not in kinds:
        standard = attribute(element, "StandardOID") is not None
        if standard == (attribute(element, "IsNonStandard") is not None):
            allowed = "a code list has def:StandardOID, or else def:IsNonStandard"
            yield Fault(where, "of both or of no standard", allowed, "State one of them.")
