"""Whose the data are: of which study, of made-up or of real patients."""

from __future__ import annotations

import polars as pl

from pivotal.errors import nearest
from pivotal.records import layout
from pivotal.records.cells import truths
from pivotal.records.faults import Findings
from pivotal.records.table import Table, listed
from pivotal.study.model import Study


def check_study(study: Study, table: Table, findings: Findings) -> None:
    """The data must be this study's, where they say whose they are."""
    if not table.has(layout.STUDY):
        return
    own = [name for name in (study.id, study.study.sponsor_id, study.study.registry) if name]
    entries = table.frame[layout.STUDY].cast(pl.String)
    table.note(
        findings,
        entries.is_not_null() & ~entries.is_in(own),
        layout.STUDY,
        kind="other study",
        allowed=f"the study is {listed(own)}",
        mend=lambda row: (
            nearest(str(row[layout.STUDY]), own) + " Or analyse with the study file that the data belong to."
        ),
    )


def check_simulated(table: Table, findings: Findings) -> bool:
    """Whether the patients are virtual; made-up and real patients never stand in one data set."""
    if not table.has(layout.SIMULATED):
        return False
    marked = truths(table, layout.SIMULATED, findings).fill_null(False)
    table.note(
        findings,
        ~marked if marked.any() else marked,
        layout.SIMULATED,
        kind="mixed",
        allowed="made-up and real patients do not stand in one data set, and other rows have Y",
        mend="Put the real patients in a folder of their own.",
    )
    return bool(marked.any())
