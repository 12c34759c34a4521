"""The cumulative incidence of a first event by arm: a figure, and a table of shares at chosen days."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pivotal.study.base import Name
from pivotal.study.event_tables import EventTable, Level
from pivotal.study.recipes import Expression
from pivotal.study.topics import Scope


class CumulativeIncidence(EventTable):
    """The share of patients with a first event by day, and who is at risk.

    Events are those of `where`, of a safety topic, or both; or the times of a data set such as ADTTE (`time`), a row a
    patient.
    """

    kind: Literal["cumulative incidence"]
    topic: Name | None = Field(default=None, description="name of one of [[topics]]")
    scope: Scope = Field(default="narrow", description="of a topic whose lists have broad terms")
    time: Name | None = Field(default=None, description="the column of times, where the data set holds them: AVAL")
    censor: Name = Field(default="CNSR", description="with `time`: the column that is 0 where the event happened")
    competing: Expression | None = Field(
        default=None,
        description="whose time at risk ended with an event that precludes the first one: DTHFL = 'Y', of ADSL; with "
        "`time`, which rows of the data set: CNSR = 2",
    )
    test: Literal["log-rank", "gray"] | None = Field(default=None, description="of all arms")
    days: tuple[float, ...] = Field(default=(), description="days whose shares, with limits, are a table")
    limits: Literal["log-log", "log", "plain", "logit", "arcsine"] = "log-log"
    level: Level = 0.95

    @model_validator(mode="after")
    def _sensible(self) -> CumulativeIncidence:
        if self.time is not None and self.topic is not None:
            raise ValueError("a topic is looked for among events; leave out either topic or time")
        if self.test == "gray" and self.competing is None:
            raise ValueError(
                "without competing events Gray's test is the log-rank test; name them, or test by log-rank"
            )
        return self
