"""Covariate adjustment with a slope an arm (Lin's interacted regression, ANHECOVA)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pivotal.stats.ancova import ancova, cross_products, fit_ols
from pivotal.stats.estimate import Estimate, Floats
from pivotal.stats.robust import Kind, hc_covariance
from pivotal.stats.tables import divide


def interacted_ancova(
    y: ArrayLike,
    arm: ArrayLike,
    covariates: ArrayLike,
    observed: ArrayLike,
    *,
    arms: int = 2,
    variance: Kind = "HC3",
    centring: bool = True,
    level: float = 0.95,
) -> Estimate:
    """Compare mean outcomes of arms by a regression in which every arm has its own slopes.

    Parameters
    ----------
    y
        Outcomes, (replicate, patient).
    arm
        0 for the reference arm, 1, 2, ..., (patient,) or (replicate, patient).
    covariates
        Baseline covariates, factors as indicators without their first level, (patient, covariate) or
        (replicate, patient, covariate). They are centred here.
    observed
        Which patients enter, (replicate, patient).
    arms
        How many arms there are.
    variance
        As `kind` in `hc_covariance`.
    centring
        Add what centring at an estimated mean contributes to the variance.
    level
        Confidence level.

    Returns
    -------
    Estimate
        Each array (replicate, arm - 1): arm 1, 2, ... minus the reference arm, as `ancova`, with residual degrees of
        freedom. `Reason.ALIASED` for an arm without patients or with too few to have slopes.

    Raises
    ------
    ValueError
        If `variance` or `level` is not allowed.

    Notes
    -----
    y on arm, x - x̄ and their products, x̄ over all arms; the arms' coefficients estimate the differences that would be
    seen if everybody got either treatment. Consistent whatever the true model and never less precise, in large trials,
    than the unadjusted comparison. Lin (2013), doi:10.1214/12-AOAS583; Ye, Shao, Yi and Zhao (2023),
    doi:10.1080/01621459.2022.2049278 (ANHECOVA).

    The regression takes x̄ as known. For the patients at hand (Lin) that is right; for the population they are
    drawn from (Ye et al.) γ_a'Σγ_b/n belongs to the covariance of the estimates of arms a and b, γ the differences in
    slopes and Σ the covariance of x. `centring=False` leaves it out, as `sandwich::vcovHC` on the centred model does.

    Examples
    --------
    >>> y, x = [[1.0, 2.0, 4.0, 4.0, 7.0, 9.0]], [[0.0], [1.0], [2.0], [0.0], [1.0], [3.0]]
    >>> effect = interacted_ancova(y, [0, 0, 0, 1, 1, 1], x, [[True] * 6], variance="HC0")
    >>> [float(number[0, 0].round(6)) for number in (effect.estimate, effect.se)]
    [3.821429, 0.401425]
    """
    seen = np.asarray(observed, dtype=np.bool_)
    codes = np.broadcast_to(np.asarray(arm), seen.shape)
    dummies = (codes[..., None] == np.arange(1, arms)).astype(np.float64)
    centred = _centred(np.asarray(covariates, dtype=np.float64), seen)
    products = dummies[..., :, None] * centred[..., None, :]
    flat = products.reshape(*seen.shape, -1)
    design = np.concatenate([np.ones((*seen.shape, 1)), dummies, centred, flat], axis=-1)
    sums = cross_products(y, design, seen)
    fit = fit_ols(sums.xtx, sums.xty, sums.yty, sums.n)
    covariance = hc_covariance(y, design, seen, fit, variance)
    if centring:
        slopes = fit.coefficients[:, -flat.shape[-1] :].reshape(len(seen), arms - 1, -1)
        covariance[:, 1:arms, 1:arms] += _centring(slopes, centred, sums.n)
    effects = [ancova(fit, np.eye(design.shape[-1])[a], level, covariance=covariance) for a in range(1, arms)]
    names = ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p")
    stacked = {name: np.stack([getattr(effect, name) for effect in effects], axis=-1) for name in names}
    return Estimate(**stacked, reason=np.stack([effect.reason for effect in effects], axis=-1))


def _centred(covariates: Floats, seen: np.ndarray) -> Floats:
    """Covariates about their means over all arms, (replicate, patient, covariate); 0 for who does not enter."""
    values = np.where(seen[..., None], covariates, 0.0)
    means = divide(values.sum(axis=1), seen.sum(axis=1)[:, None])
    return np.where(seen[..., None], values - means[:, None], 0.0)


def _centring(slopes: Floats, centred: Floats, n: Floats) -> Floats:
    """γ_a'Σγ_b/n, (replicate, arm, arm)."""
    along = np.ascontiguousarray(slopes) @ np.ascontiguousarray(np.swapaxes(centred, -1, -2))
    products = along @ np.ascontiguousarray(np.swapaxes(along, -1, -2)) / np.maximum((n - 1) * n, 1)[:, None, None]
    return np.asarray(products, dtype=np.float64)
