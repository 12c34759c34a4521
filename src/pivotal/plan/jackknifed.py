"""Conditional mean imputation with the jackknife: one completed trial, and one without each patient in turn.

Wolbers et al. (2022), doi:10.1002/pst.2234.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pivotal import stats
from pivotal.plan.methods.outcome import Floats, Outcome, exponentiated
from pivotal.trials import Trials

NOBODY = -1
"""The arm of a patient who is left out."""


def leave_one_out(model: stats.ReferenceModel, who: NDArray[np.int64], patients: int, *, anchored: bool) -> Floats:
    """Conditional means with everybody, then without each patient, (1 + patients, patient, visit).

    `who` are the patients that the model holds; without one that it does not hold the fit is that of everybody.
    Anchored, the difference from missing at random is that of the fit with everybody (Cro et al. 2019).
    """
    counts = np.ones((1, patients + 1, len(who)))
    counts[0, who + 1, np.arange(len(who))] = 0.0
    completed = stats.conditional_means(model, counts)
    if anchored:
        plain = stats.conditional_means(model.under("MAR"), counts)
        completed = plain + (completed[:, :1] - plain[:, :1])
    return np.asarray(completed[0], dtype=np.float64)


def without_each(copies: Trials) -> Trials:
    """Copies of a trial of which the first has everybody and each other lacks one patient."""
    arm = np.array(copies.arm)
    patients = np.arange(arm.shape[1])
    arm[patients + 1, patients] = NOBODY
    return replace(copies, arm=arm)


def jackknifed(outcome: Outcome, level: float) -> Outcome:
    """The outcome of everybody, (1,), with the jackknife's standard error: of a ratio on the log scale."""
    found = outcome.estimate
    assert found.estimate is not None
    ratio = outcome.scale.endswith("ratio")
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log(found.estimate) if ratio else found.estimate
    pooled = stats.pool_jackknife(value[:1], value[None, 1:], level)
    extra = {name: each[:1] for name, each in outcome.extra.items() if name == "N"}
    return replace(outcome, estimate=exponentiated(pooled) if ratio else pooled, extra=extra)
