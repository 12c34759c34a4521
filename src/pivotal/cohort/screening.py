"""Screening: candidates are drawn, the study's criteria are applied, the first eligible ones enrol.

A candidate's variables come from the baseline distributions. One categorical draw decides which finding, if any,
keeps a candidate out (`cohort.screening`: a variable, the share of candidates, and the values that they then show,
drawn evenly); everything else that criteria mention has its usual value. Criteria that read only what is not drawn
are answered once for each finding; the others are answered for every candidate. A candidate who fails counts under
the first failing criterion in the study file's order; candidates are screened until the trial is full.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort.lean import Lean
from pivotal.cohort.margins import Margin
from pivotal.cohort.usual import usual_values
from pivotal.cohort.words import category_table, draw_words, threshold, value_table
from pivotal.errors import UsageError
from pivotal.instruments import itch
from pivotal.study.criteria import Criterion, passes
from pivotal.study.model import Study
from pivotal.trials import Screening

Array = NDArray[Any]
Counts = NDArray[np.int64]
ITCH, AGE = "ITCHNRS", "AGE"
SPARE = 4.0
"""Standard deviations of spare candidates drawn at first; more are drawn where they do not suffice."""
LEAST_ELIGIBLE = 0.01


@dataclass(frozen=True)
class Screener(Lean):
    """Everything that screening needs, made once a study.

    Attributes
    ----------
    criteria
        The study's criteria, with the name that failures are counted under.
    margins
        Baseline distributions of the variables that are drawn for every candidate.
    findings
        (variable, value) of each finding; its index plus 1 is the finding's code, 0 is none.
    probabilities
        Of each finding.
    usual
        Value of each other variable where there is no finding.
    """

    criteria: tuple[tuple[str, Criterion], ...]
    margins: Mapping[str, Margin]
    findings: tuple[tuple[str, Any], ...]
    probabilities: tuple[float, ...]
    usual: Mapping[str, Any]

    @cached_property
    def drawn(self) -> tuple[int, ...]:
        """Criteria that are answered for every candidate."""
        return tuple(k for k, (_, c) in enumerate(self.criteria) if c.variables() & set(self.margins))

    @cached_property
    def by_finding(self) -> NDArray[np.bool_]:
        """Whether a candidate with each finding fails each criterion that reads nothing drawn, (code, criterion)."""
        columns = self._columns_by_finding()
        fails = np.zeros((len(self.findings) + 1, len(self.criteria)), dtype=np.bool_)
        for k, (_, criterion) in enumerate(self.criteria):
            if k not in self.drawn:
                fails[:, k] = passes(criterion, columns) != 1
        return fails

    def _columns_by_finding(self) -> dict[str, Array]:
        columns = {}
        for name, value in self.usual.items():
            column = [value] + [found if v == name else value for v, found in self.findings]
            columns[name] = np.array(column)
        return columns

    def screen(self, rng: np.random.Generator, replicates: int, size: int) -> tuple[dict[str, Array], Screening]:
        """Screen candidates until each replicate has `size` patients.

        Returns
        -------
        dict of numpy.ndarray, Screening
            The drawn variables of those enrolled, (replicate, subject); and the counts.
        """
        candidates = self._draw(rng, replicates, self._enough(size))
        while True:
            fails = self._failures(candidates)
            eligible = np.asarray(~fails.any(axis=0))
            count = np.count_nonzero(eligible, axis=1)
            if count.min() >= size:
                break
            if eligible.mean() < LEAST_ELIGIBLE:
                raise UsageError(
                    "hardly any candidate is eligible: cohort.baseline and the criteria do not fit together."
                )
            more = self._draw(rng, replicates, self._enough(size))
            candidates = {name: np.concatenate([column, more[name]], axis=1) for name, column in candidates.items()}
        chosen = _first(eligible, count, size)
        screened = chosen[:, -1] - np.arange(replicates) * eligible.shape[1] + 1
        enrolled = {name: column.ravel().take(chosen) for name, column in candidates.items() if name in self.margins}
        return enrolled, Screening(screened=screened, failures=self._counted(fails, candidates[""], eligible, screened))

    def candidates(self, rng: np.random.Generator, count: int) -> dict[str, Array]:
        """Draw candidates, eligible or not.

        Returns
        -------
        dict of numpy.ndarray
            Every variable that a criterion reads, (candidate,); labels of categories; NaN where it is not asked.
        """
        drawn = self._draw(rng, 1, count)
        columns = self._columns_by_finding()
        made = {name: column.take(drawn[""]) for name, column in columns.items() if name not in self.margins}
        for name, one in self.margins.items():
            values = drawn[name]
            made[name] = np.array(one.categories).take(values.astype(np.int8)) if one.categories else values
        return {name: column.ravel() for name, column in made.items()}

    def _enough(self, size: int) -> int:
        eligible = max(1 - sum(self.probabilities), LEAST_ELIGIBLE)
        return int(np.ceil((size + SPARE * np.sqrt(size * (1 - eligible))) / eligible)) + 1

    def _draw(self, rng: np.random.Generator, replicates: int, m: int) -> dict[str, Array]:
        """Drawn variables and the finding's code (under the empty name) of every candidate, (replicate, candidate)."""
        words = draw_words(rng, len(self.margins) + 1, replicates * m)
        columns = {name: one.table("float32").take(words[k]) for k, (name, one) in enumerate(self.margins.items())}
        codes = np.zeros(replicates * m, dtype=np.uint8)
        found = np.flatnonzero(words[-1] < threshold(sum(self.probabilities)))
        shown = self._code_table.take(words[-1].take(found))
        codes[found] = shown
        names = list(self.margins)
        for code in np.flatnonzero([name in columns for name, _ in self.findings]):
            name, value = self.findings[code]
            those = found[shown == code + 1]
            if name == ITCH and AGE in columns:
                columns[AGE][those] = self._asked_age.take(words[names.index(ITCH)][those])
            columns[name][those] = value
        if ITCH in columns and AGE in columns:
            np.copyto(columns[ITCH], np.float32(np.nan), where=columns[AGE] < itch.FROM_AGE)
        return {name: column.reshape(replicates, m) for name, column in {**columns, "": codes}.items()}

    @cached_property
    def _asked_age(self) -> NDArray[np.float32]:
        """Age of each word among those who are asked about itch: a finding on itch is had by nobody else."""
        age = self.margins[AGE]
        asked = tuple(p if v >= itch.FROM_AGE else 0.0 for v, p in zip(age.values, age.probabilities, strict=True))
        return value_table(age.values, asked, "float32")

    @cached_property
    def _code_table(self) -> NDArray[np.uint8]:
        rest = 1 - sum(self.probabilities)
        table = category_table((*self.probabilities, rest)).astype(np.int64) + 1
        table[table > len(self.findings)] = 0
        return table.astype(np.uint8)

    def _failures(self, candidates: Mapping[str, Array]) -> NDArray[np.bool_]:
        """Which criteria each candidate fails, (criterion, replicate, candidate): those drawn, then all by finding."""
        codes = candidates[""]
        fails = np.empty((len(self.drawn) + 1, *codes.shape), dtype=np.bool_)  # (criterion, replicate, candidate)
        columns = self._as_criteria_read(candidates)
        for row, k in enumerate(self.drawn):
            np.not_equal(passes(self.criteria[k][1], columns), 1, out=fails[row])
        self.by_finding.any(axis=1).take(codes, out=fails[-1], mode="clip")
        return fails

    def _as_criteria_read(self, candidates: Mapping[str, Array]) -> dict[str, Array]:
        """Columns for the criteria: labels for codes, and what a finding changes where a drawn criterion reads it."""
        read = set().union(*(self.criteria[k][1].variables() for k in self.drawn)) if self.drawn else set()
        columns: dict[str, Array] = {}
        for name in read:
            if name in self.margins:
                labels = self.margins[name].categories
                column = candidates[name]
                columns[name] = np.array(labels).take(column.astype(np.int8)) if labels else column
            elif name in self.usual:
                columns[name] = self._columns_by_finding()[name].take(candidates[""])
        return columns

    def _counted(
        self, fails: NDArray[np.bool_], codes: NDArray[np.uint8], eligible: NDArray[np.bool_], screened: Counts
    ) -> dict[str, Counts]:
        """Failures up to the last enrolment, each under its first failing criterion, by the criterion's name."""
        replicates, m = eligible.shape
        positions = np.flatnonzero(~eligible)
        row, place = np.divmod(positions, m)
        before = place < screened[row]
        positions, row = positions[before], row[before]
        first = self._first_by_finding.take(codes.ravel().take(positions))
        for n, k in enumerate(self.drawn):
            np.copyto(first, k, where=fails[n].ravel().take(positions) & (k < first))
        total = len(self.criteria)
        counts = np.bincount(row * total + first, minlength=replicates * total).reshape(replicates, total)
        return {name: counts[:, k] for k, (name, _) in enumerate(self.criteria)}

    @cached_property
    def _first_by_finding(self) -> Counts:
        total = len(self.criteria)
        fails = self.by_finding
        return np.where(fails.any(axis=1), fails.argmax(axis=1) if total else 0, total).astype(np.int64)


def _first(eligible: NDArray[np.bool_], count: Counts, size: int) -> Counts:
    """Flat positions of the first `size` eligible candidates of each replicate, (replicate, subject)."""
    positions = np.flatnonzero(eligible)
    starts = np.cumsum(count) - count
    return positions.take(starts[:, None] + np.arange(size))


def make_screener(study: Study, margins: Mapping[str, Margin]) -> Screener:
    """The screening of a study."""
    assert study.cohort is not None
    criteria = tuple((c.id or f"criterion {n}", c) for n, c in enumerate(study.population.criteria, 1))
    mentioned = set().union(*(c.variables() for _, c in criteria)) if criteria else set()
    drawn = {name: one for name, one in margins.items() if name in mentioned}
    findings = [(s.variable, v, s.percent / 100 / len(s.values)) for s in study.cohort.screening for v in s.values]
    total = sum(p for _, _, p in findings)
    if total >= 1 - LEAST_ELIGIBLE:
        raise UsageError(
            f"cohort.screening: {100 * total:.3g} % of candidates would fail; fewer can. Lower the shares."
        )
    if ITCH in drawn and AGE in margins:
        drawn[AGE] = margins[AGE]
    return Screener(
        criteria=criteria,
        margins=drawn,
        findings=tuple((name, value) for name, value, _ in findings),
        probabilities=tuple(p for _, _, p in findings),
        usual=usual_values(study, mentioned - set(margins), drawn),
    )
