"""Cumulative incidence with competing risks, in every replicate (Aalen and Johansen)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.survival.blocks import in_blocks
from pivotal.stats.survival.kaplan_meier import Steps
from pivotal.stats.survival.km_limits import limits
from pivotal.stats.survival.ordering import TIE, Ordered, checked, nobody, per_patient
from pivotal.stats.tables import Mask, divide, first_reason

VARIANCES = ("delta", "aalen")


@dataclass(frozen=True, slots=True, kw_only=True)
class CumulativeIncidence:
    """The cumulative incidence of one cause, one curve a replicate.

    Attributes
    ----------
    time
        Distinct times, of events of any cause and of censoring, (replicate, step), earliest first; NaN after the last.
    at_risk, events, all_events
        Patients at risk just before the time, with this cause's event at it, and with any, (replicate, step).
    incidence
        F(t) from this time on, (replicate, step).
    survival
        The share with no event of any cause yet, (replicate, step).
    se
        Standard error of F(t), (replicate, step).
    patients, last_time
        (replicate,)
    reason
        (replicate,): `ARM_EMPTY` without patients, `NO_EVENT` without events of this cause.
    """

    time: Floats
    at_risk: Floats
    events: Floats
    all_events: Floats
    incidence: Floats
    survival: Floats
    se: Floats
    patients: Floats
    last_time: Floats
    reason: Reasons


def cumulative_incidence(
    time: ArrayLike,
    cause: ArrayLike,
    of: int = 1,
    observed: ArrayLike | None = None,
    variance: str = "delta",
) -> CumulativeIncidence:
    """Estimate the probability of an event of one cause by time t, where other causes may come first.

    Parameters
    ----------
    time
        Time to the first event of any cause or censoring, at least 0, (replicate, patient); NaN or infinite for a
        patient who is absent.
    cause
        0 where censored, else the cause 1, 2, ..., (replicate, patient) or (patient,).
    of
        The cause of interest.
    observed
        Which patients enter; all by default.
    variance
        ``delta`` (Marubini and Valsecchi; SAS's ``ERROR=DELTA``) or ``aalen`` (Aalen 1978,
        doi:10.1214/aos/1176344198; SAS's ``ERROR=AALEN``, R's cmprsk).

    Returns
    -------
    CumulativeIncidence

    Raises
    ------
    ValueError
        If shapes do not fit, a time is negative, or `variance` is not known.

    Notes
    -----
    F(t) = Σ S(t_j-) d_1j/n_j over event times up to t, S the Kaplan-Meier curve of events of any cause. With d_j
    events of any cause among n_j, the delta method's variance is

        Σ (F(t) - F_j)² d_j/(n_j (n_j - d_j)) + Σ S(t_j-)² d_1j (n_j - d_1j)/n_j³ - 2 Σ (F(t) - F_j) S(t_j-) d_1j/n_j²

    (Marubini and Valsecchi 1995, section 10.4), which with one cause is Greenwood's. Aalen's has n_j - 1 in places of
    n_j. R's ``survfit`` on several states has the infinitesimal jackknife, which agrees to order 1/n.

    One minus a Kaplan-Meier curve that censors other causes estimates another quantity, and is larger.

    Examples
    --------
    >>> curve = cumulative_incidence([[1.0, 2.0, 3.0, 4.0, 5.0]], [[1, 2, 1, 0, 1]])
    >>> curve.incidence[0].round(6).tolist()
    [0.2, 0.2, 0.4, 0.4, 0.8]
    """
    if variance not in VARIANCES:
        raise ValueError(f"variance is {variance!r}; it is one of {', '.join(VARIANCES)}.")
    times, happened, present = checked(time, cause, observed)
    this = per_patient("cause", cause, times.shape) == of

    def estimate(**arrays: NDArray[np.generic] | None) -> CumulativeIncidence:
        return _estimate(variance == "aalen", **arrays)  # type: ignore[arg-type]

    arrays = {"time": times, "event": happened, "this": this & happened, "present": present}
    return in_blocks(estimate, arrays, times.shape[1])


def incidence_at(
    curve: CumulativeIncidence, times: ArrayLike, conf_type: str = "log-log", level: float = 0.95
) -> Estimate:
    """Estimate F(t) at given times, with confidence limits.

    Parameters
    ----------
    curve
        From `cumulative_incidence`.
    times
        (time,), the same for all replicates.
    conf_type
        ``log-log`` (the default of SAS), ``log``, ``plain``, ``logit`` or ``arcsine``, on F(t).
    level
        Confidence level, at each time.

    Returns
    -------
    Estimate
        (replicate, time): `estimate`, `se`, limits. After the last follow-up NaN with `Reason.BEYOND_FOLLOW_UP`, unless
        every patient's event was seen by then. Where F(t) is 0 se is 0 and the limits are NaN, with `Reason.NO_EVENT`;
        where it is 1 the limits are 1.

    Raises
    ------
    ValueError
        If `conf_type` or `level` is not known.

    Examples
    --------
    >>> curve = cumulative_incidence([[1.0, 2.0, 3.0, 4.0, 5.0]], [[1, 2, 1, 0, 1]])
    >>> found = incidence_at(curve, [3.0])
    >>> [float(part[0, 0].round(4)) for part in (found.estimate, found.se, found.ci_low, found.ci_high)]
    [0.4, 0.2191, 0.052, 0.7528]
    """
    when = np.asarray(times, dtype=np.float64)
    longest = np.nan_to_num(curve.last_time)
    step = np.stack([(curve.time <= (t + TIE * longest)[:, None]).sum(axis=1) for t in when], axis=1)
    value, se, left = (_picked(part, step, start) for part, start in _columns(curve))
    low, high = limits(value, divide(se, value) ** 2, conf_type, level)
    empty = np.broadcast_to((curve.patients == 0)[:, None], value.shape)
    beyond = (when > (longest * (1 + TIE))[:, None]) & (left > 0) & ~empty
    nothing = empty | beyond
    value, se, low, high = (np.where(nothing, np.nan, part) for part in (value, se, low, high))
    reason = first_reason((empty, Reason.ARM_EMPTY), (beyond, Reason.BEYOND_FOLLOW_UP), (value == 0, Reason.NO_EVENT))
    return Estimate(estimate=value, se=se, ci_low=low, ci_high=high, reason=reason)


def _columns(curve: CumulativeIncidence) -> tuple[tuple[Floats, float], ...]:
    return (curve.incidence, 0.0), (curve.se, 0.0), (curve.survival, 1.0)


def _picked(values: Floats, step: NDArray[np.intp], before: float) -> Floats:
    padded = np.concatenate([np.full((len(values), 1), before), values], axis=1)
    return np.asarray(np.take_along_axis(padded, step, axis=1), dtype=np.float64)


def _estimate(aalen: bool, time: Floats, event: Mask, this: Mask, present: Mask) -> CumulativeIncidence:
    ordered = Ordered.of(time, event, present)
    steps = Steps.of(ordered)
    n, d, own = steps.at_risk, steps.count(ordered.event), steps.count(ordered.gather(this) & ordered.present)
    survival = np.cumprod(np.where(n > 0, 1 - divide(d, n), 1.0), axis=1)
    before = np.concatenate([np.ones((len(n), 1)), survival[:, :-1]], axis=1)
    incidence = np.cumsum(np.nan_to_num(before * divide(own, n)), axis=1)
    spread = (_aalen if aalen else _delta)(n, d, own, before)
    variance = _variance(incidence, *spread)
    patients = present.sum(axis=1).astype(np.float64)
    past = np.isnan(steps.time)
    shown = {"at_risk": n, "events": own, "all_events": d, "incidence": incidence, "survival": survival}
    return CumulativeIncidence(
        time=steps.time,
        **{name: np.where(past, np.nan, part) for name, part in shown.items()},
        se=np.where(past, np.nan, np.sqrt(np.maximum(variance, 0.0))),
        patients=patients,
        last_time=np.where(patients > 0, ordered.time.max(axis=1, initial=0.0), np.nan),
        reason=first_reason((patients == 0, Reason.ARM_EMPTY), (nobody(this), Reason.NO_EVENT)),
    )


def _variance(incidence: Floats, a: Floats, b: Floats, c: Floats) -> Floats:
    """Σ (F - F_j)² a_j + Σ b_j - 2 Σ (F - F_j) c_j at every step."""
    sums = [np.cumsum(part, axis=1) for part in (a, a * incidence, a * incidence**2, b, c, c * incidence)]
    quadratic = incidence**2 * sums[0] - 2 * incidence * sums[1] + sums[2]
    return np.asarray(quadratic + sums[3] - 2 * (incidence * sums[4] - sums[5]), dtype=np.float64)


def _delta(n: Floats, d: Floats, own: Floats, before: Floats) -> tuple[Floats, Floats, Floats]:
    parts = (
        divide(d, n * (n - d)),
        before**2 * divide(own * (n - own), n**3),
        before * divide(own, n**2),
    )
    # after everybody's event F - F_j is 0 for ever
    return tuple(np.nan_to_num(part) for part in parts)  # type: ignore[return-value]


def _aalen(n: Floats, d: Floats, own: Floats, before: Floats) -> tuple[Floats, Floats, Floats]:
    parts = (
        divide(d, (n - 1) * (n - d)),
        before**2 * divide(own * (n - own), n**2 * (n - 1)),
        before * divide(own * (n - own), n * (n - d) * (n - 1)),
    )
    return tuple(np.nan_to_num(part) for part in parts)  # type: ignore[return-value]
