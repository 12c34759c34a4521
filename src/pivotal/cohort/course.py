r"""The latent course: one Gaussian process a patient, from which every score and the propensity to stay descend.

Symbols. :math:`C_v` is the course of a patient at visit :math:`v` at :math:`t_v` weeks, large where the skin does
well; :math:`\rho` the correlation of courses 4 weeks apart; :math:`Z` the propensity to stay; :math:`L^k_v` the
latent of score :math:`k`. All are standard normal.

.. math::
   \mathrm{corr}(C_v, C_w) &= \rho^{|t_v - t_w| / 4} \\
   Z &= \delta\,\bar C / \mathrm{sd}(\bar C) + \sqrt{1 - \delta^2}\,e, \qquad \bar C = \tfrac1V \sum_v C_v \\
   L^k_v &= \lambda_k C_v + \sqrt{1 - \lambda_k^2}\,e^k_v

:math:`\delta` is minus the setting `dropout_correlation` (the correlation of leaving with the course);
:math:`\lambda_{IGA} = \lambda_{EASI} = \sqrt{score\_correlation}`, so that the setting is the correlation of the two
latents at a visit; :math:`\lambda_{itch}` is `itch_correlation` divided by :math:`\lambda_{EASI}`.

:math:`(Z, C_1, ..., C_V)` is drawn through the Cholesky factor of its covariance, for those visits only that are
asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort.scenario import weeks
from pivotal.cohort.settings import setting
from pivotal.study.model import Study

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
MOST = 0.9999
"""Greatest correlation of courses at two visits, so that the factor exists."""


@dataclass(frozen=True)
class Course:
    r"""Covariances of the latent course.

    Attributes
    ----------
    visits
        Visits after baseline, in the study's order.
    covariance
        Of (Z, C_1, ..., C_V).
    loading
        :math:`\lambda` of each score.
    """

    visits: tuple[str, ...]
    covariance: Floats
    loading: dict[str, float]

    def factor(self, visits: tuple[str, ...]) -> Floats32:
        """Cholesky factor for (Z, courses at these visits)."""
        rows = [0, *(1 + self.visits.index(v) for v in visits)]
        return np.linalg.cholesky(self.covariance[np.ix_(rows, rows)]).astype(np.float32)

    def with_staying(self, visit: str) -> float:
        """Correlation of the propensity to stay with the course at a visit."""
        return float(self.covariance[0, 1 + self.visits.index(visit)])


def course(study: Study) -> Course:
    """The latent course of a study, from its settings."""
    after = [v for v in study.visits if not v.baseline and study.visit_index(v.name) > _baseline(study)]
    times = np.array([weeks(study)[v.name] for v in after])
    apart = np.abs(times[:, None] - times)
    within = np.maximum(setting(study, "course_correlation_4wk"), 1e-6) ** (apart / 4)
    within = np.where(apart > 0, np.minimum(within, MOST), 1.0)
    delta = -setting(study, "dropout_correlation")
    mean_course = within.mean(axis=1) / np.sqrt(within.mean())
    covariance = np.block([[np.ones((1, 1)), delta * mean_course[None, :]], [delta * mean_course[:, None], within]])
    skin = float(np.sqrt(setting(study, "score_correlation")))
    itch = float(np.clip(setting(study, "itch_correlation") / skin, -MOST, MOST))
    return Course(tuple(v.name for v in after), covariance, {"IGA": skin, "EASI": skin, "ITCHNRS": itch})


def correlate(factor: Floats32, normals: Floats32, scratch: Floats32) -> Floats32:
    """Turn independent normals, (row, patient), into correlated ones in place, from the last row to the first."""
    for j in range(len(normals) - 1, -1, -1):
        normals[j] *= factor[j, j]
        for i in range(j):
            np.multiply(normals[i], factor[j, i], out=scratch)
            normals[j] += scratch
    return normals


def _baseline(study: Study) -> int:
    return study.visit_index(study.baseline_visit.name)
