"""The largest of several weighted log-rank tests, in every replicate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pivotal.stats.estimate import Floats, Reason, Reasons
from pivotal.stats.survival.blocks import in_blocks
from pivotal.stats.survival.logrank import arm_codes
from pivotal.stats.survival.normal_box import box_probability
from pivotal.stats.survival.ordering import Ordered, checked, nobody, running, stratum_codes
from pivotal.stats.survival.weights import LogRankWeights
from pivotal.stats.tables import Mask, divide, first_reason

FOUR = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
SIDES = ("two", "fewer", "more")


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxCombo:
    """A max-combo test in every replicate.

    Attributes
    ----------
    z, correlation
        Of the weighted tests, (replicate, weight), and between them under the null, (replicate, weight, weight).
    statistic
        The largest |z|; of a one-sided test the smallest or the largest z, (replicate,).
    chosen
        Which weight gave it, (replicate,).
    p, p_error
        The p-value and the standard error of its integration, (replicate,).
    reason
        (replicate,): `NO_EVENT`, `ARM_EMPTY`, `NO_INFORMATION` as `log_rank`.
    """

    z: Floats
    correlation: Floats
    statistic: Floats
    chosen: NDArray[np.intp]
    p: Floats
    p_error: Floats
    reason: Reasons


def max_combo(
    time: ArrayLike,
    event: ArrayLike,
    arm: ArrayLike,
    *,
    weights: Sequence[LogRankWeights | str | tuple[float, float]] = FOUR,
    side: str = "two",
    strata: ArrayLike | None = None,
    observed: ArrayLike | None = None,
) -> MaxCombo:
    """Test two arms by the largest of several weighted log-rank statistics.

    Parameters
    ----------
    time, event, arm, strata, observed
        As in `log_rank`; arms 0 and 1.
    weights
        Each as in `log_rank`; by default Fleming and Harrington's (0, 0), (0, 1), (1, 0), (1, 1).
    side
        ``two``; ``fewer`` or ``more`` events in arm 1.

    Returns
    -------
    MaxCombo

    Raises
    ------
    ValueError
        If shapes do not fit, a time is negative, an arm is not 0 or 1, or a weight or `side` is not known.

    Notes
    -----
    Under the null the statistics are jointly normal, two weights' covariance being the log-rank variance with their
    product in place of w² (Karrison 2016, doi:10.1177/1536867X1601600308; Lin and others 2020,
    doi:10.1080/19466315.2019.1697738). The p-value is the probability of a larger maximum, integrated by a randomised
    lattice rule whose error `p_error` tells; the same data give the same value. The test rejects for a difference in
    hazards anywhere, also for one that harms late and helps early: estimate as well.

    Examples
    --------
    >>> time, event = [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]], [1, 1, 1, 1, 1, 0, 1, 0]
    >>> test = max_combo(time, event, [0, 0, 1, 0, 1, 1, 0, 1])
    >>> test.z[0].round(3).tolist(), int(test.chosen[0]), float(test.p[0].round(2))
    ([-1.345, -0.905, -1.382, -0.879], 2, 0.29)
    """
    if side not in SIDES:
        raise ValueError(f"side is {side!r}; it is one of {', '.join(SIDES)}.")
    times, happened, present = checked(time, event, observed)
    groups = arm_codes(arm, times.shape, present)
    if groups[present].max(initial=0) > 1:
        raise ValueError(f"arm holds {groups[present].max()}; max-combo compares arms 0 and 1. Leave other arms out.")
    given = [LogRankWeights.of(weight) for weight in weights]

    def test(**arrays: NDArray[np.generic] | None) -> MaxCombo:
        return _max_combo(given, side, **arrays)  # type: ignore[arg-type]

    arrays = {"time": times, "event": happened, "present": present, "arm": groups}
    return in_blocks(test, arrays | {"strata": stratum_codes(strata, times.shape)}, times.shape[1])


def _max_combo(
    weights: list[LogRankWeights],
    side: str,
    time: Floats,
    event: Mask,
    present: Mask,
    arm: NDArray[np.intp],
    strata: NDArray[np.intp] | None,
) -> MaxCombo:
    ordered = Ordered.of(time, event, present, strata)
    score, covariance = _sums(ordered, weights, arm)
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    z = divide(score, np.sqrt(variance))
    correlation = divide(covariance, np.sqrt(variance[:, :, None] * variance[:, None, :]))
    comparable = np.asarray(np.isfinite(z).all(axis=1), dtype=np.bool_)
    compared = {"two": np.abs(z), "fewer": -z, "more": z}[side]
    chosen = np.where(comparable, np.argmax(np.nan_to_num(compared, nan=-np.inf), axis=1), 0)
    largest = np.take_along_axis(compared, chosen[:, None], axis=1)[:, 0]
    p, error = np.full(len(z), np.nan), np.full(len(z), np.nan)
    if comparable.any():
        lower = -largest[comparable] if side == "two" else np.full(comparable.sum(), -np.inf)
        inside, error[comparable] = box_probability(correlation[comparable], lower, largest[comparable])
        p[comparable] = np.clip(1 - inside, 0.0, 1.0)
    some = np.stack([((arm == j) & present).any(axis=1) for j in (0, 1)], axis=1)
    return MaxCombo(
        z=z,
        correlation=correlation,
        statistic=np.where(comparable, -largest if side == "fewer" else largest, np.nan),
        chosen=chosen,
        p=p,
        p_error=error,
        reason=first_reason(
            (nobody(event), Reason.NO_EVENT),
            (~nobody(~some), Reason.ARM_EMPTY),
            (~comparable, Reason.NO_INFORMATION),
        ),
    )


def _sums(ordered: Ordered, weights: list[LogRankWeights], arm: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Weighted observed less expected events of arm 1, and their covariance."""
    moments = ordered.moments
    group = ordered.present & (ordered.gather(arm) == 1)
    n, d = moments.at_risk, moments.events
    share = running(group, moments) / n
    difference = moments.summed(group.ravel()[moments.position].astype(np.float64)) - d * share
    spread = d * share * (1 - share) * (n - d) / np.maximum(n - 1, 1)
    at = [weight.at(ordered) for weight in weights]
    score = np.stack([ordered.total(w * difference, moments.row) for w in at], axis=1)
    covariance = np.stack(
        [np.stack([ordered.total(v * w * spread, moments.row) for v in at], axis=1) for w in at], axis=1
    )
    return score, covariance
