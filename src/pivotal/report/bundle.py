"""What a report is made from, all in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pivotal.report.rows import Rows
from pivotal.study.model import Arm, Endpoint, Study
from pivotal.trials import Results

JSON = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """Everything that a report shows. Nothing is estimated from it: numbers are looked up and formatted.

    Attributes
    ----------
    study
        The trial as written down.
    results
        One trial's rows: `Results` (its first replicate), or the records of `results.json`.
    oc
        Operating characteristics, as `operating-characteristics.json` holds them; None where nothing was simulated.
    provenance
        `versions`, `seed`, `hashes`, `time`, `command`, `files`, and whatever else a run says of itself.
    calibration
        What the virtual patients were asked for and what they reach: mappings with `what`, `name`, `visit`, `arm`,
        `target`, `reached` and `mcse`, as `cohort.calibration_report` gives them.
    label
        What the approval says, as `label.json` holds it (`label.label_summary`); None where the study names no product.
    virtual
        Whether the patients are made up; None takes it from the results, else from the study.
    """

    study: Study
    results: Results | Iterable[JSON] = ()
    oc: JSON | None = None
    provenance: JSON = field(default_factory=dict)
    calibration: Sequence[JSON] | None = None
    label: JSON | None = None
    virtual: bool | None = None

    @cached_property
    def rows(self) -> Rows:
        """The records, for looking up."""
        return Rows(self.results.records() if isinstance(self.results, Results) else self.results)

    @cached_property
    def simulated(self) -> bool:
        """Whether the report is of virtual patients, and says so throughout."""
        if self.virtual is not None:
            return self.virtual
        if isinstance(self.results, Results):
            return self.results.virtual
        return self.study.study.patients == "virtual"

    @property
    def control(self) -> Arm:
        """The control arm."""
        return self.study.arms[self.study.control]

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms, in the study's order."""
        return tuple(arm.name for arm in self.study.arms)

    @property
    def primary(self) -> Endpoint:
        """The first primary endpoint, or the first endpoint where none is primary."""
        endpoints = self.study.endpoints
        return next((e for e in endpoints if e.role == "primary"), endpoints[0])

    def set_label(self, name: str | None) -> str:
        """An analysis set in words."""
        return next((s.label for s in self.study.analysis_sets if s.name == name), name or "")

    def scenario_label(self, name: str) -> str:
        """A scenario in words."""
        return next((s.label for s in self.study.scenarios if s.name == name), name)

    def endpoint_label(self, name: str | None) -> str:
        """An endpoint in words."""
        return next((e.label for e in self.study.endpoints if e.name == name), name or "")
