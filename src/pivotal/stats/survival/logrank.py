"""Log-rank tests and their weighted forms, in every replicate: k arms, stratified, one- and two-sided."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from pivotal.stats.estimate import Estimate, Floats, Reason, Reasons
from pivotal.stats.normal import two_sided_p
from pivotal.stats.survival.blocks import in_blocks
from pivotal.stats.survival.ordering import Ordered, checked, nobody, per_patient, running, stratum_codes
from pivotal.stats.survival.weights import LogRankWeights
from pivotal.stats.sweep import sweep
from pivotal.stats.tables import divide, first_reason


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRank:
    """A log-rank test, or a weighted one, in every replicate.

    Attributes
    ----------
    observed, expected
        Weighted events and those expected under equal hazards, (replicate, arm), summed over strata.
    covariance
        Of observed - expected, (replicate, arm, arm): hypergeometric.
    statistic, df, p
        Chi-square over all arms, (replicate,).
    z
        With two arms (observed - expected) of the second over its standard error, (replicate,): below 0 where the
        second arm's patients have fewer events than expected. None with more arms.
    p_fewer, p_more
        One-sided p-values for fewer, and for more, events in the second arm; None with more arms.
    reason
        (replicate,): `NO_EVENT` without events; `ARM_EMPTY` where an arm has no patients (the rest are compared, and
        `df` counts them; NaN if fewer than two are left); `NO_INFORMATION` where patients of two arms are never at risk
        together.
    """

    observed: Floats
    expected: Floats
    covariance: Floats
    statistic: Floats
    df: Floats
    p: Floats
    z: Floats | None
    p_fewer: Floats | None
    p_more: Floats | None
    reason: Reasons

    def two_sided(self) -> Estimate:
        """The chi-square test as an `Estimate`."""
        return Estimate(statistic=self.statistic, df=self.df, p=self.p, reason=self.reason)


def log_rank(
    time: ArrayLike,
    event: ArrayLike,
    arm: ArrayLike,
    *,
    weight: LogRankWeights | str | tuple[float, float] = "log-rank",
    strata: ArrayLike | None = None,
    observed: ArrayLike | None = None,
    arms: int | None = None,
) -> LogRank:
    """Test whether the arms' hazards are equal.

    Parameters
    ----------
    time
        Time to event or censoring, at least 0, (replicate, patient); NaN or infinite for a patient who is absent.
    event
        Whether the event happened, (replicate, patient) or (patient,).
    arm
        0, 1, ..., (replicate, patient) or (patient,).
    weight
        `LogRankWeights`, its name, or (rho, gamma) of Fleming and Harrington.
    strata
        Levels of the stratification, (replicate, patient) or (patient,).
    observed
        Which patients enter; all by default.
    arms
        How many arms there are, if the highest numbered may be without patients in the whole batch.

    Returns
    -------
    LogRank

    Raises
    ------
    ValueError
        If shapes do not fit, a time is negative, an arm is not 0, 1, ..., or the weight is not known.

    Notes
    -----
    At each event time with n at risk, n_j of arm j, and d events: w (d_j - d n_j/n), with variance
    w² d (n_j/n)(1 - n_j/n)(n - d)/(n - 1) (Mantel 1966; Fleming and Harrington 1991, doi:10.1002/9781118150672, section
    7.2), summed over times and strata. Weights are taken within strata. Times of one trial no further apart than 1e-9
    of its longest follow-up are tied.

    With weight 1 as SAS `PROC LIFETEST` and R `survdiff`; with (rho, 0) as R's ``survdiff(rho)``, which takes S(t-);
    SAS's ``FLEMING(rho, gamma)`` too. R 4's ``survdiff(rho = 1)`` is called Peto-Peto there but is not SAS's PETO,
    which is ``peto`` here. The conservative variance (O - E)²/E summed over arms is another test.

    Examples
    --------
    >>> test = log_rank([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]], [1, 1, 1, 0, 1, 0], [0, 0, 1, 0, 1, 1])
    >>> test.observed[0].tolist(), test.expected[0].round(4).tolist(), float(test.p[0].round(4))
    ([2.0, 2.0], [1.15, 2.85], 0.3018)
    """
    times, happened, present = checked(time, event, observed)
    groups = arm_codes(arm, times.shape, present)
    count = max(int(groups[present].max(initial=0)) + 1, 2, arms or 0)
    chosen = LogRankWeights.of(weight)

    def test(**arrays: NDArray[np.generic] | None) -> LogRank:
        return _log_rank(chosen, count, **arrays)  # type: ignore[arg-type]

    arrays = {"time": times, "event": happened, "present": present, "arm": groups}
    return in_blocks(test, arrays | {"strata": stratum_codes(strata, times.shape)}, times.shape[1])


def arm_codes(arm: ArrayLike, shape: tuple[int, ...], present: np.ndarray) -> NDArray[np.intp]:
    """Arms as whole numbers, 0 where absent."""
    given = per_patient("arm", arm, shape).astype(np.float64)
    here = given[present]
    if not ((here >= 0) & (here == np.floor(here))).all():
        wrong = here[~((here >= 0) & (here == np.floor(here)))][0]
        raise ValueError(f"arm holds {wrong:g}; arms are numbered 0, 1, 2, ... Recode arm.")
    return np.where(present, given, 0).astype(np.intp)


def _log_rank(
    weights: LogRankWeights,
    arms: int,
    time: Floats,
    event: np.ndarray,
    present: np.ndarray,
    arm: NDArray[np.intp],
    strata: NDArray[np.intp] | None,
) -> LogRank:
    ordered = Ordered.of(time, event, present, strata)
    sums = arm_sums(ordered, weights, arm, arms)
    difference = sums.observed - sums.expected
    patients = np.stack([((arm == j) & present).sum(axis=1) for j in range(arms)], axis=1)
    statistic, df = quadratic(difference[:, :-1], sums.covariance[:, :-1, :-1])
    reason = first_reason(
        (nobody(event), Reason.NO_EVENT),
        (~nobody(patients == 0), Reason.ARM_EMPTY),
        (df == 0, Reason.NO_INFORMATION),
    )
    z = divide(difference[:, 1], np.sqrt(np.maximum(sums.covariance[:, 1, 1], 0.0))) if arms == 2 else None
    z = None if z is None else np.where(df > 0, z, np.nan)
    return LogRank(
        observed=sums.observed,
        expected=sums.expected,
        covariance=sums.covariance,
        statistic=statistic,
        df=df,
        p=two_sided_p(z) if z is not None else special.chdtrc(np.maximum(df, 1), statistic),
        z=z,
        p_fewer=None if z is None else special.ndtr(z),
        p_more=None if z is None else special.ndtr(-z),
        reason=reason,
    )


@dataclass(frozen=True, slots=True)
class ArmSums:
    """Observed and expected weighted events by arm, and the covariance of their difference."""

    observed: Floats
    expected: Floats
    covariance: Floats


def arm_sums(ordered: Ordered, weights: LogRankWeights, arm: NDArray[np.intp], arms: int) -> ArmSums:
    """Sum the tables of all event times."""
    moments, replicates = ordered.moments, ordered.replicates
    w, d, n = weights.at(ordered), moments.events, moments.at_risk
    group = np.where(ordered.present, ordered.gather(arm), -1)
    observed, expected = np.zeros((replicates, arms)), np.zeros((replicates, arms))
    share: list[Floats] = []
    for j in range(arms):
        # the last arm has who is left
        share.append(running(group == j, moments) / n if j < arms - 1 else 1 - np.sum(share, axis=0))
        events = moments.summed((group.ravel()[moments.position] == j).astype(np.float64))
        observed[:, j] = ordered.total(w * events, moments.row)
        expected[:, j] = ordered.total(w * d * share[j], moments.row)
    factor = w * w * d * (n - d) / np.maximum(n - 1, 1)
    covariance = np.zeros((replicates, arms, arms))
    for j in range(arms):
        for k in range(j, arms):
            part = ordered.total(factor * share[j] * ((j == k) - share[k]), moments.row)
            covariance[:, j, k] = covariance[:, k, j] = part
    return ArmSums(observed, expected, covariance)


def quadratic(difference: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    """u'V⁻u and the rank of V, (replicate,); NaN where the rank is 0."""
    swept = sweep(np.ascontiguousarray(np.moveaxis(covariance, 0, -1)))
    statistic = np.einsum("rj,jkr,rk->r", difference, swept.inverse, difference)
    return np.where(swept.rank > 0, statistic, np.nan), swept.rank
