"""Who belongs where: levels of stratification factors, categories, analysis sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pivotal.study.criteria import eligible
from pivotal.study.model import AnalysisSet, Stratum, Study
from pivotal.study.rules import level_codes
from pivotal.trials import Trials

Codes = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Factor:
    """A categorical covariate.

    Attributes
    ----------
    name
        The factor's name in the study file.
    labels
        Its levels.
    codes
        Level of every patient, (replicate, subject); -1 where it is unknown.
    """

    name: str
    labels: tuple[str, ...]
    codes: Codes


def factor(study: Study, trials: Trials, name: str) -> Factor:
    """A stratification factor, or a categorical variable, by name.

    Raises
    ------
    KeyError
        If the study has neither a factor nor a categorical variable of that name.
    """
    for stratum in study.randomisation.strata:
        if stratum.name == name:
            return Factor(name, tuple(level.label for level in stratum.levels), levels(stratum, trials))
    categories = trials.categories[name]
    return Factor(name, categories, trials.subject[name].astype(np.int8, copy=False))


def levels(stratum: Stratum, trials: Trials) -> Codes:
    """Level of a stratification factor for every patient, (replicate, subject); -1 where none fits."""
    return level_codes(stratum, trials.subject[stratum.variable], trials.categories.get(stratum.variable))


def in_set(analysis_set: AnalysisSet, trials: Trials) -> NDArray[np.bool_] | None:
    """Who belongs to an analysis set, (replicate, subject); None where everybody does.

    A patient of whom it cannot be told is left out, as the set's criteria must be shown to hold.
    """
    if not analysis_set.criteria:
        return None
    return np.asarray(eligible(analysis_set.criteria, _columns(analysis_set, trials)) == 1)


def _columns(analysis_set: AnalysisSet, trials: Trials) -> dict[str, NDArray[Any]]:
    """The variables that the criteria read, categories as their labels."""
    wanted = set[str]().union(*(criterion.variables() for criterion in analysis_set.criteria))
    columns = {name: column for name, column in trials.subject.items() if name in wanted}
    for name, labels in trials.categories.items():
        if name in columns:
            columns[name] = np.array([*labels, ""])[columns[name]]
    return columns
