r"""Discontinuation: who leaves, between which visits, and why.

A patient has a standard normal propensity to stay :math:`Z`, and has left by visit :math:`v` where :math:`Z < z_v =
\Phi^{-1}(q_v)`. The arm's share of leavers :math:`q` is spread over the time from baseline to the last visit in
proportion to the length of the intervals (assumed), so that :math:`q_v = q\,(t_v - t_0) / (t_{last} - t_0)`: those of
least propensity leave first. Reasons are drawn from the arm's own counts, independently of all else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort.scenario import gone_by
from pivotal.cohort.words import LEVELS, category_table, draw_words
from pivotal.study.model import Scenario, Study

COMPLETED = "completed"
UNSTATED = "reason not specified"
NEVER = -1e3
"""Stands for minus infinity as a threshold of a normal."""


@dataclass(frozen=True)
class Leaving:
    """How each arm leaves.

    Attributes
    ----------
    gone
        Share that has left by each of the study's visits, (visit, arm).
    reasons
        Labels; the first is "completed".
    shares
        Probability of each reason among those who leave, for each arm; nothing for "completed".
    first
        Index of the baseline visit, which everybody attends.
    """

    gone: tuple[tuple[float, ...], ...]
    reasons: tuple[str, ...]
    shares: tuple[tuple[float, ...], ...]
    first: int

    @property
    def thresholds(self) -> NDArray[np.float32]:
        """Quantile of the propensity under which a patient has left, (visit, arm)."""
        from scipy.special import ndtri

        gone = np.array(self.gone)
        return np.where(gone > 0, ndtri(np.maximum(gone, 1e-300)), NEVER).astype(np.float32)

    @property
    def last(self) -> int:
        """Index of the last visit."""
        return len(self.gone) - 1

    def last_visit_of(self, gone_before: NDArray[np.bool_]) -> NDArray[np.int8]:
        """Index of the last visit attended of patients by whether they have left by each visit, (visit, patient)."""
        attended = len(gone_before) - np.add.reduce(gone_before, axis=0, dtype=np.int8)
        return np.asarray(np.maximum(attended - np.int8(1), np.int8(self.first)))

    def draw_reasons(self, rng: np.random.Generator, arm: NDArray[np.integer]) -> NDArray[np.int8]:
        """Code of the reason for each of some leavers, whose arms are given."""
        if not len(arm):
            return np.zeros(0, dtype=np.int8)
        tables = np.stack([category_table(shares) for shares in self.shares])
        words = draw_words(rng, 1, len(arm))[0]
        codes: NDArray[np.int8] = tables.ravel().take(arm * np.int64(LEVELS) + words).astype(np.int8)
        return codes


def leaving(study: Study, scenario: Scenario) -> Leaving:
    """How each arm leaves under a resolved scenario."""
    by_arm = {d.arm: d for d in scenario.dropout}
    gone = [gone_by(study, by_arm[arm.name].proportion) for arm in study.arms]
    stated = [by_arm[arm.name].reasons or {UNSTATED: 1.0} for arm in study.arms]
    left = [by_arm[arm.name].proportion > 0 for arm in study.arms]
    labels = dict.fromkeys(reason for reasons, any_ in zip(stated, left, strict=True) if any_ for reason in reasons)
    names = (COMPLETED, *labels)
    shares = tuple(tuple(float(reasons.get(name, 0.0)) for name in names) if any_ else (1.0,) * len(names)
                   for reasons, any_ in zip(stated, left, strict=True))  # fmt: skip
    return Leaving(
        gone=tuple(tuple(g[v.name] for g in gone) for v in study.visits),
        reasons=names,
        shares=shares,
        first=study.visit_index(study.baseline_visit.name),
    )
