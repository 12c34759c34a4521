r"""The patients at baseline, fitted: distributions, and the severity of signs that gives EASI its mean and spread.

The two constants of severity, :math:`\kappa` and :math:`\sigma` of `regions`, solve mean and standard deviation of
EASI on a Sobol sample, by Newton's method with differences; the same sample gives the calibration its thresholds of
healing: the largest remaining share with which a patient's EASI, scored again on its lattice, is a response.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pivotal.cohort.margins import Margin, margins
from pivotal.cohort.regions import TENDENCY, WORDS, Healing, Regions, Skin, at_baseline
from pivotal.cohort.settings import setting
from pivotal.cohort.words import LEVELS, Words
from pivotal.errors import UsageError
from pivotal.instruments import bsa, easi
from pivotal.study.model import Study

Floats = NDArray[np.float64]
NEEDED = ("AGE", "IGA", "BSA")
SAMPLE_LOG2 = 15
BISECTIONS = 20
LEAST_LOG, MOST_LOG = -6.0, 2.0
"""Range of the log of the square root of the remaining share that is searched."""
CLOSE = 5e-4
"""Relative distance from a mean or SD at which the search ends."""


@dataclass(frozen=True)
class People:
    """Fitted baseline.

    Attributes
    ----------
    margins
        Distribution of each variable but EASI.
    skin
        Constants of the regions.
    """

    margins: Mapping[str, Margin]
    skin: Skin


@dataclass(frozen=True)
class Sample:
    """Quasi-random patients: what stands at baseline."""

    iga: NDArray[np.int8]
    regions: Regions


_FITTED: OrderedDict[str, People] = OrderedDict()


def people(study: Study) -> People:
    """Fit the baseline of a study; a study whose cohort was fitted before in this process is not fitted again."""
    assert study.cohort is not None
    criteria = [c.model_dump_json() for c in study.population.criteria]
    key = "".join([study.cohort.model_dump_json(), *criteria, *(v.model_dump_json() for v in study.variables.values())])
    if key not in _FITTED:
        _FITTED[key] = _fit(study)
        if len(_FITTED) > 8:
            _FITTED.popitem(last=False)
    return _FITTED[key]


def _fit(study: Study) -> People:
    assert study.cohort is not None
    wanted = {b.variable: b for b in study.cohort.baseline}
    missing = [name for name in (*NEEDED, "EASI") if name not in wanted]
    if missing:
        raise UsageError(
            f"{study.id}: the latent course needs the baseline of {', '.join(missing)}; add them to cohort.baseline, "
            'or set cohort.model = "marginal".'
        )
    found = margins(study)
    mean, sd = wanted["EASI"].mean, wanted["EASI"].sd
    if mean is None or sd is None:
        raise UsageError(f"{study.id}: cohort.baseline of EASI needs mean and sd.")
    del found["EASI"]
    return People(found, _severity(study, found, mean, sd))


def _severity(study: Study, found: Mapping[str, Margin], mean: float, sd: float) -> Skin:
    theta = np.array([math.log(mean), math.log(setting(study, "severity_spread"))])
    target = np.log([mean, sd])
    for _ in range(25):
        gap = _log_moments(study, found, theta) - target
        if np.abs(gap).max() < CLOSE:
            return _skin(study, found, theta)
        steps = np.array([0.02, 0.05])
        moved = [_log_moments(study, found, theta + step) for step in np.diag(steps)]
        slope = (np.stack(moved, axis=1) - (gap + target)[:, None]) / steps
        theta = theta - np.clip(np.linalg.solve(slope, gap), -0.5, 0.5)
    raise UsageError(
        f"{study.id}: no severity of signs gives EASI mean {mean:g} and SD {sd:g} on this body surface; "
        "change cohort.baseline of EASI or BSA."
    )


def _log_moments(study: Study, found: Mapping[str, Margin], theta: Floats) -> Floats:
    total = sample(found, _skin(study, found, theta)).regions.score.sum(axis=0) / easi.TWENTIETHS
    return np.log([total.mean(), total.std()])


def _skin(study: Study, found: Mapping[str, Margin], theta: Floats) -> Skin:
    width = math.sqrt(3) * setting(study, "region_spread")
    while width > 0 and _largest_area(max(found["BSA"].values), width) > 100:
        width -= 0.01
    return Skin(
        scale=float(np.exp(theta[0])),
        spread=float(np.exp(theta[1])),
        by_iga=setting(study, "severity_by_iga"),
        area_half_width=max(width, 0.0),
        response_spread=setting(study, "region_response_spread") / 2,
    )


def _largest_area(surface: float, width: float) -> float:
    """Largest percentage of a region: its log g is +width from its tendency, that of all others -width."""
    share = bsa.shares([0, easi.OLDER_FROM]) * TENDENCY[:, 0]  # (age, region)
    others = share.sum(axis=1, keepdims=True) - share
    return float((surface * TENDENCY[:, 0] * np.exp(width) / (share * np.exp(width) + others * np.exp(-width))).max())


def sample(found: Mapping[str, Margin], skin: Skin) -> Sample:
    """Quasi-random patients of fitted or trial constants."""
    words = _sobol(len(NEEDED) + WORDS)
    age, iga, surface = (found[name].table().take(words[k]) for k, name in enumerate(NEEDED))
    older = age >= easi.OLDER_FROM
    return Sample(iga, at_baseline(words[len(NEEDED) :], older, iga, surface.astype(np.float32), skin))


@lru_cache(maxsize=2)
def _sobol(dimensions: int) -> Words:
    from scipy.stats import qmc

    points = qmc.Sobol(dimensions, rng=np.random.default_rng(20210719)).random_base2(SAMPLE_LOG2)
    return np.ascontiguousarray((points.T * LEVELS).astype(np.uint16))


def healing_needed(made: Sample, share_left: float) -> Floats:
    r"""How much must heal for a response: minus the log of the largest remaining share R with which EASI is a response.

    Parameters
    ----------
    made
        Patients, IGA taken to stay above 0.
    share_left
        Largest share of the baseline EASI that is a response, 0.25 for EASI75.

    Returns
    -------
    numpy.ndarray
        (patient,); infinite where the smallest lesion is more than the response allows.
    """
    healing = Healing(made.regions)
    lesion = np.ones(len(made.iga), dtype=np.bool_)
    most = np.floor(healing.total * share_left + 1e-9)

    def responds(log_root: Floats) -> NDArray[np.bool_]:
        healing.heal(np.exp(log_root).astype(np.float32), lesion, surface=False)
        return np.asarray(healing.total <= most)

    low, high = np.full(len(lesion), LEAST_LOG), np.full(len(lesion), MOST_LOG)
    never = ~responds(low)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        yes = responds(middle)
        low, high = np.where(yes, middle, low), np.where(yes, high, middle)
    return np.where(never, np.inf, -2 * low)
