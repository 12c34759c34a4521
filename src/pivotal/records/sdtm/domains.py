"""Which data sets a trial has in SDTM. A further one is a row of `DOMAINS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from pivotal.records.dataset import Dataset
from pivotal.records.define.describing import Description, described
from pivotal.records.sdtm import design, disposition, events, exposure, findings, people
from pivotal.records.sdtm.drawn import Drawn
from pivotal.study.sdtm import DOMAINS as FINDINGS

MARK = " - SIMULATED"
"""What the label of every data set of virtual patients ends with."""


@dataclass(frozen=True, slots=True)
class Domain:
    """One data set: what is said of it, and what makes its rows (None where a trial has none)."""

    description: Description
    rows: Callable[[Drawn], pl.DataFrame | None]


@dataclass(frozen=True, slots=True)
class Made:
    """A data set and what is said of it."""

    data: Dataset
    description: Description


DOMAINS: tuple[Domain, ...] = (
    Domain(design.TA, design.ta),
    Domain(design.TE, design.te),
    Domain(design.TV, design.tv),
    Domain(design.TI, design.ti),
    Domain(design.TS, design.ts),
    Domain(people.DM, people.dm),
    Domain(people.SV, people.sv),
    Domain(exposure.EX, exposure.ex),
    Domain(disposition.DS, disposition.ds),
    Domain(events.AE, events.ae),
    *(Domain(findings.description(domain), findings.findings(domain)) for domain in FINDINGS),
)
"""The data sets in the order in which a define.xml lists them."""


def sdtm(drawn: Drawn) -> dict[str, Made]:
    """A trial's SDTM data sets.

    Parameters
    ----------
    drawn
        One trial with its days.

    Returns
    -------
    dict of str to Made
        By name, in the order of `DOMAINS`; those without rows are left out.
    """
    made = {}
    for domain in DOMAINS:
        frame = domain.rows(drawn)
        if frame is not None and not frame.is_empty():
            mark = MARK if drawn.trials.virtual else ""
            data = described(domain.description, frame, mark=mark)
            made[domain.description.name] = Made(data, domain.description)
    return made
