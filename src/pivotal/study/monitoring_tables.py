"""A table of what is monitored: each monitor's boundary against the events so far."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pivotal.study.base import Name
from pivotal.study.event_tables import EventTable


class Monitoring(EventTable):
    """The study's monitors against the data at hand.

    ``blinded`` shows only monitors of all patients together; it reads no column of treatment.
    """

    kind: Literal["monitoring"]
    view: Literal["blinded", "unblinded"]
    monitors: tuple[Name, ...] = Field(default=(), description="names of [[monitoring.monitors]]; all where empty")
