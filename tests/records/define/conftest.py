"""A small define.xml as a text that a test may spoil."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from pivotal.records.define import (
    CodeItem,
    CodeList,
    Condition,
    Define,
    Defined,
    Origin,
    Standard,
    ValueLevel,
    Variable,
    write_define,
)

COLLECTED = Origin(type="Collected", source="Investigator")
SCORE = Variable(name="RSSTRESN", type="integer", length=1, origin=COLLECTED)
SMALL = Define(
    study="S-1 & co",
    description="A study of <angles> and \u00e9",
    standards=(
        Standard(name="SDTMIG", type="IG", version="3.4"),
        Standard(name="CDISC/NCI", type="CT", version="2015-12-18", publishing_set="SDTM"),
    ),
    datasets={
        "RS": Defined(
            name="RS",
            label="Response",
            domain="RS",
            structure="One record per test",
            class_="FINDINGS",
            standard="SDTMIG",
            file="rs.xpt",
            comment="Of the data set.",
            variables=(
                Variable(name="USUBJID", label="Subject", length=9, key=1, mandatory=True, origin=Origin(
                    type="Predecessor", text="DM.USUBJID")),
                Variable(name="RSTESTCD", label="Test", length=5, key=2, codelist="CL.T", origin=COLLECTED),
                Variable(name="RSSTRESN", label="Result", type="float", length=5, digits=2, origin=COLLECTED, values=(
                    ValueLevel(where=(Condition("RSTESTCD", "EQ", ("SPIGA",)),), variable=SCORE),)),
                Variable(name="RSDTC", label="Date", type="date", origin=COLLECTED),
                Variable(name="RSDY", label="Day", type="integer", length=3, method="Date less date.", comment="Odd.",
                         origin=Origin(type="Derived", source="Sponsor")),
            ),
        )
    },
    codelists={"CL.T": CodeList(oid="CL.T", name="Tests", items=(CodeItem("SPIGA", "IGA"), CodeItem("SPX", "X")))},
    comment="Of all.",
)  # fmt: skip


@pytest.fixture
def small() -> Define:
    return SMALL


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "define.xml"
    write_define(SMALL, path, created=datetime(2026, 1, 2, 3, 4, 5))
    return path
