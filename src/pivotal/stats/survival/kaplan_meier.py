"""The Kaplan-Meier curve in every replicate, with Greenwood's variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.survival.blocks import in_blocks
from pivotal.stats.survival.km_limits import limits
from pivotal.stats.survival.ordering import TIE, Ordered, checked, nobody
from pivotal.stats.tables import divide, first_reason


@dataclass(frozen=True, slots=True, kw_only=True)
class KaplanMeier:
    """Kaplan-Meier curves, one a replicate.

    Attributes
    ----------
    time
        Distinct times, of events and of censoring, (replicate, step), earliest first; NaN after the last.
    at_risk, events
        Patients at risk just before the time and with the event at it, (replicate, step).
    survival
        S(t) from this time on, (replicate, step).
    hazard_variance
        Greenwood's sum of d / (n (n - d)) up to the time: the variance of log S(t); infinite where S(t) is 0.
    patients
        (replicate,)
    last_time
        The longest follow-up, (replicate,); NaN without patients.
    reason
        (replicate,): `ARM_EMPTY` without patients, `NO_EVENT` where S stays 1.
    """

    time: Floats
    at_risk: Floats
    events: Floats
    survival: Floats
    hazard_variance: Floats
    patients: Floats
    last_time: Floats
    reason: Reasons

    @property
    def se(self) -> Floats:
        """Greenwood's standard error of S(t), (replicate, step); NaN where S(t) is 0."""
        some = self.survival > 0
        return np.where(some, self.survival * np.sqrt(np.where(some, self.hazard_variance, 0.0)), np.nan)


def kaplan_meier(time: ArrayLike, event: ArrayLike, observed: ArrayLike | None = None) -> KaplanMeier:
    """Estimate the survival function.

    Parameters
    ----------
    time
        Time to event or censoring, at least 0, (replicate, patient); NaN or infinite for a patient who is absent.
    event
        Whether the event happened, (replicate, patient) or (patient,).
    observed
        Which patients enter, as an arm's ``arm == 1``; all by default.

    Returns
    -------
    KaplanMeier

    Raises
    ------
    ValueError
        If shapes do not fit or a time is negative.

    Notes
    -----
    S(t) is the product of 1 - d/n over event times up to t (Kaplan and Meier 1958, doi:10.1080/01621459.1958.10501452),
    its variance Greenwood's. Patients censored at an event time are at risk at it. Times of one trial no
    further apart than 1e-9 of its longest follow-up are one time. As R `survfit` and SAS `PROC LIFETEST`; R reports no
    standard error where S(t) is 0, and none is given here.

    Examples
    --------
    >>> curve = kaplan_meier([[2.0, 3.0, 3.0, 5.0]], [[1, 1, 0, 1]])
    >>> curve.time[0].tolist(), curve.survival[0].tolist(), curve.se[0].round(4).tolist()
    ([2.0, 3.0, 5.0], [0.75, 0.5, 0.0], [0.2165, 0.25, nan])
    """
    times, happened, present = checked(time, event, observed)
    arrays = {"time": times, "event": happened, "present": present}
    return in_blocks(_kaplan_meier, arrays, times.shape[1])


def survival_at(curve: KaplanMeier, times: ArrayLike, conf_type: str = "log-log", level: float = 0.95) -> Estimate:
    """Estimate S(t) at given times, with confidence limits.

    Parameters
    ----------
    curve
        From `kaplan_meier`.
    times
        (time,), the same for all replicates.
    conf_type
        ``log-log`` (the default of SAS), ``log`` (the default of R), ``plain``, ``logit`` or ``arcsine``.
    level
        Confidence level, at each time.

    Returns
    -------
    Estimate
        (replicate, time): `estimate`, `se` (Greenwood), limits. After the last follow-up NaN with
        `Reason.BEYOND_FOLLOW_UP`, unless the curve has reached 0. Where S(t) is 1 (no event yet) the limits are 1, se
        0, with `Reason.NO_EVENT`; where it is 0 se and limits are NaN with `Reason.ALL_EVENTS`.

    Raises
    ------
    ValueError
        If `conf_type` or `level` is not known.

    Notes
    -----
    Kalbfleisch and Prentice (2002), section 1.4; Borgan and Liestøl (1990), Scand. J. Statist. 17, 35-41.
    R does not extend a curve beyond the last time unless told to (``extend = TRUE``).

    Examples
    --------
    >>> curve = kaplan_meier([[2.0, 3.0, 3.0, 5.0]], [[1, 1, 0, 1]])
    >>> found = survival_at(curve, [3, 6])
    >>> found.estimate[0].tolist(), float(found.ci_low[0, 0].round(4)), float(found.ci_high[0, 0].round(4))
    ([0.5, 0.0], 0.0578, 0.8449)
    """
    when = np.asarray(times, dtype=np.float64)
    step = steps_at(curve, when)
    value, variance = picked(curve.survival, step, 1.0), picked(curve.hazard_variance, step, 0.0)
    low, high = limits(value, variance, conf_type, level)
    some = value > 0
    se = np.where(some, value * np.sqrt(np.where(some, variance, 0.0)), np.nan)
    empty = np.broadcast_to((curve.patients == 0)[:, None], value.shape)
    beyond = (when > (curve.last_time * (1 + TIE))[:, None]) & some
    reason = first_reason(
        (empty, Reason.ARM_EMPTY),
        (beyond, Reason.BEYOND_FOLLOW_UP),
        (value == 0, Reason.ALL_EVENTS),
        (value == 1, Reason.NO_EVENT),
    )
    nothing = empty | beyond
    value, se, low, high = (np.where(nothing, np.nan, part) for part in (value, se, low, high))
    return Estimate(estimate=value, se=se, ci_low=low, ci_high=high, reason=reason)


def at_risk_at(curve: KaplanMeier, times: ArrayLike) -> Floats:
    """Count the patients at risk just before given times.

    Parameters
    ----------
    curve
        From `kaplan_meier`.
    times
        (time,)

    Returns
    -------
    Floats
        (replicate, time)

    Examples
    --------
    >>> at_risk_at(kaplan_meier([[2.0, 3.0, 3.0, 5.0]], [[1, 1, 0, 1]]), [0, 3, 3.5]).tolist()
    [[4.0, 3.0, 1.0]]
    """
    when = np.asarray(times, dtype=np.float64)
    slack = TIE * np.where(np.isnan(curve.last_time), 0.0, curve.last_time)
    earlier = np.stack([(curve.time < (t - slack)[:, None]).sum(axis=1) for t in when], axis=1)
    padded = np.concatenate([curve.at_risk, np.zeros((len(curve.at_risk), 1))], axis=1)
    return np.asarray(np.nan_to_num(np.take_along_axis(padded, earlier, axis=1)), dtype=np.float64)


def steps_at(curve: KaplanMeier, times: Floats) -> np.ndarray:
    """How many steps of the curve lie at or before given times, (replicate, time)."""
    slack = TIE * np.where(np.isnan(curve.last_time), 0.0, curve.last_time)
    return np.stack([(curve.time <= (t + slack)[:, None]).sum(axis=1) for t in times], axis=1)


def picked(values: Floats, step: np.ndarray, before: float) -> Floats:
    """Values after so many steps; `before` after none."""
    padded = np.concatenate([np.full((len(values), 1), before), values], axis=1)
    return np.asarray(np.take_along_axis(padded, step, axis=1), dtype=np.float64)


def _kaplan_meier(time: Floats, event: np.ndarray, present: np.ndarray) -> KaplanMeier:
    ordered = Ordered.of(time, event, present)
    steps = Steps.of(ordered)
    at_risk, events = steps.at_risk, steps.count(ordered.event)
    stays = np.where(at_risk > 0, 1 - divide(events, at_risk), 1.0)
    growth = np.full(stays.shape, np.inf)
    np.divide(events, at_risk * (at_risk - events), out=growth, where=events < at_risk)
    growth[at_risk == 0] = 0.0
    patients = present.sum(axis=1).astype(np.float64)
    past = np.isnan(steps.time)
    return KaplanMeier(
        time=steps.time,
        at_risk=np.where(past, np.nan, at_risk),
        events=np.where(past, np.nan, events),
        survival=np.where(past, np.nan, np.cumprod(stays, axis=1)),
        hazard_variance=np.where(past, np.nan, np.cumsum(growth, axis=1)),
        patients=patients,
        last_time=np.where(patients > 0, ordered.time.max(axis=1, initial=0.0), np.nan),
        reason=first_reason((patients == 0, Reason.ARM_EMPTY), (nobody(event), Reason.NO_EVENT)),
    )


@dataclass(frozen=True, slots=True)
class Steps:
    """The distinct times of every replicate, earliest first, padded; without strata.

    Attributes
    ----------
    time
        (replicate, step); NaN after the last.
    at_risk
        (replicate, step); 0 after the last.
    """

    time: Floats
    at_risk: Floats
    _ends: np.ndarray
    _row: np.ndarray
    _step: np.ndarray

    @classmethod
    def of(cls, ordered: Ordered) -> Steps:
        """Find them; of tied times the earliest stands for all."""
        ends = np.flatnonzero(ordered.last)
        row, column = np.divmod(ends, ordered.width)
        count = np.bincount(row, minlength=ordered.replicates)
        step = (np.cumsum(count)[row] - 1) - np.arange(len(ends))  # the latest is the last step
        shape = (ordered.replicates, max(1, int(count.max(initial=0))))
        time, at_risk = np.full(shape, np.nan), np.zeros(shape)
        time[row, step], at_risk[row, step] = ordered.time.ravel()[ends], column + 1
        return cls(time, at_risk, ends, row, step)

    def count(self, chosen: np.ndarray) -> Floats:
        """Patients chosen, (row, position), at each step, (replicate, step)."""
        position = np.flatnonzero(chosen)
        found = np.bincount(np.searchsorted(self._ends, position), minlength=len(self._ends))
        counted = np.zeros(self.time.shape)
        counted[self._row, self._step] = found
        return counted
