"""All rules on all data sets, and what they found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from pivotal.errors import Fault
from pivotal.records.checking import baseline, dates, events, keys, people, terms, treatment, units, values, visits
from pivotal.records.checking.finding import SCHEMA, SEVERITIES, Check, Finding, Rule, Severity, whole
from pivotal.records.checking.types import by_name, typed
from pivotal.records.dataset import Library
from pivotal.study.model import Study

OF_ALL: tuple[Check, ...] = (
    keys.unique, values.ranges, values.changes, treatment.arms, treatment.copies, visits.windows,
)  # fmt: skip
"""Rules of what is given and of what is derived."""
OF_GIVEN: tuple[Check, ...] = (
    keys.required, keys.known, keys.supplements, people.identity, dates.valid, dates.ordered, dates.lived,
    events.events, dates.study_days, terms.terms, terms.categories, values.people, values.results, units.units,
    units.pairs, baseline.flagged, baseline.values, treatment.exposure, visits.planned,
)  # fmt: skip
"""Rules of what is given: what is derived would only repeat what they find."""
NOT_CHECKED = Rule(
    "not checked",
    "warning",
    "the rule needs its variables as the standards have them",
    "Mend what else is found first.",
)
_PLACE = re.compile(
    r"(?P<file>.*?):? row (?P<row>\d+)(?:, (?:patient|subject) (?P<patient>[^:,]*))?[:,]? ?(?P<what>.*)"
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking a trial's data found.

    Attributes
    ----------
    frame
        A row a finding: severity, dataset, row, patient, rule, variable, value, says, mend, rows; errors first.
    datasets
        Rows of each data set that was looked at.
    derived
        Names of those that the study's recipes derived.
    skipped
        Data sets that could not be derived, and why.
    """

    frame: pl.DataFrame
    datasets: Mapping[str, int] = field(default_factory=dict)
    derived: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.frame.height

    def __iter__(self) -> Iterator[Finding]:
        return (Finding(**row) for row in self.frame.iter_rows(named=True))

    def count(self, severity: Severity) -> int:
        """How many findings are of a severity."""
        return int((self.frame["severity"] == severity).sum())

    @property
    def wrong(self) -> bool:
        """Whether there are errors."""
        return self.count("error") > 0

    def summary(self) -> pl.DataFrame:
        """A row a rule, data set and variable: how many findings, rows and patients, and the first of them."""
        by = ["severity", "rule", "dataset", "variable"]
        return self.frame.group_by(by, maintain_order=True).agg(
            pl.len().alias("findings"),
            pl.col("rows").sum(),
            pl.col("patient").drop_nulls().n_unique().alias("patients"),
            pl.col("row", "patient", "value", "says", "mend").first(),
        )

    def sentence(self) -> str:
        """The counts in words: ``2 errors, 3 warnings, 14 notes``; ``nothing found``."""
        parts = [f"{n:,} {each}{'' if n == 1 else 's'}" for each in SEVERITIES if (n := self.count(each))]
        return ", ".join(parts) or "nothing found"


def check(
    study: Study,
    data: Library,
    *,
    derived: Sequence[str] = (),
    skipped: Mapping[str, str] | None = None,
    faults: Sequence[Fault] = (),
) -> Checked:
    """Hold data sets against what the standards and the study say.

    Parameters
    ----------
    study
        The trial.
    data
        Data sets by name, given and derived.
    derived
        Names of those that were derived; what they repeat of those given is not told again.
    skipped
        Data sets that could not be derived, and why.
    faults
        What was wrong when they were derived; findings of their own.

    Returns
    -------
    Checked
        All findings, errors first, then by data set and rule.

    Examples
    --------
    >>> from pivotal.study import load
    >>> from pivotal.records.dataset import dataset
    >>> dm = dataset("DM", pl.DataFrame({"USUBJID": ["1", "1"], "BRTHDTC": ["1950", "1950-13"]}))
    >>> found = check(load("cdisc-pilot-01"), {"DM": dm})
    >>> [finding.value for finding in found if finding.rule == "no date"]
    ['1950-13']
    """
    every, frames = typed(by_name(data))
    given = {name: found for name, found in every.items() if name not in derived}
    frames += [frame for rule in OF_ALL for frame in _followed(rule, study, every)]
    frames += [frame for rule in OF_GIVEN for frame in _followed(rule, study, given)]
    found = pl.concat([from_faults(faults), *_of_recipes(frames, derived)])
    order = pl.col("severity").replace_strict({s: n for n, s in enumerate(SEVERITIES)}, return_dtype=pl.Int8)
    place = pl.col("dataset").replace_strict({n: i for i, n in enumerate(data)}, default=-1, return_dtype=pl.Int32)
    ordered = found.sort([order, place, "rule", "variable", "row"], maintain_order=True, nulls_last=False)
    rows = {name: each.frame.height for name, each in data.items()}
    return Checked(ordered, rows, tuple(derived), dict(skipped or {}))


def _followed(rule: Check, study: Study, data: Library) -> list[pl.DataFrame]:
    """What a rule finds; a rule that the data are too strange for says so, and the others go on."""
    name = f"{rule.__module__.rpartition('.')[2]}: {rule.__name__}".replace("_", " ")
    try:
        return [frame for frame in rule(study, data) if frame.height]
    except pl.exceptions.PolarsError as error:
        return [whole(NOT_CHECKED, "", name, str(error).splitlines()[0])]


def _of_recipes(frames: list[pl.DataFrame], derived: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Findings; keys that do not tell derived rows apart are one of the recipe, whose rows are only counted."""
    for frame in frames:
        if frame["rule"][0] != keys.DUPLICATE.name or frame["dataset"][0] not in derived:
            yield frame
            continue
        mend = f"Add to the keys of the recipe for {frame['dataset'][0]} what tells them apart."
        rows, same = pl.lit(frame.height, pl.Int64), pl.lit("the recipe's keys tell rows apart")
        yield frame.head(1).with_columns(severity=pl.lit("warning"), rows=rows, mend=pl.lit(mend), says=same)


def from_faults(faults: Sequence[Fault]) -> pl.DataFrame:
    """Faults of reading or deriving as findings: their file in place of the data set."""
    return pl.DataFrame([_of(fault) for fault in faults], schema=SCHEMA)


def _of(fault: Fault) -> dict[str, object]:
    place = _PLACE.fullmatch(fault.where)
    told = place.groupdict() if place is not None else {"file": fault.where, "row": None, "patient": None, "what": None}
    return {
        "severity": "error",
        "dataset": told["file"],
        "row": int(told["row"]) if told["row"] is not None else None,
        "patient": told["patient"],
        "rule": "data as the study expects them",
        "variable": told["what"] or None,
        "value": fault.found,
        "says": fault.allowed,
        "mend": fault.mend,
        "rows": 1,
    }
