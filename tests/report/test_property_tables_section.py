"""The section of the study file's tables: parts in reading order, a list with links that lead somewhere."""

from __future__ import annotations

import re

import polars as pl

from pivotal.plan.tables import rows_of
from pivotal.records.dataset import dataset
from pivotal.report import Bundle
from pivotal.report.document import Folded, Heading, Items
from pivotal.report.render import render
from pivotal.report.tables.layout import LISTED, tables_section
from pivotal.study import load
from pivotal.study.event_tables import AdverseEvents
from pivotal.study.tables import Flags
from pivotal.trials import Results

STUDY = load("mrc-1948")


def bundle(tables) -> Bundle:
    adsl = pl.DataFrame({"USUBJID": ["1", "2"], "TRT01P": [arm.name for arm in STUDY.arms], "SAFFL": ["Y", "N"]})
    adsl = adsl.with_columns(TRT01A="TRT01P")
    adae = pl.DataFrame({"USUBJID": ["1"], "AEBODSYS": ["SKIN"], "AEDECOD": ["RASH"]})
    data = {"ADSL": dataset("ADSL", adsl), "ADAE": dataset("ADAE", adae)}
    study = STUDY.model_copy(update={"tables": tuple(tables)})
    rows = tuple(row for table in tables for row in rows_of(table, study, data))
    return Bundle(study=study, results=Results(study.id, rows, virtual=False), virtual=False)


def flags(name: str) -> Flags:
    return Flags(kind="flags", id=name, title="Sets", dataset="ADSL", flags={"SAFFL": "Safety"})


def events(name: str) -> AdverseEvents:
    return AdverseEvents(kind="adverse events", id=name, title="Events", dataset="ADAE")


def test_parts_stand_in_reading_order_whatever_the_study_files():
    section = tables_section(bundle([events("E1"), flags("F1"), events("E2")]))
    assert section is not None
    assert [block.text for block in section.blocks if isinstance(block, Heading)] == ["Patients", "Adverse events"]
    assert [block.id for block in section.blocks if not isinstance(block, Heading)] == [
        "table-F1",
        "table-E1",
        "table-E2",
    ]


def test_one_part_needs_no_heading_and_few_tables_no_list():
    section = tables_section(bundle([flags("F1"), flags("F2")]))
    assert section is not None
    assert [block.id for block in section.blocks] == ["table-F1", "table-F2"]


def test_links_of_the_list_lead_to_the_tables():
    made = bundle([flags(f"F{n}") for n in range(LISTED + 1)])
    section = tables_section(made)
    assert section is not None
    first = section.blocks[0]
    assert isinstance(first, Folded)
    assert isinstance(first.blocks[0], Items)
    assert len(first.blocks[0].items) == LISTED + 1
    page = render(made)
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids
